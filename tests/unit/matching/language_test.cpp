#include <random>

#include "stages/matching/amount.h"
#include "stages/matching/check.h"
#include "stages/matching/evaluate.h"
#include "stages/matching/explain.h"
#include "unit/matching/scene.h"

namespace zhida::matching::test {
namespace {

const Date kDay = day("2025-11-03");

FieldState text(const char* value) {
  return known(FieldData(std::string(value)));
}
FieldState whole(std::int64_t value) {
  return known(FieldData(value));
}
FieldState date(const char* iso) {
  return known(FieldData(day(iso)));
}

/// A policy of one clause on declared fields; findings as `line:col CODE`.
struct Parsed {
  std::optional<Policy> policy;
  std::string errors, notes;
};

const char* kFields =
    "missing_fields: { x.codes: { title: 代码组, type: text }, x.last: { title: 最近事件, type: date }, x.count: { "
    "title: "
    "件数, type: int, unit: 件 }, x.money_fen: { title: 投资额, type: money }, x.more_fen: { title: 另一金额, type: "
    "money }, "
    "x.rate: { title: 利率, type: rate }, x.months: { title: 月数, type: int, unit: 月 }, x.flag: { title: 标志, type: "
    "bool }, x.kind: { title: 类别, type: code } }\n";

Parsed parse(const std::string& when, const std::string& amount = "{ family: relief, text: 减免 }",
             const std::string& more = "", const LocalSettings& local = {}) {
  const bool relief = amount.find("family: relief") != std::string::npos;
  PolicyFindings findings;
  Parsed out;
  out.policy = parse_policy(
      policy_text(when, amount,
                  relief
                      ? "{ channel: relief, period: once }"
                      : "{ channel: social_insurance_fund, fund: social_security, period: once, review: [人社局] }") +
          kFields + more,
      "T-1.yaml", fields(), local, findings);
  for (const auto& finding : findings.errors) out.errors += (out.errors.empty() ? "" : "; ") + finding.code;
  for (const auto& finding : findings.notes)
    if (finding.code != "field_without_source") out.notes += (out.notes.empty() ? "" : "; ") + finding.code;
  return out;
}

Policy parsed(const std::string& when, const std::string& amount = "{ family: relief, text: 减免 }",
              const std::string& more = "") {
  auto out = parse(when, amount, more);
  BOOST_REQUIRE_MESSAGE(out.policy.has_value(), when << amount << more << ": " << out.errors);
  return std::move(*out.policy);
}

const char* kAlways = "{ id: c1, text: 条件, field: x.flag, op: is_true }";

std::string sum_of(const std::string& amount, EnterpriseProfile firm) {
  firm.fields["x.flag"] = known(FieldData(true));
  const auto outcome = evaluate(parsed(kAlways, amount), firm, kDay);
  if (outcome.verdict != Verdict::met) return zhida::to_text(outcome.verdict);
  return outcome.amount ? outcome.amount->to_yuan() : "none";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(language)

BOOST_AUTO_TEST_CASE(all_twenty_two_operators_and_twelve_families_are_known) {
  BOOST_TEST(operator_names().size() == 22u);
  BOOST_TEST(amount_families().size() == 12u);
}

BOOST_AUTO_TEST_CASE(operators_on_several_codes_and_on_windows_decide_at_their_boundary) {
  struct Row {
    std::string clause;
    const char* field;
    FieldState state;
    Verdict verdict;
  };
  const auto codes = [](const char* value) { return text(value); };
  const std::string all = "{ id: c1, text: 条件, field: x.codes, op: all_of, value: [养老, 医疗] }";
  const std::string any = "{ id: c1, text: 条件, field: 代码组, op: any_of, value: [养老, 医疗] }";
  const std::string window = "{ id: c1, text: 条件, field: x.last, op: no_event_within, within: 36 月 }";
  const std::string ever = "{ id: c1, text: 条件, benefit: 补贴, op: not_received }";
  const std::string year = "{ id: c1, text: 条件, benefit: 补贴, op: not_received, within: 12 月 }";
  for (const auto& row : {
           Row{all, "x.codes", codes("养老、医疗"), Verdict::met},
           Row{all, "x.codes", codes("医疗, 工伤，养老"), Verdict::met},
           Row{all, "x.codes", codes("养老"), Verdict::not_met},
           Row{all, "x.codes", codes("养老金、医疗"), Verdict::not_met},
           Row{any, "x.codes", codes("工伤;医疗"), Verdict::met},
           Row{any, "x.codes", codes("工伤"), Verdict::not_met},
           Row{any, "x.codes", unknown(UnknownReason::stale), Verdict::unknown},
           Row{window, "x.last", date("2022-11-03"), Verdict::met},
           Row{window, "x.last", date("2022-11-04"), Verdict::not_met},
           Row{window, "x.last", date("2026-01-01"), Verdict::not_met},
           Row{window, "x.last", known(FieldData(never())), Verdict::met},
           Row{window, "x.last", unknown(UnknownReason::missing), Verdict::unknown},
           Row{ever, "received.补贴", known(FieldData(never())), Verdict::met},
           Row{ever, "received.补贴", date("1999-01-01"), Verdict::not_met},
           Row{ever, "received.补贴", unknown(UnknownReason::missing), Verdict::unknown},
           Row{year, "received.补贴", date("2024-11-03"), Verdict::met},
           Row{year, "received.补贴", date("2024-11-04"), Verdict::not_met},
       }) {
    BOOST_TEST_CONTEXT(row.clause << " " << (row.state.value ? zhida::to_text(row.state.value->data) : "unknown")) {
      const auto item = parsed(row.clause);
      const auto firm = profile({{row.field, row.state}});
      BOOST_TEST((evaluate(item, firm, kDay).verdict == row.verdict));
      BOOST_TEST((evaluate_condition(item.when, firm, kDay).verdict == row.verdict));
      // As engines see it.
      BOOST_TEST((evaluate(specialised(item, firm.division, kDay), firm, kDay).verdict == row.verdict));
      BOOST_TEST(!explain(item, evaluate(item, firm, kDay)).empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_clause_may_insist_on_its_sources) {
  const auto item = parsed("{ id: c1, text: 条件, field: x.flag, op: is_true, sources: [人社] }");
  auto firm = profile({{"x.flag", known(FieldData(true))}});
  const auto other = evaluate(item, firm, kDay);
  BOOST_TEST((other.verdict == Verdict::unknown));
  BOOST_TEST(other.clauses[0].unknown_reason == "other_source");
  firm.fields["x.flag"].value->source = "social_security";
  BOOST_TEST((evaluate(item, firm, kDay).verdict == Verdict::met));
}

BOOST_AUTO_TEST_CASE(derived_fields_are_exact_and_unknown_if_a_part_is) {
  const auto item =
      parsed("{ id: c1, text: 条件, field: 强度, op: '>=', value: 3 % }", "{ family: relief, text: 减免 }",
             "derived: { y.share: { title: 强度, type: rate, formula: 投资额 / 另一金额, round: down } }\n");
  const auto verdict = [&](FieldState part, FieldState base) {
    return evaluate(item, profile({{"x.money_fen", part}, {"x.more_fen", base}}), kDay).verdict;
  };
  BOOST_TEST((verdict(whole(3), whole(100)) == Verdict::met));
  BOOST_TEST((verdict(whole(29'999'999), whole(1'000'000'000)) == Verdict::not_met));  // Rounded down, as stated.
  BOOST_TEST((verdict(whole(3), unknown(UnknownReason::conflict)) == Verdict::unknown));
  BOOST_TEST((verdict(whole(3), whole(0)) == Verdict::unknown));  // No such number.
  BOOST_TEST((fields_of(item) == std::set<std::string>{"x.money_fen", "x.more_fen"}));
  // What a source reports itself stands.
  const auto reported = profile({{"x.money_fen", whole(3)}, {"x.more_fen", whole(100)}, {"y.share", whole(1)}});
  BOOST_TEST((evaluate(item, reported, kDay).verdict == Verdict::not_met));
  // The same as a column of the profile.
  auto column =
      profile({{"x.money_fen", whole(3)}, {"x.more_fen", known(FieldData(std::int64_t{100}), day("2024-01-01"))}});
  derive_into(item, column);
  BOOST_REQUIRE(column.find("y.share") != nullptr);
  BOOST_TEST(zhida::to_text(column.find("y.share")->value->data) == "30000");
  BOOST_TEST(column.find("y.share")->value->as_of.to_string() == "2024-01-01");
}

BOOST_AUTO_TEST_CASE(formulas_keep_their_meaning_and_their_units) {
  const Expression::Resolve resolve = [](const std::string& name) -> Result<Expression::Field> {
    if (name == "a" || name == "甲") return Expression::Field{"a", "甲", FieldType::money_fen};
    if (name == "b") return Expression::Field{"b", "乙", FieldType::money_fen};
    if (name == "n") return Expression::Field{"n", "数", FieldType::integer};
    return refuse("field_unknown", "There is no field " + name + ".");
  };
  const auto value = [](const std::string& name) -> std::optional<std::int64_t> {
    return name == "a" ? 1'001 : name == "b" ? 7 : 3;
  };
  for (const auto& [written, result] : {std::pair{"a * 1 % + (a - b) * 2 %", "2989/100"}, std::pair{"甲 / b", "143/1"},
                                        std::pair{"min(a, b * n)", "21/1"}, std::pair{"max(a,b)－0.01 元", "1000/1"},
                                        std::pair{"a / n * 2", "2002/3"}}) {
    BOOST_TEST_CONTEXT(written) {
      const auto parsed_once = Expression::parse(written, resolve);
      BOOST_REQUIRE(parsed_once.has_value());
      const auto sum = parsed_once.value().evaluate(value);
      BOOST_REQUIRE(sum.has_value());
      BOOST_TEST(std::to_string(static_cast<std::int64_t>(sum->numerator())) + "/" +
                     std::to_string(static_cast<std::int64_t>(sum->denominator())) ==
                 result);
      const auto again = Expression::parse(parsed_once.value().canonical(), resolve);
      BOOST_REQUIRE(again.has_value());
      BOOST_TEST(again.value().canonical() == parsed_once.value().canonical());
    }
  }
  for (const auto& [written, code] : {std::pair{"a * b", "formula_units"}, std::pair{"a + n", "formula_units"},
                                      std::pair{"n / a", "formula_units"}, std::pair{"a + ", "formula_malformed"},
                                      std::pair{"(a", "formula_malformed"}, std::pair{"a b", "formula_malformed"},
                                      std::pair{"c", "field_unknown"}, std::pair{"1.5 * a", "formula_malformed"}}) {
    const auto wrong = Expression::parse(written, resolve);
    BOOST_TEST_CONTEXT(written) {
      BOOST_REQUIRE(!wrong.has_value());
      BOOST_TEST(wrong.error().code == code);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_family_of_amounts_gives_the_sum_of_its_text) {
  const std::string round = ", round: { to: 分, mode: half_up }";
  struct Row {
    std::string amount;
    EnterpriseProfile firm;
    const char* sum;
  };
  const auto fen = [](std::int64_t value) { return profile({{"x.money_fen", whole(value)}}); };
  const std::string tiers =
      "{ family: tier, text: 分档, base: x.money_fen, tiers: [{ from: 500 万元, below: 3000 万元, rate: 1.5 % }, { "
      "from: 3000 "
      "万元, rate: 2 % }], cap: 100 万元" +
      round + " }";
  const std::string bands =
      "{ family: bands, text: 分段, base: x.money_fen, bands: [{ upto: 10 万元, rate: 1 % }, { upto: 100 万元, rate: "
      "0.5 % }, "
      "{ rate: 0.1 % }]" +
      round + " }";
  const std::string interest =
      "{ family: interest, text: 贴息, principal: x.money_fen, rate_field: x.rate, share: 60 %, months: x.months, "
      "months_max: "
      "12 月" +
      round + " }";
  const std::string staged =
      "{ family: schedule, text: 分期, stages: [{ id: a, amount: 1 元 }, { id: b, amount: 2 元, if: { field: x.count, "
      "op: '>', "
      "value: 1 件 } }] }";
  const std::string matrix =
      "{ family: lookup, text: 查表, rows: [{ text: 甲, if: { field: x.kind, op: '=', value: A }, amount: 3 元 }, { "
      "text: 乙, if: "
      "{ field: x.kind, op: '=', value: B }, amount: 5 元 }], plus: [{ family: tier, text: 另加, optional: true, by: "
      "x.count, "
      "tiers: [{ from: 10 件, amount: 1 元 }] }] }";
  const std::string multiplied =
      "{ family: fixed, text: 定额, amount: 1.01 元, multipliers: [{ text: 加倍, if: { field: x.kind, op: '=', value: "
      "A }, "
      "factor: 150 %, cap: 1.5 元 }, { text: 另倍, if: { field: x.count, op: '>', value: 5 件 }, factor: 50 % }]" +
      round + " }";
  for (const auto& row : {
           Row{"{ family: fixed, text: 定额, amount: 8 万元 }", profile({}), "80000.00"},
           Row{"{ family: none, text: 未载明 }", profile({}), "none"},
           Row{tiers, fen(500'000'000), "75000.00"},
           Row{tiers, fen(499'999'999), "not_met"},
           Row{tiers, fen(2'999'999'999), "450000.00"},
           Row{tiers, fen(3'000'000'000), "600000.00"},
           Row{tiers, fen(9'000'000'000), "1000000.00"},
           Row{tiers, profile({}), "unknown"},
           Row{bands, fen(10'000'000), "1000.00"},
           Row{bands, fen(110'000'000), "5600.00"},
           Row{bands, fen(-1), "unknown"},
           Row{"{ family: formula, text: 公式, formula: x.money_fen * 1 % - x.more_fen" + round + " }",
               profile({{"x.money_fen", whole(1'050)}, {"x.more_fen", whole(0)}}), "0.11"},
           Row{"{ family: formula, text: 公式, formula: x.money_fen - x.more_fen" + round + " }",
               profile({{"x.money_fen", whole(1)}, {"x.more_fen", whole(2)}}), "unknown"},
           Row{"{ family: actual_cost, text: 据实, base: x.money_fen, months: x.months, months_max: 12 月 }",
               profile({{"x.money_fen", whole(100)}, {"x.months", whole(13)}}), "12.00"},
           Row{"{ family: actual_cost, text: 据实, base: x.money_fen, rate: 50 %, caps: [{ field: x.more_fen, rate: 10 "
               "% }]" +
                   round + " }",
               profile({{"x.money_fen", whole(10'001)}, {"x.more_fen", whole(50'000)}}), "50.00"},
           Row{interest, profile({{"x.money_fen", whole(100'000)}, {"x.rate", whole(34'500)}, {"x.months", whole(1)}}),
               "1.73"},
           Row{interest, profile({{"x.money_fen", whole(100'000)}, {"x.rate", whole(34'500)}, {"x.months", whole(18)}}),
               "20.70"},
           Row{interest, profile({{"x.money_fen", whole(100'000)}, {"x.months", whole(18)}}), "unknown"},
           Row{staged, profile({}), "1.00"},
           Row{staged, profile({{"x.count", whole(2)}}), "3.00"},
           Row{matrix, profile({{"x.kind", text("B")}, {"x.count", whole(9)}}), "5.00"},
           Row{matrix, profile({{"x.kind", text("A")}, {"x.count", whole(10)}}), "4.00"},
           Row{matrix, profile({{"x.kind", text("A")}}), "unknown"},
           Row{matrix, profile({{"x.kind", text("C")}, {"x.count", whole(10)}}), "not_met"},
           Row{multiplied, profile({{"x.kind", text("A")}}), "1.50"},
           Row{multiplied, profile({{"x.kind", text("B")}, {"x.count", whole(6)}}), "0.51"},
           Row{multiplied, profile({{"x.kind", text("B")}, {"x.count", whole(5)}}), "1.01"},
           Row{multiplied, profile({{"x.count", whole(6)}}), "unknown"},
           Row{"{ family: lookup, text: 查表, table: { A: 2 元, B: 6 元 }, counts: { A: x.count, B: x.months } }",
               profile({{"x.count", whole(5)}, {"x.months", whole(3)}}), "28.00"},
           Row{"{ family: fixed, text: 定额, amount: 1 元, co_funding: { 市: 42.35 %, 区: 57.65 % } }", profile({}),
               "1.00"},
       }) {
    BOOST_TEST_CONTEXT(row.amount) {
      BOOST_TEST(sum_of(row.amount, row.firm) == row.sum);
      const auto item = parsed(kAlways, row.amount);
      BOOST_TEST(render(item).find("标准：") != std::string::npos);
    }
  }
  const auto shared =
      parsed(kAlways, "{ family: fixed, text: 定额, amount: 0.99 元, co_funding: { 市: 50 %, 区: 50 % } }");
  const auto outcome = compute_amount(shared, profile({}));
  BOOST_REQUIRE(outcome.shares.size() == 2u);
  BOOST_TEST(outcome.shares[0].amount.fen() == 50);
  BOOST_TEST(outcome.shares[1].amount.fen() == 49);
}

BOOST_AUTO_TEST_CASE(the_checker_finds_what_is_wrong_in_the_logic) {
  const auto all = [](const std::string& parts) { return "{ all: [" + parts + "] }"; };
  const auto tier = [](const std::string& tiers) {
    return "{ family: tier, text: 分档, by: x.count, tiers: [" + tiers + "] }";
  };
  const std::string more = "{ id: a, text: 甲, field: x.count, op: '>', value: 30 件 }";
  const std::string less = "{ id: b, text: 乙, field: x.count, op: '<=', value: 30 件 }";
  struct Row {
    std::string when, amount;
    const char* codes;
  };
  for (const auto& row : {
           Row{all(more + ", " + less), "", "never_true"},
           Row{"{ any: [" + more + ", " + less + "] }", "", "always_true"},
           Row{"{ id: a, text: 甲, field: x.count, op: '>=', value: 0 件 }", "", "always_true"},
           Row{"{ id: a, text: 甲, field: x.count, op: '<', value: 0 件 }", "", "never_true"},
           Row{"{ not: " + more + " }", "", ""},
           Row{all(more + ", { not: { id: c, text: 丙, field: x.count, op: '>', value: 30 件 } }"), "", "never_true"},
           Row{all("{ id: a, text: 甲, field: x.kind, op: in, value: [A, B] }, { id: b, text: 乙, field: x.kind, op: "
                   "not_in, "
                   "value: [A, B] }"),
               "", "never_true"},
           Row{more, tier("{ from: 1 件, to: 5 件, amount: 1 元 }, { from: 5 件, amount: 2 元 }"), "tier_overlap"},
           Row{more, tier("{ from: 1 件, below: 5 件, amount: 1 元 }, { above: 5 件, amount: 2 元 }"), "tier_gap"},
           Row{more, tier("{ from: 1 件, to: 4 件, amount: 1 元 }, { from: 5 件, amount: 2 元 }"), ""},
           Row{more, tier("{ from: 5 件, to: 4 件, amount: 1 元 }"), "never_true"},
           Row{more, tier("{ from: 1 元, amount: 1 元 }"), "unit_wrong; tier_unbounded"},
           Row{more,
               "{ family: bands, text: 分段, base: x.money_fen, bands: [{ upto: 2 元, rate: 1 % }, { upto: 1 元, rate: "
               "1 % }, "
               "{ rate: 0 % }], round: { to: 分, mode: down } }",
               "band_overlap"},
           Row{more,
               "{ family: bands, text: 分段, base: x.money_fen, bands: [{ upto: 2 元, rate: 1 % }], round: { to: 分, "
               "mode: down "
               "} }",
               "band_gap"},
           Row{more, "{ family: formula, text: 公式, formula: x.count * 2, round: { to: 分, mode: down } }",
               "formula_units"},
           Row{more, "{ family: fixed, text: 定额, amount: 1 元, co_funding: { 市: 50 %, 区: 49 % } }", "shares_wrong"},
       }) {
    BOOST_TEST_CONTEXT(row.when << " " << row.amount) {
      const auto outcome = row.amount.empty() ? parse(row.when) : parse(row.when, row.amount);
      BOOST_TEST(outcome.errors == row.codes);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_a_sum_needs_is_met_exactly_where_the_sum_is_known) {
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  BOOST_TEST_MESSAGE("seed " << seed);
  std::size_t pairs = 0, wrong = 0;
  for (const auto& source : policies()) {
    const auto& item = source.policy;
    const auto needs = amount_needs(item);
    ProbeValues probes(item, kDay);
    for_each_clause_of(item, [&](const Clause& clause) {
      if (clause.kind == Clause::Kind::condition) probes.add(clause);
    });
    probes.add(needs);
    for (int round = 0; round < 400; ++round) {
      EnterpriseProfile firm = profile({});
      const char* divisions[] = {"330500", "330600", "330700", "320000"};
      firm.division = divisions[random() % 4];
      for (const auto& [field, values] : probes.values()) {
        const auto pick = random() % (values.size() + 2);
        if (pick < values.size()) firm.fields[field] = known(values[pick]);
        if (pick == values.size()) firm.fields[field] = unknown(UnknownReason::conflict);
      }
      for (const auto& field : fields_of(item))
        if (!firm.fields.contains(field) && fields().find(field) == nullptr && random() % 3 != 0) {
          for (const auto& missing : item.missing_fields)
            if (missing.name == field && missing.type != FieldType::boolean && missing.type != FieldType::date &&
                missing.type != FieldType::code && missing.type != FieldType::text)
              firm.fields[field] = whole(static_cast<std::int64_t>(random() % 5'000'000'000u));
        }
      ++pairs;
      const Facts facts(item, firm, kDay);
      const auto told = compute_amount(item, facts).verdict;
      const bool same =
          told == evaluate_clause(needs, facts) &&
          told == evaluate_clause(specialised(item, needs, firm.division, kDay), facts) &&
          evaluate(item, firm, kDay).verdict == evaluate(specialised(item, firm.division, kDay), firm, kDay).verdict;
      if (!same && ++wrong < 4) BOOST_ERROR(item.id.str() << " differs, seed " << seed << ", round " << round);
    }
  }
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(pairs == policies().size() * 400);
}

BOOST_AUTO_TEST_CASE(a_sum_that_takes_more_than_128_bits_on_its_way_is_unknown_whoever_asks) {
  const auto item = parsed(
      kAlways,
      "{ family: formula, text: 公式, formula: x.money_fen * x.count / x.months, multipliers: [{ text: 加倍, if: { "
      "field: x.kind, op: '=', value: A }, factor: 123.4567 % }], round: { to: 分, mode: half_up } }");
  // Denominators of 2^61 - 1: what the formula gives fits, what the multiplier makes of it does not.
  constexpr std::int64_t kPrime = (std::int64_t{1} << 61) - 1;
  const auto firm = [&](std::int64_t count, std::int64_t months, const char* kind) {
    return profile({{"x.flag", known(FieldData(true))},
                    {"x.money_fen", whole(123'456'789'012'345'677)},
                    {"x.count", whole(count)},
                    {"x.months", whole(months)},
                    {"x.kind", known(FieldData(std::string(kind)))}});
  };
  const auto needs = amount_needs(item);
  const auto asked = [&](const EnterpriseProfile& one) { return evaluate_clause(needs, Facts(item, one, kDay)); };
  BOOST_TEST((asked(firm(kPrime - 2, kPrime, "B")) == Verdict::met));
  BOOST_TEST((evaluate(item, firm(kPrime - 2, kPrime, "B"), kDay).verdict == Verdict::met));
  BOOST_TEST((asked(firm(3, 3, "A")) == Verdict::met));
  const auto wide = firm(kPrime - 2, kPrime, "A");
  BOOST_TEST((asked(wide) == Verdict::unknown));
  const auto outcome = evaluate(item, wide, kDay);
  BOOST_TEST((outcome.verdict == Verdict::unknown));
  BOOST_TEST(!outcome.amount.has_value());
  BOOST_TEST(outcome.tranches.empty());
  BOOST_REQUIRE(!outcome.clauses.empty());
  BOOST_TEST(outcome.clauses.back().id == "amount");
  BOOST_TEST(outcome.clauses.back().unknown_reason == "out_of_range");
  // An engine is told the same.
  auto column = wide;
  derive_into(item, column);
  BOOST_REQUIRE(column.find(formula_field(item.id)) != nullptr);
  BOOST_TEST(!column.find(formula_field(item.id))->value.has_value());
}

BOOST_AUTO_TEST_CASE(an_item_that_cannot_be_computed_reminds_and_never_pays) {
  const auto item = parsed(kAlways, "{ family: fixed, text: 定额, amount: 1 元 }", "kind: reminder\n");
  const auto firm = profile({{"x.flag", known(FieldData(true))}});
  const auto outcome = evaluate(item, firm, kDay);
  BOOST_TEST((outcome.verdict == Verdict::unknown));
  BOOST_TEST(outcome.tranches.empty());
  BOOST_TEST(outcome.clauses[1].id == "reminder");
  BOOST_TEST(render(item).find("暂难数据化") != std::string::npos);
  BOOST_TEST((evaluate(item, profile({{"x.flag", known(FieldData(false))}}), kDay).verdict == Verdict::not_met));
}

BOOST_AUTO_TEST_CASE(fields_that_no_source_provides_are_shared_and_must_agree) {
  const auto* graduates = [&]() -> const MissingField* {
    for (const auto& field : policy("HR-008").missing_fields)
      if (field.name == "hire.graduate_count") return &field;
    return nullptr;
  }();
  BOOST_REQUIRE(graduates != nullptr);
  BOOST_TEST(graduates->unit == "人");
  const auto all = extended(fields(), policies());
  BOOST_TEST(all.find("hire.graduate_count") != nullptr);
  BOOST_TEST(all.find("fin.rd_ratio") != nullptr);
  BOOST_TEST(all.find("received.一次性吸纳就业补贴") != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace zhida::matching::test
