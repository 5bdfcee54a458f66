#include "stages/matching/policy.h"

#include <algorithm>
#include <array>
#include <utility>

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
                                                            {Operator::region_in, "region_in"}});

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

std::string threshold_of(const Clause& clause) {
  const auto first = [&] { return zhida::to_text(clause.operands.front()); };
  switch (clause.op) {
    case Operator::eq:
      return "= " + first();
    case Operator::in:
    case Operator::not_in:
    case Operator::industry_in:
    case Operator::region_in:
      return std::string(to_text(clause.op)) + " " + joined(clause.operands);
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
      return first() + " .. " + zhida::to_text(clause.operands.back());
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

Json to_json(const FieldData& data) {
  if (const auto* number = std::get_if<std::int64_t>(&data)) return *number;
  if (const auto* truth = std::get_if<bool>(&data)) return *truth;
  return zhida::to_text(data);
}

const char* kind_name(Clause::Kind kind) {
  switch (kind) {
    case Clause::Kind::all:
      return "all";
    case Clause::Kind::any:
      return "any";
    case Clause::Kind::negation:
      return "not";
    case Clause::Kind::condition:
      break;
  }
  return "condition";
}

Json to_json(const Clause& clause) {
  Json out = Json::object();
  if (!clause.id.empty()) out["id"] = clause.id;
  if (!clause.text.empty()) out["text"] = clause.text;
  if (clause.kind != Clause::Kind::condition) {
    auto& children = out[kind_name(clause.kind)] = Json::array();
    for (const auto& child : clause.children) children.push_back(to_json(child));
    return out;
  }
  out["field"] = clause.field;
  out["type"] = zhida::to_text(clause.type);
  if (!clause.unit.empty()) out["unit"] = clause.unit;
  out["op"] = to_text(clause.op);
  out["on_unknown"] = to_text(clause.on_unknown);
  if (clause.max_age_days > 0) out["max_age_days"] = clause.max_age_days;
  if (!clause.operands.empty()) {
    auto& operands = out["operands"] = Json::array();
    for (const auto& operand : clause.operands) operands.push_back(to_json(operand));
  }
  return out;
}

Json fen_table(const std::map<std::string, Money>& amounts) {
  Json out = Json::object();
  for (const auto& [code, amount] : amounts) out[code] = amount.fen();
  return out;
}

struct AmountToJson {
  Json& out;
  void operator()(const FixedAmount& rule) const { out["amount_fen"] = rule.amount.fen(); }
  void operator()(const RatioAmount& rule) const {
    out["base"] = rule.base;
    if (rule.by.empty()) {
      out["rate_ppm"] = rule.rate_ppm;
    } else {
      out["by"] = rule.by;
      out["rates_ppm"] = rule.rates_ppm;
    }
  }
  void operator()(const LookupAmount& rule) const {
    out["by"] = rule.by;
    out["amounts_fen"] = fen_table(rule.amounts);
  }
  void operator()(const PerUnitAmount& rule) const {
    out["count"] = rule.count;
    out["unit_amount_fen"] = rule.unit_amount.fen();
    if (rule.units_max) out["units_max"] = *rule.units_max;
  }
  void operator()(const ScheduleAmount& rule) const {
    out["by"] = rule.by;
    out["amounts_fen"] = fen_table(rule.amounts);
    out["advance_code"] = rule.advance_code;
    out["advance_rate_ppm"] = rule.advance_rate_ppm;
  }
  void operator()(const ReliefAmount&) const {}
};

const char* rounding_name(Rounding rounding) {
  return rounding == Rounding::down ? "down" : rounding == Rounding::up ? "up" : "half_up";
}

Json to_json(const Amount& amount) {
  Json out = {{"family", family_of(amount)}, {"text", amount.text}};
  if (amount.cap) out["cap_fen"] = amount.cap->fen();
  if (!std::holds_alternative<ReliefAmount>(amount.rule))
    out["rounding"] = {{"mode", rounding_name(amount.rounding)}, {"unit_fen", amount.rounding_unit_fen}};
  std::visit(AmountToJson{out}, amount.rule);
  return out;
}

Json to_json(const Handling& handling) {
  Json out = {{"channel", to_text(handling.channel)},
              {"payee", handling.payee == PayeeRule::own_account ? "own_account" : "any_account"},
              {"period", handling.period},
              {"review_departments", handling.review_departments},
              {"recheck_fields", handling.recheck_fields}};
  if (!handling.project_code.empty()) out["project_code"] = handling.project_code;
  if (!handling.fund.empty()) out["fund"] = handling.fund;
  if (handling.publicity)
    out["publicity"] = {{"working_days", handling.publicity->working_days},
                        {"basis", to_text(handling.publicity->basis)}};
  if (handling.confirm_within_working_days) out["confirm_within_working_days"] = *handling.confirm_within_working_days;
  if (handling.review_within_working_days) out["review_within_working_days"] = *handling.review_within_working_days;
  return out;
}

struct AmountFields {
  std::set<std::string>& out;
  void operator()(const FixedAmount&) const {}
  void operator()(const RatioAmount& rule) const {
    out.insert(rule.base);
    if (!rule.by.empty()) out.insert(rule.by);
  }
  void operator()(const LookupAmount& rule) const { out.insert(rule.by); }
  void operator()(const PerUnitAmount& rule) const { out.insert(rule.count); }
  void operator()(const ScheduleAmount& rule) const { out.insert(rule.by); }
  void operator()(const ReliefAmount&) const {}
};

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
  constexpr std::array kFamilies = {"fixed", "ratio", "lookup", "per_unit", "schedule", "relief"};
  return kFamilies[amount.rule.index()];
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
  for_each_clause(policy.when, [&](const Clause& clause) {
    if (clause.kind != Clause::Kind::condition) return;
    out.insert(clause.field);
    if (clause.op == Operator::first_time) out.insert(clause.field + "_first_time");
  });
  std::visit(AmountFields{out}, policy.amount.rule);
  return out;
}

void finish(Policy& policy) {
  finish(policy.when);
}

Json to_json(const Policy& policy) {
  Json out = {{"id", policy.id.str()},
              {"title", policy.title},
              {"subject", policy.subject},
              {"when", to_json(policy.when)},
              {"amount", to_json(policy.amount)},
              {"handling", to_json(policy.handling)},
              {"local_settings", policy.local_settings},
              {"titles", policy.titles}};
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  put("issuer", policy.issuer);
  put("level", policy.level);
  put("document", policy.document);
  put("document_number", policy.document_number);
  put("basis_url", policy.basis_url);
  put("class", policy.policy_class);
  if (policy.class_inferred) out["class_inferred"] = true;
  if (policy.valid_from) out["valid_from"] = policy.valid_from->to_string();
  if (policy.valid_to) out["valid_to"] = policy.valid_to->to_string();
  if (!policy.missing_fields.empty()) {
    auto& missing = out["missing_fields"] = Json::array();
    for (const auto& field : policy.missing_fields)
      missing.push_back({{"name", field.name}, {"title", field.title}, {"type", zhida::to_text(field.type)}});
  }
  return out;
}

}  // namespace zhida::matching
