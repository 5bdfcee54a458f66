// Amount rules by dice: all families, whatever a sum may have besides, and numbers of every size.
#include <iterator>

#include "property/random_items.h"

namespace zhida::test {

using namespace matching;

namespace {

constexpr const char* kFen[] = {"sum.fen.0", "sum.fen.1", "sum.fen.2", "sum.fen.3"};
constexpr const char* kCount[] = {"sum.count.0", "sum.count.1", "sum.count.2"};
constexpr const char* kRate = "sum.rate";
constexpr const char* kCode = "sum.code";
constexpr const char* kGrades[] = {"A", "B", "C34"};
constexpr const char* kDatum = "region.each";

}  // namespace

template <std::size_t kSize>
std::string RandomItems::one_of(const char* const (&names)[kSize]) {
  return names[below(static_cast<std::int64_t>(kSize))];
}

Money RandomItems::stated(std::int64_t below_fen) {
  return Money::from_fen(below(chance(30) ? 100 : below_fen));
}

std::int64_t RandomItems::ppm(std::int64_t most) {
  return chance(20) ? most : chance(50) ? below(100) * (most / 100) : below(most + 1);
}

Clause RandomItems::amount_clause(bool columns_only) {
  if (chance(60)) {
    // A band of a sum, as tiers are mostly written.
    Clause out;
    out.id = "a" + std::to_string(++ids_);
    out.field = one_of(kFen);
    out.type = FieldType::money_fen;
    out.op = chance(50) ? Operator::gte : Operator::lt;
    out.operands = {stated(1'000'000'000'000).fen()};
    return out;
  }
  return tree(2, columns_only);
}

AmountRule RandomItems::plain_rule(bool columns_only) {
  switch (below(8)) {
    case 0:
      return FixedAmount{stated()};
    case 1:
      if (chance(50)) return RatioAmount{one_of(kFen), ppm(), "", {}};
      return RatioAmount{one_of(kFen), 0, kCode, {{"A", ppm()}, {"B", ppm()}}};
    case 2: {
      LookupAmount out;
      for (const auto* grade : kGrades)
        if (chance(80)) out.amounts[grade] = stated();
      if (chance(50)) {
        out.by = kCode;
      } else {
        std::size_t next = 0;
        for (const auto& [grade, sum] : out.amounts) out.counts[grade] = kCount[next++];
      }
      if (!out.amounts.empty()) return out;
      return FixedAmount{stated()};
    }
    case 3: {
      PerUnitAmount out;
      out.count = one_of(kCount);
      out.unit_amount = stated();
      if (chance(50)) out.units_max = 1 + below(chance(50) ? 10 : 10'000);
      if (!columns_only && chance(25)) {
        out.unit_datum = kDatum;
        out.unit_factor = 1 + below(3);
      }
      return out;
    }
    case 4: {
      // Tiers exclude one another: that is what the checker asks of them.
      TierAmount out;
      out.base = one_of(kFen);
      Clause bound;
      bound.field = one_of(kFen);
      bound.type = FieldType::money_fen;
      std::int64_t from = 0;
      for (auto left = 1 + below(3); left > 0; --left) {
        TierAmount::Tier tier;
        tier.when = always();
        const auto put = [&](Operator op, std::int64_t fen) {
          bound.id = "a" + std::to_string(++ids_);
          bound.op = op;
          bound.operands = {fen};
          tier.when.children.push_back(bound);
        };
        if (from > 0 || chance(50)) put(Operator::gte, from);
        from += 1 + below(chance(50) ? 1'000'000 : 500'000'000'000);
        if (left > 1 || chance(50)) put(Operator::lt, from);
        if (chance(30)) tier.when.children.push_back(tree(2, columns_only));
        if (chance(50))
          tier.amount = stated();
        else
          tier.rate_ppm = ppm();
        out.tiers.push_back(std::move(tier));
      }
      return out;
    }
    case 5: {
      BandsAmount out;
      out.base = one_of(kFen);
      std::int64_t upto = 0;
      for (auto left = below(4); left > 0; --left) {
        upto += 1 + below(chance(50) ? 1'000'000 : 1'000'000'000'000);
        out.bands.push_back({Money::from_fen(upto), ppm()});
      }
      out.bands.push_back({std::nullopt, ppm()});
      return out;
    }
    case 6: {
      ActualCostAmount out;
      out.base = one_of(kFen);
      if (chance(70)) out.rate_ppm = ppm();
      if (chance(50)) out.months = one_of(kCount);
      if (!out.months.empty() && chance(50)) out.months_max = 1 + below(36);
      return out;
    }
    default: {
      InterestAmount out;
      out.principal = one_of(kFen);
      if (chance(50)) out.principal_max = stated(1'000'000'000);
      if (chance(50))
        out.rate_field = kRate;
      else
        out.rate_ppm = ppm(200'000);
      out.share_ppm = chance(50) ? 1'000'000 : ppm();
      out.months = one_of(kCount);
      if (chance(50)) out.months_max = 1 + below(36);
      return out;
    }
  }
}

/// Money where `money`, else a plain number; parsed like one that somebody wrote.
std::string RandomItems::formula_text(int depth, bool money) {
  const auto part = [&](bool of_money) { return formula_text(depth - 1, of_money); };
  if (depth == 0 || chance(25)) {
    if (money) return chance(80) ? one_of(kFen) : std::to_string(below(5000)) + " 元";
    if (chance(40)) return one_of(kCount);
    return chance(40) ? kRate : chance(50) ? std::to_string(1 + below(12)) : std::to_string(below(100)) + " %";
  }
  const auto two = [&](const char* sign, bool left, bool right) {
    return "(" + part(left) + " " + sign + " " + part(right) + ")";
  };
  switch (below(7)) {
    case 0:
      return two("+", money, money);
    case 1:
      return two("-", money, money);
    case 2:
      return two("*", money, false);
    case 3:
      return !money && chance(50) ? two("/", true, true) : two("/", money, false);
    case 4:
      return "min(" + part(money) + ", " + part(money) + ")";
    case 5:
      return "max(" + part(money) + ", " + part(money) + ")";
    default:
      return two("*", false, money);
  }
}

Amount RandomItems::amount(bool columns_only) {
  Amount out;
  out.text = "金额";
  switch (below(14)) {
    case 0: {
      ScheduleAmount rule;
      rule.by = kCode;
      for (const auto* grade : kGrades) rule.amounts[grade] = stated();
      rule.advance_code = one_of(kGrades);
      rule.advance_rate_ppm = ppm();
      out.rule = std::move(rule);
      break;
    }
    case 1: {
      StagesAmount rule;
      for (auto left = 1 + below(3); left > 0; --left)
        rule.stages.push_back(
            {"stage" + std::to_string(left), chance(20) ? always() : amount_clause(columns_only), stated()});
      out.rule = std::move(rule);
      break;
    }
    case 2:
      out.rule = ReliefAmount{};
      return out;
    case 3:
      out.rule = NoAmount{};
      return out;
    case 4: {
      const auto resolve = [](const std::string& name) -> Result<Expression::Field> {
        const auto type = name.starts_with("sum.fen") ? FieldType::money_fen
                          : name == kRate             ? FieldType::rate_ppm
                                                      : FieldType::integer;
        return Expression::Field{name, name, type};
      };
      const auto formula = Expression::parse(formula_text(3, true), resolve);
      if (!columns_only && formula && formula.value().kind() == Expression::Kind::money)
        out.rule = FormulaAmount{formula.value()};
      else
        out.rule = plain_rule(columns_only);
      break;
    }
    default:
      out.rule = plain_rule(columns_only);
  }
  out.rounding = chance(33) ? Rounding::down : chance(50) ? Rounding::up : Rounding::half_up;
  constexpr std::int64_t kUnits[] = {1, 10, 100, 10'000};
  out.rounding_unit_fen = kUnits[below(std::size(kUnits))];
  const auto staged =
      std::holds_alternative<ScheduleAmount>(out.rule) || std::holds_alternative<StagesAmount>(out.rule);
  if (staged) return out;
  if (chance(30)) out.cap = stated(10'000'000);
  if (chance(15)) out.field_caps.push_back({one_of(kFen), chance(70) ? ppm() : ppm(10'000'000)});
  for (auto left = chance(25) ? 1 + below(2) : 0; left > 0; --left) {
    Multiplier multiplier;
    multiplier.when = amount_clause(columns_only);
    multiplier.factor_ppm = chance(50) ? 1'500'000 : ppm(10'000'000);
    if (chance(30)) multiplier.cap = stated(20'000'000);
    out.multipliers.push_back(std::move(multiplier));
  }
  for (auto left = chance(25) ? 1 + below(2) : 0; left > 0; --left)
    out.parts.push_back({plain_rule(columns_only), "加计", chance(40)});
  if (chance(20)) {
    const auto first = ppm();
    out.co_funding = {{"市", first}, {"区", 1'000'000 - first}};
  }
  return out;
}

void RandomItems::put_amount_inputs(EnterpriseProfile& firm, Date day) {
  const auto put = [&](const std::string& field, FieldData data) {
    if (chance(10)) return;
    auto& state = firm.fields[field];
    state = {};
    if (chance(5)) {
      state.reason = UnknownReason::stale;
      return;
    }
    state.value.emplace();
    state.value->data = chance(1) ? FieldData(std::string("A")) : std::move(data);
    state.value->source = "tax";
    state.value->as_of = day.plus_days(-static_cast<int>(below(45)));
  };
  for (const auto* field : kFen) {
    // From nothing to the greatest, and around the greatest that a sum may be made from.
    std::int64_t fen = below(1'000'000'000'000) >> below(40);
    if (chance(6)) {
      constexpr std::int64_t kDivisors[] = {1, 16, 1'200, 16 * 1'200, 10};
      fen = INT64_MAX / kDivisors[below(std::size(kDivisors))] + (chance(50) ? 0 : -below(3));
    }
    put(field, FieldData(chance(3) ? -fen : fen));
  }
  for (const auto* field : kCount)
    put(field, FieldData(chance(5)   ? INT64_MAX - below(3)
                         : chance(5) ? below(4) - 2 + (chance(50) ? 1'200 : 1'000'000'000)
                                     : below(chance(50) ? 13 : 100'000)));
  put(kRate, FieldData(chance(5) ? below(3) + 999'999 : below(100'000)));
  put(kCode, FieldData(std::string(chance(70) ? one_of(kGrades) : "X9")));
}

RegionDatum RandomItems::each_datum() {
  RegionDatum out;
  out.name = kDatum;
  out.type = FieldType::money_fen;
  out.values = {{"330500", FieldData(std::int64_t{228'000})}, {"330502", FieldData(std::int64_t{249'000})}};
  return out;
}

}  // namespace zhida::test
