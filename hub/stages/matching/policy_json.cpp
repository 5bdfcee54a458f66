// The form that is stored and hashed. What an item does not use is left out, so that an item keeps its version when the
// language grows.
#include <utility>

#include "stages/matching/policy.h"

namespace zhida::matching {
namespace {

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
  if (!clause.article.empty()) out["article"] = clause.article;
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
  if (clause.months > 0) out["months"] = clause.months;
  if (!clause.sources.empty()) out["sources"] = clause.sources;
  if (!clause.operands.empty()) {
    auto& operands = out["operands"] = Json::array();
    for (std::size_t i = 0; i < clause.operands.size(); ++i) {
      const bool datum = i < clause.operand_data.size() && !clause.operand_data[i].empty();
      operands.push_back(datum ? Json{{"region_datum", clause.operand_data[i]}} : to_json(clause.operands[i]));
    }
  }
  return out;
}

Json fen_table(const std::map<std::string, Money>& amounts) {
  Json out = Json::object();
  for (const auto& [code, amount] : amounts) out[code] = amount.fen();
  return out;
}

struct RuleToJson {
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
    if (rule.counts.empty())
      out["by"] = rule.by;
    else
      out["counts"] = rule.counts;
    out["amounts_fen"] = fen_table(rule.amounts);
  }
  void operator()(const PerUnitAmount& rule) const {
    out["count"] = rule.count;
    if (rule.unit_datum.empty()) {
      out["unit_amount_fen"] = rule.unit_amount.fen();
    } else {
      out["unit_datum"] = rule.unit_datum;
      out["unit_factor"] = rule.unit_factor;
    }
    if (rule.units_max) out["units_max"] = *rule.units_max;
  }
  void operator()(const ScheduleAmount& rule) const {
    out["by"] = rule.by;
    out["amounts_fen"] = fen_table(rule.amounts);
    out["advance_code"] = rule.advance_code;
    out["advance_rate_ppm"] = rule.advance_rate_ppm;
  }
  void operator()(const ReliefAmount&) const {}
  void operator()(const TierAmount& rule) const {
    if (!rule.base.empty()) out["base"] = rule.base;
    auto& tiers = out["tiers"] = Json::array();
    for (const auto& tier : rule.tiers) {
      Json item = {{"when", to_json(tier.when)}};
      if (tier.amount)
        item["amount_fen"] = tier.amount->fen();
      else
        item["rate_ppm"] = tier.rate_ppm;
      tiers.push_back(std::move(item));
    }
  }
  void operator()(const BandsAmount& rule) const {
    out["base"] = rule.base;
    auto& bands = out["bands"] = Json::array();
    for (const auto& band : rule.bands) {
      Json item = {{"rate_ppm", band.rate_ppm}};
      if (band.upto) item["upto_fen"] = band.upto->fen();
      bands.push_back(std::move(item));
    }
  }
  void operator()(const FormulaAmount& rule) const { out["formula"] = rule.formula.canonical(); }
  void operator()(const ActualCostAmount& rule) const {
    out["base"] = rule.base;
    out["rate_ppm"] = rule.rate_ppm;
    if (!rule.months.empty()) out["months"] = rule.months;
    if (rule.months_max) out["months_max"] = *rule.months_max;
  }
  void operator()(const InterestAmount& rule) const {
    out["principal"] = rule.principal;
    if (rule.principal_max) out["principal_max_fen"] = rule.principal_max->fen();
    if (rule.rate_field.empty())
      out["rate_ppm"] = rule.rate_ppm;
    else
      out["rate_field"] = rule.rate_field;
    out["share_ppm"] = rule.share_ppm;
    out["months"] = rule.months;
    if (rule.months_max) out["months_max"] = *rule.months_max;
  }
  void operator()(const StagesAmount& rule) const {
    auto& stages = out["stages"] = Json::array();
    for (const auto& stage : rule.stages)
      stages.push_back({{"id", stage.id}, {"when", to_json(stage.when)}, {"amount_fen", stage.amount.fen()}});
  }
  void operator()(const NoAmount&) const {}
};

const char* rounding_name(Rounding rounding) {
  return rounding == Rounding::down ? "down" : rounding == Rounding::up ? "up" : "half_up";
}

Json to_json(const Amount& amount) {
  Json out = {{"family", family_of(amount)}, {"text", amount.text}};
  if (amount.cap) out["cap_fen"] = amount.cap->fen();
  if (!std::holds_alternative<ReliefAmount>(amount.rule) && !std::holds_alternative<NoAmount>(amount.rule))
    out["rounding"] = {{"mode", rounding_name(amount.rounding)}, {"unit_fen", amount.rounding_unit_fen}};
  std::visit(RuleToJson{out}, amount.rule);
  for (const auto& cap : amount.field_caps)
    out["field_caps"].push_back({{"field", cap.field}, {"rate_ppm", cap.rate_ppm}});
  for (const auto& multiplier : amount.multipliers) {
    Json item = {{"when", to_json(multiplier.when)}, {"factor_ppm", multiplier.factor_ppm}};
    if (multiplier.cap) item["cap_fen"] = multiplier.cap->fen();
    out["multipliers"].push_back(std::move(item));
  }
  for (const auto& part : amount.parts) {
    Amount shown;
    shown.rule = part.rule;
    Json item = {{"family", family_of(shown)}, {"text", part.text}};
    if (part.optional) item["optional"] = true;
    std::visit(RuleToJson{item}, part.rule);
    out["plus"].push_back(std::move(item));
  }
  for (const auto& funder : amount.co_funding)
    out["co_funding"].push_back({{"payer", funder.payer}, {"share_ppm", funder.share_ppm}});
  return out;
}

Json to_json(const Handling& handling) {
  Json out = {{"channel", to_text(handling.channel)},
              {"payee", handling.payee == PayeeRule::own_account ? "own_account" : "any_account"},
              {"period", handling.period},
              {"review_departments", handling.review_departments},
              {"recheck_fields", handling.recheck_fields}};
  if (std::string_view(to_text(handling.funding)) != to_text(handling.channel))
    out["funding"] = to_text(handling.funding);
  if (!handling.project_code.empty()) out["project_code"] = handling.project_code;
  if (!handling.fund.empty()) out["fund"] = handling.fund;
  if (handling.publicity)
    out["publicity"] = {{"working_days", handling.publicity->working_days},
                        {"basis", to_text(handling.publicity->basis)}};
  if (handling.confirm_within_working_days) out["confirm_within_working_days"] = *handling.confirm_within_working_days;
  if (handling.review_within_working_days) out["review_within_working_days"] = *handling.review_within_working_days;
  return out;
}

void put_extensions(const Policy& policy, Json& out) {
  if (policy.kind != ItemKind::conditions) out["kind"] = to_text(policy.kind);
  // What a formula's parts are decides what it gives, so that the hash must cover it.
  const auto put_types = [&](const Expression& formula) {
    for (const auto& [field, type] : formula.types()) out["formula_types"][field] = zhida::to_text(type);
  };
  for (const auto& field : policy.derived) put_types(field.formula);
  if (const auto* rule = std::get_if<FormulaAmount>(&policy.amount.rule)) put_types(rule->formula);
  for (const auto& part : policy.amount.parts)
    if (const auto* rule = std::get_if<FormulaAmount>(&part.rule)) put_types(rule->formula);
  for (const auto& field : policy.derived)
    out["derived"].push_back({{"name", field.name},
                              {"type", zhida::to_text(field.type)},
                              {"formula", field.formula.canonical()},
                              {"rounding", rounding_name(field.rounding)}});
  for (const auto& datum : policy.region_data) {
    Json values = Json::object();
    for (const auto& [region, value] : datum.values) values[region] = to_json(value);
    out["region_data"].push_back({{"name", datum.name},
                                  {"title", datum.title},
                                  {"type", zhida::to_text(datum.type)},
                                  {"values", values}});
    if (!datum.unit.empty()) out["region_data"].back()["unit"] = datum.unit;
  }
  if (policy.ranking)
    out["ranking"] = {{"by", policy.ranking->by},
                      {"descending", policy.ranking->descending},
                      {"quota", policy.ranking->quota},
                      {"rank_field", policy.ranking->rank_field}};
  if (policy.pool)
    out["pool"] = {{"total_fen", policy.pool->total.fen()}, {"in_proportion", policy.pool->in_proportion}};
  for (const auto& persons : policy.persons)
    out["persons"].push_back({{"count_field", persons.count_field},
                              {"when", to_json(persons.when)},
                              {"benefit", persons.benefit},
                              {"keep_months", persons.keep_months}});
  if (!policy.exclusive_group.empty()) out["exclusive_group"] = policy.exclusive_group;
  if (!policy.not_with.empty()) out["not_with"] = policy.not_with;
  if (policy.stackable) out["stackable"] = true;
  if (!policy.benefits.empty()) out["benefits"] = policy.benefits;
  if (!policy.uncertain.empty()) out["uncertain"] = policy.uncertain;
}

}  // namespace

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
    for (const auto& field : policy.missing_fields) {
      missing.push_back({{"name", field.name}, {"title", field.title}, {"type", zhida::to_text(field.type)}});
      if (!field.unit.empty()) missing.back()["unit"] = field.unit;
    }
  }
  put_extensions(policy, out);
  return out;
}

}  // namespace zhida::matching
