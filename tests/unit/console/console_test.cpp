// The console's tables and small tools, without a hub.
#include <boost/test/unit_test.hpp>
#include <set>

#include "base/bytes.h"
#include "console/lists.h"
#include "console/pages/html.h"
#include "console/problem.h"
#include "console/routes.h"
#include "console/words.h"

using namespace zhida;
using namespace zhida::console;

BOOST_AUTO_TEST_SUITE(the_table_of_routes)

BOOST_AUTO_TEST_CASE(every_route_of_rest_names_roles_that_there_are) {
  std::set<std::string> known;
  for (const auto& [role, sentence] : flow::known_roles()) known.insert(role);
  for (const auto& route : routes()) {
    BOOST_TEST_INFO(route.method << " " << route.pattern);
    // The log's heads and proofs are for strangers; a countersignature is held against its peer's certificate and seal.
    const bool for_anyone = std::string_view(route.pattern).starts_with("/api/v1/log/");
    if (route.is_api()) BOOST_CHECK(route.roles.empty() == for_anyone);
    for (const auto role : route.roles) BOOST_CHECK(known.contains(std::string(role)));
    BOOST_CHECK(std::string_view(route.sentence).ends_with('.'));
  }
}

BOOST_AUTO_TEST_CASE(every_route_is_found_once_by_its_own_path) {
  std::set<std::string> seen;
  for (const auto& route : routes()) {
    std::string path = route.pattern;
    for (auto at = path.find('{'); at != std::string::npos; at = path.find('{', at))
      path.replace(at, path.find('}', at) - at + 1, "x1");
    BOOST_TEST_INFO(route.method << " " << path);
    BOOST_CHECK(seen.insert(std::string(route.method) + " " + path).second);
    const auto found = find_route(route.method, path);
    BOOST_CHECK(found.route == &route);
  }
}

BOOST_AUTO_TEST_CASE(what_decides_or_changes_is_only_possible_by_post) {
  const auto found = find_route("GET", "/api/v1/cases/01/confirm");
  BOOST_CHECK(found.route == nullptr);
  BOOST_TEST(found.other_methods == std::vector<std::string>{"POST"}, boost::test_tools::per_element());
  BOOST_CHECK(find_route("GET", "/api/v1/nothing").route == nullptr);
  BOOST_CHECK(find_route("GET", "/api/v1/cases/").route == nullptr);
}

BOOST_AUTO_TEST_CASE(nobody_who_looks_after_adapters_decides_a_case) {
  for (const auto& route : routes()) {
    if (std::string_view(route.method) != "POST") continue;
    const std::string pattern = route.pattern;
    if (!pattern.starts_with("/api/v1/cases/") && !pattern.starts_with("/cases/")) continue;
    for (const auto role : route.roles) {
      BOOST_TEST_INFO(pattern);
      BOOST_CHECK(role != "integration_admin" && role != "operator" && role != "auditor");
    }
  }
}

BOOST_AUTO_TEST_CASE(openapi_lists_every_route_of_rest_with_its_body_and_roles) {
  const Json document = openapi_document();
  BOOST_TEST(document.at("openapi") == "3.1.0");
  for (const auto& route : routes()) {
    if (!route.is_api()) continue;
    BOOST_TEST_INFO(route.method << " " << route.pattern);
    const std::string method = std::string_view(route.method) == "GET" ? "get" : "post";
    BOOST_REQUIRE(document.at("paths").contains(route.pattern));
    BOOST_REQUIRE(document.at("paths").at(route.pattern).contains(method));
    const Json& operation = document.at("paths").at(route.pattern).at(method);
    BOOST_CHECK(operation.at("x-roles").size() == route.roles.size());
    BOOST_CHECK(operation.contains("requestBody") == (method == "post"));
  }
}

BOOST_AUTO_TEST_CASE(the_copy_in_the_reference_is_made_from_the_table) {
  const std::string path = std::string(ZHIDA_SOURCE_DIR) + "/docs/reference/openapi.json";
  const std::string now = openapi_document().dump(1) + "\n";
  const auto copy = read_file(path);
  BOOST_REQUIRE_MESSAGE(copy, "docs/reference/openapi.json is missing.");
  BOOST_CHECK_MESSAGE(copy.value() == now, "The table changed: run `zhida reference docs/reference`.");
}

BOOST_AUTO_TEST_CASE(bodies_and_parameters_are_checked_against_the_table) {
  const auto* review = find_route("POST", "/api/v1/cases/1/reviews").route;
  BOOST_REQUIRE(review != nullptr);
  const Json good = {{"department", "科技局"}, {"step", "make"}, {"decision", "approve"}};
  BOOST_CHECK(check_body(*review, good));
  const auto code = [&](const Json& body) {
    const auto checked = check_body(*review, body);
    return checked ? std::string() : checked.error().code;
  };
  Json body = good;
  body.erase("step");
  BOOST_TEST(code(body) == "field_missing");
  body = good;
  body["amount"] = "1.00";
  BOOST_TEST(code(body) == "field_unknown");
  body = good;
  body["decision"] = true;
  BOOST_TEST(code(body) == "field_wrong_type");
  body = good;
  body["reason"] = std::string(5'000, 'x');
  BOOST_TEST(code(body) == "field_too_long");

  const auto* cases = find_route("GET", "/api/v1/cases").route;
  BOOST_CHECK(check_query(*cases, {{"state", "paid"}, {"limit", "20"}}));
  BOOST_TEST(check_query(*cases, {{"sate", "paid"}}).error().code == "parameter_unknown");
  BOOST_TEST(check_query(*cases, {{"limit", "-1"}}).error().code == "parameter_malformed");
  BOOST_TEST(check_query(*cases, {{"limit", "1"}, {"limit", "2"}}).error().code == "parameter_malformed");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(html_and_words)

BOOST_AUTO_TEST_CASE(text_never_becomes_markup) {
  BOOST_TEST(text::html_escape("<a href=\"x\" b='y'>&") == "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
  BOOST_TEST(text::html_escape(std::string("a\0b\x1b", 4)) ==
             "a\xEF\xBF\xBD"
             "b\xEF\xBF\xBD");
  const Html inner("<b>{}</b>", "<i>");
  BOOST_TEST(Html("<p title=\"{}\">{}{}</p>", "\"", inner, Json("<u>")).markup() ==
             "<p title=\"&quot;\"><b>&lt;i&gt;</b>&lt;u&gt;</p>");
  BOOST_TEST(Html("{}", Json(nullptr)).markup() == "—");
  // What was put in is not looked at again.
  BOOST_TEST(Html("{}{}", "{}", "x").markup() == "{}x");
}

BOOST_AUTO_TEST_CASE(octets_of_strangers_are_shown_safely) {
  BOOST_TEST(shown_bytes("税务 A\n") == "税务 A\n");
  BOOST_TEST(shown_bytes(std::string("\0\xff\x1b", 3)) == "\\x00\\xff\\x1b");
  BOOST_TEST(shown_bytes("\xC0\xAF\xED\xA0\x80") == "\\xc0\\xaf\\xed\\xa0\\x80");
  BOOST_TEST(shown_bytes("\xE7\xA8") == "\\xe7\\xa8");
}

BOOST_AUTO_TEST_CASE(personal_data_and_accounts_are_masked) {
  BOOST_TEST(masked_text("张三丰") == "张**");
  BOOST_TEST(masked_text("") == "**");
  BOOST_TEST(masked_account("6222 0012-3456 0019") == "****0019");
  BOOST_TEST(masked_account("19") == "****");
  BOOST_TEST(grouped("1234567.00") == "1,234,567.00");
  BOOST_TEST(grouped("-123.50") == "-123.50");
  BOOST_TEST(grouped("100000") == "100,000");
}

BOOST_AUTO_TEST_CASE(cursors_come_back_as_they_were_and_strangers_are_refused) {
  for (const auto& key : std::vector<std::vector<std::string>>{{"01J"}, {"91330500", "IN-001"}, {"", "?>~税"}}) {
    const std::string cursor = cursor_of(key);
    BOOST_CHECK(cursor.find_first_of("+/=&?") == std::string::npos);
    BOOST_CHECK(key_of(cursor, key.size()).value() == key);
  }
  BOOST_CHECK(key_of("", 2).value().empty());
  BOOST_TEST(key_of("***", 1).error().code == "cursor_malformed");
  BOOST_TEST(key_of(cursor_of({"a"}), 2).error().code == "cursor_malformed");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(problems)

BOOST_AUTO_TEST_CASE(each_kind_of_error_has_its_status) {
  const std::vector<std::pair<Error, int>> table = {
      {refuse("role_missing", ""), 403},
      {refuse("case_not_found", ""), 404},
      {refuse("enterprise_unknown", ""), 404},
      {refuse("case_event_not_possible", ""), 409},
      {refuse("four_eyes", ""), 403},
      {refuse("json_malformed", ""), 400},
      {refuse("field_missing", ""), 422},
      {refuse("step_unknown", ""), 422},
      {refuse("idempotency_key_missing", ""), 400},
      {refuse("idempotency_key_reused", ""), 422},
      {retry("hub_stopping", ""), 503},
      {retry("storage_busy", ""), 503},
      {refuse("storage_failed", ""), 500},
      {refuse("not_signed_in", ""), 401},
      {refuse("already_reviewed", ""), 409},
      {refuse("anything_else", ""), 409},
  };
  for (const auto& [error, status] : table) {
    BOOST_TEST_INFO(error.code);
    BOOST_TEST(status_of(error) == status);
  }
}

BOOST_AUTO_TEST_CASE(failures_of_our_own_keep_their_detail_to_the_log) {
  const Json problem = problem_json(refuse("storage_failed", "SELECT secret"), "/api/v1/me", "abc");
  BOOST_CHECK(problem.dump().find("SELECT") == std::string::npos);
  BOOST_TEST(problem.at("traceId") == "abc");
  const Json wrong = problem_json(refuse("case_event_not_possible", "Case 1 is paid."), "/x", "abc");
  BOOST_TEST(wrong.at("code") == "case_state_wrong");
  BOOST_TEST(wrong.at("type") == "/problems/case_state_wrong");
  BOOST_TEST(wrong.at("detail") == "Case 1 is paid.");
}

BOOST_AUTO_TEST_SUITE_END()
