// Whose seal: a real hub beside a simulated seal platform that is a process of its own. Decisions of departments get
// their seals, whatever the platform does and wherever the hub is killed, and payments wait where the settings say so.
#include <csignal>
#include <filesystem>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "office_scene.h"
#include "seal/pack_offices.h"
#include "seal/pack_verify.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;

BOOST_AUTO_TEST_SUITE(office_seals)

BOOST_AUTO_TEST_CASE(each_decision_gets_the_seal_of_its_department_and_the_payment_waits_for_it) {
  OfficeScene offices(true);
  offices.mood("absent");
  const CaseId id = offices.reviewed_case();
  BOOST_TEST(offices.records("office_seal_asked") == 2);
  offices.release(id);
  // The platform is away: people and the re-check went on, the money waits.
  BOOST_REQUIRE(until([&] { return offices.codes() == "seal_platform_away"; }));
  BOOST_TEST(offices.requests() == 0);
  BOOST_TEST(offices.sealed() == 0);
  BOOST_TEST(offices.records("office_seal_refused") == 0);
  BOOST_REQUIRE(until([&] { return offices.records("office_seal_late") == 2; }));  // Nine days.
  BOOST_TEST(states_of(offices).at(0).at("late") == true);
  offices.mood("");
  BOOST_REQUIRE(until([&] { return offices.sealed() == 3; }));
  BOOST_REQUIRE(until([&] { return offices.requests() == 1; }));
  BOOST_TEST(offices.records("office_seal_received") == 3);
  BOOST_TEST(offices.made() == 3u);
  BOOST_TEST(states_of(offices).at(0).at("late") == false);
  const auto shown = seals_shown(offices, id);
  BOOST_REQUIRE(shown.size() == 3u);
  BOOST_TEST(shown.at(0).at("seal_name") == "经信局");
  BOOST_TEST(shown.at(0).at("holder") == "department");
  BOOST_TEST(shown.at(1).at("seal_id") == Scene::seal_id("caizheng"));
  // The final yes of the releaser, given for the last department.
  BOOST_TEST(shown.at(2).at("step") == "release");
  BOOST_TEST(shown.at(2).at("seal_id") == Scene::seal_id("caizheng"));
  BOOST_TEST(shown.at(0).at("valid") == true);
  // The store does not let go of what was sealed.
  const auto changed = offices.hub().rooms().database.write([](storage::Transaction& transaction) -> Result<void> {
    CHECK_OK(transaction.execute("UPDATE office_decision SET es_id = 'X'", {}));
    return ok();
  });
  BOOST_TEST(!changed.has_value());
}

BOOST_AUTO_TEST_CASE(what_was_decided_before_the_seal_was_required_is_sealed_before_money_is_asked_for) {
  OfficeScene offices(true, 5s, "", false);
  const CaseId id = offices.reviewed_case();
  BOOST_TEST(offices.records("office_seal_asked") == 0);
  offices.close();
  offices.mood("absent");
  offices.restart();
  BOOST_TEST(offices.records("office_seal_asked") == 2);
  offices.release(id);
  BOOST_REQUIRE(until([&] { return offices.codes() == "seal_platform_away"; }));
  BOOST_TEST(offices.requests() == 0);
  offices.mood("");
  BOOST_REQUIRE(until([&] { return offices.sealed() == 3; }));
  BOOST_REQUIRE(until([&] { return offices.requests() == 1; }));
  // Once more the same hub: what is written down is not written down again.
  offices.close();
  offices.restart();
  BOOST_TEST(offices.records("office_seal_asked") == 3);
}

BOOST_AUTO_TEST_CASE(where_the_seal_is_not_required_the_payment_goes_on_without_it) {
  OfficeScene offices(false);
  offices.mood("absent");
  const CaseId id = offices.reviewed_case();
  offices.release(id);
  BOOST_REQUIRE(until([&] { return offices.requests() == 1; }));
  BOOST_TEST(offices.sealed() == 0);
  offices.mood("");
  BOOST_REQUIRE(until([&] { return offices.sealed() == 3; }));
}

BOOST_AUTO_TEST_CASE(a_wrong_seal_is_kept_named_and_never_used) {
  struct Fault {
    const char* fault;
    const char* code;
  };
  for (const Fault& fault : {Fault{"other-digest", "office_seal_data_hash"}, Fault{"altered", "office_seal_sign_value"},
                             Fault{"not-json", "seal_platform_garbage"}, Fault{"no-seal", "seal_platform_garbage"},
                             Fault{"old", "office_seal_date"}, Fault{"other-office", "office_seal_of_another"}}) {
    BOOST_TEST_CONTEXT(fault.fault) {
      OfficeScene offices(true);
      offices.fault(fault.fault);
      const CaseId id = offices.reviewed_case();
      // The first office is the one whose seal is given for another: its own decision is sealed rightly then.
      const bool other = fault.fault == std::string("other-office");
      BOOST_REQUIRE(until([&] { return offices.codes() == fault.code; }));
      BOOST_REQUIRE(until([&] { return offices.records("office_seal_wrong") >= (other ? 1 : 2); }));
      BOOST_TEST(offices.sealed() == (other ? 1 : 0));
      BOOST_TEST(offices.scene().number("SELECT count(*) FROM office_seal_wrong WHERE length(answer) > 0") >= 1);
      BOOST_TEST(offices.scene().text("SELECT DISTINCT code FROM office_seal_wrong") == fault.code);
      BOOST_TEST(offices.scene().number("SELECT count(*) FROM office_decision WHERE state = 'refused'") ==
                 (other ? 1 : 2));
      std::int64_t wrong = 0;
      for (const auto& state : states_of(offices)) wrong += state.at("wrong_answers").get<std::int64_t>();
      BOOST_TEST(wrong >= 1);
      // Days later a seal of the day before is no longer older than the document: that fault ends before the release.
      const bool old = fault.fault == std::string("old");
      if (old) offices.fault("");
      offices.release(id);
      if (!old) BOOST_TEST(offices.requests() == 0);
      // The platform comes to its senses: by itself.
      offices.fault("");
      BOOST_REQUIRE(until([&] { return offices.sealed() == 3; }));
      BOOST_REQUIRE(until([&] { return offices.requests() == 1; }));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_slow_platform_holds_up_nobody_and_its_answer_counts_later) {
  OfficeScene offices(true, 300ms);
  offices.mood("slow=1500");  // It seals first and answers too late.
  const CaseId id = offices.reviewed_case();
  BOOST_REQUIRE(until([&] { return offices.codes() == "seal_platform_away"; }));
  offices.release(id);
  offices.mood("");
  BOOST_REQUIRE(until([&] { return offices.sealed() == 3; }));
  BOOST_TEST(offices.made() == 3u);  // Asked again under the same number, the platform gave the same seals.
  BOOST_REQUIRE(until([&] { return offices.requests() == 1; }));
}

BOOST_AUTO_TEST_CASE(a_department_that_refuses_seals_its_no) {
  OfficeScene offices(true);
  tell_everything(offices.hub(), {kFirmOfTests});
  auto& scene = offices.scene();
  BOOST_REQUIRE(until([&] { return scene.number("SELECT count(*) FROM benefit_case WHERE state = 'notified'") == 1; }));
  const CaseId id = case_of(scene, kFirmOfTests);
  const std::string name = scene.text("SELECT enterprise_name FROM benefit_case");
  (void)value_of(
      offices.hub().desk().confirm(person("portal"), id, {name, "6222001234560019", "湖州银行", "313336000013"}));
  BOOST_REQUIRE(until([&] { return state_of(scene, id) == "in_review"; }));
  (void)value_of(offices.hub().desk().review(person("one"), id, "经信局", "make", "refuse", "材料与名单不一致"));
  BOOST_REQUIRE(until([&] { return offices.sealed() == 1; }));
  Json document;
  value_of(offices.hub().rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    document = TRY(parse_json(TRY(decisions_of(transaction, id)).at(0).body));
    return ok();
  }));
  BOOST_TEST(document.at("verdict") == "refuse");
  BOOST_TEST(document.at("reason") == "材料与名单不一致");
  BOOST_TEST(document.at("by") == "user:one");
  BOOST_TEST(document.at("department") == "经信局");
  BOOST_TEST(document.at("payee_sm3").get<std::string>().size() == 64u);
}

BOOST_AUTO_TEST_CASE(the_pack_shows_the_departments_seals_and_a_change_is_found) {
  OfficeScene offices(true);
  const CaseId id = offices.reviewed_case();
  offices.release(id);
  BOOST_REQUIRE(until([&] { return offices.requests() == 1; }));
  const auto& config = offices.hub().config();
  const Evidence evidence(offices.hub().rooms(), config.trust, {}, {});
  for (const auto level : {PackLevel::auditor, PackLevel::firm, PackLevel::public_}) {
    BOOST_TEST_CONTEXT(to_text(level)) {
      const auto pack = value_of(evidence.make({.case_id = id, .level = level, .asked_by = "test"}));
      const auto report = seal::verify_pack(pack.archive, {.now = offices.hub().rooms().clock.now()});
      BOOST_TEST((report.code == seal::Code::ok), report.json.dump(2));
      const auto& told = report.json.at("offices");
      BOOST_REQUIRE(told.size() == 3u);
      BOOST_TEST(told.at(0).at("holds") == true);
      BOOST_TEST(told.at(0).at("seal_name") == "经信局");
      // Who decided is told to the auditor alone.
      BOOST_TEST((pack.archive.find("user:reviewer0") != Bytes::npos) == (level == PackLevel::auditor));
      if (level != PackLevel::auditor) continue;
      BOOST_TEST((pack.archive.find("部门及个人印章") != Bytes::npos));
      auto bad = pack.archive;
      const auto at = bad.find("\"by\":\"user:reviewer0\"");  // Stands in the decision alone.
      BOOST_REQUIRE(at != Bytes::npos);
      bad[at + 6] = 'U';
      const auto found = seal::verify_pack(bad, {.now = offices.hub().rooms().clock.now()});
      BOOST_TEST((found.code != seal::Code::ok));
      bool named = false;
      for (const auto& finding : found.findings)
        named = named || finding.member.find("office_decision") != std::string::npos;
      BOOST_TEST(named);
      BOOST_TEST(found.json.at("offices").at(0).at("holds") == false);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_person_seals_beside_the_department_and_the_payment_waits_for_that_seal_alone) {
  OfficeScene offices(false, 5s, "reviewer0");
  offices.mood("absent");
  const CaseId id = offices.reviewed_case();
  BOOST_TEST(offices.records("office_seal_asked") == 3);
  offices.release(id);
  BOOST_REQUIRE(until([&] { return offices.codes() == "seal_platform_away"; }));
  BOOST_TEST(offices.requests() == 0);
  // The department's seal given for the person's is not the person's; the departments' own seals do not free the money.
  offices.fault("other-office");
  offices.mood("");
  const std::string wrong =
      "SELECT count(*) FROM office_seal_wrong w JOIN office_decision d ON d.id = w.decision_id WHERE w.code = "
      "'office_seal_of_another' AND d.holder = 'user:reviewer0'";
  BOOST_REQUIRE(until([&] { return offices.scene().number(wrong) >= 1; }));
  BOOST_REQUIRE(until([&] { return offices.sealed() == 1; }));
  BOOST_TEST(offices.requests() == 0);
  bool told = false;
  for (const auto& state : states_of(offices))
    if (state.at("holder") == "user:reviewer0") {
      told = true;
      BOOST_TEST(state.at("department") == "经信局");
      BOOST_TEST(state.at("required") == true);
      BOOST_TEST(state.at("wrong_answers") >= 1);
      BOOST_TEST(state.at("code") == "office_seal_of_another");
    }
  BOOST_TEST(told);
  offices.fault("");
  BOOST_REQUIRE(until([&] { return offices.requests() == 1 && offices.sealed() == 4; }));
  BOOST_TEST(offices.made() == 3u);  // Of those asked again.
  const auto shown = seals_shown(offices, id);
  BOOST_REQUIRE(shown.size() == 4u);
  BOOST_TEST(shown.at(0).at("holder") == "department");
  BOOST_TEST(shown.at(1).at("holder") == "user:reviewer0");
  BOOST_TEST(shown.at(1).at("seal_name") == kPersonSeal);
  BOOST_TEST(shown.at(1).at("valid") == true);
  BOOST_TEST(shown.at(0).at("digest") == shown.at(1).at("digest"));  // One document under both.

  const Evidence evidence(offices.hub().rooms(), offices.hub().config().trust, {}, {});
  for (const auto level : {PackLevel::auditor, PackLevel::firm, PackLevel::public_}) {
    BOOST_TEST_CONTEXT(to_text(level)) {
      const auto pack = value_of(evidence.make({.case_id = id, .level = level, .asked_by = "test"}));
      const auto report = seal::verify_pack(pack.archive, {.now = offices.hub().rooms().clock.now()});
      BOOST_TEST((report.code == seal::Code::ok), report.json.dump(2));
      // A person's name is told to the auditor alone, wherever it stands.
      const bool whole = level == PackLevel::auditor;
      BOOST_TEST(report.json.at("offices").size() == (whole ? 4u : 3u));
      for (const std::string& name : {std::string("user:reviewer0"), Scene::seal_id("jingban"), kPersonSeal})
        BOOST_TEST((pack.archive.find(name) != Bytes::npos) == whole, name);
      if (!whole) continue;
      const auto& person = report.json.at("offices").at(1);
      BOOST_TEST(person.at("holder") == "user:reviewer0");
      BOOST_TEST(person.at("seal_name") == kPersonSeal);
      BOOST_TEST(person.at("holds") == true);
    }
  }
  // Whoever takes away who decided takes away that person's seal, and the pack holds.
  const auto less = value_of(
      evidence.make({.case_id = id, .level = PackLevel::auditor, .withhold = {"review.*.actor"}, .asked_by = "test"}));
  const auto report = seal::verify_pack(less.archive, {.now = offices.hub().rooms().clock.now()});
  BOOST_TEST((report.code == seal::Code::ok), report.json.dump(2));
  BOOST_TEST(report.json.at("offices").size() == 3u);
  BOOST_TEST((less.archive.find(kPersonSeal) == Bytes::npos));
}

BOOST_AUTO_TEST_CASE(what_a_colleague_decides_asks_for_no_seal_of_the_person) {
  OfficeScene offices(true, 5s, "somebody");
  const CaseId id = offices.reviewed_case();
  BOOST_TEST(offices.records("office_seal_asked") == 2);
  BOOST_TEST(offices.scene().text("SELECT DISTINCT holder FROM office_decision") == "");
  offices.release(id);
  BOOST_REQUIRE(until([&] { return offices.requests() == 1; }));
}

BOOST_AUTO_TEST_CASE(in_a_pack_nobody_seals_for_another) {
  struct Case {
    const char* name;
    const char* holder;   ///< That the fact names.
    const char* claimed;  ///< Seal that the fact names.
    const char* borne;    ///< Seal that the decision bears.
    const char* by;       ///< That the decision names.
    seal::Code code;
  };
  for (const Case& c :
       {Case{"the department's", "department", "OFFICE", "OFFICE", "user:one", seal::Code::ok},
        Case{"the person's", "user:one", "ONE", "ONE", "user:one", seal::Code::ok},
        Case{"the person's for the office's", "department", "OFFICE", "ONE", "user:one",
             seal::Code::seal_of_another_peer},
        Case{"the office's for the person's", "user:one", "ONE", "OFFICE", "user:one",
             seal::Code::seal_of_another_peer},
        Case{"one for both", "user:one", "OTHER", "OTHER", "user:one", seal::Code::seal_of_another_peer},
        Case{"over a colleague's decision", "user:one", "ONE", "ONE", "user:two", seal::Code::data_hash}}) {
    BOOST_TEST_CONTEXT(c.name) {
      const auto fact = [](const char* holder, const char* seal_id, const char* document) {
        return Json{
            {"department", "经信局"}, {"holder", holder},   {"hand", "maker"},      {"round", 1},
            {"verdict", "agree"},     {"seal_id", seal_id}, {"document", document}, {"signed_at", "2025-11-03"}};
      };
      std::map<std::string, Json> facts{{"office.01", fact("department", "OTHER", "document.01")},
                                        {"office.02", fact(c.holder, c.claimed, "document.02")}};
      const auto octets = [](const char* by) {
        return value_of(canonical_json({{"kind", "office_decision"},
                                        {"department", "经信局"},
                                        {"hand", "maker"},
                                        {"round", 1},
                                        {"verdict", "agree"},
                                        {"by", by}}));
      };
      const Bytes first = octets("user:two"), second = octets(c.by);
      std::map<std::string, seal::PackDocument> documents{{"document.01", {"one.json", "one.ses", &first, {}}},
                                                          {"document.02", {"two.json", "two.ses", &second, {}}}};
      for (auto& [name, document] : documents) {
        document.report.es_id = name == "document.01" ? "OTHER" : c.borne;
        facts["office." + name.substr(9)]["signed_at"] = to_rfc3339(document.report.signed_at);
      }
      std::vector<seal::PackFinding> findings;
      std::vector<std::string> notes;
      const auto told = seal::check_offices(facts, documents, findings, notes);
      BOOST_TEST(told.at(1).at("holder") == c.holder);
      BOOST_TEST(told.at(1).at("holds") == (c.code == seal::Code::ok));
      BOOST_REQUIRE(findings.size() == (c.code == seal::Code::ok ? 0u : 1u));
      if (!findings.empty()) {
        BOOST_TEST((findings.front().code == c.code), findings.front().detail);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_hub_killed_between_asking_and_keeping_keeps_one_seal) {
  OfficeScene offices(true);
  offices.mood("absent");
  (void)offices.reviewed_case();
  BOOST_REQUIRE(until([&] { return offices.codes() == "seal_platform_away"; }));
  offices.close();
  // A second process goes on with the store, and is killed while the platform, which has sealed, holds its answer back.
  offices.mood("slow=20000");
  for (int round = 0; round < 3; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        offices.restart();
        for (;;) ::pause();
      } catch (const std::exception&) {
        ::_exit(1);
      }
    }
    BOOST_REQUIRE(child > 0);
    BOOST_TEST(until([&] { return offices.made() == 2; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(300 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  offices.mood("");
  offices.restart();
  BOOST_TEST(offices.scene().number("SELECT count(*) FROM office_decision") == 2);
  BOOST_REQUIRE(until([&] { return offices.sealed() == 2; }));
  BOOST_TEST(offices.made() == 2u);
  BOOST_TEST(offices.records("office_seal_received") == 2);
  BOOST_TEST(offices.records("office_seal_asked") == 2);
}

BOOST_AUTO_TEST_SUITE_END()
