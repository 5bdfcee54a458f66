#include <chrono>
#include <set>

#include "stages/matching/evaluate.h"
#include "stages/matching/example_file.h"
#include "stages/matching/explain.h"
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

struct Mutant {
  std::string what;
  Policy policy;
};

/// Every way to be wrong by one step: another comparison, a boundary moved by one, a clause dropped, unknown taken as
/// no, another rate, sum, limit or end of validity.
class Mutator {
 public:
  explicit Mutator(const Policy& original) : original_(original) {}

  std::vector<Mutant> all() {
    conditions({});
    amounts();
    if (original_.valid_to) {
      for (const int days : {-1, 1}) add("valid to", [&](Policy& p) { p.valid_to = p.valid_to->plus_days(days); });
      add("no end", [](Policy& p) { p.valid_to.reset(); });
    }
    return std::move(out_);
  }

 private:
  template <class Change>
  void add(const std::string& what, const Change& change) {
    Mutant mutant{what, original_};
    change(mutant.policy);
    finish(mutant.policy);
    out_.push_back(std::move(mutant));
  }

  static Clause& at(Policy& policy, const std::vector<std::size_t>& path) {
    auto* clause = &policy.when;
    for (const auto step : path) clause = &clause->children[step];
    return *clause;
  }

  void conditions(const std::vector<std::size_t>& path) {
    auto copy = original_;
    const auto clause = at(copy, path);
    const auto change = [&](const std::string& what, auto apply) {
      add(clause.id + " " + what, [&](Policy& p) { apply(at(p, path)); });
    };
    if (clause.kind != Clause::Kind::condition) {
      if (clause.children.size() > 1) {
        change("all and any swapped",
               [](Clause& c) { c.kind = c.kind == Clause::Kind::all ? Clause::Kind::any : Clause::Kind::all; });
        for (std::size_t i = 0; i < clause.children.size(); ++i)
          change("child dropped",
                 [&](Clause& c) { c.children.erase(c.children.begin() + static_cast<std::ptrdiff_t>(i)); });
      }
      for (std::size_t i = 0; i < clause.children.size(); ++i) {
        auto below = path;
        below.push_back(i);
        conditions(below);
      }
      return;
    }
    using O = Operator;
    static const std::map<O, std::vector<O>> kWrong = {{O::gt, {O::gte, O::lt, O::lte}},
                                                       {O::gte, {O::gt, O::lt, O::lte}},
                                                       {O::lt, {O::lte, O::gt, O::gte}},
                                                       {O::lte, {O::lt, O::gt, O::gte}},
                                                       {O::eq, {O::not_in}},
                                                       {O::in, {O::not_in}},
                                                       {O::is_true, {O::is_false}},
                                                       {O::is_false, {O::is_true}},
                                                       {O::listed, {O::not_listed}},
                                                       {O::not_listed, {O::listed}},
                                                       {O::first_time, {O::listed, O::not_listed}}};
    for (const auto op : kWrong.at(clause.op)) change(std::string("is ") + to_text(op), [&](Clause& c) { c.op = op; });
    change("unknown is no", [](Clause& c) { c.on_unknown = OnUnknown::fail; });
    for (std::size_t i = 0; i < clause.operands.size(); ++i) {
      if (std::holds_alternative<std::int64_t>(clause.operands[i])) {
        for (const int step : {-1, 1})
          change("moved by one", [&](Clause& c) { std::get<std::int64_t>(c.operands[i]) += step; });
      } else if (clause.op == O::in) {
        change("value dropped",
               [&](Clause& c) { c.operands.erase(c.operands.begin() + static_cast<std::ptrdiff_t>(i)); });
      }
    }
  }

  void amounts() {
    const auto step = [](Money amount, std::int64_t by) { return Money::from_fen(amount.fen() + by); };
    for (const std::int64_t by : {-1, 1}) {
      if (std::holds_alternative<FixedAmount>(original_.amount.rule))
        add("sum", [&](Policy& p) {
          auto& rule = std::get<FixedAmount>(p.amount.rule);
          rule.amount = step(rule.amount, by);
        });
      if (const auto* rule = std::get_if<RatioAmount>(&original_.amount.rule))
        for (const auto& [code, unused] : rule->rates_ppm)
          add("rate " + code, [&](Policy& p) { std::get<RatioAmount>(p.amount.rule).rates_ppm[code] += by * 100; });
      if (const auto* rule = std::get_if<LookupAmount>(&original_.amount.rule))
        for (const auto& [code, amount] : rule->amounts)
          add("sum of " + code,
              [&](Policy& p) { std::get<LookupAmount>(p.amount.rule).amounts[code] = step(amount, by); });
      if (std::holds_alternative<PerUnitAmount>(original_.amount.rule)) {
        add("unit amount", [&](Policy& p) {
          auto& rule = std::get<PerUnitAmount>(p.amount.rule);
          rule.unit_amount = step(rule.unit_amount, by);
        });
        add("units max", [&](Policy& p) { *std::get<PerUnitAmount>(p.amount.rule).units_max += by; });
      }
      if (const auto* rule = std::get_if<ScheduleAmount>(&original_.amount.rule)) {
        // D is less than the advance: its exact sum cannot be seen, so it is moved by enough to matter.
        for (const auto& [code, amount] : rule->amounts)
          if (code != "D")
            add("sum of " + code,
                [&](Policy& p) { std::get<ScheduleAmount>(p.amount.rule).amounts[code] = step(amount, by * 100); });
        add("advance rate", [&](Policy& p) { std::get<ScheduleAmount>(p.amount.rule).advance_rate_ppm += by; });
      }
    }
    if (std::holds_alternative<RatioAmount>(original_.amount.rule)) {
      add("rounded down", [](Policy& p) { p.amount.rounding = Rounding::down; });
      add("rounded up", [](Policy& p) { p.amount.rounding = Rounding::up; });
    }
  }

  const Policy& original_;
  std::vector<Mutant> out_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(policies_of_the_town)

BOOST_AUTO_TEST_CASE(the_ten_items_are_there_and_without_errors) {
  std::set<std::string> ids;
  for (const auto& source : policies()) ids.insert(source.policy.id.str());
  const std::set<std::string> wanted = {"IN-001", "IN-005", "IN-006", "IN-007", "IN-012",
                                        "IN-023", "HR-001", "HR-006", "HR-018", "TX-005"};
  BOOST_TEST(std::includes(ids.begin(), ids.end(), wanted.begin(), wanted.end()));
}

BOOST_AUTO_TEST_CASE(every_example_beside_a_policy_holds) {
  for (const auto& source : policies())
    for (const auto& example : examples_of(source))
      for (const auto& difference : run_example(source.policy, example))
        BOOST_ERROR(example.place << " " << example.name << ": " << difference);
}

BOOST_AUTO_TEST_CASE(the_examples_notice_a_policy_that_is_wrong_by_one_step) {
  std::size_t killed = 0, total = 0;
  for (const auto& source : policies()) {
    const auto examples = examples_of(source);
    for (const auto& mutant : Mutator(source.policy).all()) {
      ++total;
      const bool noticed = std::ranges::any_of(
          examples, [&](const PolicyExample& example) { return !run_example(mutant.policy, example).empty(); });
      if (noticed)
        ++killed;
      else
        BOOST_TEST_MESSAGE("not noticed: " << source.policy.id.str() << " " << mutant.what);
    }
  }
  BOOST_TEST_MESSAGE(killed << " of " << total << " mutants noticed");
  BOOST_TEST(total > 150);
  BOOST_TEST(killed * 100 >= total * 97);
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
  std::vector<EnterpriseProfile> firms;
  for (const auto& source : policies())
    for (const auto& example : examples_of(source)) firms.push_back(example.profile);
  const std::size_t rounds = 10'000 / firms.size() + 1;
  const auto started = std::chrono::steady_clock::now();
  std::size_t pairs = 0, clauses = 0;
  for (std::size_t round = 0; round < rounds; ++round)
    for (const auto& firm : firms)
      for (const auto& source : policies()) {
        clauses += evaluate(source.policy, firm, day("2025-11-03")).clauses.size();
        ++pairs;
      }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
  BOOST_TEST_MESSAGE(pairs << " pairs, " << clauses << " clauses in " << took.count() << " ms");
  BOOST_TEST(took < 30s);  // A second where it is optimised; this also runs without, and under sanitizers.
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching::test
