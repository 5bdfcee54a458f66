// What is decided beside the book of reviews, a releaser's no and what becomes of an objection, is sealed like the
// rest.
#include "office_scene.h"
#include "seal/pack_offices.h"
#include "seal/pack_verify.h"

using namespace zhida;
using namespace zhida::flow;
using namespace zhida::flow::testing;

namespace {

std::vector<OfficeDecision> decisions(OfficeScene& offices, const CaseId& id) {
  std::vector<OfficeDecision> out;
  value_of(offices.hub().rooms().database.read([&](storage::Transaction& transaction) -> Result<void> {
    out = TRY(decisions_of(transaction, id));
    return ok();
  }));
  return out;
}

Json document_of(const OfficeDecision& decision) {
  return value_of(parse_json(decision.body));
}

/// Every pack holds, only the auditor's names `who`, and one in which somebody else decided does not hold.
void check_packs(OfficeScene& offices, const CaseId& id, std::size_t seals, const std::string& who) {
  const auto now = offices.hub().rooms().clock.now();
  const Evidence evidence(offices.hub().rooms(), offices.hub().config().trust, {}, {});
  for (const auto level : {PackLevel::auditor, PackLevel::firm, PackLevel::public_}) {
    BOOST_TEST_CONTEXT(to_text(level)) {
      const auto pack = value_of(evidence.make({.case_id = id, .level = level, .asked_by = "test"}));
      const auto report = seal::verify_pack(pack.archive, {.now = now});
      BOOST_TEST((report.code == seal::Code::ok), report.json.dump(2));
      const bool whole = level == PackLevel::auditor;
      BOOST_TEST((pack.archive.find(who) != Bytes::npos) == whole);
      if (!whole) continue;
      BOOST_REQUIRE(report.json.at("offices").size() == seals);
      for (const auto& office : report.json.at("offices")) BOOST_TEST(office.at("holds") == true, office.dump());
      auto bad = pack.archive;
      const auto at = bad.find("\"by\":\"" + who);  // Stands in the decision alone.
      BOOST_REQUIRE(at != Bytes::npos);
      bad[at + 6] = 'U';
      const auto found = seal::verify_pack(bad, {.now = now});
      BOOST_TEST((found.code != seal::Code::ok));
      BOOST_TEST((found.json.at("does_not_hold").dump().find("office_decision") != std::string::npos));
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(office_seals_beside)

BOOST_AUTO_TEST_CASE(what_becomes_of_an_objection_is_sealed) {
  OfficeScene offices(true);
  const CaseId id = offices.reviewed_case();
  auto& desk = offices.hub().desk();
  const auto first = value_of(desk.object(person("portal"), id, "某单位", "对资格有异议"));
  (void)value_of(desk.settle_objection(person("settler"), id, first, false, "查无实据"));
  BOOST_TEST(state_of(offices.scene(), id) == "publicity");
  const auto second = value_of(desk.object(person("portal"), id, "某单位", "名单有误"));
  (void)value_of(desk.settle_objection(person("settler"), id, second, true, "情况属实"));
  BOOST_TEST(state_of(offices.scene(), id) == "refused");
  BOOST_REQUIRE(until([&] { return offices.sealed() == 4; }));

  const auto all = decisions(offices, id);
  BOOST_REQUIRE(all.size() == 4u);
  const auto dismissed = document_of(all[2]), upheld = document_of(all[3]);
  BOOST_TEST(dismissed.at("objection") == (Json{{"id", first}, {"decision", "dismissed"}}));
  BOOST_TEST(dismissed.at("verdict") == "agree");
  BOOST_TEST(upheld.at("objection") == (Json{{"id", second}, {"decision", "upheld"}}));
  BOOST_TEST(upheld.at("verdict") == "refuse");
  BOOST_TEST(upheld.at("hand") == "objection");
  BOOST_TEST(upheld.at("reason") == "情况属实");
  BOOST_TEST(upheld.at("by") == "user:settler");
  BOOST_TEST(upheld.at("department") == "财政局");  // The last of those who review.
  BOOST_TEST(!document_of(all[0]).contains("objection"));
  const auto shown = seals_shown(offices, id);
  BOOST_TEST(shown.at(3).at("step") == "objection");
  BOOST_TEST(shown.at(3).at("seal_name") == "财政局");
  BOOST_TEST(shown.at(3).at("valid") == true);
  check_packs(offices, id, 4, "user:settler");
}

BOOST_AUTO_TEST_CASE(money_waits_for_the_seal_over_a_dismissed_objection) {
  OfficeScene offices(true);
  const CaseId id = offices.reviewed_case();
  BOOST_REQUIRE(until([&] { return offices.sealed() == 2; }));
  offices.mood("absent");
  auto& desk = offices.hub().desk();
  const auto objection = value_of(desk.object(person("portal"), id, "某单位", "对资格有异议"));
  (void)value_of(desk.settle_objection(person("settler"), id, objection, false, "查无实据"));
  offices.release(id);
  BOOST_REQUIRE(until([&] { return offices.codes() == "seal_platform_away"; }));
  BOOST_TEST(offices.requests() == 0);
  offices.mood("");
  BOOST_REQUIRE(until([&] { return offices.requests() == 1; }));
  BOOST_TEST(offices.sealed() == 4);  // Two looks, the objection, the final yes.
}

BOOST_AUTO_TEST_CASE(a_releasers_no_is_sealed_by_the_department_and_by_the_person) {
  OfficeScene offices(true, 5s, "releaser");
  const CaseId id = offices.reviewed_case();
  auto releaser = person("releaser");
  releaser.departments = {"经信局"};
  (void)value_of(offices.hub().desk().refuse_case(releaser, id, "资料失实，不予放行"));
  BOOST_TEST(state_of(offices.scene(), id) == "refused");
  BOOST_REQUIRE(until([&] { return offices.sealed() == 4; }));
  const auto all = decisions(offices, id);
  BOOST_REQUIRE(all.size() == 4u);
  BOOST_TEST(all[2].holder == "");
  BOOST_TEST(all[3].holder == "user:releaser");
  BOOST_TEST((all[2].body == all[3].body));
  const auto document = document_of(all[3]);
  BOOST_TEST(document.at("hand") == "releaser");
  BOOST_TEST(document.at("verdict") == "refuse");
  BOOST_TEST(document.at("department") == "经信局");
  BOOST_TEST(document.at("by") == "user:releaser");
  BOOST_TEST(document.at("reason") == "资料失实，不予放行");
  const auto shown = seals_shown(offices, id);
  BOOST_TEST(shown.at(3).at("step") == "release");
  BOOST_TEST(shown.at(3).at("decision") == "refuse");
  BOOST_TEST(shown.at(3).at("seal_name") == kPersonSeal);
  check_packs(offices, id, 4, "user:releaser");
}

BOOST_AUTO_TEST_CASE(a_no_that_ends_an_approved_case_is_sealed) {
  OfficeScene offices(true);
  offices.mood("absent");  // So that no money is asked for.
  const CaseId id = offices.reviewed_case();
  offices.release(id);
  BOOST_TEST(state_of(offices.scene(), id) == "rechecking");
  (void)value_of(offices.hub().desk().refuse_case(person("releaser"), id, "数据长期无法核实"));
  BOOST_TEST(state_of(offices.scene(), id) == "void");
  offices.mood("");
  BOOST_REQUIRE(until([&] { return offices.sealed() == 4; }));
  const auto all = decisions(offices, id);
  // The final yes stands in the book of reviews; the no of the same person stands beside it.
  BOOST_TEST(all[2].decision == "agree");
  BOOST_TEST(all[3].decision == "refuse");
  BOOST_TEST(all[3].hand == all[2].hand);
}

BOOST_AUTO_TEST_CASE(a_pack_whose_objection_became_something_else_than_was_sealed_does_not_hold) {
  const Json settled = {{"id", "O1"}, {"decision", "dismissed"}};
  struct Row {
    const char* name;
    Json objection, office;  ///< The facts.
    bool holds;
  };
  for (const Row& row : {Row{"as sealed", {{"id", "O1"}, {"state", "dismissed"}}, settled, true},
                         Row{"upheld", {{"id", "O1"}, {"state", "upheld"}}, settled, false},
                         Row{"another one", {{"id", "O2"}, {"state", "dismissed"}}, settled, false},
                         Row{"told of none", {{"id", "O1"}, {"state", "dismissed"}}, nullptr, false}}) {
    BOOST_TEST_CONTEXT(row.name) {
      const Bytes octets = value_of(canonical_json({{"kind", "office_decision"},
                                                    {"department", "财政局"},
                                                    {"hand", "objection"},
                                                    {"round", 1},
                                                    {"verdict", "agree"},
                                                    {"by", "user:one"},
                                                    {"objection", settled}}));
      const seal::Report report;
      std::map<std::string, Json> facts{{"objection.01", row.objection},
                                        {"office.01",
                                         {{"department", "财政局"},
                                          {"holder", "department"},
                                          {"hand", "objection"},
                                          {"round", 1},
                                          {"verdict", "agree"},
                                          {"seal_id", ""},
                                          {"document", "document.01"},
                                          {"signed_at", to_rfc3339(report.signed_at)}}}};
      if (!row.office.is_null()) facts["office.01"]["objection"] = row.office;
      const std::map<std::string, seal::PackDocument> documents{{"document.01", {"one.json", "one.ses", &octets, {}}}};
      std::vector<seal::PackFinding> findings;
      std::vector<std::string> notes;
      const auto told = seal::check_offices(facts, documents, findings, notes);
      BOOST_TEST(told.at(0).at("holds") == row.holds);
      BOOST_TEST(findings.empty() == row.holds);
      for (const auto& finding : findings) BOOST_TEST((finding.code == seal::Code::data_hash), finding.detail);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
