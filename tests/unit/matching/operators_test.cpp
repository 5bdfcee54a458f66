#include "stages/matching/evaluate.h"
#include "stages/matching/explain.h"
#include "stages/matching/region_industry.h"
#include "unit/matching/scene.h"

namespace zhida::matching::test {
namespace {

const Date kDay = day("2025-11-03");

Clause condition(Operator op, FieldType type, std::vector<FieldData> operands) {
  Policy holder;
  holder.when.id = "c1";
  holder.when.text = "测试条件";
  holder.when.field = "x.value";
  holder.when.type = type;
  holder.when.op = op;
  holder.when.operands = std::move(operands);
  finish(holder);
  return holder.when;
}

FieldData text(const char* value) {
  return std::string(value);
}
FieldData number(std::int64_t value) {
  return value;
}

/// A group or condition wrapped into a policy that gives nothing.
Verdict verdict_of(const Clause& when, const EnterpriseProfile& firm) {
  Policy policy;
  policy.id = PolicyId("T-1");
  policy.when = when;
  finish(policy);
  return evaluate(policy, firm, kDay).verdict;
}

Clause group(Clause::Kind kind, std::vector<Clause> children, std::string id = "") {
  Clause out;
  out.kind = kind;
  out.id = std::move(id);
  out.children = std::move(children);
  return out;
}

Clause flag(const char* id, OnUnknown on_unknown = OnUnknown::review) {
  auto out = condition(Operator::is_true, FieldType::boolean, {});
  out.id = id;
  out.field = std::string("x.") + id;
  out.on_unknown = on_unknown;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(operators)

BOOST_AUTO_TEST_CASE(every_operator_decides_at_its_boundary) {
  const auto d = [](const char* iso) { return FieldData(day(iso)); };
  struct Row {
    Operator op;
    FieldType type;
    std::vector<FieldData> operands;
    FieldData value;
    bool met;
  };
  using O = Operator;
  using F = FieldType;
  const std::vector<Row> rows = {
      {O::eq, F::code, {text("A")}, text("A"), true},
      {O::eq, F::code, {text("A")}, text("AA"), false},
      {O::eq, F::integer, {number(5)}, number(5), true},
      {O::eq, F::integer, {number(5)}, number(-5), false},
      {O::eq, F::date, {d("2025-01-01")}, d("2025-01-01"), true},
      {O::in, F::code, {text("A"), text("B")}, text("B"), true},
      {O::in, F::code, {text("A"), text("B")}, text("C"), false},
      {O::not_in, F::code, {text("A"), text("B")}, text("B"), false},
      {O::not_in, F::code, {text("A"), text("B")}, text("C"), true},
      {O::gt, F::integer, {number(30)}, number(30), false},
      {O::gt, F::integer, {number(30)}, number(31), true},
      {O::gte, F::integer, {number(30)}, number(29), false},
      {O::gte, F::integer, {number(30)}, number(30), true},
      {O::lt, F::integer, {number(30)}, number(30), false},
      {O::lt, F::integer, {number(30)}, number(29), true},
      {O::lte, F::integer, {number(30)}, number(31), false},
      {O::lte, F::integer, {number(30)}, number(30), true},
      {O::gte, F::money_fen, {number(INT64_MAX)}, number(INT64_MAX), true},
      {O::gte, F::money_fen, {number(INT64_MAX)}, number(INT64_MIN), false},
      {O::between, F::integer, {number(10), number(20)}, number(9), false},
      {O::between, F::integer, {number(10), number(20)}, number(10), true},
      {O::between, F::integer, {number(10), number(20)}, number(20), true},
      {O::between, F::integer, {number(10), number(20)}, number(21), false},
      {O::is_true, F::boolean, {}, FieldData(true), true},
      {O::is_true, F::boolean, {}, FieldData(false), false},
      {O::is_false, F::boolean, {}, FieldData(true), false},
      {O::is_false, F::boolean, {}, FieldData(false), true},
      {O::listed, F::boolean, {}, FieldData(true), true},
      {O::listed, F::boolean, {}, FieldData(false), false},
      {O::not_listed, F::boolean, {}, FieldData(true), false},
      {O::not_listed, F::boolean, {}, FieldData(false), true},
      {O::exists, F::code, {}, text("anything"), true},
      {O::date_gte, F::date, {d("2022-01-01")}, d("2021-12-31"), false},
      {O::date_gte, F::date, {d("2022-01-01")}, d("2022-01-01"), true},
      {O::date_between, F::date, {d("2022-01-01"), d("2022-12-31")}, d("2021-12-31"), false},
      {O::date_between, F::date, {d("2022-01-01"), d("2022-12-31")}, d("2022-01-01"), true},
      {O::date_between, F::date, {d("2022-01-01"), d("2022-12-31")}, d("2022-12-31"), true},
      {O::date_between, F::date, {d("2022-01-01"), d("2022-12-31")}, d("2023-01-01"), false},
      {O::industry_in, F::code, {text("C")}, text("1311"), true},
      {O::industry_in, F::code, {text("C")}, text("4390"), true},
      {O::industry_in, F::code, {text("C")}, text("4411"), false},
      {O::industry_in, F::code, {text("C")}, text("C3411"), true},
      {O::industry_in, F::code, {text("C34"), text("I65")}, text("6513"), true},
      {O::industry_in, F::code, {text("C34"), text("I65")}, text("3511"), false},
      {O::region_in, F::code, {text("330500")}, text("330502"), true},
      {O::region_in, F::code, {text("330500")}, text("330500"), true},
      {O::region_in, F::code, {text("330500")}, text("330602"), false},
      {O::region_in, F::code, {text("330502")}, text("330500"), false},
      {O::region_in, F::code, {text("330000")}, text("339900"), true},
  };
  for (const auto& row : rows) {
    const auto clause = condition(row.op, row.type, row.operands);
    const auto outcome = evaluate_condition(clause, profile({{"x.value", known(row.value)}}), kDay);
    BOOST_TEST_CONTEXT(clause.threshold << " asked of " << zhida::to_text(row.value)) {
      BOOST_TEST((outcome.verdict == (row.met ? Verdict::met : Verdict::not_met)));
      BOOST_TEST(outcome.value == zhida::to_text(row.value));
      BOOST_TEST(outcome.source == "test");
      BOOST_TEST(outcome.as_of == "2025-10-31");
      BOOST_TEST(outcome.unknown_reason.empty());
    }
    // Whatever is asked: without a value nobody knows.
    for (const auto& [state, reason] :
         {std::pair{unknown(UnknownReason::missing), "missing"}, std::pair{unknown(UnknownReason::stale), "stale"},
          std::pair{unknown(UnknownReason::conflict), "conflict"}}) {
      const auto open = evaluate_condition(clause, profile({{"x.value", state}}), kDay);
      BOOST_TEST((open.verdict == Verdict::unknown));
      BOOST_TEST(open.unknown_reason == reason);
    }
    BOOST_TEST((evaluate_condition(clause, profile({}), kDay).verdict == Verdict::unknown));
  }
}

BOOST_AUTO_TEST_CASE(the_gap_says_how_much_is_missing) {
  struct Row {
    Operator op;
    std::vector<FieldData> operands;
    std::int64_t value;
    const char* gap;
  };
  for (const auto& row :
       {Row{Operator::gte, {number(12)}, 10, "2"}, Row{Operator::gte, {number(12)}, 12, ""},
        Row{Operator::gt, {number(30)}, 30, "1"}, Row{Operator::lt, {number(30)}, 30, "1"},
        Row{Operator::lte, {number(30)}, 35, "5"}, Row{Operator::between, {number(10), number(20)}, 7, "3"},
        Row{Operator::between, {number(10), number(20)}, 24, "4"},
        Row{Operator::gte, {number(INT64_MAX)}, INT64_MIN, "9223372036854775807"}}) {
    const auto clause = condition(row.op, FieldType::integer, row.operands);
    const auto outcome = evaluate_condition(clause, profile({{"x.value", known(number(row.value))}}), kDay);
    BOOST_TEST_CONTEXT(clause.threshold << " and " << row.value) {
      BOOST_TEST(outcome.gap == row.gap);
    }
  }
  const auto dated = condition(Operator::date_gte, FieldType::date, {day("2022-01-01")});
  BOOST_TEST(evaluate_condition(dated, profile({{"x.value", known(day("2021-12-29"))}}), kDay).gap == "3");
}

BOOST_AUTO_TEST_CASE(first_time_needs_both_facts_and_says_which_one_decided) {
  auto clause = condition(Operator::first_time, FieldType::boolean, {});
  struct Row {
    char listed, first, verdict;
  };
  const auto state = [](char c) { return c == 'U' ? unknown(UnknownReason::stale) : known(FieldData(c == 'T')); };
  for (const auto& row :
       {Row{'T', 'T', 'T'}, Row{'T', 'F', 'F'}, Row{'F', 'T', 'F'}, Row{'F', 'F', 'F'}, Row{'T', 'U', 'U'},
        Row{'U', 'T', 'U'}, Row{'F', 'U', 'F'}, Row{'U', 'F', 'F'}, Row{'U', 'U', 'U'}}) {
    const auto outcome = evaluate_condition(
        clause, profile({{"x.value", state(row.listed)}, {"x.value_first_time", state(row.first)}}), kDay);
    BOOST_TEST_CONTEXT("listed " << row.listed << ", first " << row.first) {
      BOOST_TEST((outcome.verdict == (row.verdict == 'T'   ? Verdict::met
                                      : row.verdict == 'F' ? Verdict::not_met
                                                           : Verdict::unknown)));
      BOOST_TEST(outcome.unknown_reason == (row.verdict == 'U' ? "stale" : ""));
      BOOST_TEST(outcome.value == (row.verdict == 'T' ? "true" : row.verdict == 'F' ? "false" : ""));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_value_of_another_type_is_unknown_not_a_crash) {
  const auto clause = condition(Operator::gte, FieldType::integer, {number(1)});
  const auto outcome = evaluate_condition(clause, profile({{"x.value", known(text("12"))}}), kDay);
  BOOST_TEST((outcome.verdict == Verdict::unknown));
  BOOST_TEST(outcome.unknown_reason == "wrong_type");
}

BOOST_AUTO_TEST_CASE(a_clause_may_ask_for_fresher_data_than_the_profile_does) {
  auto clause = condition(Operator::gte, FieldType::integer, {number(1)});
  clause.max_age_days = 30;
  BOOST_TEST((evaluate_condition(clause, profile({{"x.value", known(number(1), day("2025-10-04"))}}), kDay).verdict ==
              Verdict::met));
  const auto old = evaluate_condition(clause, profile({{"x.value", known(number(1), day("2025-10-03"))}}), kDay);
  BOOST_TEST((old.verdict == Verdict::unknown));
  BOOST_TEST(old.unknown_reason == "stale");
}

BOOST_AUTO_TEST_CASE(groups_combine_and_every_clause_is_reported) {
  using K = Clause::Kind;
  const auto firm = profile({{"x.a", known(FieldData(false))}, {"x.b", known(FieldData(true))}});
  const auto when = group(
      K::all, {flag("a"), group(K::any, {flag("b"), flag("c")}, "g"), group(K::negation, {flag("b")}, "n"), flag("d")});
  Policy policy;
  policy.id = PolicyId("T-1");
  policy.when = when;
  finish(policy);
  const auto outcome = evaluate(policy, firm, kDay);
  std::string seen;
  for (const auto& clause : outcome.clauses) seen += clause.id + "=" + zhida::to_text(clause.verdict) + " ";
  BOOST_TEST(seen == "a=not_met g=met b=met c=unknown n=not_met b=met d=unknown ");
  BOOST_TEST((outcome.verdict == Verdict::not_met));
  BOOST_TEST(!outcome.amount.has_value());
  BOOST_TEST(outcome.profile_sequence == 7);
}

BOOST_AUTO_TEST_CASE(unknown_never_helps_the_firm_whatever_the_clause_says_about_it) {
  using K = Clause::Kind;
  for (const auto on_unknown : {OnUnknown::review, OnUnknown::ask_enterprise, OnUnknown::fail}) {
    const auto open = on_unknown == OnUnknown::fail ? Verdict::not_met : Verdict::unknown;
    BOOST_TEST((verdict_of(flag("a", on_unknown), profile({})) == open));
    BOOST_TEST((verdict_of(group(K::negation, {flag("a", on_unknown)}), profile({})) == open));
    BOOST_TEST((verdict_of(group(K::negation, {group(K::negation, {flag("a", on_unknown)})}), profile({})) == open));
    // Another way in stays open.
    BOOST_TEST((verdict_of(group(K::any, {flag("a", on_unknown), flag("b")}),
                           profile({{"x.b", known(FieldData(true))}})) == Verdict::met));
  }
}

BOOST_AUTO_TEST_CASE(industry_and_region_codes_are_recognised) {
  for (const char* good : {"C", "C34", "34", "3411", "C3411", "a01", "T97"}) BOOST_TEST(is_industry_code(good), good);
  for (const char* bad : {"", "U", "3", "C3", "34111", "3x", "00", "98"}) BOOST_TEST(!is_industry_code(bad), bad);
  for (const char* good : {"330502", "330000"}) BOOST_TEST(is_region_code(good), good);
  for (const char* bad : {"", "3305", "33050x", "3305020"}) BOOST_TEST(!is_region_code(bad), bad);
  BOOST_TEST(!industry_below("", "C"));
  BOOST_TEST(!region_below("330502", ""));
}

BOOST_AUTO_TEST_CASE(values_are_shown_as_people_read_them) {
  BOOST_TEST(people_text(number(10'000'000), FieldType::money_fen, "") == "10万元");
  BOOST_TEST(people_text(number(12'345'678), FieldType::money_fen, "") == "123456.78元");
  BOOST_TEST(people_text(number(-5), FieldType::money_fen, "") == "-0.05元");
  BOOST_TEST(people_text(number(0), FieldType::money_fen, "") == "0元");
  BOOST_TEST(people_text(number(55'000), FieldType::rate_ppm, "") == "5.5%");
  BOOST_TEST(people_text(number(12), FieldType::integer, "月") == "12月");
  BOOST_TEST(people_text(FieldData(true), FieldType::boolean, "") == "是");
  BOOST_TEST(people_text(FieldData(day("2025-11-03")), FieldType::date, "") == "2025-11-03");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching::test
