#include <chrono>
#include <iostream>
#include <map>
#include <set>

#include "stages/matching/code_names.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/example_file.h"
#include "stages/matching/explain.h"
#include "unit/matching/mutator.h"
#include "unit/matching/scene.h"

namespace zhida::matching::test {
namespace {

std::vector<PolicyExample> examples_of(const PolicySource& source) {
  const auto path = example_path_of(source.path);
  const auto text = read_file(path);
  BOOST_REQUIRE_MESSAGE(text.has_value(), "no examples beside " << source.path);
  std::vector<Finding> errors;
  auto out = parse_examples(text.value(), path, source.policy, fields(), errors);
  for (const auto& error : errors) BOOST_ERROR(to_text(error));
  return out;
}

/// The item with the condition `id` always met.
Clause without_condition(const Clause& clause, const std::string& id) {
  if (clause.kind == Clause::Kind::condition && clause.id == id) return always();
  auto out = clause;
  for (auto& child : out.children) child = without_condition(child, id);
  return out;
}

/// Whether an example comes out differently. That a dropped clause is not told any more is no difference: what counts
/// is what firms get.
bool notices(const Mutant& mutant, const PolicyExample& example) {
  auto policy = mutant.policy;
  if (!mutant.unknown_as_met.empty()) {
    // Where the clause is unknown, it is taken for met; elsewhere it is as it was.
    const auto outcome = evaluate(policy, profile_of(policy, example), example.at);
    const auto clause = std::ranges::find(outcome.clauses, mutant.unknown_as_met, &ClauseVerdict::id);
    if (clause != outcome.clauses.end()) {
      if (clause->verdict != Verdict::unknown) return false;
      policy.when = without_condition(policy.when, mutant.unknown_as_met);
    }
    for (auto& persons : policy.persons) {
      if (clause != outcome.clauses.end()) break;
      // A person's condition: those that no person leaves unknown change nothing.
      bool open = false;
      for (const auto& person : example.persons) {
        const auto facts = with_person(example.profile, person);
        std::vector<ClauseVerdict> told;
        evaluate_clause(persons.when, Facts(policy, facts, example.at), &told);
        for (const auto& part : told)
          open = open || (part.id == mutant.unknown_as_met && part.verdict == Verdict::unknown);
      }
      if (open) persons.when = without_condition(persons.when, mutant.unknown_as_met);
    }
  }
  for (const auto& difference : run_example(policy, example))
    if (!difference.starts_with("There is no clause")) return true;
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(policies_of_the_town)

BOOST_AUTO_TEST_CASE(all_items_are_there_without_errors_and_the_town_publishes_its_ten) {
  std::set<std::string> ids;
  for (const auto& source : policies()) ids.insert(source.policy.id.str());
  const std::set<std::string> wanted = {"IN-001", "IN-005", "IN-006", "IN-007", "IN-012",
                                        "IN-023", "HR-001", "HR-006", "HR-018", "TX-005"};
  BOOST_TEST(std::includes(ids.begin(), ids.end(), wanted.begin(), wanted.end()));
  BOOST_TEST(ids.size() == 41u);
  PolicyFindings findings;
  const auto published = load_published(mappings() + "/policies", fields(), findings);
  BOOST_REQUIRE(published.has_value());
  std::set<std::string> in_force;
  for (const auto& source : published.value()) in_force.insert(source.policy.id.str());
  BOOST_TEST(in_force == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_example_beside_a_policy_holds) {
  for (const auto& source : policies())
    for (const auto& example : examples_of(source))
      for (const auto& difference : run_example(source.policy, example))
        BOOST_ERROR(example.place << " " << example.name << ": " << difference);
}

BOOST_AUTO_TEST_CASE(the_examples_notice_an_item_that_is_wrong_by_one_step) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> by_kind;  // killed, total
  std::size_t killed = 0, total = 0;
  for (const auto& source : policies()) {
    const auto examples = examples_of(source);
    std::size_t own_killed = 0, own_total = 0;
    for (const auto& mutant : Mutator(source.policy).all()) {
      const bool noticed =
          std::ranges::any_of(examples, [&](const PolicyExample& example) { return notices(mutant, example); });
      ++own_total;
      ++by_kind[mutant.kind].second;
      if (noticed) {
        ++own_killed;
        ++by_kind[mutant.kind].first;
      } else {
        BOOST_TEST_MESSAGE("not noticed: " << source.policy.id.str() << " " << mutant.kind << ": " << mutant.what);
      }
    }
    killed += own_killed;
    total += own_total;
    BOOST_TEST(own_killed * 100 >= own_total * 75, source.policy.id.str() << ": " << own_killed << " of " << own_total);
  }
  for (const auto& [kind, figures] : by_kind)
    std::cout << "mutants " << kind << ": " << figures.first << " of " << figures.second << " noticed\n";
  std::cout << "mutants in all: " << killed << " of " << total << " noticed, "
            << static_cast<double>(killed * 1000 / total) / 10.0 << " %\n";
  BOOST_TEST(total > 1'000u);
  BOOST_TEST(killed * 100 >= total * 90);
}

BOOST_AUTO_TEST_CASE(an_expired_item_is_met_by_nobody) {
  const auto firm = profile({});
  const auto outcome = evaluate(policy("HR-006"), firm, day("2025-11-03"));
  BOOST_TEST((outcome.verdict == Verdict::not_met));
  BOOST_TEST(outcome.clauses.front().id == "valid");
  BOOST_TEST((outcome.clauses.front().verdict == Verdict::not_met));
  BOOST_TEST(outcome.clauses.size() == 12u);  // All of them are still told.
}

BOOST_AUTO_TEST_CASE(what_happens_next_is_in_the_file_or_marked_as_local) {
  const auto& stated = policy("IN-012").handling;
  BOOST_TEST((stated.channel == Channel::appropriation));
  BOOST_TEST(stated.project_code == "HQ-IN-012");
  BOOST_TEST((stated.publicity->basis == Basis::stated));
  BOOST_TEST(stated.publicity->working_days == 5);
  BOOST_TEST((policy("IN-001").handling.publicity->basis == Basis::local));
  const auto settings = handling_settings(policy("HR-001"));
  BOOST_TEST((settings.channel == Channel::social_insurance_fund));
  BOOST_TEST(settings.fund == "social_security");
  BOOST_TEST(settings.period == "2025");
  BOOST_TEST(settings.reviews.size() == 2u);
  BOOST_TEST(settings.confirm_days == 15);
  BOOST_TEST((handling_settings(policy("TX-005")).publicity_days == 0));
  const auto& local = policy("IN-005").local_settings;
  BOOST_TEST(std::ranges::count(local, "per_mu_amounts") == 1);
  const auto& recheck = policy("HR-001").handling.recheck_fields;
  for (const char* field :
       {"ui.paid_months", "ui.insured_count", "ui.layoff_rate", "ent.size", "ui.contribution_prev_year_fen"})
    BOOST_TEST(std::ranges::count(recheck, field) == 1, field);
  BOOST_TEST(std::ranges::count(policy("HR-006").handling.recheck_fields, "ent.is_labour_dispatch") == 0);
}

BOOST_AUTO_TEST_CASE(every_item_renders_to_chinese_text_with_its_local_settings) {
  for (const auto& source : policies()) {
    const auto text = render(source.policy);
    BOOST_TEST(text.find(source.policy.title) != std::string::npos);
    for_each_clause(source.policy.when,
                    [&](const Clause& clause) { BOOST_TEST(text.find(clause.text) != std::string::npos); });
    for (const auto& name : source.policy.local_settings) BOOST_TEST(text.find(name) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(industries_and_regions_are_called_by_name_where_people_read) {
  const auto loaded = CodeNames::load(mappings() + "/codes");
  BOOST_REQUIRE(loaded.has_value());
  const auto& names = loaded.value();
  for (const auto& [code, shown] : std::map<std::string, std::string>{{"C", "制造业（C）"},
                                                                      {"51", "批发业（51）"},
                                                                      {"F51", "批发业（F51）"},
                                                                      {"3411", "锅炉及辅助设备制造（3411）"},
                                                                      {"9999", "9999"},
                                                                      {"Z", "Z"},
                                                                      {"", ""}})
    BOOST_TEST(names.industry(code) == shown);
  for (const auto& [code, shown] : std::map<std::string, std::string>{{"330000", "浙江省（330000）"},
                                                                      {"330500", "湖州市（330500）"},
                                                                      {"330502", "湖州市吴兴区（330502）"},
                                                                      {"110101", "北京市东城区（110101）"},
                                                                      {"110100", "北京市市辖区（110100）"},
                                                                      {"419001", "河南省济源市（419001）"},
                                                                      {"330599", "330599"},
                                                                      {"3305", "3305"}})
    BOOST_TEST(names.region(code) == shown);
  BOOST_TEST(names.of_field("ent.industry_code", "51") == "批发业（51）");
  BOOST_TEST(names.of_field("ui.region_code", "330502") == "湖州市吴兴区（330502）");
  BOOST_TEST(names.of_field("tax.credit_grade", "C") == "C");

  const auto& traders = policy("CM-001");
  const auto stored = to_json(traders).dump();
  BOOST_TEST(render(traders).find("属于行业51、52、61、62") != std::string::npos);
  BOOST_TEST(render(traders, &names).find("属于行业批发业（51）、零售业（52）、住宿业（61）、餐饮业（62）") !=
             std::string::npos);
  BOOST_TEST(to_json(traders).dump() == stored);
  BOOST_TEST(stored.find("批发业") == std::string::npos);

  const auto& local = policy("CN-001");
  BOOST_TEST(render(local, &names).find("属于区划九江市都昌县（360428）") != std::string::npos);
  const auto outcome =
      evaluate(local, profile({{"ent.region_code", known(FieldData(std::string("330502")))}}), day("2025-11-03"));
  const auto found = std::ranges::find(outcome.clauses, "c1", &ClauseVerdict::id);
  BOOST_REQUIRE(found != outcome.clauses.end());
  BOOST_TEST(found->value == "330502");  // What is kept and sealed says codes.
  const auto sentence = explain_clause(local, *found, &names);
  BOOST_TEST(sentence.find("现为湖州市吴兴区（330502），要求属于区划九江市都昌县（360428）") != std::string::npos,
             sentence);
  // By name or by code: each item can be read.
  for (const auto& source : policies())
    for (const auto& datum : source.policy.region_data)
      for (const auto& [region, value] : datum.values)
        BOOST_TEST(render(source.policy, &names).find(names.region(region) + " ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_explanation_names_value_threshold_gap_source_and_day) {
  auto firm = profile({{"ui.paid_months", known(FieldData(std::int64_t{10}))}});
  const auto& item = policy("HR-001");
  const auto outcome = evaluate(item, firm, day("2025-11-03"));
  const auto found = std::ranges::find(outcome.clauses, "c1", &ClauseVerdict::id);
  BOOST_REQUIRE(found != outcome.clauses.end());
  const auto unit = fields().find("ui.paid_months")->unit;
  BOOST_TEST(explain_clause(item, *found) == "足额缴纳失业保险费满12个月：不符合（现为10" + unit + "，要求≥12" + unit +
                                                 "，差2" + unit + "，来源test，截至2025-10-31）");
  const auto text = explain(item, outcome);
  for (const auto& clause : outcome.clauses) BOOST_TEST(text.find("  " + clause.id + " ") != std::string::npos);
  BOOST_TEST(text.find("缺少数据") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(ten_thousand_firms_are_matched_with_every_clause_told) {
  PolicyFindings findings;
  const auto town = load_published(mappings() + "/policies", fields(), findings);
  BOOST_REQUIRE(town.has_value());
  std::vector<EnterpriseProfile> firms;
  for (const auto& source : policies())
    for (const auto& example : examples_of(source)) firms.push_back(example.profile);
  const std::size_t rounds = 10'000 / firms.size() + 1;
  const auto started = std::chrono::steady_clock::now();
  std::size_t pairs = 0, clauses = 0;
  for (std::size_t round = 0; round < rounds; ++round)
    for (const auto& firm : firms)
      for (const auto& source : town.value()) {
        clauses += evaluate(source.policy, firm, day("2025-11-03")).clauses.size();
        ++pairs;
      }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
  BOOST_TEST_MESSAGE(pairs << " pairs, " << clauses << " clauses in " << took.count() << " ms");
  BOOST_TEST(took < 30s);  // A second where it is optimised; this also runs without, and under sanitizers.
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching::test
