// Reads back the form that is stored and hashed: what an item was when it was published, without any file.
#include <array>
#include <utility>

#include "stages/matching/policy.h"

namespace zhida::matching {
namespace {

Error malformed(const std::string& what) {
  return refuse("policy_body_malformed", "A stored item cannot be read back: " + what + ".");
}

const Json& member_or_null(const Json& object, const char* name) {
  static const Json kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

template <class Enumerator, std::size_t kCount>
Result<Enumerator> one_of(const std::string& text, const std::array<Enumerator, kCount>& all,
                          const char* (*name_of)(Enumerator)) {
  for (const auto one : all)
    if (text == name_of(one)) return one;
  return malformed("there is no \"" + text + "\"");
}

Result<FieldType> type_from(const std::string& text) {
  constexpr std::array kTypes = {FieldType::text, FieldType::boolean, FieldType::integer, FieldType::money_fen,
                                 FieldType::date, FieldType::code,    FieldType::rate_ppm};
  return one_of<FieldType>(text, kTypes, &zhida::to_text);
}

Result<Rounding> rounding_from(const std::string& text) {
  if (text == "down") return Rounding::down;
  if (text == "up") return Rounding::up;
  if (text == "half_up") return Rounding::half_up;
  return malformed("rounding " + text);
}

Result<FieldData> data_from(const Json& json, FieldType type) {
  if (json.is_boolean()) return FieldData(json.get<bool>());
  if (json.is_number_integer()) return FieldData(json.get<std::int64_t>());
  if (!json.is_string()) return malformed("a value");
  if (type == FieldType::date) return FieldData(TRY(Date::parse(json.get<std::string>())));
  return FieldData(json.get<std::string>());
}

Result<std::vector<std::string>> texts_from(const Json& json) {
  std::vector<std::string> out;
  for (const auto& item : json) {
    if (!item.is_string()) return malformed("a list of texts");
    out.push_back(item.get<std::string>());
  }
  return out;
}

Result<std::map<std::string, std::int64_t>> numbers_from(const Json& object, const char* name) {
  std::map<std::string, std::int64_t> out;
  for (const auto& [key, value] : member_or_null(object, name).items()) {
    if (!value.is_number_integer()) return malformed(name);
    out[key] = value.template get<std::int64_t>();
  }
  return out;
}

Result<std::map<std::string, Money>> amounts_from(const Json& object) {
  std::map<std::string, Money> out;
  for (const auto& [code, fen] : TRY(numbers_from(object, "amounts_fen"))) out[code] = Money::from_fen(fen);
  return out;
}

Result<std::map<std::string, std::string>> names_from(const Json& object, const char* name) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : member_or_null(object, name).items()) {
    if (!value.is_string()) return malformed(name);
    out[key] = value.template get<std::string>();
  }
  return out;
}

Result<std::optional<Money>> money_or_none(const Json& object, const char* name) {
  if (!object.contains(name)) return std::optional<Money>();
  return std::optional<Money>(Money::from_fen(TRY(get_int(object, name))));
}

Result<std::optional<std::int64_t>> number_or_none(const Json& object, const char* name) {
  if (!object.contains(name)) return std::optional<std::int64_t>();
  return std::optional<std::int64_t>(TRY(get_int(object, name)));
}

Result<std::optional<Date>> day_or_none(const Json& object, const char* name) {
  if (!object.contains(name)) return std::optional<Date>();
  return std::optional<Date>(TRY(Date::parse(TRY(get_string(object, name)))));
}

Result<void> read_condition(const Json& json, Clause& out) {
  out.field = TRY(get_string(json, "field"));
  out.type = TRY(type_from(TRY(get_string(json, "type"))));
  out.unit = TRY(get_string_or(json, "unit", ""));
  const auto op = operator_from(TRY(get_string(json, "op")));
  if (!op) return malformed("an operator");
  out.op = *op;
  constexpr std::array kOnUnknown = {OnUnknown::review, OnUnknown::ask_enterprise, OnUnknown::fail};
  out.on_unknown = TRY(one_of<OnUnknown>(TRY(get_string(json, "on_unknown")), kOnUnknown, &to_text));
  out.max_age_days = static_cast<int>(TRY(get_int_or(json, "max_age_days", 0)));
  out.months = static_cast<int>(TRY(get_int_or(json, "months", 0)));
  out.sources = TRY(texts_from(member_or_null(json, "sources")));
  bool regional = false;
  for (const auto& operand : member_or_null(json, "operands")) {
    if (operand.is_object()) {
      regional = true;
      out.operands.emplace_back();
      out.operand_data.push_back(TRY(get_string(operand, "region_datum")));
    } else {
      out.operands.push_back(TRY(data_from(operand, out.type)));
      out.operand_data.emplace_back();
    }
  }
  if (!regional) out.operand_data.clear();
  return ok();
}

Result<Clause> clause_from(const Json& json) {
  if (!json.is_object()) return malformed("a condition");
  Clause out;
  out.id = TRY(get_string_or(json, "id", ""));
  out.text = TRY(get_string_or(json, "text", ""));
  out.article = TRY(get_string_or(json, "article", ""));
  for (const auto& [kind, name] : {std::pair{Clause::Kind::all, "all"}, std::pair{Clause::Kind::any, "any"},
                                   std::pair{Clause::Kind::negation, "not"}}) {
    if (!json.contains(name)) continue;
    out.kind = kind;
    for (const auto& child : json.at(name)) out.children.push_back(TRY(clause_from(child)));
    return out;
  }
  CHECK_OK(read_condition(json, out));
  return out;
}

/// Formulas are stored with identifiers; what these are is stored beside them.
class RuleReader {
 public:
  RuleReader(const Policy& policy, const std::map<std::string, std::string>& types) : policy_(policy), types_(types) {}

  Result<Expression> expression(const std::string& text) const {
    return Expression::parse(text, [this](const std::string& name) -> Result<Expression::Field> {
      const auto written = types_.find(name);
      if (written == types_.end()) return malformed("it does not say what the formula's " + name + " is");
      const auto type = TRY(type_from(written->second));
      const auto title = policy_.titles.find(name);
      return Expression::Field{name, title == policy_.titles.end() ? name : title->second, type};
    });
  }

  Result<AmountRule> rule(const Json& json) const {
    const auto family = TRY(get_string(json, "family"));
    if (family == "fixed") return AmountRule(FixedAmount{Money::from_fen(TRY(get_int(json, "amount_fen")))});
    if (family == "ratio") return ratio(json);
    if (family == "tier" || (family == "lookup" && json.contains("tiers"))) return tiers(json, family == "lookup");
    if (family == "lookup") return lookup(json);
    if (family == "schedule" && json.contains("stages")) return stages(json);
    if (family == "schedule") return schedule(json);
    if (family == "per_unit") return per_unit(json);
    if (family == "bands") return bands(json);
    if (family == "formula") return AmountRule(FormulaAmount{TRY(expression(TRY(get_string(json, "formula"))))});
    if (family == "actual_cost") return actual_cost(json);
    if (family == "interest") return interest(json);
    if (family == "relief") return AmountRule(ReliefAmount{});
    if (family == "none") return AmountRule(NoAmount{});
    return malformed("there is no amount family \"" + family + "\"");
  }

 private:
  static Result<AmountRule> ratio(const Json& json) {
    RatioAmount out;
    out.base = TRY(get_string(json, "base"));
    out.rate_ppm = TRY(get_int_or(json, "rate_ppm", 0));
    out.by = TRY(get_string_or(json, "by", ""));
    out.rates_ppm = TRY(numbers_from(json, "rates_ppm"));
    return AmountRule(std::move(out));
  }
  static Result<AmountRule> lookup(const Json& json) {
    LookupAmount out;
    out.by = TRY(get_string_or(json, "by", ""));
    out.amounts = TRY(amounts_from(json));
    out.counts = TRY(names_from(json, "counts"));
    return AmountRule(std::move(out));
  }
  static Result<AmountRule> schedule(const Json& json) {
    ScheduleAmount out;
    out.by = TRY(get_string(json, "by"));
    out.amounts = TRY(amounts_from(json));
    out.advance_code = TRY(get_string(json, "advance_code"));
    out.advance_rate_ppm = TRY(get_int(json, "advance_rate_ppm"));
    return AmountRule(std::move(out));
  }
  static Result<AmountRule> per_unit(const Json& json) {
    PerUnitAmount out;
    out.count = TRY(get_string(json, "count"));
    out.unit_amount = Money::from_fen(TRY(get_int_or(json, "unit_amount_fen", 0)));
    out.units_max = TRY(number_or_none(json, "units_max"));
    out.unit_datum = TRY(get_string_or(json, "unit_datum", ""));
    out.unit_factor = TRY(get_int_or(json, "unit_factor", 1));
    return AmountRule(std::move(out));
  }
  static Result<AmountRule> actual_cost(const Json& json) {
    ActualCostAmount out;
    out.base = TRY(get_string(json, "base"));
    out.rate_ppm = TRY(get_int(json, "rate_ppm"));
    out.months = TRY(get_string_or(json, "months", ""));
    out.months_max = TRY(number_or_none(json, "months_max"));
    return AmountRule(std::move(out));
  }
  static Result<AmountRule> interest(const Json& json) {
    InterestAmount out;
    out.principal = TRY(get_string(json, "principal"));
    out.principal_max = TRY(money_or_none(json, "principal_max_fen"));
    out.rate_ppm = TRY(get_int_or(json, "rate_ppm", 0));
    out.rate_field = TRY(get_string_or(json, "rate_field", ""));
    out.share_ppm = TRY(get_int(json, "share_ppm"));
    out.months = TRY(get_string(json, "months"));
    out.months_max = TRY(number_or_none(json, "months_max"));
    return AmountRule(std::move(out));
  }
  static Result<AmountRule> tiers(const Json& json, bool is_lookup) {
    TierAmount out;
    out.base = TRY(get_string_or(json, "base", ""));
    out.is_lookup = is_lookup;
    for (const auto& item : json.at("tiers")) {
      auto& tier = out.tiers.emplace_back();
      tier.when = TRY(clause_from(member_or_null(item, "when")));
      tier.amount = TRY(money_or_none(item, "amount_fen"));
      tier.rate_ppm = TRY(get_int_or(item, "rate_ppm", 0));
    }
    return AmountRule(std::move(out));
  }
  static Result<AmountRule> stages(const Json& json) {
    StagesAmount out;
    for (const auto& item : json.at("stages")) {
      auto& stage = out.stages.emplace_back();
      stage.id = TRY(get_string(item, "id"));
      stage.when = TRY(clause_from(member_or_null(item, "when")));
      stage.amount = Money::from_fen(TRY(get_int(item, "amount_fen")));
    }
    return AmountRule(std::move(out));
  }
  static Result<AmountRule> bands(const Json& json) {
    BandsAmount out;
    out.base = TRY(get_string(json, "base"));
    for (const auto& item : member_or_null(json, "bands")) {
      auto& band = out.bands.emplace_back();
      band.upto = TRY(money_or_none(item, "upto_fen"));
      band.rate_ppm = TRY(get_int(item, "rate_ppm"));
    }
    return AmountRule(std::move(out));
  }

  const Policy& policy_;
  const std::map<std::string, std::string>& types_;
};

Result<void> read_amount(const Json& json, const RuleReader& rules, Amount& out) {
  out.rule = TRY(rules.rule(json));
  out.text = TRY(get_string(json, "text"));
  out.cap = TRY(money_or_none(json, "cap_fen"));
  if (json.contains("rounding")) {
    out.rounding = TRY(rounding_from(TRY(get_string(json.at("rounding"), "mode"))));
    out.rounding_unit_fen = TRY(get_int(json.at("rounding"), "unit_fen"));
  }
  for (const auto& item : member_or_null(json, "field_caps")) {
    auto& cap = out.field_caps.emplace_back();
    cap.field = TRY(get_string(item, "field"));
    cap.rate_ppm = TRY(get_int(item, "rate_ppm"));
  }
  for (const auto& item : member_or_null(json, "multipliers")) {
    auto& multiplier = out.multipliers.emplace_back();
    multiplier.when = TRY(clause_from(member_or_null(item, "when")));
    multiplier.factor_ppm = TRY(get_int(item, "factor_ppm"));
    multiplier.cap = TRY(money_or_none(item, "cap_fen"));
  }
  for (const auto& item : member_or_null(json, "plus")) {
    auto& part = out.parts.emplace_back();
    part.rule = TRY(rules.rule(item));
    part.text = TRY(get_string(item, "text"));
    part.optional = item.contains("optional");
  }
  for (const auto& item : member_or_null(json, "co_funding")) {
    auto& funder = out.co_funding.emplace_back();
    funder.payer = TRY(get_string(item, "payer"));
    funder.share_ppm = TRY(get_int(item, "share_ppm"));
  }
  return ok();
}

Result<void> read_handling(const Json& json, Handling& out) {
  constexpr std::array kChannels = {Channel::appropriation, Channel::social_insurance_fund, Channel::relief};
  const auto channel = TRY(get_string(json, "channel"));
  out.channel = TRY(one_of<Channel>(channel, kChannels, &to_text));
  const auto funding = funding_from(TRY(get_string_or(json, "funding", channel)));
  if (!funding) return malformed("the funding");
  out.funding = *funding;
  out.payee = TRY(get_string(json, "payee")) == "own_account" ? PayeeRule::own_account : PayeeRule::any_account;
  out.period = TRY(get_string(json, "period"));
  out.project_code = TRY(get_string_or(json, "project_code", ""));
  out.fund = TRY(get_string_or(json, "fund", ""));
  out.review_departments = TRY(texts_from(member_or_null(json, "review_departments")));
  out.recheck_fields = TRY(texts_from(member_or_null(json, "recheck_fields")));
  if (json.contains("publicity")) {
    const auto& publicity = json.at("publicity");
    out.publicity.emplace();
    out.publicity->working_days = static_cast<int>(TRY(get_int(publicity, "working_days")));
    out.publicity->basis = TRY(get_string(publicity, "basis")) == "stated" ? Basis::stated : Basis::local;
  }
  if (const auto days = TRY(number_or_none(json, "confirm_within_working_days")))
    out.confirm_within_working_days = static_cast<int>(*days);
  if (const auto days = TRY(number_or_none(json, "review_within_working_days")))
    out.review_within_working_days = static_cast<int>(*days);
  return ok();
}

Result<void> read_relations(const Json& json, Policy& out) {
  if (json.contains("ranking")) {
    const auto& ranking = json.at("ranking");
    out.ranking.emplace();
    out.ranking->by = TRY(get_string(ranking, "by"));
    out.ranking->descending = TRY(get_bool(ranking, "descending"));
    out.ranking->quota = TRY(get_int(ranking, "quota"));
    out.ranking->rank_field = TRY(get_string(ranking, "rank_field"));
  }
  if (json.contains("pool")) {
    out.pool.emplace();
    out.pool->total = Money::from_fen(TRY(get_int(json.at("pool"), "total_fen")));
    out.pool->in_proportion = TRY(get_bool(json.at("pool"), "in_proportion"));
  }
  for (const auto& item : member_or_null(json, "persons")) {
    auto& persons = out.persons.emplace_back();
    persons.count_field = TRY(get_string(item, "count_field"));
    persons.when = TRY(clause_from(member_or_null(item, "when")));
    persons.benefit = TRY(get_string(item, "benefit"));
    persons.keep_months = static_cast<int>(TRY(get_int(item, "keep_months")));
  }
  out.exclusive_group = TRY(get_string_or(json, "exclusive_group", ""));
  out.not_with = TRY(texts_from(member_or_null(json, "not_with")));
  out.stackable = json.contains("stackable");
  out.benefits = TRY(texts_from(member_or_null(json, "benefits")));
  out.uncertain = TRY(texts_from(member_or_null(json, "uncertain")));
  return ok();
}

Result<void> read_fields(const Json& json, const RuleReader& rules, Policy& out) {
  for (const auto& item : member_or_null(json, "missing_fields")) {
    auto& field = out.missing_fields.emplace_back();
    field.name = TRY(get_string(item, "name"));
    field.title = TRY(get_string(item, "title"));
    field.type = TRY(type_from(TRY(get_string(item, "type"))));
    field.unit = TRY(get_string_or(item, "unit", ""));
  }
  const auto title = [&](const std::string& name) {
    const auto found = out.titles.find(name);
    return found == out.titles.end() ? name : found->second;
  };
  for (const auto& item : member_or_null(json, "derived")) {
    DerivedField field;
    field.name = TRY(get_string(item, "name"));
    field.title = title(field.name);
    field.type = TRY(type_from(TRY(get_string(item, "type"))));
    field.formula = TRY(rules.expression(TRY(get_string(item, "formula"))));
    field.rounding = TRY(rounding_from(TRY(get_string(item, "rounding"))));
    out.derived.push_back(std::move(field));
  }
  for (const auto& item : member_or_null(json, "region_data")) {
    RegionDatum datum;
    datum.name = TRY(get_string(item, "name"));
    datum.title = TRY(get_string_or(item, "title", title(datum.name)));
    datum.unit = TRY(get_string_or(item, "unit", ""));
    datum.type = TRY(type_from(TRY(get_string(item, "type"))));
    for (const auto& [region, value] : member_or_null(item, "values").items())
      datum.values[region] = TRY(data_from(value, datum.type));
    out.region_data.push_back(std::move(datum));
  }
  return ok();
}

/// What the stored form says itself of the fields' types, wherever it names one: earlier programs did not list those
/// of formulas.
void types_said(const Json& json, std::map<std::string, std::string>& out) {
  if (json.is_object()) {
    const auto type = json.find("type");
    for (const char* name : {"field", "name"})
      if (const auto field = json.find(name);
          field != json.end() && field->is_string() && type != json.end() && type->is_string())
        out.try_emplace(field->get<std::string>(), type->get<std::string>());
  }
  for (const auto& child : json)
    if (child.is_structured()) types_said(child, out);
}

/// The form with what an earlier program left out of it taken away; the form itself where it is one of today.
Json as_written_then(Json form, const Json& stored) {
  if (!stored.contains("formula_types")) form.erase("formula_types");
  const auto data = form.find("region_data");
  const auto& before = member_or_null(stored, "region_data");
  if (data == form.end() || data->size() != before.size()) return form;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!before[i].is_object() || before[i].contains("title")) continue;
    (*data)[i].erase("title");
    (*data)[i].erase("unit");
  }
  return form;
}

Result<Policy> read(const Json& json) {
  Policy out;
  out.id = PolicyId(TRY(get_string(json, "id")));
  out.title = TRY(get_string(json, "title"));
  out.subject = TRY(get_string(json, "subject"));
  out.issuer = TRY(get_string_or(json, "issuer", ""));
  out.level = TRY(get_string_or(json, "level", ""));
  out.document = TRY(get_string_or(json, "document", ""));
  out.document_number = TRY(get_string_or(json, "document_number", ""));
  out.basis_url = TRY(get_string_or(json, "basis_url", ""));
  out.policy_class = TRY(get_string_or(json, "class", ""));
  out.class_inferred = json.contains("class_inferred");
  out.valid_from = TRY(day_or_none(json, "valid_from"));
  out.valid_to = TRY(day_or_none(json, "valid_to"));
  out.local_settings = TRY(texts_from(member_or_null(json, "local_settings")));
  out.titles = TRY(names_from(json, "titles"));
  const auto kind = TRY(get_string_or(json, "kind", "conditions"));
  constexpr std::array kKinds = {ItemKind::conditions, ItemKind::list, ItemKind::reminder};
  out.kind = TRY(one_of<ItemKind>(kind, kKinds, &to_text));
  auto types = TRY(names_from(json, "formula_types"));
  if (types.empty()) types_said(json, types);
  const RuleReader rules(out, types);
  CHECK_OK(read_fields(json, rules, out));
  out.when = TRY(clause_from(member_or_null(json, "when")));
  CHECK_OK(read_amount(member_or_null(json, "amount"), rules, out.amount));
  CHECK_OK(read_handling(member_or_null(json, "handling"), out.handling));
  CHECK_OK(read_relations(json, out));
  finish(out);
  return out;
}

}  // namespace

Result<Policy> policy_from_json(const Json& json) {
  auto out = read(json);
  if (!out && out.error().code != "policy_body_malformed") return malformed(out.error().message);
  // Nothing may be lost on the way: what was read must give the same form again.
  if (out && as_written_then(to_json(out.value()), json) != json)
    return malformed("it holds something that this program does not know");
  return out;
}

}  // namespace zhida::matching
