// A hub at work: what was received is written down with the payment, and what cannot be said of one firm alone decides
// over cases.
#include <algorithm>
#include <thread>

#include "flow/allocation_desk.h"
#include "flow/receipt_keeper.h"
#include "released_case.h"
#include "stages/casework/casework.h"
#include "stages/matching/receipt_store.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;

namespace {

const std::vector<std::string> kFirms = {"91330502MA0000015E", "91330502MA00000239", "91330502MA00000314"};
/// Invented, with good check characters.
const std::string kPerson = "11010519491231002X";

bool until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 40s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

/// A folder of mappings like the repository's, whose policies say something else.
struct OwnItems {
  test::TempFolder folder;
  explicit OwnItems(const std::vector<std::pair<std::string, std::string>>& replacements) {
    namespace fs = std::filesystem;
    fs::copy(std::string(ZHIDA_SOURCE_DIR) + "/mappings", folder.file("mappings"), fs::copy_options::recursive);
    for (const auto& [name, text] : replacements)
      value_of(write_file_atomically(folder.file("mappings/policies/" + name), text));
  }
  std::function<void(HubConfig&)> config() const {
    return [path = folder.file("mappings")](HubConfig& config) {
      config.mappings_folder = path;
      config.person_salt = Secret<std::string>(std::string(32, 's'));
    };
  }
};

struct AtWork {
  Scene scene;
  explicit AtWork(const std::function<void(HubConfig&)>& change = {}) : scene(change) { value_of(scene.hub->start()); }
  ~AtWork() { scene.hub->stop(); }
  Hub& hub() { return *scene.hub; }

  /// What the treasury or the fund says of a case, without the message around it.
  void move(const CaseId& id, CaseEvent event) {
    const auto& rooms = hub().rooms();
    casework::Casework cases({rooms.trail, rooms.clock, rooms.calendar,
                              [&](const PolicyId& policy) { return rooms.policies.handling(policy); },
                              [&](storage::Transaction& transaction, const BenefitCase& now, CaseState before) {
                                return hub().receipts().on_case_moved(transaction, now, before);
                              }});
    value_of(commit(rooms.writer, "treasury", {}, [&](storage::Transaction& transaction) {
      return cases.move(transaction, {id, event, "peer:treasury", "", ""});
    }));
  }
  std::string verdict(const std::string& firm, const std::string& policy) {
    return scene.text("SELECT verdict FROM entitlement WHERE uscc = '" + firm + "' AND policy_id = '" + policy + "'");
  }
  bool request(const CaseId& id) {
    confirm_and_review(scene, id, until);
    value_of(write_file_atomically(scene.folder.file("clock"), "2025-11-13T09:00:00+08:00\n"));
    if (!until([&] {
          return scene.number("SELECT count(*) FROM benefit_case WHERE publicity_ended = 1 AND id = '" + id.str() +
                              "'") == 1;
        }))
      return false;
    (void)value_of(hub().desk().release(person("releaser"), id));
    return until([&] { return state_of(scene, id) == "requested"; });
  }
  std::string receipts(const std::string& firm) {
    return scene.text(
        "SELECT benefit || ' ' || received_on || coalesce(' back ' || taken_back_on, '') FROM "
        "received_benefit WHERE subject = '" +
        firm + "' ORDER BY benefit");
  }
};

std::string item(const std::string& name) {
  return value_of(read_file(std::string(ZHIDA_SOURCE_DIR) + "/mappings/policies/" + name));
}
std::string with(std::string text, const std::string& before, const std::string& after) {
  const auto at = text.find(before);
  if (at == std::string::npos) throw std::runtime_error("the item says nothing of " + before);
  return text.replace(at, before.size(), after);
}
/// Another item that the same firms meet, with another sum.
std::string sibling(const std::string& id, const std::string& amount, const std::string& extra) {
  auto text = with(item("IN-012.yaml"), "id: IN-012", "id: " + id);
  const auto from = text.find("\namount:"), to = text.find("\nhandling:");
  text.replace(from, to - from, "\namount: { family: fixed, text: 定额, amount: " + amount + " }");
  return with(text, "\nwhen:", "\n" + extra + "\nwhen:");
}
std::string parameters(const std::string& ids) {
  auto text = item("parameters.yaml");
  const auto from = text.find("\npublish:"), to = text.find('\n', from + 1);
  text.replace(from, to - from, "\npublish: [" + ids + "]");
  return with(text, "\n  IN-012:", "\n  T-1:\n    project_code: HQ-IN-012\n    review: [经信局, 财政局]\n  IN-012:");
}

/// One more firm that meets the item.
void tell_of(Hub& hub, const std::string& firm) {
  const std::string name = "湖州样例" + firm.substr(8, 8) + "有限公司";
  deliver(hub, "market_supervision",
          {row_of("market_supervision", "registration", firm, test::registration_columns(firm, firm, name))});
  deliver(hub, "department_lists",
          {row_of("department_lists", "new_above_scale", firm, test::new_above_scale_columns(firm, name))});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(receipts_and_allocation)

BOOST_AUTO_TEST_CASE(a_payment_is_a_receipt_and_money_that_comes_back_is_none) {
  AtWork work;
  auto& scene = work.scene;
  tell_everything(work.hub(), {kFirms[0]});
  BOOST_REQUIRE(until([&] { return scene.number("SELECT count(*) FROM benefit_case WHERE state = 'notified'") == 1; }));
  const auto id = case_of(scene, kFirms[0]);
  BOOST_REQUIRE(work.request(id));
  BOOST_TEST(work.receipts(kFirms[0]) == "");
  work.move(id, CaseEvent::paid);
  BOOST_TEST(work.receipts(kFirms[0]) == "IN-012 2025-11-13");
  // A hub of the time before receipts were written down catches up.
  value_of(commit(work.hub().rooms().writer, "desk", {}, [&](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(transaction.execute("DELETE FROM received_benefit", {}));
    return ok();
  }));
  value_of(write_file_atomically(scene.folder.file("clock"), "2025-11-14T09:00:00+08:00\n"));
  BOOST_REQUIRE(until([&] { return work.receipts(kFirms[0]) == "IN-012 2025-11-13"; }));
  work.move(id, CaseEvent::returned);
  BOOST_TEST(work.receipts(kFirms[0]) == "IN-012 2025-11-13 back 2025-11-14");
}

BOOST_AUTO_TEST_CASE(a_list_of_others_is_taken_in_whole_or_not_at_all_and_matches_its_firms_again) {
  const OwnItems items({{"parameters.yaml", parameters("IN-012, T-1")},
                        {"T-1.yaml", with(sibling("T-1", "1 万元", "stackable: true"), "\n  all:\n",
                                          "\n  all:\n    - { id: n1, text: 没有享受过区级奖励, op: not_received, "
                                          "benefit: 区级奖励 }\n")}});
  AtWork work(items.config());
  auto& scene = work.scene;
  auto& keeper = work.hub().receipts();
  tell_everything(work.hub(), kFirms);
  BOOST_REQUIRE(until([&] { return work.verdict(kFirms[2], "T-1") == "unknown"; }));

  ReceiptList list{"list.csv", "区级奖励", "财政局", std::nullopt, std::nullopt};
  const std::string good = "uscc,received_on\n" + kFirms[0] + ",2024-05-01\n";
  const auto bad = value_of(keeper.import_receipts(list, good + "nobody,2024-05-01\n", "cli"));
  BOOST_REQUIRE(bad.findings.size() == 1u);
  BOOST_TEST(bad.findings.front().line == 3);
  BOOST_TEST(scene.number("SELECT count(*) FROM received_benefit") == 0);

  auto outcome = value_of(keeper.import_receipts(list, good, "cli"));
  BOOST_TEST(outcome.fresh == 1);
  BOOST_REQUIRE(until([&] { return work.verdict(kFirms[0], "T-1") == "not_met"; }));
  BOOST_TEST(work.verdict(kFirms[1], "T-1") == "unknown");  // Nobody vouches that the list is whole.
  outcome = value_of(keeper.import_receipts(list, good, "cli"));
  BOOST_TEST(outcome.fresh == 0);
  BOOST_TEST(scene.number("SELECT count(*) FROM audit_record WHERE kind = 'receipts_imported'") == 1);

  list.complete_as_of = value_of(Date::parse("2025-11-01"));
  (void)value_of(keeper.import_receipts(list, good, "cli"));
  BOOST_REQUIRE(until([&] { return work.verdict(kFirms[1], "T-1") == "met"; }));
  BOOST_TEST(work.verdict(kFirms[0], "T-1") == "not_met");

  // Persons: only a digest, only with a day on which it is forgotten, and that day comes.
  list = {"p.csv", "区级奖励", "人社局", std::nullopt, std::nullopt};
  const std::string person = "identity_number,received_on\n" + kPerson + ",2025-10-01\n";
  const auto refused = keeper.import_receipts(list, person, "cli");
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.error().code == "retention_missing");
  list.keep_until = value_of(Date::parse("2025-11-05"));
  BOOST_TEST(value_of(keeper.import_receipts(list, person, "cli")).fresh == 1);
  BOOST_TEST(scene.number("SELECT count(*) FROM received_benefit WHERE is_person = 1 AND length(subject) = 64") == 1);
  for (const char* table : {"received_benefit", "audit_record"})
    BOOST_TEST(scene.number("SELECT count(*) FROM " + std::string(table) + " WHERE " +
                            (table == std::string("audit_record") ? "detail" : "subject || reference") + " LIKE '%" +
                            kPerson.substr(0, 10) + "%'") == 0);
  value_of(write_file_atomically(scene.folder.file("clock"), "2025-11-06T09:00:00+08:00\n"));
  BOOST_REQUIRE(until([&] { return scene.number("SELECT count(*) FROM received_benefit WHERE is_person = 1") == 0; }));
  BOOST_TEST(scene.text("SELECT detail FROM audit_record WHERE kind = 'persons_forgotten'") == "{\"count\":1}");
}

BOOST_AUTO_TEST_CASE(of_two_that_exclude_each_other_the_better_is_opened_and_what_was_approved_is_respected) {
  const OwnItems items({{"parameters.yaml", parameters("IN-012, T-1")},
                        {"IN-012.yaml", with(item("IN-012.yaml"), "\nwhen:", "\nexclusive_group: 首次上规\nwhen:")},
                        {"T-1.yaml", with(sibling("T-1", "1 元", "exclusive_group: 首次上规"), "\n  all:\n",
                                          "\n  all:\n    - { id: n1, text: 没有享受过区级奖励, op: not_received, "
                                          "benefit: 区级奖励 }\n")}});
  AtWork work(items.config());
  auto& scene = work.scene;
  tell_everything(work.hub(), {kFirms[0]});
  // The lesser one is unknown; that cannot make it the better one.
  BOOST_REQUIRE(until([&] { return work.verdict(kFirms[0], "IN-012") == "met"; }));
  value_of(work.hub().receipts().vouch("区级奖励", "财政局", value_of(Date::parse("2025-11-01")), "cli"));
  BOOST_REQUIRE(until([&] { return work.verdict(kFirms[0], "T-1") == "not_met"; }));
  BOOST_TEST(scene.number("SELECT count(*) FROM benefit_case") == 1);
  BOOST_TEST(scene.text("SELECT clauses FROM entitlement WHERE policy_id = 'T-1'").find("从高不重复") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(beside_what_was_approved_nothing_better_is_opened_and_a_person_is_asked_once) {
  const OwnItems items(
      {{"parameters.yaml", parameters("IN-012, T-1")},
       {"IN-012.yaml", with(item("IN-012.yaml"), "\nwhen:", "\nexclusive_group: 首次上规\nwhen:")},
       {"T-1.yaml", sibling("T-1", "90 万元", "exclusive_group: 首次上规\nvalid: { from: 2025-11-20 }")}});
  AtWork work(items.config());
  auto& scene = work.scene;
  tell_everything(work.hub(), {kFirms[0]});
  BOOST_REQUIRE(until([&] { return scene.number("SELECT count(*) FROM benefit_case WHERE state = 'notified'") == 1; }));
  const auto id = case_of(scene, kFirms[0]);
  BOOST_REQUIRE(work.request(id));
  const auto asked = [&] {
    return scene.number("SELECT count(*) FROM audit_record WHERE kind = 'person_asked' AND detail LIKE '%exclusive%'");
  };
  BOOST_TEST(asked() == 0);
  value_of(write_file_atomically(scene.folder.file("clock"), "2025-11-20T09:00:00+08:00\n"));
  BOOST_REQUIRE(until([&] { return work.verdict(kFirms[0], "T-1") == "unknown"; }));
  BOOST_REQUIRE(until([&] { return asked() == 1; }));
  BOOST_TEST(work.verdict(kFirms[0], "IN-012") == "met");
  work.move(id, CaseEvent::paid);
  BOOST_REQUIRE(until([&] { return scene.number("SELECT count(*) FROM match_wanted") == 0; }));
  BOOST_TEST(work.verdict(kFirms[0], "T-1") == "unknown");
  BOOST_TEST(asked() == 1);
  BOOST_TEST(scene.number("SELECT count(*) FROM benefit_case") == 1);
}

BOOST_AUTO_TEST_CASE(persons_of_a_list_count_and_are_used_once_money_is_asked_for) {
  auto text = sibling("IN-012", "1 元", "stackable: true");
  const auto from = text.find("\namount:"), to = text.find("\nhandling:");
  text.replace(from, to - from,
               "\namount: { family: per_unit, text: 每人一千元, count: hire.graduate_count, amount: 1000 元 }\n"
               "persons:\n  - count: hire.graduate_count\n    when: { id: p1, text: 签订了劳动合同, field: "
               "hire.has_contract, op: is_true }\n    once: { benefit: 扩岗, keep: 12 月 }");
  const OwnItems items({{"parameters.yaml", parameters("IN-012")}, {"IN-012.yaml", text}});
  AtWork work(items.config());
  auto& scene = work.scene;
  tell_everything(work.hub(), {kFirms[0], kFirms[1]});
  BOOST_REQUIRE(until([&] { return work.verdict(kFirms[1], "IN-012") == "unknown"; }));
  const PersonList list{"p.csv", PolicyId("IN-012"), "人社局", value_of(Date::parse("2025-10-31")),
                        value_of(Date::parse("2026-12-31"))};
  const auto rows = [&](const std::string& firm) {
    return firm + "," + kPerson + ",是\n" + firm + ",110101199003070011,是\n";
  };
  const auto outcome = value_of(work.hub().receipts().import_persons(
      list, "uscc,identity_number,hire.has_contract\n" + rows(kFirms[0]) + rows(kFirms[1]), "cli"));
  BOOST_TEST(outcome.fresh == 4);
  BOOST_REQUIRE(until([&] {  // In no order of firms.
    return work.verdict(kFirms[0], "IN-012") == "met" && work.verdict(kFirms[1], "IN-012") == "met";
  }));
  BOOST_TEST(scene.number("SELECT sum(amount_fen) FROM entitlement WHERE policy_id = 'IN-012'") == 400'000);
  BOOST_REQUIRE(until([&] { return scene.number("SELECT count(*) FROM benefit_case WHERE state = 'notified'") == 2; }));
  const auto id = case_of(scene, kFirms[0]);
  BOOST_REQUIRE(work.request(id));
  BOOST_TEST(scene.number("SELECT count(*) FROM received_benefit WHERE claimed = 1") == 2);
  work.move(id, CaseEvent::paid);
  // The other firm has none left.
  BOOST_REQUIRE(until([&] { return state_of(scene, case_of(scene, kFirms[1])) == "void"; }));
  BOOST_TEST(scene.number("SELECT sum(amount_fen) FROM entitlement WHERE policy_id = 'IN-012'") == 200'000);
  BOOST_TEST(scene.text("SELECT DISTINCT keep_until FROM received_benefit WHERE is_person = 1") == "2026-11-13");
}

BOOST_AUTO_TEST_CASE(places_are_drawn_up_confirmed_by_two_and_only_then_cases_open) {
  const OwnItems items({{"parameters.yaml", parameters("T-1")},
                        {"T-1.yaml", sibling("T-1", "6 万元", "pool: { total: 10 万元, shortage: in_proportion }")}});
  AtWork work(items.config());
  auto& scene = work.scene;
  tell_everything(work.hub(), {kFirms[0], kFirms[1]});
  BOOST_REQUIRE(until(
      [&] { return work.verdict(kFirms[0], "T-1") == "unknown" && work.verdict(kFirms[1], "T-1") == "unknown"; }));
  auto& desk = work.hub().allocations();
  const auto today = value_of(Date::parse("2025-11-03"));
  const auto stale = value_of(desk.draw_up(PolicyId("T-1"), today, "user:clerk"));
  tell_of(work.hub(), kFirms[2]);
  BOOST_REQUIRE(until([&] { return work.verdict(kFirms[2], "T-1") == "unknown"; }));
  const auto code = [](const auto& result) { return result ? std::string("done") : result.error().code; };
  BOOST_TEST(code(desk.confirm(person("zhang"), stale)) == "round_changed");
  const auto id = value_of(desk.draw_up(PolicyId("T-1"), today, "user:clerk"));
  BOOST_TEST(code(desk.confirm(person("zhang"), stale)) == "round_not_open");
  BOOST_TEST(code(desk.confirm(person("clerk"), id)) == "four_eyes");
  auto reader = person("reader");
  reader.roles = {"auditor"};
  BOOST_TEST(code(desk.confirm(reader, id)) == "role_missing");
  BOOST_TEST(code(desk.confirm(person("zhang"), id)) == "done");
  BOOST_TEST(code(desk.confirm(person("zhang"), id)) == "four_eyes");
  BOOST_TEST(scene.number("SELECT count(*) FROM benefit_case") == 0);
  BOOST_TEST(value_of(desk.confirm(person("wang"), id)).state == "decided");
  BOOST_REQUIRE(until([&] { return scene.number("SELECT count(*) FROM benefit_case") == 3; }));
  BOOST_TEST(scene.number("SELECT sum(amount_fen) FROM benefit_case") == 9'999'999);  // 10 万元, rounded down.
  Json view;
  value_of(work.hub().rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    view = TRY(round_view(transaction, work.hub().rooms(), id));
    return ok();
  }));
  BOOST_TEST(view.at("agrees") == true);
  BOOST_TEST(view.at("confirmations").size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
