// REST as programs meet it: who one is, what one sees, and that each act is done once.
#include <boost/test/unit_test.hpp>

#include "platform/crypto/digest.h"
#include "scene.h"

using namespace zhida;
using namespace zhida::console;
using namespace zhida::test;

BOOST_AUTO_TEST_SUITE(identity_and_scope)

BOOST_AUTO_TEST_CASE(who_shows_nothing_gets_nothing_and_who_lacks_a_role_is_told) {
  Scene scene;
  for (const char* path : {"/api/v1/me", "/api/v1/cases", "/api/v1/does-not-exist"}) {
    const auto answer = scene.get(path, "");
    BOOST_TEST(answer.status == 401);
    BOOST_TEST(answer.content_type == "application/problem+json");
  }
  BOOST_TEST(scene.get("/api/v1/me", "stranger").status == 401);
  const auto me = json_of(scene.get("/api/v1/me", "maker"));
  BOOST_TEST(me.at("id") == "maker");
  BOOST_TEST(code_of(scene.get("/api/v1/quarantine", "portal")) == "role_missing");
  BOOST_TEST(scene.post("/api/v1/audit/verify", "maker", Json::object(), "k").status == 403);
  const auto wrong = scene.get("/api/v1/cases/1/confirm", "portal");
  BOOST_TEST(wrong.status == 405);
  BOOST_TEST(header_of(wrong, "Allow") == "POST");
}

BOOST_AUTO_TEST_CASE(every_answer_carries_its_trace_and_strict_headers) {
  Scene scene;
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  const auto answer =
      scene.ask("GET", "/api/v1/me", "maker", {}, {{"traceparent", "00-" + trace + "-b7ad6b7169203331-01"}});
  BOOST_TEST(header_of(answer, "X-Trace-Id") == trace);
  BOOST_TEST(header_of(answer, "X-Content-Type-Options") == "nosniff");
  BOOST_CHECK(header_of(answer, "Content-Security-Policy").find("default-src 'none'") == 0);
  const auto other = scene.ask("GET", "/api/v1/me", "maker", {}, {{"traceparent", "00-<script>"}});
  BOOST_TEST(header_of(other, "X-Trace-Id").size() == 32);
  BOOST_TEST(header_of(scene.get("/api/v1/me", ""), "X-Trace-Id").size() == 32);
}

BOOST_AUTO_TEST_CASE(a_case_of_another_division_is_not_there) {
  Scene scene;
  const auto id = scene.notified_case("330502");
  const std::string path = "/api/v1/cases/" + id.str();
  BOOST_TEST(scene.get(path, "operator").status == 200);
  BOOST_TEST(code_of(scene.get(path, "county")) == "case_not_found");
  BOOST_TEST(json_of(scene.get("/api/v1/cases", "operator")).at("items").size() == 1);
  BOOST_TEST(json_of(scene.get("/api/v1/cases", "county")).at("items").size() == 0);
  BOOST_TEST(scene.post(path + "/confirm", "county", kPayee, "k").status == 404);
  BOOST_TEST(scene.get("/cases/" + id.str(), "county").status == 404);
  BOOST_TEST(json_of(scene.get(path, "operator")).at("state") == "notified");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rest)

BOOST_AUTO_TEST_CASE(a_case_goes_from_confirmation_to_its_reviews) {
  Scene scene;
  const auto id = scene.notified_case();
  const std::string path = "/api/v1/cases/" + id.str();
  const Json item = json_of(scene.get("/api/v1/cases?state=notified", "portal")).at("items").at(0);
  BOOST_TEST(item.at("next").at("action") == "confirm");
  BOOST_TEST(item.at("amount") == "50000.00");
  BOOST_TEST(item.at("tranche") == "whole");

  BOOST_TEST(scene.post(path + "/confirm", "portal", kPayee, "c1").status == 200);
  BOOST_TEST(json_of(scene.get(path, "portal")).at("payee").at("account_no") == "****0019");
  BOOST_TEST(scene.get(path, "portal").body.find("6222001234560019") == std::string::npos);
  const auto again = scene.post(path + "/confirm", "portal", kPayee, "c2");
  BOOST_TEST(again.status == 409);
  BOOST_TEST(code_of(again) == "case_state_wrong");

  scene.check_payee(id);
  Json full = json_of(scene.get(path, "maker"));
  BOOST_REQUIRE(full.at("state") == "in_review");
  const Json first = full.at("next").at("reviews").at(0);
  BOOST_TEST(first.at("step") == "make");
  Json look = {{"department", first.at("department")}, {"step", "make"}, {"decision", "approve"}, {"reason", "同意"}};
  BOOST_TEST(scene.post(path + "/reviews", "checker", look, "r0").status == 403);
  BOOST_TEST(scene.post(path + "/reviews", "maker", look, "r1").status == 200);
  // The same look with another key, as after an answer that got lost.
  BOOST_TEST(code_of(scene.post(path + "/reviews", "maker", look, "r2")) == "already_reviewed");
  full = json_of(scene.get(path, "checker"));
  const Json second = full.at("next").at("reviews").at(0);
  BOOST_TEST(second.at("step") == "check");
  look = {{"department", second.at("department")}, {"step", "check"}, {"decision", "approve"}};
  BOOST_TEST(scene.post(path + "/reviews", "checker", look, "r3").status == 200);
  full = json_of(scene.get(path, "finance"));
  BOOST_TEST(full.at("state") == "publicity");
  BOOST_TEST(full.at("next").at("action") == "wait_publicity");
  BOOST_TEST(full.at("reviews").size() == 2);

  BOOST_TEST(scene.post(path + "/objections", "portal", {{"raised_by", "某单位"}, {"text", "有异议"}}, "o1").status ==
             200);
  full = json_of(scene.get(path, "checker"));
  BOOST_TEST(full.at("state") == "held");
  BOOST_TEST(full.at("objections").at(0).at("number") == 1);
  BOOST_TEST(full.at("objections").at(0).at("state") == "open");
  BOOST_TEST(scene.post(path + "/objections/2/settle", "checker", {{"upheld", false}, {"reason", "否"}}, "s1").status ==
             404);
  BOOST_TEST(scene.post(path + "/objections/1/settle", "checker", {{"upheld", false}, {"reason", "否"}}, "s2").status ==
             200);
  full = json_of(scene.get(path, "checker"));
  BOOST_TEST(full.at("state") == "publicity");
  BOOST_TEST(full.at("objections").at(0).at("state") == "dismissed");
  BOOST_CHECK(full.at("events").size() > 6);
}

BOOST_AUTO_TEST_CASE(a_request_that_comes_again_is_answered_alike_and_done_once) {
  Scene scene;
  const auto id = scene.notified_case();
  const std::string path = "/api/v1/cases/" + id.str() + "/decline";
  BOOST_TEST(code_of(scene.post(path, "portal", {{"reason", "放弃"}}, "")) == "idempotency_key_missing");
  const auto first = scene.post(path, "portal", {{"reason", "放弃"}}, "k1");
  BOOST_TEST(first.status == 200);
  const auto second = scene.post(path, "portal", {{"reason", "放弃"}}, "k1");
  BOOST_TEST(second.status == 200);
  BOOST_TEST(second.body == first.body);
  BOOST_TEST(header_of(second, "Idempotency-Replayed") == "true");
  const auto other = scene.post(path, "portal", {{"reason", "另一个理由"}}, "k1");
  BOOST_TEST(other.status == 422);
  BOOST_TEST(code_of(other) == "idempotency_key_reused");
  // Refusals are answered alike too.
  BOOST_TEST(scene.post(path, "portal", {{"reason", "放弃"}}, "k2").status == 409);
  BOOST_TEST(header_of(scene.post(path, "portal", {{"reason", "放弃"}}, "k2"), "Idempotency-Replayed") == "true");
  // A day later in business time the key is new again.
  scene.set_clock("2025-11-04T09:00:00+08:00");
  const auto later = scene.post(path, "portal", {{"reason", "放弃"}}, "k1");
  BOOST_TEST(later.status == 409);
  BOOST_TEST(header_of(later, "Idempotency-Replayed").empty());
}

BOOST_AUTO_TEST_CASE(who_says_what_was_looked_at_decides_nothing_newer) {
  Scene scene;
  const auto id = scene.notified_case();
  const std::string path = "/api/v1/cases/" + id.str();
  BOOST_TEST(scene.post(path + "/confirm", "portal", kPayee, "c1").status == 200);
  scene.check_payee(id);
  const auto seen = scene.get(path, "maker");
  const std::string etag = header_of(seen, "ETag");
  BOOST_TEST(etag == "\"" + json_of(seen).at("version").dump() + "\"");
  const Json look = {{"department", json_of(seen).at("next").at("reviews").at(0).at("department")},
                     {"step", "make"},
                     {"decision", "approve"},
                     {"reason", "同意"}};
  const auto review = [&](const std::string& match, const std::string& key) {
    return scene.ask("POST", path + "/reviews", "maker", look.dump(),
                     {{"Content-Type", "application/json"}, {"Idempotency-Key", key}, {"If-Match", match}});
  };
  const auto stale = review("\"0\"", "r1");
  BOOST_TEST(stale.status == 412);
  BOOST_TEST(stale.content_type == "application/problem+json");
  BOOST_TEST(code_of(stale) == "case_changed_since");
  BOOST_TEST(review("W/" + etag, "r1").status == 412);  // A weak tag is never the same here.
  BOOST_TEST(code_of(review("7", "r1")) == "etag_malformed");
  BOOST_TEST(json_of(scene.get(path, "maker")).at("reviews").empty());
  // The same key, after another look; and once more after an answer that got lost.
  BOOST_TEST(review("\"0\", " + etag, "r1").status == 200);
  BOOST_TEST(header_of(review("\"0\", " + etag, "r1"), "Idempotency-Replayed") == "true");
  BOOST_TEST(header_of(scene.get(path, "maker"), "ETag") != etag);
  BOOST_TEST(review(etag, "r2").status == 412);
  BOOST_TEST(review("*", "r3").status == 409);
}

BOOST_AUTO_TEST_CASE(a_dead_letter_is_replayed_over_rest_and_from_its_page) {
  Scene scene;
  messaging::Envelope envelope;
  envelope.message_id = "m1";
  envelope.subject = "answer/1";
  envelope.address = "treasury.receipts";
  envelope.body = "no seal <here>";
  const Bytes message = messaging::encode(envelope);
  messaging::Work work;
  work.peer = "treasury";
  work.message_id = envelope.message_id;
  work.digest = crypto::sha256(messaging::bare_message(message).value().bytes);
  work.door = "treasury";
  work.address = envelope.address;
  work.message = std::make_shared<const Bytes>(message);
  work.effect = [](storage::Transaction&) -> Result<void> { return refuse("seal_missing", "There is no seal."); };
  work.done = [](const messaging::Receipt&) {};
  BOOST_REQUIRE(scene.hub->rooms().writer.submit(std::move(work)));
  scene.hub->rooms().writer.flush();

  const Json items = json_of(scene.get("/api/v1/dead-letters?state=open", "operator")).at("items");
  BOOST_REQUIRE(items.size() == 1u);
  BOOST_TEST(items.at(0).at("address") == "treasury.receipts");
  BOOST_TEST(json_of(scene.get("/api/v1/dead-letters", "county")).at("items").empty());
  BOOST_TEST(scene.get("/api/v1/dead-letters/1", "county").status == 404);
  BOOST_TEST(scene.post("/api/v1/dead-letters/1/replay", "maker", Json::object(), "d0").status == 403);
  BOOST_TEST(scene.post("/api/v1/dead-letters/2/replay", "operator", Json::object(), "d1").status == 404);
  const auto page = scene.get("/dead-letters/1", "operator");
  BOOST_TEST(page.status == 200);
  BOOST_CHECK(page.body.find("action=\"/dead-letters/1\"") != std::string::npos);
  BOOST_CHECK(page.body.find("<here>") == std::string::npos);
  BOOST_TEST(scene.get("/dead-letters", "operator").status == 200);
  // The seal is still missing: nothing changes but the note that it was tried.
  const auto replayed = json_of(scene.post("/api/v1/dead-letters/1/replay", "operator", Json::object(), "d2"));
  BOOST_TEST(replayed.at("result") == "refused");
  BOOST_TEST(replayed.at("replay") == 1);
  const Json letter = json_of(scene.get("/api/v1/dead-letters/1", "operator"));
  BOOST_TEST(letter.at("state") == "open");
  BOOST_TEST(letter.at("replays") == 1);
  BOOST_TEST(!letter.at("replayed_at").is_null());
}

BOOST_AUTO_TEST_CASE(bodies_must_be_json_and_as_the_table_says) {
  Scene scene;
  const auto id = scene.notified_case();
  const std::string path = "/api/v1/cases/" + id.str() + "/decline";
  const http::Headers text{{"Content-Type", "text/plain"}, {"Idempotency-Key", "a"}};
  BOOST_TEST(scene.ask("POST", path, "portal", "{}", text).status == 415);
  // What was not understood is not kept: the same key may come with a better body.
  const http::Headers json{{"Content-Type", "application/json"}, {"Idempotency-Key", "b"}};
  BOOST_TEST(scene.ask("POST", path, "portal", "{", json).status == 400);
  BOOST_TEST(scene.ask("POST", path, "portal", "{\"reason\":\"a\",\"reason\":\"b\"}", json).status == 400);
  BOOST_TEST(scene.ask("POST", path, "portal", "{}", json).status == 422);
  BOOST_TEST(scene.ask("POST", path, "portal", "{\"reason\":\"  \"}", json).status == 422);
  const http::Headers another{{"Content-Type", "application/json"}, {"Idempotency-Key", "c"}};
  BOOST_TEST(scene.ask("POST", path, "portal", std::string(300'000, ' '), another).status == 413);
  BOOST_TEST(scene.get("/api/v1/cases?limit=501", "portal").status == 400);
  BOOST_TEST(scene.get("/api/v1/cases?state=nowhere", "portal").status == 400);
  BOOST_TEST(scene.get("/api/v1/cases?cursor=%21", "portal").status == 400);
}

BOOST_AUTO_TEST_CASE(lists_are_read_a_page_at_a_time_without_gaps) {
  Scene scene;
  std::set<std::string> wanted;
  for (int i = 0; i < 5; ++i)
    wanted.insert(scene.notified_case("330502", "91330502MA2B4D5E6" + std::to_string(i)).str());
  std::set<std::string> seen;
  std::string cursor;
  int pages = 0;
  do {
    const Json page =
        json_of(scene.get("/api/v1/cases?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor), "operator"));
    for (const auto& item : page.at("items")) BOOST_CHECK(seen.insert(item.at("id").get<std::string>()).second);
    cursor = page.at("next").is_null() ? "" : page.at("next").get<std::string>();
    ++pages;
  } while (!cursor.empty() && pages < 10);
  BOOST_TEST(pages == 3);
  BOOST_TEST((seen == wanted));
}

BOOST_AUTO_TEST_CASE(everything_that_can_be_read_is_answered) {
  Scene scene;
  (void)scene.notified_case();
  for (const char* path :
       {"/api/v1/me", "/api/v1/status", "/api/v1/entitlements", "/api/v1/profiles?q=%E6%B9%96", "/api/v1/policies",
        "/api/v1/policies/IN-001", "/api/v1/cases", "/api/v1/quarantine", "/api/v1/adapters", "/api/v1/payments",
        "/api/v1/appropriations", "/api/v1/reconciliations/2025-11-03", "/api/v1/messages?trace=aaaa",
        "/api/v1/dead-letters", "/api/v1/audit/records?after=0"}) {
    const auto answer = scene.get(path, "operator");
    BOOST_TEST_INFO(path << " " << answer.body.substr(0, 300));
    BOOST_CHECK(answer.status == 200);
  }
  for (const char* path : {"/api/v1/profiles/91330502MA2B4D5E6F", "/api/v1/quarantine/1", "/api/v1/quarantine/x",
                           "/api/v1/policies/XX-1", "/api/v1/cases/nothing"})
    BOOST_TEST(scene.get(path, "operator").status == 404);
  const Json report = json_of(scene.post("/api/v1/audit/verify", "operator", {{"asked_at", "now"}}, "v"));
  BOOST_CHECK(report.at("holds").get<bool>());
  BOOST_CHECK(report.at("records").get<int>() > 0);
  BOOST_TEST(scene.post("/api/v1/adapters/nobody/pull", "operator", Json::object(), "p").status == 404);
}

BOOST_AUTO_TEST_CASE(machines_are_told_how_the_hub_is) {
  Scene scene;
  (void)scene.notified_case();
  BOOST_TEST(scene.get("/livez", "").status == 200);
  // Not started: nobody listens for messages.
  const auto ready = scene.get("/readyz", "");
  BOOST_TEST(ready.status == 503);
  BOOST_TEST(json_of(ready).at("checks").at("database") == "ok");
  BOOST_TEST(json_of(ready).at("checks").at("messages") == "failed");
  const auto metrics = scene.get("/metrics", "");
  BOOST_TEST(metrics.status == 200);
  BOOST_CHECK(metrics.body.find("zhida_cases{state=\"notified\"} 1") != std::string::npos);
  BOOST_CHECK(metrics.body.find("zhida_commits_total") != std::string::npos);
  BOOST_CHECK(metrics.body.find("zhida_trust_stale 0") != std::string::npos);
  BOOST_CHECK(metrics.body.find("# TYPE zhida_stage_seconds histogram") != std::string::npos);
  BOOST_CHECK(metrics.body.find(kFirm) == std::string::npos);
  BOOST_TEST(json_of(scene.get("/openapi.json", "")).at("openapi") == "3.1.0");
}

BOOST_AUTO_TEST_SUITE_END()
