// How an item gets in force in a running hub, and how what was decided by it is explained later.
#include <filesystem>
#include <thread>

#include "flow/decisions.h"
#include "flow/policy_desk.h"
#include "released_case.h"
#include "stages/profile/profile_store.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;

namespace {

bool until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

Person officer(const std::string& id, std::set<std::string> roles) {
  Person someone;
  someone.id = someone.name = id;
  someone.roles = std::move(roles);
  someone.departments = {"*"};
  someone.divisions = {"330500"};
  return someone;
}

const Person& zhang() {
  static const Person person = officer("zhang", {"policy_officer"});
  return person;
}
const Person& li() {
  static const Person person = officer("li", {"policy_approver", "data_officer"});
  return person;
}

/// A hub whose folder of mappings is its own, so that files can change while it runs.
class Room {
 public:
  Room()
      : scene_([&](HubConfig& config) {
          mappings_ = folder_.file("mappings");
          std::filesystem::copy(config.mappings_folder, mappings_, std::filesystem::copy_options::recursive);
          config.mappings_folder = mappings_;
          config.publishing.by_people = true;
        }) {
    value_of(hub().start());
  }
  ~Room() { hub().stop(); }

  Hub& hub() { return *scene_.hub; }
  Scene& scene() { return scene_; }
  PolicyDesk& desk() { return hub().policy_desk(); }
  std::size_t in_force() { return hub().rooms().policies.all().size(); }
  std::string code_of(const Result<Json>& answer) { return answer ? "" : answer.error().code; }
  const std::string& mappings() const { return mappings_; }

  void change(const std::string& file, const std::string& from, const std::string& to) {
    auto text = value_of(read_file(mappings_ + "/" + file));
    const auto at = text.find(from);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, from << " in " << file);
    value_of(write_file_atomically(mappings_ + "/" + file, text.replace(at, from.size(), to)));
  }
  std::string proposed(const std::string& id) {
    BOOST_REQUIRE(until([&] {
      return scene_.number(
                 "SELECT count(*) FROM policy_back_test b JOIN policy_proposal p ON p.id = b.proposal_id WHERE "
                 "p.policy_id = '" +
                 id + "' AND p.state = 'proposed'") > 0;
    }));
    return scene_.text("SELECT version FROM policy_proposal WHERE policy_id = '" + id + "' AND state = 'proposed'");
  }
  std::string publish(const std::string& id) {
    value_of(desk().propose(zhang(), PolicyId(id), {}, "试点"));
    const auto version = proposed(id);
    value_of(desk().approve(li(), PolicyId(id), version, ""));
    value_of(desk().confirm(zhang(), PolicyId(id), version, "conditions"));
    value_of(desk().confirm(li(), PolicyId(id), version, "data"));
    return version;
  }
  Json explained(const std::string& asked) {
    Json answer;
    Today today;
    today.fields = &hub().rooms().rules.catalogue;
    today.code_lists = value_of(code_lists_of(mappings_));
    value_of(hub().rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
      answer = TRY(explain_decision(transaction, asked, today));
      return ok();
    }));
    return answer;
  }

 private:
  test::TempFolder folder_;
  std::string mappings_;
  Scene scene_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(publishing)

BOOST_AUTO_TEST_CASE(an_item_is_a_draft_until_two_people_and_both_departments_have_spoken) {
  Room room;
  const PolicyId id("IN-012");
  BOOST_TEST(room.in_force() == 0u);
  tell_everything(room.hub(), {kFirm});

  // Who may what.
  BOOST_TEST(room.code_of(room.desk().propose(li(), id, {}, "")) == "role_missing");
  BOOST_TEST(room.code_of(room.desk().propose(zhang(), PolicyId("NO-001"), {}, "")) == "policy_unknown");
  BOOST_TEST(room.code_of(room.desk().propose(zhang(), PolicyId("../IN-012"), {}, "")) == "policy_unknown");
  BOOST_TEST(room.code_of(room.desk().propose(zhang(), id, std::string(64, '0'), "")) == "version_differs");
  BOOST_TEST(room.code_of(room.desk().approve(li(), id, "x", "")) == "proposal_missing");

  value_of(room.desk().propose(zhang(), id, {}, "试点"));
  BOOST_TEST(room.code_of(room.desk().propose(zhang(), id, {}, "")) == "proposal_open");
  const auto version = room.proposed("IN-012");
  const auto both = officer("both", {"policy_officer", "policy_approver", "data_officer"});
  BOOST_TEST(room.code_of(room.desk().approve(zhang(), id, version, "")) == "role_missing");
  auto zhang_twice = zhang();
  zhang_twice.roles.insert("policy_approver");
  BOOST_TEST(room.code_of(room.desk().approve(zhang_twice, id, version, "")) == "four_eyes");
  BOOST_TEST(room.code_of(room.desk().approve(li(), id, std::string(64, '0'), "")) == "version_differs");
  BOOST_TEST(room.code_of(room.desk().confirm(both, id, version, "data")) == "step_out_of_turn");

  const auto approved = value_of(room.desk().approve(li(), id, version, "看过"));
  BOOST_TEST(approved.at("proposal").at("state") == "approved");
  BOOST_TEST(room.code_of(room.desk().approve(both, id, version, "")) == "step_out_of_turn");
  BOOST_TEST(room.in_force() == 0u);
  auto stranger = zhang();
  stranger.departments = {"气象局"};
  BOOST_TEST(room.code_of(room.desk().confirm(stranger, id, version, "conditions")) == "role_missing");
  value_of(room.desk().confirm(both, id, version, "conditions"));
  BOOST_TEST(room.code_of(room.desk().confirm(both, id, version, "data")) == "four_eyes");
  BOOST_TEST(room.in_force() == 0u);
  const auto done = value_of(room.desk().confirm(li(), id, version, "data"));
  BOOST_TEST(done.at("proposal").at("state") == "done");
  BOOST_TEST(done.at("in_force").at("version") == version);
  BOOST_TEST(done.at("in_force").at("steps").size() == 4u);

  // In force without a restart: the firm that met it all along gets its case.
  BOOST_TEST(room.in_force() == 1u);
  BOOST_REQUIRE(until([&] { return room.scene().number("SELECT count(*) FROM benefit_case") == 1; }));
  for (const char* kind : {"policy_proposed", "policy_back_tested", "policy_approved", "policy_published"})
    BOOST_TEST(room.scene().number("SELECT count(*) FROM audit_record WHERE kind = '" + std::string(kind) + "'") == 1);
  BOOST_TEST(room.scene().number("SELECT count(*) FROM audit_record WHERE kind = 'policy_confirmed'") == 2);

  // The database itself holds the four eyes.
  const auto attempt = room.hub().rooms().database.write([&](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(
        transaction.execute("INSERT INTO policy_hand (proposal_id, hand, role, actor, back_test_id, at) SELECT id, "
                            "'approve', 'x', 'user:zhang', 1, 0 FROM policy_proposal"));
    return ok();
  });
  BOOST_TEST(!attempt.has_value());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_in_order_is_never_proposed) {
  Room room;
  room.change("policies/IN-012.test.yaml", "verdict: met", "verdict: not_met");
  const auto refused = room.desk().propose(zhang(), PolicyId("IN-012"), {}, "");
  BOOST_TEST(room.code_of(refused) == "policy_not_ready");
  BOOST_TEST(refused.error().message.find("example_failed") != std::string::npos);
  std::filesystem::remove(room.mappings() + "/policies/IN-012.test.yaml");
  BOOST_TEST(room.code_of(room.desk().propose(zhang(), PolicyId("IN-012"), {}, "")) == "policy_not_ready");
}

BOOST_AUTO_TEST_CASE(another_version_is_tried_against_the_one_in_force_and_replaces_it_at_once) {
  Room room;
  tell_everything(room.hub(), {kFirm});
  const auto first = room.publish("IN-012");
  BOOST_REQUIRE(until([&] { return room.scene().number("SELECT count(*) FROM benefit_case") == 1; }));
  const auto id = case_of(room.scene(), kFirm);

  room.change("policies/IN-012.yaml", "title: ", "title: 新版");
  value_of(room.desk().propose(zhang(), PolicyId("IN-012"), {}, "改名"));
  const auto second = room.proposed("IN-012");
  BOOST_TEST(second != first);
  const auto shown = value_of(room.desk().try_again(zhang(), PolicyId("IN-012"))).at("proposal").at("back_test");
  BOOST_TEST(shown.at("base_version") == first);
  BOOST_TEST(shown.at("report").at("before").at("met") == 1);
  BOOST_TEST(shown.at("report").at("after").at("met") == 1);
  BOOST_TEST(shown.at("report").at("gained").at("firms") == 0);
  BOOST_TEST(shown.at("report").at("budget").at("available_fen").get<std::int64_t>() > 0);
  // The same profiles again: the same digest of what went in.
  BOOST_TEST(
      value_of(room.desk().try_again(zhang(), PolicyId("IN-012"))).at("proposal").at("back_test").at("inputs_digest") ==
      shown.at("inputs_digest"));
  value_of(room.desk().withdraw(zhang(), PolicyId("IN-012"), "再议"));
  BOOST_TEST(room.hub().rooms().policies.find(PolicyId("IN-012"))->version == first);
  BOOST_TEST(room.publish("IN-012") == second);
  BOOST_TEST(room.hub().rooms().policies.find(PolicyId("IN-012"))->version == second);
  BOOST_REQUIRE(until([&] {
    return room.scene().text("SELECT policy_version FROM entitlement WHERE uscc = '" + std::string(kFirm) + "'") ==
           second;
  }));

  // Out of force: proposed by one, approved by another; the case ends with it.
  value_of(room.desk().propose_repeal(zhang(), PolicyId("IN-012"), "到期"));
  BOOST_TEST(room.proposed("IN-012") == second);
  value_of(room.desk().approve(li(), PolicyId("IN-012"), second, "同意"));
  BOOST_TEST(room.in_force() == 0u);
  BOOST_TEST(state_of(room.scene(), id) == "void");
  const auto answer = room.explained(std::string(kFirm) + "/IN-012");
  BOOST_TEST(answer.at("identical") == true, decision_to_text(answer));
  BOOST_TEST(answer.at("decisions").size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_case_is_explained_from_the_store_alone_after_everything_has_moved_on) {
  Room room;
  tell_everything(room.hub(), {kFirm});
  room.publish("IN-012");
  BOOST_REQUIRE(
      until([&] { return room.scene().number("SELECT count(*) FROM benefit_case WHERE state = 'notified'") == 1; }));
  const auto id = case_of(room.scene(), kFirm).str();
  const auto before = room.explained(id);
  BOOST_TEST(before.at("identical") == true, decision_to_text(before));
  const auto& decision = before.at("decisions").back();
  BOOST_TEST(decision.at("trail") == "confirmed");
  BOOST_TEST(decision.at("code_lists").at("holds") == true);
  BOOST_TEST(decision.at("code_lists").at("changed_since").empty());
  BOOST_TEST(decision.at("program") == "test");
  BOOST_TEST(!decision.at("facts").at("fields").empty());

  // The tables change, the item changes, the firm's rows are taken back.
  room.change("codes/region.csv", "110000,北京市,", "110000,北京,");
  room.change("policies/IN-012.yaml", "title: ", "title: 新版");
  room.publish("IN-012");
  deliver(room.hub(), "department_lists",
          {row_of("department_lists", "new_above_scale", std::string(kFirm) + "2",
                  test::new_above_scale_columns(kFirm, "湖州另一有限公司"))});
  BOOST_REQUIRE(until([&] { return room.hub().waiting().idle(); }));
  const auto after = room.explained(id);
  BOOST_TEST(after.at("identical") == true, decision_to_text(after));
  Json same;
  for (const auto& one : after.at("decisions"))
    if (one.at("id") == decision.at("id")) same = one;
  BOOST_TEST(same.at("code_lists").at("changed_since") == Json::array({"region.csv"}));
  for (const char* what :
       {"version", "verdict", "clauses", "amount_fen", "amount_trace", "facts", "digest", "profile_sequence"})
    BOOST_TEST(same.at(what) == decision.at(what), what);
  BOOST_TEST(decision_to_text(after).find("完全一致") != std::string::npos);

  // Who gets past the store's own guard is found: by the log of fields, by the digest in the trail, by the case's sum.
  const auto tamper = [&](const std::string& sql) {
    value_of(room.hub().rooms().database.write([&](storage::Transaction& transaction) -> Result<void> {
      CHECK_OK(transaction.execute(sql));
      return ok();
    }));
  };
  tamper("DROP TRIGGER entitlement_history_no_update");
  tamper("UPDATE entitlement_history SET program = 'other' WHERE id = (SELECT min(id) FROM entitlement_history)");
  const auto found = room.explained(id);
  BOOST_TEST(found.at("identical") == false);
  BOOST_TEST(decision_to_text(found).find("trail.decision") != std::string::npos);
  Json answer;
  const auto nothing = room.hub().rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    answer = TRY(explain_decision(transaction, "no-such-case", {}));
    return ok();
  });
  BOOST_TEST(nothing.error().code == "decision_unknown");
}

BOOST_AUTO_TEST_SUITE_END()
