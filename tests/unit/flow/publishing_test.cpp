// How an item gets in force in a running hub, and how what was decided by it is explained later.
#include <filesystem>

#include "flow/evidence.h"
#include "platform/crypto/digest.h"
#include "publishing_room.h"
#include "seal/pack_verify.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;

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

BOOST_AUTO_TEST_CASE(an_item_that_cannot_be_read_back_takes_no_other_with_it_and_is_proposed_anew) {
  Room room;
  tell_everything(room.hub(), {kFirm});
  room.publish("IN-012");
  BOOST_REQUIRE(until([&] { return room.scene().number("SELECT count(*) FROM benefit_case") == 1; }));
  // As an earlier program stored it: nothing says what the formula's fields are.
  const Json rounding = {{"mode", "down"}, {"unit_fen", 1}};
  const Json form = {
      {"id", "IN-006"},
      {"title", "旧事项"},
      {"subject", "enterprise"},
      {"local_settings", Json::array()},
      {"titles", Json::object()},
      {"when", {{"all", Json::array()}}},
      {"amount", {{"family", "formula"}, {"formula", "(ip.a_fen * 2 %)"}, {"rounding", rounding}, {"text", "公式"}}},
      {"handling",
       {{"channel", "relief"},
        {"payee", "own_account"},
        {"period", "once"},
        {"recheck_fields", Json::array()},
        {"review_departments", Json::array()}}}};
  const auto body = value_of(canonical_json(form));
  const auto version = to_hex(crypto::sha256(body));
  room.execute("INSERT INTO policy (id, version, title, body, state, published_at) VALUES (?, ?, ?, ?, 'in_force', 0)",
               {"IN-006", version, "旧事项", body});
  room.restart();
  BOOST_TEST(room.in_force() == 1u);
  BOOST_REQUIRE(room.trouble().size() == 1u);
  BOOST_TEST(room.trouble().at(0).at("policy") == "IN-006");
  BOOST_TEST(room.trouble().at(0).at("code") == "policy_body_malformed");
  BOOST_TEST(room.trouble().at(0).at("waits_for") == "policy_officer");
  BOOST_TEST(room.trouble().at(0).at("sentence").get<std::string>().find("ip.a_fen") != std::string::npos);
  BOOST_TEST(room.trouble().at(0).at("sentence").get<std::string>().find("proposed anew") != std::string::npos);
  // The other item works.
  const auto other = std::string("91330502MA0000B23P");
  deliver(room.hub(), "market_supervision",
          {row_of("market_supervision", "registration", other,
                  test::registration_columns(other, other, "湖州第二有限公司"))});
  deliver(
      room.hub(), "department_lists",
      {row_of("department_lists", "new_above_scale", other, test::new_above_scale_columns(other, "湖州第二有限公司"))});
  BOOST_REQUIRE(until([&] { return room.scene().number("SELECT count(*) FROM benefit_case") == 2; }));

  value_of(room.desk().propose(zhang(), PolicyId("IN-006"), {}, "重新提出"));
  const auto next = room.proposed("IN-006");
  const auto shown = value_of(room.desk().try_again(zhang(), PolicyId("IN-006")));
  BOOST_TEST(shown.at("in_force").at("trouble").at("code") == "policy_body_malformed");
  BOOST_TEST(shown.at("proposal").at("back_test").at("report").contains("base_unreadable"));
  value_of(room.desk().approve(li(), PolicyId("IN-006"), next, ""));
  value_of(room.desk().confirm(zhang(), PolicyId("IN-006"), next, "conditions"));
  const auto done = value_of(room.desk().confirm(li(), PolicyId("IN-006"), next, "data"));
  BOOST_TEST(done.at("in_force").at("version") == next);
  BOOST_TEST(done.at("in_force").at("trouble").is_null());
  BOOST_TEST(room.trouble().empty());
  BOOST_TEST(room.in_force() == 2u);
}

BOOST_AUTO_TEST_CASE(data_that_come_from_elsewhere_than_was_confirmed_are_confirmed_anew) {
  Room room;
  tell_everything(room.hub(), {kFirm});
  const auto version = room.publish("IN-012");
  BOOST_REQUIRE(
      until([&] { return room.scene().number("SELECT count(*) FROM benefit_case WHERE state = 'notified'") == 1; }));
  BOOST_TEST(room.trouble().empty());
  room.restart();
  BOOST_TEST(room.trouble().empty());

  // Another source may say whether a firm is a legal person, and the list of its kinds is another one.
  const std::string before =
                        "ent.legal_person: { title: 是否独立法人, type: bool, sensitivity: public, fresh_for: always, "
                        "precedence: [market_supervision] }",
                    after =
                        "ent.legal_person: { title: 是否独立法人, type: bool, sensitivity: public, fresh_for: 900d, "
                        "precedence: [market_supervision, tax] }";
  room.change("fields.yaml", before, after);
  room.restart();
  BOOST_REQUIRE(room.trouble().size() == 1u);
  BOOST_TEST(room.trouble().at(0).at("code") == "data_unconfirmed");
  BOOST_TEST(room.trouble().at(0).at("waits_for") == "data_officer");
  BOOST_TEST(room.in_force() == 1u);  // Still there for everybody to see.
  BOOST_REQUIRE(until([&] { return room.verdict_of(kFirm) == "unknown"; }));
  BOOST_TEST(
      room.scene().text("SELECT clauses FROM entitlement WHERE policy_id = 'IN-012'").find("待数据部门重新确认") !=
      std::string::npos);
  // A firm that comes now gets no case; the case that is there stays.
  const auto other = std::string("91330502MA0000B23P");
  deliver(room.hub(), "market_supervision",
          {row_of("market_supervision", "registration", other,
                  test::registration_columns(other, other, "湖州第二有限公司"))});
  deliver(
      room.hub(), "department_lists",
      {row_of("department_lists", "new_above_scale", other, test::new_above_scale_columns(other, "湖州第二有限公司"))});
  BOOST_REQUIRE(until([&] { return room.verdict_of(other) == "unknown" && room.rests(); }));
  BOOST_TEST(room.scene().number("SELECT count(*) FROM benefit_case") == 1);
  BOOST_TEST(room.scene().text("SELECT state FROM benefit_case") == "notified");
  // What was decided meanwhile is explained as it was.
  const auto answer = room.explained(std::string(kFirm) + "/IN-012");
  BOOST_TEST(answer.at("identical") == true, decision_to_text(answer));

  Json status;
  value_of(room.hub().rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    status = TRY(room.desk().status(transaction, PolicyId("IN-012")));
    return ok();
  }));
  const auto& changed = status.at("in_force").at("trouble").at("changed");
  BOOST_REQUIRE(changed.size() == 1u);
  BOOST_TEST(changed.at(0).at("field") == "ent.legal_person");
  BOOST_TEST(changed.at(0).at("was").at("sources") == Json::array({"market_supervision"}));
  BOOST_TEST(changed.at(0).at("is").at("sources") == Json::array({"market_supervision", "tax"}));
  BOOST_TEST(changed.at(0).at("is").at("fresh_for_days") == 900);

  BOOST_TEST(room.code_of(room.desk().confirm(zhang(), PolicyId("IN-012"), version, "data")) == "role_missing");
  auto zhang_too = zhang();
  zhang_too.roles.insert("data_officer");
  BOOST_TEST(room.code_of(room.desk().confirm(zhang_too, PolicyId("IN-012"), version, "data")) == "four_eyes");
  const auto done = value_of(room.desk().confirm(li(), PolicyId("IN-012"), version, "data"));
  BOOST_TEST(done.at("in_force").at("trouble").is_null());
  BOOST_TEST(done.at("in_force").at("data_confirmed_anew").size() == 1u);
  BOOST_TEST(room.trouble().empty());
  BOOST_REQUIRE(until([&] { return room.verdict_of(kFirm) == "met" && room.verdict_of(other) == "met"; }));
  BOOST_REQUIRE(until([&] { return room.scene().number("SELECT count(*) FROM benefit_case") == 2; }));
  BOOST_TEST(room.code_of(room.desk().confirm(li(), PolicyId("IN-012"), version, "data")) == "proposal_missing");
  room.restart();
  BOOST_TEST(room.trouble().empty());
  // A code table by which the field is read counts as well.
  room.change("codes/company_category_legal_person.yaml", "false: [\"12\"", "false: [\"99\", \"12\"");
  room.restart();
  BOOST_TEST(room.trouble().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_relief_that_is_due_waits_while_nobody_has_confirmed_its_data) {
  Room room;
  const auto fifty = std::string("amount:\n  family: fixed\n  text: 每户一次性奖励50万元\n  amount: 50 万元\n");
  room.change("policies/IN-012.yaml", fifty, "amount: { family: relief, text: 免收一年服务费 }\n");
  room.change("policies/IN-012.yaml", "channel: appropriation\n  project_code: { local: project_code }\n",
              "channel: relief\n");
  room.change("policies/IN-012.test.yaml", ", amount: 50 万元, tranches: { whole: 50 万元 }", "");
  const auto version = room.publish("IN-012");
  // The process ends between the match that makes it due and the grant.
  room.execute(
      "CREATE TRIGGER not_yet BEFORE UPDATE ON benefit_case WHEN NEW.state = 'decided' BEGIN SELECT RAISE(ABORT, "
      "'not yet'); END");
  tell_everything(room.hub(), {kFirm});
  BOOST_REQUIRE(
      until([&] { return room.scene().number("SELECT count(*) FROM benefit_case WHERE state = 'matched'") == 1; }));
  room.hub().stop();
  room.change("codes/company_category_legal_person.yaml", "false: [\"12\"", "false: [\"99\", \"12\"");
  room.scene().restart();
  room.execute("DROP TRIGGER not_yet");
  value_of(room.hub().start());
  BOOST_REQUIRE(room.trouble().size() == 1u);
  BOOST_TEST(room.trouble().at(0).at("code") == "data_unconfirmed");
  // Later than the first round of the worker: what it may do, it has done.
  BOOST_REQUIRE(until([&] { return room.verdict_of(kFirm) == "unknown" && room.rests(); }));
  BOOST_TEST(room.scene().text("SELECT state FROM benefit_case") == "matched");

  value_of(room.desk().confirm(li(), PolicyId("IN-012"), version, "data"));
  BOOST_REQUIRE(
      until([&] { return room.scene().number("SELECT count(*) FROM benefit_case WHERE state = 'decided'") == 1; }));
}

BOOST_AUTO_TEST_CASE(a_pack_of_evidence_says_who_brought_the_item_in_force) {
  Room room;
  tell_everything(room.hub(), {kFirm});
  room.publish("IN-012");
  BOOST_REQUIRE(
      until([&] { return room.scene().number("SELECT count(*) FROM benefit_case WHERE state = 'notified'") == 1; }));
  const auto id = case_of(room.scene(), kFirm);
  confirm_and_review(room.scene(), id, until);
  value_of(write_file_atomically(room.scene().folder.file("clock"), "2025-11-12T09:00:00+08:00\n"));
  BOOST_REQUIRE(
      until([&] { return room.scene().number("SELECT count(*) FROM benefit_case WHERE publicity_ended = 1") == 1; }));
  (void)value_of(room.hub().desk().release(person("releaser"), id));
  BOOST_REQUIRE(until([&] { return state_of(room.scene(), id) == "requested"; }));

  const auto now = room.hub().rooms().clock.now();
  const Evidence evidence(room.hub().rooms(), room.hub().config().trust, {}, {});
  for (const auto level : {PackLevel::auditor, PackLevel::firm, PackLevel::public_}) {
    BOOST_TEST_CONTEXT(to_text(level)) {
      const auto pack = value_of(evidence.make({.case_id = id, .level = level, .asked_by = "test"}));
      const auto report = seal::verify_pack(pack.archive, {.now = now});
      BOOST_TEST((report.code == seal::Code::ok), report.json.dump(2));
      const auto& told = report.json.at("approval");
      BOOST_TEST(told.at("way") == "people");
      BOOST_TEST(told.at("steps") == Json::array({"propose", "approve", "confirm_conditions", "confirm_data"}));
      // Who they were, and the log's records of it, are shown to auditors.
      const bool whole = level == PackLevel::auditor;
      BOOST_TEST(told.at("proven") == (whole ? 4 : 0));
      BOOST_TEST((pack.archive.find("user:zhang") != Bytes::npos) == whole);
      BOOST_TEST((pack.archive.find("政策事项如何生效") != Bytes::npos));
      BOOST_TEST(report.json.at("facts").contains("policy.back_test") == (level != PackLevel::public_));
      if (!whole) continue;
      auto bad = pack.archive;
      const auto at = bad.find("\"inputs_digest\":\"");
      BOOST_REQUIRE(at != Bytes::npos);
      auto& octet = bad[at + 18];
      octet = octet == '0' ? '1' : '0';
      const auto found = seal::verify_pack(bad, {.now = now});
      BOOST_TEST((found.code != seal::Code::ok));
      BOOST_TEST((found.json.at("does_not_hold").dump().find("disclosure.json") != std::string::npos));
    }
  }
  const auto less = value_of(evidence.make(
      {.case_id = id, .level = PackLevel::auditor, .withhold = {"policy.step.*.actor"}, .asked_by = "test"}));
  BOOST_TEST((seal::verify_pack(less.archive, {.now = now}).code == seal::Code::ok));
  BOOST_TEST((less.archive.find("user:li") == Bytes::npos));
}

BOOST_AUTO_TEST_SUITE_END()
