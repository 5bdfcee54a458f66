#include <sstream>

#include "base/json.h"
#include "stages/matching/allocation.h"
#include "stages/matching/commands.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/near_miss.h"
#include "stages/matching/persons.h"
#include "stages/matching/simulate.h"
#include "stages/matching/sql.h"
#include "support/temp_folder.h"
#include "unit/matching/scene.h"

namespace zhida::matching::test {
namespace {

const Date kDay = day("2025-11-03");

FieldState whole(std::int64_t value) {
  return known(FieldData(value));
}

EnterpriseProfile stable_firm() {
  return profile({{"ui.paid_months", whole(12)},
                  {"ui.insured_count", whole(31)},
                  {"ui.layoff_rate", whole(55'000)},
                  {"ent.size", known(FieldData(std::string("small")))},
                  {"ui.contribution_prev_year_fen", whole(100'000)}});
}

Policy research(std::int64_t budget_firms = 0) {
  PolicyFindings findings;
  auto text = policy_text(
      "{ all: [{ id: c1, text: 高企, field: qual.hnte, op: listed }, { id: c2, text: 收入, field: report.revenue_fen, "
      "op: '>=', "
      "value: 100 元 }] }",
      "{ family: ratio, text: 比例, base: report.revenue_fen, rate: 10 %, round: { to: 分, mode: half_up } }",
      "{ channel: appropriation, project_code: P, payee: own_account, period: once, review: [科技局] }");
  if (budget_firms > 0)
    text += "ranking: { by: report.revenue_fen, order: falling }\npool: { total: 25 元, shortage: in_order }\n";
  auto out = parse_policy(text, "T-1.yaml", fields(), {}, findings);
  for (const auto& finding : findings.errors) BOOST_ERROR(to_text(finding));
  return std::move(out.value());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sandbox)

BOOST_AUTO_TEST_CASE(one_condition_short_is_named_with_its_gap) {
  auto firm = stable_firm();
  firm.fields["ui.paid_months"] = whole(10);
  auto misses = near_misses(policy("HR-001"), firm, kDay);
  BOOST_REQUIRE(misses.size() == 1u);
  BOOST_TEST(misses[0].clause.id == "c1");
  BOOST_TEST(misses[0].clause.gap == "2");
  BOOST_TEST((misses[0].then == Verdict::met));
  firm.fields["ui.layoff_rate"] = whole(900'000);
  BOOST_TEST(near_misses(policy("HR-001"), firm, kDay).empty());  // Two things are missing.
  // One of two ways would do: both are named.
  firm.fields["ui.paid_months"] = whole(12);
  misses = near_misses(policy("HR-001"), firm, kDay);
  BOOST_REQUIRE(misses.size() == 1u);
  BOOST_TEST(misses[0].clause.id == "c2a2");
  firm.fields.erase("ent.size");
  BOOST_TEST((near_misses(policy("HR-001"), firm, kDay)[0].then == Verdict::unknown));
  BOOST_TEST(near_misses(policy("HR-001"), firm, day("2026-01-01")).empty());
}

BOOST_AUTO_TEST_CASE(what_would_decide_the_unknown_is_told_and_what_would_not_is_left_out) {
  auto firm = stable_firm();
  firm.fields.erase("ui.insured_count");
  firm.fields["ui.layoff_rate"] = whole(100'000);  // Between the two limits.
  auto questions = open_questions(policy("HR-001"), firm, kDay);
  BOOST_REQUIRE(questions.size() == 1u);  // c2a1 lies in a group that the rate decided already.
  BOOST_TEST(questions[0].clause.id == "c2b1");
  BOOST_TEST(questions[0].decides());
  firm.fields.erase("ent.size");
  questions = open_questions(policy("HR-001"), firm, kDay);
  BOOST_REQUIRE(questions.size() == 2u);
  BOOST_TEST(questions[1].clause.id == "amount");
  BOOST_TEST(!questions[1].decides());
  BOOST_TEST(open_questions(policy("HR-001"), stable_firm(), kDay).empty());
}

BOOST_AUTO_TEST_CASE(what_a_firm_meets_and_has_not_had_is_owed) {
  std::vector<Entitlement> all = {evaluate(policy("HR-001"), stable_firm(), kDay),
                                  evaluate(policy("IN-001"), stable_firm(), kDay)};
  BOOST_TEST(owed(all, {}).size() == 1u);
  const std::vector<PolicyId> received = {PolicyId("HR-001")};
  BOOST_TEST(owed(all, received).empty());
}

BOOST_AUTO_TEST_CASE(the_funnel_says_which_condition_keeps_out_how_many) {
  Funnel funnel(policy("HR-001"), kDay);
  auto firm = stable_firm();
  funnel.add(firm);
  firm.fields["ui.paid_months"] = whole(1);
  funnel.add(firm);
  firm.fields["ui.layoff_rate"] = whole(900'000);
  funnel.add(firm);
  funnel.add(profile({}));
  BOOST_TEST(funnel.firms == 4);
  BOOST_TEST(funnel.met == 1);
  BOOST_TEST(funnel.unknown == 1);
  BOOST_TEST(funnel.not_met == 2);
  BOOST_REQUIRE(funnel.steps().size() == 2u);
  BOOST_TEST(funnel.steps()[0].not_met == 2);
  BOOST_TEST(funnel.steps()[0].alone == 1);
  BOOST_TEST(funnel.steps()[0].left == 2);
  BOOST_TEST(funnel.steps()[1].not_met == 1);
  BOOST_TEST(funnel.steps()[1].left == 2);
}

BOOST_AUTO_TEST_CASE(a_rank_is_certain_only_when_the_unknown_cannot_turn_it) {
  const Ranking ranking{"x", true, 2, "rank"};
  const auto number = [](std::int64_t value) { return std::optional<FieldData>(FieldData(value)); };
  std::vector<Candidate> candidates = {{"A", Verdict::met, number(90), {}},
                                       {"B", Verdict::met, number(80), {}},
                                       {"C", Verdict::met, number(70), {}},
                                       {"D", Verdict::not_met, number(99), {}}};
  auto places = rank_candidates(ranking, candidates);
  BOOST_REQUIRE(places.size() == 3u);
  BOOST_TEST((places[1].within_quota == Verdict::met));
  BOOST_TEST((places[2].within_quota == Verdict::not_met));
  candidates.push_back({"E", Verdict::unknown, number(85), {}});
  places = rank_candidates(ranking, candidates);
  BOOST_TEST(places[0].uscc == "A");
  BOOST_TEST((places[0].within_quota == Verdict::met));
  for (const auto& place : places) {
    if (place.uscc == "B") BOOST_TEST((place.within_quota == Verdict::unknown));
    if (place.uscc == "C") BOOST_TEST((place.within_quota == Verdict::not_met));
    if (place.uscc == "E") BOOST_TEST((place.within_quota == Verdict::unknown));
  }
}

BOOST_AUTO_TEST_CASE(a_pool_goes_in_order_or_in_proportion_and_never_further_than_it_reaches) {
  const auto candidate = [](const char* uscc, std::int64_t by, std::int64_t fen) {
    return Candidate{uscc, Verdict::met, FieldData(by), Money::from_fen(fen)};
  };
  const std::vector<Candidate> candidates = {candidate("A", 1, 60), candidate("B", 3, 60), candidate("C", 2, 60)};
  const auto in_order = distribute({Money::from_fen(100), false}, Ranking{"x", true, 0, ""}, candidates);
  BOOST_TEST(in_order[0].uscc == "B");
  BOOST_TEST(in_order[0].given.fen() == 60);
  BOOST_TEST(in_order[1].uscc == "C");
  BOOST_TEST(in_order[1].given.fen() == 40);
  BOOST_TEST(in_order[2].given.fen() == 0);
  for (const auto& share : distribute({Money::from_fen(100), true}, std::nullopt, candidates))
    BOOST_TEST(share.given.fen() == 33);
  for (const auto& share : distribute({Money::from_fen(180), true}, std::nullopt, candidates))
    BOOST_TEST(share.given.fen() == 60);
}

BOOST_AUTO_TEST_CASE(a_person_is_known_by_a_salted_digest_alone) {
  const auto digest = person_digest("salt", "110101199001011234");
  BOOST_TEST(digest.size() == 64u);
  BOOST_TEST(digest == person_digest("salt", "110101199001011234"));
  BOOST_TEST(digest != person_digest("other", "110101199001011234"));
  BOOST_TEST(digest != person_digest("salt", "110101199001011235"));
}

BOOST_AUTO_TEST_CASE(the_sandbox_counts_sums_spreads_and_says_until_when_the_budget_lasts) {
  const auto item = research();
  SimulationSettings settings;
  settings.day = kDay;  // A Monday.
  settings.budget = Money::from_fen(3'100);
  settings.firms_per_day = 1;
  const std::vector<Policy> others = {policy("IN-001")};
  Simulation simulation(item, others, settings);
  for (const std::int64_t yuan : {50, 100, 150, 200}) {
    auto firm = profile({{"qual.hnte", known(FieldData(true))},
                         {"qual.hnte_first_time", known(FieldData(yuan == 150))},
                         {"report.revenue_fen", whole(yuan * 100)},
                         {"ent.industry_code", known(FieldData(std::string("3411")))}});
    firm.division = yuan == 100 ? "330501" : "330502";
    simulation.add(firm);
  }
  simulation.add(profile({}));
  const auto report = simulation.report(nullptr);
  BOOST_TEST(report.firms == 5);
  BOOST_TEST(report.met.firms == 3);
  BOOST_TEST(report.met.sum.fen() == 4'500);
  BOOST_TEST(report.unknown == 1);
  BOOST_TEST(report.by_region.at("330502").firms == 2);
  BOOST_TEST(report.by_industry.at("C").sum.fen() == 4'500);
  BOOST_TEST(report.by_size.at("未知").firms == 3);
  BOOST_REQUIRE(report.overlap.size() == 1u);
  BOOST_TEST(report.overlap[0].both.firms == 1);
  BOOST_TEST(report.curve_clause == "c2");
  BOOST_REQUIRE(report.curve.size() == 4u);
  BOOST_TEST(report.curve[0].met.firms == 4);
  BOOST_TEST(report.curve[1].written);
  BOOST_TEST(report.curve[1].met.firms == 3);
  BOOST_TEST(report.curve[3].met.firms == 1);
  BOOST_TEST(report.firms_within_budget == 2);
  BOOST_TEST(!report.budget_lasts);
  BOOST_REQUIRE(report.exhausted_on.has_value());
  BOOST_TEST(report.exhausted_on->to_string() == "2025-11-05");
}

BOOST_AUTO_TEST_CASE(the_sandbox_keeps_to_pool_and_order) {
  const auto item = research(1);
  Simulation simulation(item, {}, {kDay, std::nullopt, 0, "", 11});
  for (const std::int64_t yuan : {100, 150, 200})
    simulation.add(profile({{"qual.hnte", known(FieldData(true))}, {"report.revenue_fen", whole(yuan * 100)}}));
  const auto report = simulation.report(nullptr);
  BOOST_TEST(report.met.sum.fen() == 2'500);  // 20 + 5 + 0 of 20, 15, 10.
}

BOOST_AUTO_TEST_CASE(the_commands_simulate_a_draft_and_export_sql) {
  const zhida::test::TempFolder folder;
  const auto profiles =
      folder.write("p.jsonl",
                   "{\"uscc\":\"A\",\"division\":\"330502\",\"fields\":{\"qual.hnte\":true,\"qual.hnte_first_"
                   "time\":true,\"hire.graduate_count\":2}}\n{\"uscc\":\"B\",\"fields\":{}}\n");
  const auto draft = folder.write("IN-001.yaml", [] {
    auto text = read_file(mappings() + "/policies/IN-001.yaml").value();
    text.replace(text.rfind("8 万元"), std::string("8 万元").size(), "9 万元");
    return text;
  }());
  std::ostringstream out, err;
  auto code = run_policy_command({"simulate", "--draft", draft, "--policies", mappings() + "/policies", "--profiles",
                                  profiles, "--at", "2025-11-03", "--budget", "10 万元", "--json"},
                                 out, err, mapping::load_fields);
  BOOST_REQUIRE_MESSAGE(code == 0, err.str());
  const auto json = parse_json(out.str()).value();
  BOOST_TEST(json["met"]["fen"] == 9'000'000);
  BOOST_TEST(json["met"]["firms"] == 1);
  BOOST_TEST(json["unknown"] == 1);
  BOOST_TEST(json["budget"]["lasts"] == true);
  out.str("");
  code = run_policy_command({"simulate", "--policies", mappings() + "/policies", "--policy", "IN-001", "--profiles",
                             profiles, "--at", "2025-11-03"},
                            out, err, mapping::load_fields);
  BOOST_TEST(code == 0, err.str());
  BOOST_TEST(out.str().find("符合1户，80000.00元") != std::string::npos, out.str());
  BOOST_TEST(out.str().find("湖州市吴兴区（330502）  1户") != std::string::npos, out.str());
  out.str("");
  code = run_policy_command(
      {"export-sql", "--policies", mappings() + "/policies", "--profiles", profiles, "--at", "2025-11-03"}, out, err,
      mapping::load_fields);
  BOOST_TEST(code == 0, err.str());
  for (const char* part : {"\"qual.hnte\" boolean", "\"qual.hnte.as_of\" date", "INSERT INTO profile", "IS NULL;",
                           "WHEN division LIKE '330500%'", "\"amount.IN-010\" bigint"})
    BOOST_TEST(out.str().find(std::string(part) == "WHEN division LIKE '330500%'" ? "WHEN division LIKE '3305%'"
                                                                                  : part) != std::string::npos,
               part);
}

BOOST_AUTO_TEST_CASE(sql_says_unknown_by_null) {
  BOOST_TEST(sql_name("a\"b") == "\"a\"\"b\"");
  BOOST_TEST(sql_text("o'clock") == "'o''clock'");
  const auto sql = sql_verdict(policy("HR-018"), kDay);
  BOOST_TEST(sql == "((\"ui.insured\"))");
  BOOST_TEST(sql_verdict(policy("HR-018"), day("2026-01-01")) == "(FALSE AND ((\"ui.insured\")))");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching::test
