// Released cases at the gate that trusted time keeps: what stands still, what goes on, and that nothing leaves twice.
#include <filesystem>

#include "adapters/town/numbers.h"
#include "console/app.h"
#include "console/routes.h"
#include "released_case.h"
#include "time_scene.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;

namespace {

const std::vector<std::string> kFirms = {town::make_uscc("91", "330502", "MA000001"),
                                         town::make_uscc("91", "330502", "MA000002"),
                                         town::make_uscc("91", "330502", "MA000003")};

/// Everything about one firm's payment that could be there twice.
struct Requests {
  std::int64_t attempts = 0, messages = 0, reserved = 0, told = 0;
  friend bool operator==(const Requests&, const Requests&) = default;
};
constexpr Requests kNone{};
constexpr Requests kOne{1, 1, 1, 1};

std::ostream& operator<<(std::ostream& out, const Requests& all) {
  return out << all.attempts << " attempts, " << all.messages << " messages, " << all.reserved << " reservations, "
             << all.told << " records";
}

Requests requests_of(const Scene& scene, const CaseId& id) {
  const std::string attempts = "SELECT business_no FROM payment_attempt WHERE case_id = '" + id.str() + "'";
  return {
      scene.number("SELECT count(*) FROM (" + attempts + ") AS a"),
      scene.number("SELECT count(*) FROM outbox WHERE address = 'treasury.instructions' AND message_id IN (SELECT "
                   "message_id FROM payment_attempt WHERE case_id = '" +
                   id.str() + "')"),
      scene.number("SELECT count(*) FROM ledger_entry WHERE kind = 'reserve' AND business_no IN (" + attempts + ")"),
      scene.number("SELECT count(*) FROM audit_record WHERE kind = 'request_drawn_up' AND case_id = '" + id.str() +
                   "'")};
}

std::string metric(Hub& hub, const std::string& name) {
  console::App app{.hub = hub};
  http::HttpRequest request;
  request.method = "GET";
  request.path = "/metrics";
  const auto answer = console::serve(app, request);
  const auto at = answer.body.find("\n" + name + " ");
  if (at == std::string::npos) return "absent";
  const auto from = at + name.size() + 2;
  return answer.body.substr(from, answer.body.find('\n', from) - from);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_gate_of_trusted_time)

BOOST_AUTO_TEST_CASE(a_released_case_waits_for_trusted_time_and_is_requested_exactly_once) {
  TimeScene time("sm2");
  Scene& scene = time.scene();
  const auto until = [](const std::function<bool()>& condition) { return TimeScene::until(condition); };
  tell_everything(time.hub(), kFirms);
  BOOST_REQUIRE(until([&] { return scene.number("SELECT count(*) FROM benefit_case WHERE state = 'notified'") == 3; }));
  std::vector<CaseId> cases;
  for (const auto& firm : kFirms) {
    cases.push_back(case_of(scene, firm));
    confirm_and_review(scene, cases.back(), until);
  }
  const std::chrono::hours day(24);
  time.clock_at(9 * day);
  BOOST_REQUIRE(
      until([&] { return scene.number("SELECT count(*) FROM benefit_case WHERE publicity_ended = 1") == 3; }));
  BOOST_REQUIRE(until([&] { return time.state().payments_allowed && time.state().age < 4h; }));
  auto& desk = time.hub().desk();

  // The authority is away, within the limit: nobody notices.
  time.mood("absent");
  BOOST_REQUIRE(until([&] { return time.state().error_code == "http_unreachable"; }));
  time.clock_at(9 * day + 3h);
  (void)value_of(desk.release(person("releaser"), cases[0]));
  BOOST_REQUIRE(until([&] { return state_of(scene, cases[0]) == "requested"; }));
  BOOST_TEST(requests_of(scene, cases[0]) == kOne);
  BOOST_TEST(metric(time.hub(), "zhida_payments_paused") == "0");

  // Beyond the limit: people and sources go on, the request does not leave, and it is said aloud.
  time.clock_at(9 * day + 5h);
  BOOST_REQUIRE(until([&] { return time.records("payments_paused") == 1; }));
  (void)value_of(desk.release(person("releaser"), cases[1]));
  BOOST_REQUIRE(until([&] {
    return scene.number("SELECT count(*) FROM benefit_case WHERE recheck_passed = 1 AND id = '" + cases[1].str() +
                        "'") == 1;
  }));
  deliver(time.hub(), "tax",
          {row_of("tax", "sales", "later", {{"tax_no", kFirms[2]}, {"ssq", "202510"}, {"ysxse", "1234.50"}})});
  const auto status = value_of(time.hub().status());
  BOOST_TEST(status.at("trusted_time").at("alarm") == true);
  BOOST_TEST(status.at("trusted_time").at("payments_allowed") == false);
  BOOST_TEST(status.at("trusted_time").at("code") == "http_unreachable");
  BOOST_TEST(metric(time.hub(), "zhida_payments_paused") == "1");
  BOOST_TEST(metric(time.hub(), "zhida_trusted_time_failing") == "1");
  // Whatever wakes the worker: it stays.
  for (int hours = 6; hours <= 8; ++hours) {
    time.clock_at(9 * day + std::chrono::hours(hours));
    deliver(time.hub(), "tax",
            {row_of("tax", "sales", "hour" + std::to_string(hours),
                    {{"tax_no", kFirms[1]}, {"ssq", "20250" + std::to_string(hours)}, {"ysxse", "1.00"}})});
    const auto sealed = scene.number("SELECT max(seq) FROM audit_record");
    BOOST_REQUIRE(until([&] { return scene.number("SELECT max(size) FROM audit_head") >= sealed; }));
    BOOST_TEST(requests_of(scene, cases[1]) == kNone);
    BOOST_TEST(state_of(scene, cases[1]) == "rechecking");
  }

  // The authority is back: by itself, once.
  time.mood("");
  BOOST_REQUIRE(until([&] { return state_of(scene, cases[1]) == "requested"; }));
  BOOST_TEST(requests_of(scene, cases[1]) == kOne);
  BOOST_REQUIRE(until([&] { return time.records("payments_resumed") == 1; }));
  BOOST_TEST(!time.state().alarm);
  BOOST_TEST(metric(time.hub(), "zhida_payments_paused") == "0");

  // A case released afterwards leaves at once; nothing of the others is asked for again.
  (void)value_of(desk.release(person("releaser"), cases[2]));
  BOOST_REQUIRE(until([&] { return state_of(scene, cases[2]) == "requested"; }));
  for (const auto& id : cases) BOOST_TEST(requests_of(scene, id) == kOne);
  const auto report = time.verify();
  BOOST_TEST(report.holds(), report.detail);
}

BOOST_AUTO_TEST_CASE(a_decision_that_a_fund_pays_on_waits_for_trusted_time_too) {
  // The same item, were it paid by a fund: the sealed decision goes there instead of a request to the treasury.
  const test::TempFolder folder;
  std::filesystem::copy(std::string(ZHIDA_SOURCE_DIR) + "/mappings", folder.file("mappings"),
                        std::filesystem::copy_options::recursive);
  const std::string item = folder.file("mappings/policies/IN-012.yaml");
  const std::string written =
      "channel: appropriation\n  project_code: { local: project_code }\n  payee: { local: payee }";
  std::string text = value_of(read_file(item));
  BOOST_REQUIRE(text.find(written) != std::string::npos);
  text.replace(text.find(written), written.size(), "channel: social_insurance_fund\n  fund: social_security");
  value_of(write_file_atomically(item, text));
  TimeScene time("sm2", [&](HubConfig& config) { config.mappings_folder = folder.file("mappings"); });
  Scene& scene = time.scene();
  const auto until = [](const std::function<bool()>& condition) { return TimeScene::until(condition); };
  tell_everything(time.hub(), {kFirms[0]});
  BOOST_REQUIRE(until([&] { return scene.number("SELECT count(*) FROM benefit_case WHERE state = 'notified'") == 1; }));
  const CaseId id = case_of(scene, kFirms[0]);
  confirm_and_review(scene, id, until);
  const std::chrono::hours day(24);
  BOOST_REQUIRE(until([&] { return time.state().payments_allowed; }));
  time.mood("absent");
  BOOST_REQUIRE(until([&] { return time.state().error_code == "http_unreachable"; }));
  time.clock_at(9 * day);
  BOOST_REQUIRE(
      until([&] { return scene.number("SELECT count(*) FROM benefit_case WHERE publicity_ended = 1") == 1; }));
  BOOST_REQUIRE(until([&] { return time.state().alarm; }));
  (void)value_of(time.hub().desk().release(person("releaser"), id));
  BOOST_REQUIRE(until([&] { return scene.number("SELECT count(*) FROM benefit_case WHERE recheck_passed = 1") == 1; }));
  // Whatever wakes the worker: it stays.
  for (int hours = 1; hours <= 3; ++hours) {
    time.clock_at(9 * day + std::chrono::hours(hours));
    deliver(time.hub(), "tax",
            {row_of("tax", "sales", "hour" + std::to_string(hours),
                    {{"tax_no", kFirms[0]}, {"ssq", "20250" + std::to_string(hours)}, {"ysxse", "1.00"}})});
    const auto sealed = scene.number("SELECT max(seq) FROM audit_record");
    BOOST_REQUIRE(until([&] { return scene.number("SELECT max(size) FROM audit_head") >= sealed; }));
    BOOST_TEST(state_of(scene, id) == "rechecking");
  }
  time.mood("");
  BOOST_REQUIRE(until([&] { return state_of(scene, id) == "sent_to_fund"; }));
  BOOST_TEST(requests_of(scene, id) == kNone);
}

BOOST_AUTO_TEST_CASE(a_hub_that_starts_without_trusted_time_knows_how_old_the_last_one_is) {
  TimeScene time("p256");
  Scene& scene = time.scene();
  BOOST_REQUIRE(TimeScene::until([&] { return time.tokens() >= 1; }));
  time.mood("wrong-certificate");
  BOOST_REQUIRE(TimeScene::until([&] { return !time.state().error_code.empty(); }));
  HubConfig config = time.hub().config();
  scene.hub->stop();
  time.clock_at(5h);
  scene.hub = value_of(Hub::create(config, {}, {}));
  value_of(scene.hub->start());
  BOOST_TEST(!time.state().payments_allowed);
  BOOST_REQUIRE(TimeScene::until([&] { return time.state().alarm; }));
  time.mood("");
  BOOST_REQUIRE(TimeScene::until([&] { return time.state().payments_allowed; }));
}

BOOST_AUTO_TEST_SUITE_END()
