// What a sum needs, as a clause.
#include <utility>

#include "stages/matching/amount.h"
#include "stages/matching/amount_limits.h"

namespace zhida::matching {
namespace {

using namespace limits;

Clause group(Clause::Kind kind, std::vector<Clause> children) {
  Clause out;
  out.kind = kind;
  out.children = std::move(children);
  return out;
}

Clause all(std::vector<Clause> children) {
  if (children.size() == 1) return std::move(children.front());
  return group(Clause::Kind::all, std::move(children));
}

Clause negation(Clause clause) {
  return group(Clause::Kind::negation, {std::move(clause)});
}

/// Met where the clause is met or not met, unknown where it is unknown.
Clause decided(const Clause& clause) {
  return group(Clause::Kind::any, {clause, negation(clause)});
}

/// The clause with whatever `on_unknown` it has taken away: a sum is unknown where its tier is.
Clause plain(Clause clause) {
  clause.on_unknown = OnUnknown::review;
  clause.id.clear();
  for (auto& child : clause.children) child = plain(std::move(child));
  return clause;
}

Clause condition(const std::string& field, FieldType type, Operator op, std::vector<FieldData> operands) {
  Clause out;
  out.field = field;
  out.type = type;
  out.op = op;
  out.operands = std::move(operands);
  return out;
}

/// A number from zero to `most`; anything else leaves the sum unknown.
Clause within(const std::string& field, FieldType type, std::int64_t most) {
  auto out = condition(field, type, Operator::between, {std::int64_t{0}, most});
  out.false_is_unknown = true;
  return out;
}

template <class Table>
Clause one_of(const std::string& field, const Table& table) {
  std::vector<FieldData> codes;
  for (const auto& [code, unused] : table) codes.emplace_back(code);
  return condition(field, FieldType::code, Operator::in, std::move(codes));
}

struct RuleNeeds {
  const Policy& policy;

  Clause money(const std::string& field, std::int64_t factor = 1) const {
    return within(field, FieldType::money_fen, amount_input_max(policy, factor));
  }
  Clause months(const std::string& field) const { return within(field, FieldType::integer, kMonthsMost); }

  Clause operator()(const FixedAmount&) const { return always(); }
  Clause operator()(const ReliefAmount&) const { return always(); }
  Clause operator()(const NoAmount&) const { return always(); }
  Clause operator()(const ScheduleAmount&) const { return always(); }
  Clause operator()(const StagesAmount&) const { return always(); }

  Clause operator()(const RatioAmount& rule) const {
    if (rule.by.empty()) return money(rule.base);
    return all({money(rule.base), one_of(rule.by, rule.rates_ppm)});
  }
  Clause operator()(const LookupAmount& rule) const {
    if (rule.counts.empty()) return one_of(rule.by, rule.amounts);
    std::vector<Clause> counts;
    for (const auto& [code, field] : rule.counts)
      counts.push_back(within(field, FieldType::integer, count_max(policy, rule, rule.amounts.at(code))));
    return all(std::move(counts));
  }
  Clause operator()(const PerUnitAmount& rule) const {
    std::vector<Clause> parts = {within(rule.count, FieldType::integer, count_max(policy, rule))};
    if (!rule.unit_datum.empty()) parts.push_back(money(rule.unit_datum, rule.unit_factor * kCountMost));
    return all(std::move(parts));
  }
  Clause operator()(const TierAmount& rule) const {
    std::vector<Clause> tiers;
    for (const auto& tier : rule.tiers) {
      auto when = plain(tier.when);
      tiers.push_back(tier.amount ? std::move(when) : all({std::move(when), money(rule.base)}));
    }
    return group(Clause::Kind::any, std::move(tiers));
  }
  Clause operator()(const BandsAmount& rule) const { return money(rule.base); }
  Clause operator()(const FormulaAmount&) const {
    // policy_file declares the formula as a derived field besides: unknown exactly where the sum is.
    return money(formula_field(policy.id));
  }
  Clause operator()(const ActualCostAmount& rule) const {
    if (rule.months.empty()) return money(rule.base);
    return all({money(rule.base, kMonthsMost), months(rule.months)});
  }
  Clause operator()(const InterestAmount& rule) const {
    std::vector<Clause> parts = {money(rule.principal, kMonthsMost), months(rule.months)};
    if (!rule.rate_field.empty()) parts.push_back(within(rule.rate_field, FieldType::rate_ppm, 1'000'000));
    return all(std::move(parts));
  }
};

/// Which multiplier applies must be clear: the first is met, or it is not and the same holds of the rest.
Clause multiplier_needs(const std::vector<Multiplier>& multipliers, std::size_t at) {
  if (at == multipliers.size()) return always();
  const auto when = plain(multipliers[at].when);
  if (at + 1 == multipliers.size()) return decided(when);
  return group(Clause::Kind::any, {when, all({negation(when), multiplier_needs(multipliers, at + 1)})});
}

}  // namespace

std::string formula_field(const PolicyId& policy) {
  return "amount." + policy.str();
}

Clause amount_needs(const Policy& policy) {
  const auto& amount = policy.amount;
  const RuleNeeds needs{policy};
  std::vector<Clause> parts;
  const auto put = [&](Clause clause) {
    if (clause.kind != Clause::Kind::all || !clause.children.empty()) parts.push_back(std::move(clause));
  };
  put(std::visit(needs, amount.rule));
  if (!amount.multipliers.empty()) put(multiplier_needs(amount.multipliers, 0));
  for (const auto& part : amount.parts) {
    auto own = std::visit(needs, part.rule);
    put(part.optional ? decided(own) : std::move(own));
  }
  for (const auto& cap : amount.field_caps) put(needs.money(cap.field, cap_factor(cap)));
  auto out = all(std::move(parts));
  Policy holder;
  holder.when = std::move(out);
  finish(holder);
  return holder.when;
}

}  // namespace zhida::matching
