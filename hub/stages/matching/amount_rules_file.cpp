// The rarer amount rules of a policy file, and what any sum may have besides.
#include <algorithm>
#include <utility>

#include "stages/matching/explain.h"
#include "stages/matching/literal.h"
#include "stages/matching/reader_file.h"

namespace zhida::matching {

/// `from` (included), `above` (not), `to` (included), `below` (not): the ends say themselves whether they belong to it.
Clause PolicyReader::read_bounds(const Node& tier, const Known& field) {
  Clause out = always();
  struct Bound {
    const char* key;
    Operator op;
    const char* sign;
  };
  for (const auto& bound : {Bound{"from", Operator::gte, "≥"}, Bound{"above", Operator::gt, ">"},
                            Bound{"to", Operator::lte, "≤"}, Bound{"below", Operator::lt, "<"}}) {
    const auto value = member(tier, bound.key, false);
    if (!value) continue;
    if (field.name.empty()) {
      error(*value, "config_missing", "\"by\" or \"base\" is missing: of what is this the bound?");
      continue;
    }
    const auto data = parse_literal(value->text(), field.type, field.unit);
    if (!data) {
      error(*value, data.error());
      continue;
    }
    Clause condition;
    condition.field = field.name;
    condition.type = field.type;
    condition.unit = field.unit;
    condition.op = bound.op;
    condition.operands = {data.value()};
    condition.text = field.title + bound.sign + people_text(data.value(), field.type, field.unit);
    out.text += (out.text.empty() ? "" : "，") + condition.text;
    out.children.push_back(std::move(condition));
  }
  if (tier.has("from") && tier.has("above")) error(tier, "value_not_wanted", "Either from (含) or above (不含).");
  if (tier.has("to") && tier.has("below")) error(tier, "value_not_wanted", "Either to (含) or below (不含).");
  return out;
}

TierAmount PolicyReader::read_tiers(const Node& node, std::string_view key) {
  TierAmount out;
  if (node.has("base")) out.base = field(node, "base", {FieldType::money_fen});
  Known by;
  if (key == "tiers") {
    const auto named = node.has("by") ? node.find("by") : node.find("base");
    if (named)
      if (const auto known = find_field(*named, named->text())) by = *known;
    if (!by.name.empty()) policy_.titles[by.name] = by.title;
  }
  const auto tiers = member(node, key, true);
  if (!tiers) return out;
  if (!tiers->is_list() || tiers->size() == 0) {
    error(*tiers, "table_empty", "A list of tiers is needed here.");
    return out;
  }
  for (const auto& item : tiers->items()) {
    if (!keys(item, {"text", "if", "from", "above", "to", "below", "amount", "rate"})) continue;
    TierAmount::Tier tier;
    tier.when = read_bounds(item, by);
    if (const auto condition = member(item, "if", false)) {
      auto more = read_clause_of_amount(*condition);
      tier.when.text += (tier.when.text.empty() || more.text.empty() ? "" : "，") + more.text;
      tier.when.children.push_back(std::move(more));
    }
    if (tier.when.children.empty())
      error(item, "tier_unbounded", "A tier needs a bound (from, above, to, below) or a condition (if).");
    if (const auto own = text(item, "text", false); !own.empty()) tier.when.text = own;
    if (item.has("amount") == item.has("rate")) {
      error(item, "config_missing", "A tier gives an amount, or a rate of the base.");
    } else if (item.has("amount")) {
      tier.amount = money(item, "amount");
    } else {
      tier.rate_ppm = rate(item, "rate").value_or(0);
      if (out.base.empty()) error(item, "config_missing", "\"base\" is missing: a rate of what?");
    }
    places_.emplace_back("tier", item);
    out.tiers.push_back(std::move(tier));
  }
  return out;
}

BandsAmount PolicyReader::read_bands(const Node& node) {
  BandsAmount out;
  out.base = field(node, "base", {FieldType::money_fen});
  const auto bands = member(node, "bands", true);
  if (!bands) return out;
  if (!bands->is_list() || bands->size() == 0) {
    error(*bands, "table_empty", "A list of bands is needed here.");
    return out;
  }
  for (const auto& item : bands->items()) {
    if (!keys(item, {"upto", "rate"})) continue;
    BandsAmount::Band band;
    if (item.has("upto")) band.upto = money(item, "upto");
    band.rate_ppm = rate(item, "rate").value_or(0);
    if (!out.bands.empty()) {
      const auto& before = out.bands.back();
      if (!before.upto) {
        error(item, "band_unreachable", "The band before has no end: nothing lies in this one.");
      } else if (band.upto && *band.upto <= *before.upto) {
        error(item, "band_overlap", "This band ends where the one before did, or earlier.");
      }
    }
    out.bands.push_back(band);
  }
  if (!out.bands.empty() && out.bands.back().upto)
    error(*bands, "band_gap",
          "What lies above " + out.bands.back().upto->to_yuan() +
              "元 is in no band: the last one goes without upto (rate: 0 % where it gives nothing).");
  return out;
}

FormulaAmount PolicyReader::read_formula(const Node& node) {
  FormulaAmount out;
  const auto read = expression(node, "formula");
  if (!read) return out;
  out.formula = *read;
  if (out.formula.kind() != Expression::Kind::money)
    error(*node.find("formula"), "formula_units", "The formula gives a plain number; a sum is money.");
  return out;
}

std::optional<std::int64_t> PolicyReader::months_max(const Node& node) {
  const auto limit = member(node, "months_max", false);
  if (!limit) return std::nullopt;
  const auto months = parse_count_literal(limit->text(), "月");
  if (!months || months.value() == 0) {
    error(*limit, "value_malformed", "months_max is a number of months like 12 月.");
    return std::nullopt;
  }
  return months.value();
}

ActualCostAmount PolicyReader::read_actual_cost(const Node& node) {
  ActualCostAmount out;
  out.base = field(node, "base", {FieldType::money_fen});
  if (node.has("rate")) out.rate_ppm = rate(node, "rate").value_or(0);
  if (node.has("months")) out.months = field(node, "months", {FieldType::integer});
  out.months_max = months_max(node);
  if (out.months_max && out.months.empty())
    error(node, "config_missing", "\"months\" is missing: which field counts them?");
  return out;
}

InterestAmount PolicyReader::read_interest(const Node& node) {
  InterestAmount out;
  out.principal = field(node, "principal", {FieldType::money_fen});
  out.principal_max = money(node, "principal_max", false);
  if (node.has("rate_field"))
    out.rate_field = field(node, "rate_field", {FieldType::rate_ppm});
  else
    out.rate_ppm = rate(node, "rate").value_or(0);
  if (node.has("share")) out.share_ppm = rate(node, "share").value_or(0);
  out.months = field(node, "months", {FieldType::integer});
  out.months_max = months_max(node);
  return out;
}

StagesAmount PolicyReader::read_stages(const Node& node) {
  StagesAmount out;
  const auto stages = member(node, "stages", true);
  if (!stages) return out;
  if (!stages->is_list() || stages->size() == 0) {
    error(*stages, "table_empty", "A list of stages is needed here.");
    return out;
  }
  for (const auto& item : stages->items()) {
    if (!keys(item, {"id", "text", "amount", "if"})) continue;
    StagesAmount::Stage stage;
    stage.id = text(item, "id");
    stage.when = item.has("if") ? read_clause_of_amount(*item.find("if")) : always();
    if (const auto own = text(item, "text", false); !own.empty()) stage.when.text = own;
    stage.amount = money(item, "amount").value_or(Money{});
    if (std::ranges::any_of(out.stages, [&](const auto& other) { return other.id == stage.id; }))
      error(item, "stage_twice", "Two stages are called \"" + stage.id + "\".");
    out.stages.push_back(std::move(stage));
  }
  return out;
}

void PolicyReader::read_amount_extras(const Node& node, Amount& amount) {
  amount.cap = money(node, "cap", false);
  if (const auto caps = member(node, "caps", false))
    for (const auto& item : caps->items()) {
      if (!keys(item, {"field", "rate"})) continue;
      FieldCap cap;
      cap.field = field(item, "field", {FieldType::money_fen});
      if (item.has("rate")) cap.rate_ppm = rate(item, "rate", 10'000'000).value_or(0);
      amount.field_caps.push_back(cap);
    }
  if (const auto multipliers = member(node, "multipliers", false))
    for (const auto& item : multipliers->items()) {
      if (!keys(item, {"text", "if", "factor", "cap"})) continue;
      Multiplier multiplier;
      if (const auto condition = member(item, "if", true)) multiplier.when = read_clause_of_amount(*condition);
      if (const auto own = text(item, "text", false); !own.empty()) multiplier.when.text = own;
      multiplier.factor_ppm = rate(item, "factor", 10'000'000).value_or(0);
      multiplier.cap = money(item, "cap", false);
      amount.multipliers.push_back(std::move(multiplier));
    }
  if (const auto parts = member(node, "plus", false))
    for (const auto& item : parts->items()) {
      AmountPart part;
      part.text = text(item, "text");
      const auto family = text(item, "family");
      if (family == "fixed" || family == "ratio" || family == "lookup" || family == "per_unit" || family == "tier" ||
          family == "bands" || family == "actual_cost" || family == "interest") {
        part.rule = read_rule(item, family);
      } else {
        error(item, "amount_family_unknown",
              "A part is fixed, ratio, lookup, per_unit, tier, bands, actual_cost or interest.");
      }
      if (const auto optional = item.boolean_or("optional", false); optional)
        part.optional = optional.value();
      else
        error(item, optional.error());
      amount.parts.push_back(std::move(part));
    }
  if (const auto funding = member(node, "co_funding", false)) {
    std::int64_t whole = 0;
    for (const auto& item : funding->items()) {
      const auto share = rate(*funding, item.key()).value_or(0);
      whole += share;
      amount.co_funding.push_back({item.key(), share});
    }
    if (whole != 1'000'000) error(*funding, "shares_wrong", "The shares of those who pay add up to 100 %.");
  }
}

}  // namespace zhida::matching
