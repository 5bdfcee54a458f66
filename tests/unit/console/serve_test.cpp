// The console before a real hub: SQLite, the repository's mappings and policies, throw-away certificates.
#include <boost/test/unit_test.hpp>

#include "console/console.h"
#include "console/routes.h"
#include "flow/policy_book.h"
#include "platform/crypto/digest.h"
#include "platform/http/http_client.h"
#include "seal_tools/dev_certificates.h"
#include "stages/casework/casework.h"
#include "support/temp_folder.h"

using namespace zhida;
using namespace zhida::console;

namespace {

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().code + ": " + result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

constexpr const char* kFirm = "91330502MA2B4D5E6F";

/// Keys take seconds to make: one set for all tests of the program.
const std::string& certificates() {
  static const test::TempFolder folder;
  static const std::string path = [] {
    seal_tools::DevCertificates what;
    what.folder = folder.file("certs");
    what.valid_from = value_of(parse_rfc3339("2025-01-01T00:00:00+08:00"));
    what.valid_to = SystemClock().now() + std::chrono::hours(24 * 365);
    value_of(seal_tools::issue_all(what));
    return what.folder;
  }();
  return path;
}

std::string fingerprint(const std::string& name) {
  return value_of(get_string(value_of(parse_json(value_of(read_file(certificates() + "/fingerprints.json")))), name));
}

const std::string& password_hash() {
  static const std::string hash = crypto::hash_password("correct horse");
  return hash;
}

class Scene {
 public:
  Scene() {
    const std::string& certs = certificates();
    flow::HubConfig config;
    config.database.url = "sqlite://" + folder_.file("hub.db");
    config.clock = "external";
    config.clock_file = folder_.file("clock");
    set_clock("2025-11-03T09:00:00+08:00");
    config.city = "330500";
    config.mappings_folder = std::string(ZHIDA_SOURCE_DIR) + "/mappings";
    config.grants_file = folder_.write("grants.yaml", "grants: []\n");
    config.peers_file = folder_.write("peers.yaml", "peers: []\n");
    config.people_file = folder_.write("people.yaml", people());
    config.amqp_port = 0;
    config.amqp_tls = {certs + "/tls/hub.crt", certs + "/tls/hub.key", certs + "/tls/ca.crt", {}};
    config.seal = {certs + "/seal/hub.esl", certs + "/seal/hub.key", certs + "/seal/hub.crt", {}};
    config.trust.roots = {certs + "/seal/ca.crt"};
    config.trust.revocation_lists = {certs + "/seal/ca.crl"};
    config.version = "test";
    hub = value_of(flow::Hub::create(config, {}, {}));
    app.reset(new App{.hub = *hub});
  }

  void set_clock(const std::string& time) { folder_.write("clock", time + "\n"); }

  /// A firm that meets IN-001 and was told so.
  CaseId notified_case(const std::string& division = "330502", const std::string& firm = kFirm) {
    casework::Casework casework({hub->rooms().trail, hub->rooms().clock, hub->rooms().calendar,
                                 [this](const PolicyId& id) { return hub->rooms().policies.handling(id); }});
    Entitlement entitlement;
    entitlement.uscc = firm;
    entitlement.division = division;
    entitlement.policy = PolicyId("IN-001");
    entitlement.policy_version = "v";
    entitlement.evaluated_on = hub->rooms().clock.today();
    entitlement.verdict = Verdict::met;
    entitlement.amount = Money::from_fen(5'000'000);
    entitlement.tranches = {{"whole", Money::from_fen(5'000'000)}};
    CaseId id;
    value_of(hub->rooms().database.write([&](storage::Transaction& transaction) -> Result<void> {
      const auto changes = TRY(casework.open_or_update_cases(transaction, {entitlement},
                                                             {{firm, "湖州<script>有限公司"}}, std::string(32, 'a')));
      id = changes.opened.at(0);
      CHECK_OK(casework.notify(transaction, id, "", {}));
      return ok();
    }));
    return id;
  }
  void check_payee(const CaseId& id) {
    casework::Casework casework({hub->rooms().trail, hub->rooms().clock, hub->rooms().calendar,
                                 [this](const PolicyId& policy) { return hub->rooms().policies.handling(policy); }});
    value_of(hub->rooms().database.write([&](storage::Transaction& transaction) -> Result<void> {
      CHECK_OK(casework.check_payee(transaction, id));
      return ok();
    }));
  }

  Answer ask(const std::string& method, const std::string& path, const std::string& who, const Bytes& body = {},
             http::Headers headers = {}) {
    http::HttpRequest request;
    request.method = method;
    const auto mark = path.find('?');
    request.path = path.substr(0, mark);
    if (mark != std::string::npos) request.query = value_of(http::parse_query(path.substr(mark + 1)));
    request.remote_address = "127.0.0.1:50000";
    request.headers = std::move(headers);
    request.body = body;
    request.client_fingerprint = who.empty() ? std::string() : "fp-" + who;
    return serve(*app, request);
  }
  Answer get(const std::string& path, const std::string& who) { return ask("GET", path, who); }
  Answer post(const std::string& path, const std::string& who, const Json& body, const std::string& key) {
    http::Headers headers{{"Content-Type", "application/json"}};
    if (!key.empty()) headers.emplace("Idempotency-Key", key);
    return ask("POST", path, who, body.dump(), headers);
  }
  Answer form(const std::string& path, const std::string& cookie,
              const std::vector<std::pair<std::string, std::string>>& fields, http::Headers more = {}) {
    more.emplace("Content-Type", "application/x-www-form-urlencoded");
    if (!cookie.empty()) more.emplace("Cookie", cookie);
    return ask("POST", path, "", http::build_query(fields), std::move(more));
  }

 private:
  static std::string people() {
    std::string text = "people:\n";
    const auto add = [&](const std::string& id, const std::string& prints, const std::string& rest) {
      text += "  - {id: " + id + ", name: " + id + ", fingerprints: [" + prints + "], " + rest + "}\n";
    };
    add("maker", "fp-maker", "roles: [reviewer_maker], departments: ['*'], divisions: ['330500']");
    add("checker", "fp-checker", "roles: [reviewer_checker], departments: ['*'], divisions: ['330500']");
    add("finance", "fp-finance", "roles: [finance_releaser], divisions: ['330500']");
    add("portal", "fp-portal", "roles: [portal], divisions: ['330500']");
    add("operator", "fp-operator, " + fingerprint("operator"), "roles: [operator, auditor], divisions: ['330500']");
    add("county", "fp-county", "roles: [operator, portal], divisions: ['330522']");
    add("local", "",
        "password_hash: '" + password_hash() +
            "', roles: [reviewer_maker], departments: ['*'], "
            "divisions: ['330500']");
    return text;
  }

  test::TempFolder folder_;

 public:
  std::unique_ptr<flow::Hub> hub;
  std::unique_ptr<App> app;
};

Json json_of(const Answer& answer) {
  return value_of(parse_json(answer.body));
}

std::string code_of(const Answer& answer) {
  return json_of(answer).value("code", "");
}

std::string header_of(const Answer& answer, const std::string& name) {
  for (const auto& [key, value] : answer.headers)
    if (key == name) return value;
  return {};
}

const Json kPayee = {{"payee",
                      {{"account_name", "湖州<script>有限公司"},
                       {"account_no", "6222001234560019"},
                       {"bank_name", "湖州银行"},
                       {"bank_no", "313336000013"}}}};

}  // namespace

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

BOOST_AUTO_TEST_SUITE(pages_for_people)

BOOST_AUTO_TEST_CASE(every_page_shows_and_escapes) {
  Scene scene;
  const auto id = scene.notified_case();
  for (const std::string path : {"/", "/firms", "/cases", "/cases?state=notified", "/quarantine", "/money"}) {
    const auto answer = scene.get(path, "operator");
    BOOST_TEST_INFO(path);
    BOOST_CHECK(answer.status == 200);
    BOOST_CHECK(answer.content_type == "text/html; charset=utf-8");
    BOOST_CHECK(answer.body.find("<script") == std::string::npos);
  }
  const auto page = scene.get("/cases/" + id.str(), "operator");
  BOOST_TEST(page.status == 200);
  BOOST_CHECK(page.body.find("<script") == std::string::npos);
  BOOST_CHECK(page.body.find("湖州&lt;script&gt;有限公司") != std::string::npos);
  BOOST_CHECK(page.body.find("企业确认") != std::string::npos);
  BOOST_CHECK(page.body.find("没有评估记录") != std::string::npos);
  const auto lost = scene.get("/cases/nothing", "operator");
  BOOST_TEST(lost.status == 404);
  BOOST_CHECK(lost.body.find(header_of(lost, "X-Trace-Id")) != std::string::npos);
  BOOST_TEST(scene.get("/style.css", "").content_type == "text/css; charset=utf-8");
  const auto elsewhere = scene.get("/cases", "");
  BOOST_TEST(elsewhere.status == 303);
  BOOST_TEST(header_of(elsewhere, "Location") == "/sign-in?next=%2Fcases");
}

BOOST_AUTO_TEST_CASE(a_local_account_signs_in_acts_with_its_token_and_signs_out) {
  Scene scene;
  const auto wrong = scene.form("/sign-in", "", {{"id", "local"}, {"password", "wrong"}});
  BOOST_TEST(wrong.status == 401);
  const auto in =
      scene.form("/sign-in", "", {{"id", "local"}, {"password", "correct horse"}, {"next", "//evil.example"}});
  BOOST_TEST(in.status == 303);
  BOOST_TEST(header_of(in, "Location") == "/");
  const std::string set = header_of(in, "Set-Cookie");
  BOOST_CHECK(set.find("HttpOnly; SameSite=Strict") != std::string::npos);
  const std::string cookie = set.substr(0, set.find(';'));
  const auto home = scene.ask("GET", "/", "", {}, {{"Cookie", cookie}});
  BOOST_TEST(home.status == 200);
  const auto mark = home.body.find("name=\"token\" value=\"");
  BOOST_REQUIRE(mark != std::string::npos);
  const std::string token = home.body.substr(mark + 20, 64);

  BOOST_TEST(scene.form("/sign-out", cookie, {{"token", std::string(64, '0')}}).status == 403);
  BOOST_TEST(scene.form("/sign-out", cookie, {{"token", token}}, {{"Sec-Fetch-Site", "cross-site"}}).status == 403);
  // REST with a session needs the token too.
  const Json look = {{"department", "科技局"}, {"step", "make"}, {"decision", "approve"}};
  http::Headers headers{{"Cookie", cookie}, {"Content-Type", "application/json"}, {"Idempotency-Key", "k"}};
  BOOST_TEST(scene.ask("POST", "/api/v1/cases/x/reviews", "", look.dump(), headers).status == 403);
  headers.emplace("X-Form-Token", token);
  BOOST_TEST(scene.ask("POST", "/api/v1/cases/x/reviews", "", look.dump(), headers).status == 404);

  const auto out = scene.form("/sign-out", cookie, {{"token", token}}, {{"Origin", "https://h:1"}, {"Host", "h:1"}});
  BOOST_TEST(out.status == 303);
  BOOST_TEST(scene.ask("GET", "/", "", {}, {{"Cookie", cookie}}).status == 303);
}

BOOST_AUTO_TEST_CASE(passwords_cannot_be_tried_without_end) {
  const flow::PeopleBook people({[] {
    flow::Person person;
    person.id = "local";
    person.password_hash = password_hash();
    return person;
  }()});
  auto now = std::chrono::steady_clock::now();
  Sessions sessions([&] { return now; });
  for (int i = 0; i < Sessions::kFailuresMax; ++i)
    BOOST_TEST(sessions.sign_in(people, i % 2 == 0 ? "local" : "nobody", "wrong", "10.0.0.1:1").error().code ==
               "sign_in_failed");
  BOOST_TEST(sessions.sign_in(people, "local", "correct horse", "10.0.0.1:2").error().code == "sign_in_locked");
  now += Sessions::kFailuresCount;
  const std::string id = value_of(sessions.sign_in(people, "local", "correct horse", "10.0.0.1:3"));
  BOOST_TEST(sessions.person_of(id).value_or("") == "local");
  BOOST_CHECK(!sessions.person_of(id + "0"));
  now += Sessions::kIdle;
  BOOST_CHECK(!sessions.person_of(id));
}

BOOST_AUTO_TEST_CASE(a_reviewer_decides_what_was_looked_at_and_nothing_newer) {
  Scene scene;
  const auto id = scene.notified_case();
  const auto token = scene.app->sessions.form_token("certificate:maker");
  http::Headers type{{"Content-Type", "application/x-www-form-urlencoded"}};
  const auto version = json_of(scene.get("/api/v1/cases/" + id.str(), "maker")).at("version").dump();
  const auto decide = [&](const std::string& of_version, const std::string& with_token) {
    return scene.ask("POST", "/cases/" + id.str(), "maker",
                     http::build_query({{"token", with_token},
                                        {"act", "review"},
                                        {"version", of_version},
                                        {"department", "科技局"},
                                        {"step", "make"},
                                        {"decision", "yes"}}),
                     type);
  };
  BOOST_TEST(decide(version, "").status == 403);
  BOOST_TEST(decide("0", token).status == 412);
  BOOST_TEST(decide(version, token).status == 409);  // Not in review: it is the firm's turn.
}

BOOST_AUTO_TEST_CASE(a_pack_of_evidence_is_for_auditors_once_the_case_is_decided) {
  Scene scene;
  const auto id = scene.notified_case();
  const auto ask = [&](const std::string& person, const std::string& level, const std::string& of_case) {
    const auto token = scene.app->sessions.form_token("certificate:" + person);
    return scene.ask("POST", "/evidence/" + of_case, person, http::build_query({{"token", token}, {"level", level}}),
                     {{"Content-Type", "application/x-www-form-urlencoded"}});
  };
  BOOST_TEST(ask("maker", "public", id.str()).status == 403);
  BOOST_TEST(ask("operator", "friends", id.str()).status == 422);
  BOOST_TEST(ask("operator", "auditor", "nothing").status == 404);
  BOOST_TEST(ask("operator", "auditor", id.str()).status == 409);  // Nobody has decided it.
  BOOST_CHECK(scene.get("/cases/" + id.str(), "operator").body.find("事项尚未决定") != std::string::npos);
  BOOST_CHECK(scene.get("/cases/" + id.str(), "maker").body.find("证据包") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(people_of_one_division_see_and_move_what_is_theirs) {
  Scene scene;
  scene.notified_case("330502");
  const auto all = json_of(scene.get("/api/v1/status", "operator"));
  BOOST_TEST(all.at("cases").value("notified", 0) == 1);
  BOOST_TEST(all.contains("records"));
  const auto own = json_of(scene.get("/api/v1/status", "county"));
  BOOST_TEST(own.at("cases").empty());
  BOOST_TEST(!own.contains("records"));
  BOOST_TEST(!own.contains("dead_letters"));
  BOOST_TEST(own.at("payments").at("requests") == 0);
  scene.notified_case("330522", "91330522MA2B4D5E6F");
  BOOST_TEST(json_of(scene.get("/api/v1/status", "county")).at("cases").value("notified", 0) == 1);
  BOOST_TEST(scene.get("/", "county").status == 200);
  BOOST_TEST(scene.get("/api/v1/adapters", "county").status == 200);
  // A list that replaces the list before, or a source's whole delivery, is everybody's.
  BOOST_TEST(json_of(scene.get("/api/v1/dead-letters", "county")).at("items").empty());
  const auto pulled = scene.post("/api/v1/adapters/nobody/pull", "county", Json::object(), "p1");
  BOOST_TEST(pulled.status == 403);
  BOOST_TEST(json_of(pulled).at("code") == "division_not_yours");
  const Json firm = {{"uscc", kFirm}};
  BOOST_TEST(scene.post("/api/v1/adapters/nobody/pull", "county", firm, "p2").status == 403);
  const auto uploaded = scene.ask("POST", "/api/v1/uploads/department_lists/list.csv", "county", "a,b\n",
                                  {{"Content-Type", "text/csv"}, {"Idempotency-Key", "u1"}});
  BOOST_TEST(uploaded.status == 403);
}

BOOST_AUTO_TEST_CASE(a_case_says_who_has_a_refused_message_sent_again) {
  Scene scene;
  const auto id = scene.notified_case();
  value_of(scene.hub->rooms().database.write([&](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(
        transaction.execute("INSERT INTO outbox (message_id, address, subject, body, seal, case_id, division, "
                            "state, reason_code, reason, created_at, settled_at) VALUES ('pay-1', "
                            "'treasury.instructions', 'payment_request/1', ?, ?, ?, '330502', 'rejected', "
                            "'amqp:not-allowed', '<not today>', 1, 1)",
                            {storage::Blob{"b"}, storage::Blob{"s"}, id.str()}));
    CHECK_OK(
        transaction.execute("INSERT INTO refused_message (outbox_id, refused_at, asked_at) VALUES (1, 1, 1) "
                            "ON CONFLICT DO NOTHING"));
    return ok();
  }));
  const auto page = scene.get("/cases/" + id.str(), "operator");
  BOOST_CHECK(page.body.find("zhida outbox send-again 1") != std::string::npos);
  BOOST_CHECK(page.body.find("&lt;not today&gt;") != std::string::npos);
  const auto view = json_of(scene.get("/api/v1/cases/" + id.str(), "operator"));
  BOOST_TEST(view.at("refused_messages").at(0).at("do") == "zhida outbox send-again 1");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(over_tls_a_certificate_is_who_one_is) {
  Scene scene;
  const std::string& certs = certificates();
  ConsoleOptions options;
  options.certificate_file = certs + "/tls/hub.crt";
  options.key_file = certs + "/tls/hub.key";
  options.client_ca_file = certs + "/tls/ca.crt";
  const auto console = value_of(Console::start(*scene.hub, options));
  http::HttpClient client;
  http::HttpCall call;
  call.url = "https://127.0.0.1:" + std::to_string(console->port()) + "/api/v1/me";
  call.ca_file = certs + "/tls/ca.crt";
  BOOST_TEST(value_of(client.call(call)).status == 401);
  http::HttpClient officer;
  call.certificate_file = certs + "/tls/operator.crt";
  call.key_file = certs + "/tls/operator.key";
  const auto reply = value_of(officer.call(call));
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(value_of(parse_json(reply.body)).at("id") == "operator");
  BOOST_CHECK(!reply.header("Strict-Transport-Security").empty());
  console->stop();
}
