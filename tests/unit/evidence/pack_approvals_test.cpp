// How an item came in force, as a pack tells it: whatever does not fit is named.
#include "seal/pack_approvals.h"

#include <boost/test/unit_test.hpp>
#include <functional>

namespace zhida::seal {
namespace {

using Facts = std::map<std::string, Json>;

Facts facts() {
  const auto step = [](const char* what) { return Json{{"step", what}, {"role", "r"}, {"at", "t"}}; };
  return {{"case.policy_version", "v1"},
          {"policy.approval", {{"way", "people"}, {"version", "v1"}, {"proposal", "P"}}},
          {"policy.step.01", step("propose")},
          {"policy.step.01.actor", "user:zhang"},
          {"policy.step.02", step("approve")},
          {"policy.step.02.actor", "user:li"},
          {"policy.step.03", step("confirm_conditions")},
          {"policy.step.03.actor", "user:zhang"},
          {"policy.step.04", step("confirm_data")},
          {"policy.step.04.actor", "user:wang"},
          {"policy.data", {{"sha256", "d1"}}},
          {"policy.back_test", {{"inputs_digest", "b1"}, {"report_sha256", "r1"}}}};
}

std::vector<Json> records() {
  const auto record = [](int seq, const char* kind, const char* actor, Json detail) {
    detail["version"] = "v1";
    return Json{{"seq", seq}, {"kind", kind}, {"actor", actor}, {"detail", std::move(detail)}};
  };
  return {record(1, "policy_proposed", "user:zhang", Json::object()),
          record(2, "policy_approved", "user:li", {{"back_test", "b1"}, {"report", "r1"}}),
          record(3, "policy_confirmed", "user:zhang", {{"confirmed", "conditions"}, {"data", "d1"}}),
          record(4, "policy_confirmed", "user:wang", {{"confirmed", "data"}, {"data", "d1"}})};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pack_approvals)

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_named) {
  struct Row {
    const char* what;
    std::function<void(Facts&, std::vector<Json>&)> change;
    const char* found;  ///< A part of the only finding; empty: none.
    int proven;
  };
  const Row rows[] = {
      {"as it was", [](Facts&, std::vector<Json>&) {}, "", 4},
      {"without records", [](Facts&, std::vector<Json>& log) { log.clear(); }, "", 0},
      {"without names",
       [](Facts& all, std::vector<Json>&) {
         std::erase_if(all, [](const auto& fact) { return fact.first.ends_with(".actor"); });
       },
       "", 0},
      {"another version", [](Facts& all, std::vector<Json>&) { all["case.policy_version"] = "v2"; }, "another version",
       4},
      {"a record of another version", [](Facts&, std::vector<Json>& log) { log[0]["detail"]["version"] = "v0"; },
       "Record 1", 4},
      {"a step is missing",
       [](Facts& all, std::vector<Json>&) {
         all.erase("policy.step.04");
         all.erase("policy.step.04.actor");
       },
       "confirm_data", 3},
      {"one person proposed and approved",
       [](Facts& all, std::vector<Json>& log) {
         all["policy.step.02.actor"] = "user:zhang";
         log[1]["actor"] = "user:zhang";
       },
       "approved it", 4},
      {"one person confirmed both",
       [](Facts& all, std::vector<Json>& log) {
         all["policy.step.04.actor"] = "user:zhang";
         log[3]["actor"] = "user:zhang";
       },
       "One person confirmed", 4},
      {"the log names somebody else", [](Facts&, std::vector<Json>& log) { log[1]["actor"] = "user:zhao"; },
       "another person", 3},
      {"another back-test", [](Facts& all, std::vector<Json>&) { all["policy.back_test"]["inputs_digest"] = "b2"; },
       "policy.back_test", 4},
      {"other data", [](Facts& all, std::vector<Json>&) { all["policy.data"]["sha256"] = "d2"; }, "policy.data", 4},
      {"the data were confirmed anew",
       [](Facts& all, std::vector<Json>& log) {
         all["policy.data"]["sha256"] = "d2";
         all["policy.step.05"] = all["policy.step.04"];
         all["policy.step.05.actor"] = "user:zhao";
         log.push_back(log[3]);
         log.back()["actor"] = "user:zhao";
         log.back()["detail"]["data"] = "d2";
       },
       "", 5},
      {"a way that there is not", [](Facts& all, std::vector<Json>&) { all["policy.approval"]["way"] = "magic"; },
       "neither", 4},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      auto all = facts();
      auto log = records();
      row.change(all, log);
      std::vector<PackFinding> findings;
      std::vector<std::string> notes;
      const auto told = check_approvals(all, log, findings, notes);
      BOOST_TEST(told.at("proven") == row.proven);
      const std::string wanted = row.found;
      BOOST_TEST(findings.size() == (wanted.empty() ? 0u : 1u));
      if (!findings.empty()) {
        BOOST_TEST((findings.front().code == Code::data_hash));
        BOOST_TEST(findings.front().detail.find(wanted) != std::string::npos, findings.front().detail);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_item_in_force_from_the_start_says_that_nobody_was_asked) {
  std::vector<PackFinding> findings;
  std::vector<std::string> notes;
  const Facts all = {{"case.policy_version", "v1"},
                     {"policy.approval", {{"way", "at_start"}, {"version", "v1"}, {"proposal", nullptr}}}};
  const auto told = check_approvals(all, {}, findings, notes);
  BOOST_TEST(findings.empty());
  BOOST_TEST(told.at("way") == "at_start");
  BOOST_REQUIRE(notes.size() == 1u);
  BOOST_TEST(notes.front().find("nobody") != std::string::npos);
  // Packs of earlier programs say nothing, and nothing is said of them.
  BOOST_TEST(check_approvals({{"case.policy_version", "v1"}}, {}, findings, notes).is_null());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::seal
