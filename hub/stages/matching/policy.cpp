#include "stages/matching/policy.h"

#include <algorithm>
#include <array>
#include <utility>

#include "stages/matching/evaluate.h"
#include "stages/matching/region_industry.h"

namespace zhida::matching {
namespace {

template <class Enumerator>
using Names = std::pair<Enumerator, const char*>;

constexpr auto kOperators = std::to_array<Names<Operator>>({{Operator::eq, "eq"},
                                                            {Operator::in, "in"},
                                                            {Operator::not_in, "not_in"},
                                                            {Operator::gt, "gt"},
                                                            {Operator::gte, "gte"},
                                                            {Operator::lt, "lt"},
                                                            {Operator::lte, "lte"},
                                                            {Operator::between, "between"},
                                                            {Operator::is_true, "is_true"},
                                                            {Operator::is_false, "is_false"},
                                                            {Operator::exists, "exists"},
                                                            {Operator::listed, "listed"},
                                                            {Operator::not_listed, "not_listed"},
                                                            {Operator::first_time, "first_time"},
                                                            {Operator::date_gte, "date_gte"},
                                                            {Operator::date_between, "date_between"},
                                                            {Operator::industry_in, "industry_in"},
                                                            {Operator::region_in, "region_in"},
                                                            {Operator::all_of, "all_of"},
                                                            {Operator::any_of, "any_of"},
                                                            {Operator::not_received, "not_received"},
                                                            {Operator::no_event_within, "no_event_within"}});

constexpr auto kAliases = std::to_array<Names<Operator>>({{Operator::eq, "="},
                                                          {Operator::not_in, "!="},
                                                          {Operator::lt, "<"},
                                                          {Operator::lte, "<="},
                                                          {Operator::gt, ">"},
                                                          {Operator::gte, ">="}});

template <class Table, class Enumerator>
const char* name_in(const Table& table, Enumerator value) {
  for (const auto& [enumerator, name] : table)
    if (enumerator == value) return name;
  return "";
}

std::string joined(const std::vector<FieldData>& operands) {
  std::string out = "[";
  for (std::size_t i = 0; i < operands.size(); ++i) out += (i ? ", " : "") + zhida::to_text(operands[i]);
  return out + "]";
}

std::string operand_text(const Clause& clause, std::size_t i) {
  if (i < clause.operand_data.size() && !clause.operand_data[i].empty()) return clause.operand_data[i];
  return zhida::to_text(clause.operands[i]);
}

std::string threshold_of(const Clause& clause) {
  const auto first = [&] { return operand_text(clause, 0); };
  switch (clause.op) {
    case Operator::eq:
      return "= " + first();
    case Operator::in:
    case Operator::not_in:
    case Operator::industry_in:
    case Operator::region_in:
    case Operator::all_of:
    case Operator::any_of:
      return std::string(to_text(clause.op)) + " " + joined(clause.operands);
    case Operator::not_received:
    case Operator::no_event_within:
      return std::string(to_text(clause.op)) +
             (clause.months > 0 ? " " + std::to_string(clause.months) + " months" : "");
    case Operator::gt:
      return "> " + first();
    case Operator::gte:
    case Operator::date_gte:
      return ">= " + first();
    case Operator::lt:
      return "< " + first();
    case Operator::lte:
      return "<= " + first();
    case Operator::between:
    case Operator::date_between:
      return first() + " .. " + operand_text(clause, 1);
    case Operator::is_true:
    case Operator::is_false:
    case Operator::exists:
    case Operator::listed:
    case Operator::not_listed:
    case Operator::first_time:
      break;
  }
  return to_text(clause.op);
}

void finish(Clause& clause) {
  if (clause.kind == Clause::Kind::condition) clause.threshold = threshold_of(clause);
  for (auto& child : clause.children) finish(child);
}

struct RuleFields {
  std::set<std::string>& out;
  void put(const std::string& field) const {
    if (!field.empty()) out.insert(field);
  }
  void operator()(const FixedAmount&) const {}
  void operator()(const RatioAmount& rule) const {
    put(rule.base);
    put(rule.by);
  }
  void operator()(const LookupAmount& rule) const {
    put(rule.by);
    for (const auto& [code, field] : rule.counts) put(field);
  }
  void operator()(const PerUnitAmount& rule) const { put(rule.count); }
  void operator()(const ScheduleAmount& rule) const { put(rule.by); }
  void operator()(const ReliefAmount&) const {}
  void operator()(const TierAmount& rule) const { put(rule.base); }
  void operator()(const BandsAmount& rule) const { put(rule.base); }
  void operator()(const FormulaAmount& rule) const {
    for (const auto& field : rule.formula.fields()) put(field);
  }
  void operator()(const ActualCostAmount& rule) const {
    put(rule.base);
    put(rule.months);
  }
  void operator()(const InterestAmount& rule) const {
    put(rule.principal);
    put(rule.rate_field);
    put(rule.months);
  }
  void operator()(const StagesAmount&) const {}
  void operator()(const NoAmount&) const {}
};

/// Calls `visit` for the roots of all clauses of the policy: conditions, tiers, stages, multipliers.
template <class AnyPolicy, class Visit>
void for_each_root(AnyPolicy& policy, const Visit& visit) {
  visit(policy.when);
  const auto of_rule = [&](auto& rule) {
    if (auto* tiers = std::get_if<TierAmount>(&rule))
      for (auto& tier : tiers->tiers) visit(tier.when);
    if (auto* stages = std::get_if<StagesAmount>(&rule))
      for (auto& stage : stages->stages) visit(stage.when);
  };
  of_rule(policy.amount.rule);
  for (auto& part : policy.amount.parts) of_rule(part.rule);
  for (auto& multiplier : policy.amount.multipliers) visit(multiplier.when);
}

constexpr std::array kFamilies = {"fixed", "ratio",   "lookup",      "per_unit", "schedule", "relief", "tier",
                                  "bands", "formula", "actual_cost", "interest", "schedule", "none"};

constexpr auto kFundings = std::to_array<Names<Funding>>({{Funding::appropriation, "appropriation"},
                                                          {Funding::social_insurance_fund, "social_insurance_fund"},
                                                          {Funding::tax_refund, "tax_refund"},
                                                          {Funding::relief, "relief"},
                                                          {Funding::pool, "pool"}});

}  // namespace

bool fits(const FieldData& data, FieldType type) {
  switch (type) {
    case FieldType::boolean:
      return std::holds_alternative<bool>(data);
    case FieldType::integer:
    case FieldType::money_fen:
    case FieldType::rate_ppm:
      return std::holds_alternative<std::int64_t>(data);
    case FieldType::date:
      return std::holds_alternative<Date>(data);
    case FieldType::text:
    case FieldType::code:
      break;
  }
  return std::holds_alternative<std::string>(data);
}

const char* to_text(Operator op) {
  return name_in(kOperators, op);
}

std::optional<Operator> operator_from(std::string_view text) {
  for (const auto& [op, name] : kOperators)
    if (text == name) return op;
  for (const auto& [op, name] : kAliases)
    if (text == name) return op;
  return std::nullopt;
}

std::vector<std::string> operator_names() {
  std::vector<std::string> out;
  for (const auto& [op, name] : kOperators) out.emplace_back(name);
  return out;
}

const char* to_text(OnUnknown on_unknown) {
  switch (on_unknown) {
    case OnUnknown::ask_enterprise:
      return "ask_enterprise";
    case OnUnknown::fail:
      return "fail";
    case OnUnknown::review:
      break;
  }
  return "review";
}

const char* family_of(const Amount& amount) {
  static_assert(kFamilies.size() == std::variant_size_v<AmountRule>);
  const auto* tiers = std::get_if<TierAmount>(&amount.rule);
  return tiers != nullptr && tiers->is_lookup ? "lookup" : kFamilies[amount.rule.index()];
}

std::vector<std::string> amount_families() {
  return {"fixed",   "ratio",       "lookup",   "per_unit", "tier",   "bands",
          "formula", "actual_cost", "interest", "schedule", "relief", "none"};
}

const char* to_text(Funding funding) {
  return name_in(kFundings, funding);
}

std::optional<Funding> funding_from(std::string_view text) {
  for (const auto& [funding, name] : kFundings)
    if (text == name) return funding;
  return std::nullopt;
}

const char* to_text(ItemKind kind) {
  return kind == ItemKind::list ? "list" : kind == ItemKind::reminder ? "reminder" : "conditions";
}

const FieldData* RegionDatum::find(std::string_view division) const {
  const FieldData* best = nullptr;
  std::size_t width = 0;
  for (const auto& [region, value] : values) {
    if (!region_below(division, region)) continue;
    std::size_t own = region.size();
    while (own > 2 && region.compare(own - 2, 2, "00") == 0) own -= 2;
    if (best != nullptr && own <= width) continue;
    best = &value;
    width = own;
  }
  return best;
}

Clause always() {
  Clause out;
  out.kind = Clause::Kind::all;
  return out;
}

void for_each_clause_of(const Policy& policy, const std::function<void(const Clause&)>& visit) {
  for_each_root(policy, [&](const Clause& root) { for_each_clause(root, visit); });
}

const char* to_text(Basis basis) {
  return basis == Basis::stated ? "stated" : "local";
}

const char* to_text(Channel channel) {
  switch (channel) {
    case Channel::social_insurance_fund:
      return "social_insurance_fund";
    case Channel::relief:
      return "relief";
    case Channel::appropriation:
      break;
  }
  return "appropriation";
}

HandlingSettings handling_settings(const Policy& policy) {
  const auto& handling = policy.handling;
  HandlingSettings out;
  out.policy = policy.id;
  out.title = policy.title;
  out.period = handling.period;
  out.channel = handling.channel;
  out.pro_code = handling.project_code;
  out.fund = handling.fund;
  out.reviews = review_steps(handling.review_departments);
  if (handling.confirm_within_working_days) out.confirm_days = *handling.confirm_within_working_days;
  if (handling.review_within_working_days) out.review_days = *handling.review_within_working_days;
  out.publicity_days = handling.publicity ? handling.publicity->working_days : 0;
  out.payee_rule = handling.payee;
  return out;
}

std::set<std::string> fields_of(const Policy& policy) {
  std::set<std::string> out;
  for_each_clause_of(policy, [&](const Clause& clause) {
    if (clause.kind != Clause::Kind::condition) return;
    out.insert(clause.field);
    if (clause.op == Operator::first_time) out.insert(clause.field + "_first_time");
  });
  std::visit(RuleFields{out}, policy.amount.rule);
  for (const auto& part : policy.amount.parts) std::visit(RuleFields{out}, part.rule);
  for (const auto& cap : policy.amount.field_caps) out.insert(cap.field);
  // What derived fields are made of; the derived and the regional themselves are no fields of the profile.
  for (auto field = policy.derived.rbegin(); field != policy.derived.rend(); ++field) {
    if (out.erase(field->name) == 0) continue;
    out.merge(field->formula.fields());
  }
  for (const auto& datum : policy.region_data) out.erase(datum.name);
  return out;
}

bool depends_on_day(const Policy& policy) {
  bool out = false;
  for_each_clause_of(policy, [&](const Clause& clause) { out = out || clause.months > 0 || clause.max_age_days > 0; });
  return out;
}

bool sum_depends_on_day(const Policy& policy) {
  auto sum_only = policy;
  sum_only.when = always();
  return depends_on_day(sum_only);
}

void finish(Policy& policy) {
  for_each_root(policy, [](Clause& root) { finish(root); });
  for (auto& persons : policy.persons) finish(persons.when);
}

Clause specialised(const Policy& policy, const Clause& clause, std::string_view division, Date day) {
  auto out = clause;
  for (auto& child : out.children) child = specialised(policy, child, division, day);
  if (out.kind != Clause::Kind::condition) return out;
  const auto datum_of = [&](const std::string& name) {
    const auto found = std::ranges::find(policy.region_data, name, &RegionDatum::name);
    return found == policy.region_data.end() ? nullptr : found->find(division);
  };
  const auto nobody_knows = [&] {
    out.field.clear();
    out.op = Operator::exists;
    out.operands.clear();
    out.operand_data.clear();
    finish(out);
    return out;
  };
  for (std::size_t i = 0; i < out.operand_data.size(); ++i) {
    if (out.operand_data[i].empty()) continue;
    const auto* value = datum_of(out.operand_data[i]);
    if (value == nullptr) return nobody_knows();
    out.operands[i] = *value;
  }
  out.operand_data.clear();
  if (out.op == Operator::not_received || out.op == Operator::no_event_within) {
    out.op = Operator::lte;
    out.operands = {out.months > 0 ? day.plus_months(-out.months) : never()};
    out.months = 0;
  }
  finish(out);
  const bool regional =
      std::ranges::find(policy.region_data, out.field, &RegionDatum::name) != policy.region_data.end();
  if (!regional) return out;
  const auto* value = datum_of(out.field);
  if (value == nullptr || !fits(*value, out.type)) return nobody_knows();
  // The same for every firm of the region: a constant.
  Clause constant;
  constant.id = out.id;
  constant.text = out.text;
  constant.kind = condition_holds(out, *value) ? Clause::Kind::all : Clause::Kind::any;
  if (constant.kind == Clause::Kind::any && out.false_is_unknown) return nobody_knows();
  return constant;
}

Policy specialised(const Policy& policy, std::string_view division, Date day) {
  auto out = policy;
  for_each_root(out, [&](Clause& root) { root = specialised(policy, root, division, day); });
  return out;
}

}  // namespace zhida::matching
