#include "stages/matching/amount.h"

#include "stages/matching/literal.h"
#include "unit/matching/scene.h"

namespace zhida::matching::test {
namespace {

Policy with(Amount amount) {
  Policy policy;
  policy.id = PolicyId("T-1");
  policy.amount = std::move(amount);
  return policy;
}

FieldState fen(std::int64_t value) {
  return known(FieldData(value));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(amounts)

BOOST_AUTO_TEST_CASE(a_ratio_is_rounded_once_as_the_policy_says) {
  struct Row {
    std::int64_t base, ppm;
    Rounding mode;
    std::int64_t unit;
    std::int64_t expected;
  };
  for (const auto& row :
       {Row{5, 300'000, Rounding::half_up, 1, 2}, Row{5, 300'000, Rounding::down, 1, 1},
        Row{5, 300'000, Rounding::up, 1, 2}, Row{4, 300'000, Rounding::half_up, 1, 1},
        Row{100'149, 500'000, Rounding::half_up, 100, 50'100}, Row{100'100, 500'000, Rounding::half_up, 100, 50'100},
        Row{100'099, 500'000, Rounding::half_up, 100, 50'000}, Row{0, 600'000, Rounding::half_up, 1, 0},
        Row{INT64_MAX, 1'000'000, Rounding::half_up, 1, INT64_MAX}}) {
    Amount amount;
    amount.rule = RatioAmount{"x.base", row.ppm, "", {}};
    amount.rounding = row.mode;
    amount.rounding_unit_fen = row.unit;
    const auto outcome = compute_amount(with(amount), profile({{"x.base", fen(row.base)}}));
    BOOST_TEST_CONTEXT(row.base << " × " << row.ppm) {
      BOOST_TEST((outcome.verdict == Verdict::met));
      BOOST_REQUIRE(outcome.total.has_value());
      BOOST_TEST(outcome.total->fen() == row.expected);
      BOOST_TEST(outcome.tranches.size() == (row.expected > 0 ? 1u : 0u));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_input_that_cannot_be_used_gives_no_amount_and_says_why) {
  Amount amount;
  amount.rule = RatioAmount{"x.base", 0, "x.size", {{"small", 600'000}}};
  const auto policy = with(amount);
  struct Row {
    EnterpriseProfile firm;
    Verdict verdict;
    std::string reason, field;
  };
  const auto small = known(FieldData(std::string("small")));
  const auto large = known(FieldData(std::string("large")));
  const std::vector<Row> rows = {
      {profile({{"x.size", small}}), Verdict::unknown, "missing", "x.base"},
      {profile({{"x.base", fen(100)}}), Verdict::unknown, "missing", "x.size"},
      {profile({{"x.base", unknown(UnknownReason::stale)}, {"x.size", small}}), Verdict::unknown, "stale", "x.base"},
      {profile({{"x.base", fen(-1)}, {"x.size", small}}), Verdict::unknown, "out_of_range", "x.base"},
      {profile({{"x.base", small}, {"x.size", small}}), Verdict::unknown, "wrong_type", "x.base"},
      {profile({{"x.base", fen(100)}, {"x.size", large}}), Verdict::not_met, "", "x.size"},
      // No rate for this code: not met whatever the base may be.
      {profile({{"x.size", large}}), Verdict::not_met, "", "x.size"},
  };
  for (const auto& row : rows) {
    const auto outcome = compute_amount(policy, row.firm);
    BOOST_TEST((outcome.verdict == row.verdict));
    BOOST_REQUIRE(outcome.clause.has_value());
    BOOST_TEST(outcome.clause->id == "amount");
    BOOST_TEST((outcome.clause->verdict == row.verdict));
    BOOST_TEST(outcome.clause->unknown_reason == row.reason);
    BOOST_TEST(outcome.clause->field == row.field);
    BOOST_TEST(!outcome.total.has_value());
    BOOST_TEST(outcome.tranches.empty());
  }
}

BOOST_AUTO_TEST_CASE(units_are_counted_up_to_the_limit_and_never_overflow) {
  Amount amount;
  amount.rule = PerUnitAmount{"x.count", Money::from_fen(2'000'000), 5};
  for (const auto& [count, expected] :
       {std::pair{0, 0}, std::pair{1, 2'000'000}, std::pair{5, 10'000'000}, std::pair{6, 10'000'000}}) {
    const auto outcome = compute_amount(with(amount), profile({{"x.count", fen(count)}}));
    BOOST_TEST(outcome.total.value().fen() == expected);
  }
  amount.rule = PerUnitAmount{"x.count", Money::from_fen(2'000'000), std::nullopt};
  const auto outcome = compute_amount(with(amount), profile({{"x.count", fen(INT64_MAX)}}));
  BOOST_TEST((outcome.verdict == Verdict::unknown));
  BOOST_TEST(outcome.clause->unknown_reason == "out_of_range");
}

BOOST_AUTO_TEST_CASE(a_cap_is_the_most_that_is_paid) {
  Amount amount;
  amount.rule = FixedAmount{Money::from_fen(500)};
  amount.cap = Money::from_fen(400);
  BOOST_TEST(compute_amount(with(amount), profile({})).total->fen() == 400);
  amount.cap = Money::from_fen(500);
  BOOST_TEST(compute_amount(with(amount), profile({})).total->fen() == 500);
}

BOOST_AUTO_TEST_CASE(literals_carry_their_unit) {
  struct Row {
    const char* text;
    FieldType type;
    const char* unit;
    FieldData expected;
  };
  const auto n = [](std::int64_t value) { return FieldData(value); };
  for (const auto& row :
       {Row{"12 月", FieldType::integer, "月", n(12)}, Row{"12月", FieldType::integer, "月", n(12)},
        Row{"2022", FieldType::integer, "", n(2022)}, Row{"10 万元", FieldType::money_fen, "", n(10'000'000)},
        Row{"0.01 元", FieldType::money_fen, "", n(1)}, Row{"1.5亿元", FieldType::money_fen, "", n(15'000'000'000)},
        Row{"5.5 %", FieldType::rate_ppm, "", n(55'000)}, Row{"5.0001 %", FieldType::rate_ppm, "", n(50'001)},
        Row{"是", FieldType::boolean, "", FieldData(true)},
        Row{"2025-12-31", FieldType::date, "", FieldData(day("2025-12-31"))}}) {
    const auto read = parse_literal(row.text, row.type, row.unit);
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST((read.has_value() && read.value() == row.expected));
    }
  }
  struct Bad {
    const char* text;
    FieldType type;
    const char* unit;
    const char* code;
  };
  for (const auto& row :
       {Bad{"12", FieldType::integer, "月", "unit_missing"}, Bad{"12 人", FieldType::integer, "月", "unit_wrong"},
        Bad{"1.5 月", FieldType::integer, "月", "value_malformed"}, Bad{"10", FieldType::money_fen, "", "unit_missing"},
        Bad{"10 %", FieldType::money_fen, "", "unit_wrong"},
        Bad{"0.001 元", FieldType::money_fen, "", "value_too_fine"},
        Bad{"0.00001 %", FieldType::rate_ppm, "", "value_too_fine"},
        Bad{"0.055", FieldType::rate_ppm, "", "unit_missing"},
        Bad{"many 元", FieldType::money_fen, "", "value_malformed"},
        Bad{"1-2 元", FieldType::money_fen, "", "value_malformed"},
        Bad{"maybe", FieldType::boolean, "", "value_malformed"},
        Bad{"2025-02-30", FieldType::date, "", "value_malformed"}, Bad{"", FieldType::code, "", "value_malformed"},
        Bad{"99999999999999999999 元", FieldType::money_fen, "", "value_malformed"}}) {
    const auto read = parse_literal(row.text, row.type, row.unit);
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_TEST((!read.has_value() && read.error().code == row.code));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching::test
