// The pages as people meet them: sessions, forms, what is shown to whom.
#include <boost/test/unit_test.hpp>

#include "console/console.h"
#include "flow/policy_book.h"
#include "platform/http/http_client.h"
#include "scene.h"
#include "stages/matching/receipt_store.h"

using namespace zhida;
using namespace zhida::console;
using namespace zhida::test;

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

BOOST_AUTO_TEST_CASE(industries_and_regions_are_shown_by_name_with_their_code) {
  Scene scene;
  scene.tell(
      kFirm, "湖州样例有限公司",
      {{"ent.industry_code", FieldData(std::string("3411"))}, {"ent.region_code", FieldData(std::string("330599"))}});
  const auto page = scene.get("/firms/" + std::string(kFirm), "operator").body;
  for (const char* text : {"区划 湖州市吴兴区（330502）", "锅炉及辅助设备制造（3411）", "330599"})
    BOOST_TEST(page.find(text) != std::string::npos, text);
  BOOST_TEST(scene.get("/firms", "operator").body.find("湖州市吴兴区（330502）") != std::string::npos);
  const auto view = json_of(scene.get("/api/v1/profiles/" + std::string(kFirm), "operator"));
  BOOST_TEST(view.at("division") == "330502");
  for (const auto& field : view.at("fields"))
    if (field.at("field") == "ent.industry_code") BOOST_TEST(field.at("value") == "3411");
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

BOOST_AUTO_TEST_CASE(a_firm_shows_what_it_had_what_it_is_owed_and_what_it_just_misses) {
  Scene scene;
  scene.tell(kFirm, "湖州样例有限公司",
             {{"qual.hnte", FieldData(true)},
              {"qual.hnte_first_time", FieldData(true)},
              {"tax.vat_payer_type", FieldData(std::string("small_scale"))},
              {"tax.monthly_sales_fen", FieldData(std::int64_t{11'000'000})}});
  const std::string path = "/api/v1/profiles/" + std::string(kFirm);
  const auto of = [](const Json& list, const std::string& policy) {
    for (const auto& one : list)
      if (one.at("policy") == policy) return one;
    return Json();
  };
  auto view = json_of(scene.get(path, "maker"));
  BOOST_TEST(of(view.at("owed"), "IN-001").at("amount") == "80000.00");
  const auto miss = of(view.at("near_misses"), "TX-005");
  BOOST_REQUIRE(miss.is_object());
  BOOST_TEST(miss.at("then") == "met");
  BOOST_TEST(miss.at("sentence").get<std::string>().find("差1万元") != std::string::npos);
  BOOST_TEST(!view.at("questions").empty());
  BOOST_TEST(view.at("received").empty());
  auto page = scene.get("/firms/" + std::string(kFirm), "maker");
  for (const char* text : {"应享未享", "80,000.00", "差1万元", "没有享受记录", "href=\"/items/IN-001\""})
    BOOST_TEST(page.body.find(text) != std::string::npos, text);
  // A program that may not open an item's page is given no link to it.
  BOOST_TEST(scene.get("/firms/" + std::string(kFirm), "portal").body.find("/items/") == std::string::npos);

  matching::Receipt receipt;
  receipt.benefit = "IN-001";
  receipt.subject = kFirm;
  receipt.reference = "case-1";
  receipt.received_on = value_of(Date::parse("2025-10-01"));
  receipt.source = "hub";
  const auto store = [&](const std::function<Result<void>(storage::Transaction&)>& what) {
    value_of(flow::commit(scene.hub->rooms().writer, "desk", {}, what));
  };
  store([&](storage::Transaction& transaction) { return matching::record_receipt(transaction, receipt); });
  view = json_of(scene.get(path, "maker"));
  BOOST_TEST(of(view.at("owed"), "IN-001").is_null());
  BOOST_TEST(view.at("received").at(0).at("received_on") == "2025-10-01");
  page = scene.get("/firms/" + std::string(kFirm), "maker");
  BOOST_TEST(page.body.find("本平台兑付") != std::string::npos);
  // Money that came back is nothing that was had.
  store([&](storage::Transaction& transaction) {
    return matching::take_back_receipts(transaction, "case-1", value_of(Date::parse("2025-10-20")));
  });
  view = json_of(scene.get(path, "maker"));
  BOOST_TEST(of(view.at("owed"), "IN-001").is_object());
  BOOST_TEST(view.at("received").at(0).at("taken_back_on") == "2025-10-20");
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
