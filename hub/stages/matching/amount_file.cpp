// The amount rule of a policy file.
#include <algorithm>
#include <utility>

#include "stages/matching/amount.h"
#include "stages/matching/literal.h"
#include "stages/matching/reader_file.h"

namespace zhida::matching {

std::optional<Money> PolicyReader::money(const Node& map, std::string_view key, bool needed) {
  const auto node = member(map, key, needed);
  if (!node) return std::nullopt;
  const auto amount = parse_money_literal(node->text());
  if (!amount) {
    error(*node, amount.error());
    return std::nullopt;
  }
  if (amount.value() < Money{}) {
    error(*node, "amount_negative", "An amount cannot be negative.");
    return std::nullopt;
  }
  return amount.value();
}

std::optional<std::int64_t> PolicyReader::rate(const Node& map, std::string_view key, std::int64_t most_ppm) {
  const auto node = member(map, key, true);
  if (!node) return std::nullopt;
  const auto ppm = parse_rate_literal(node->text());
  if (!ppm) {
    error(*node, ppm.error());
    return std::nullopt;
  }
  if (ppm.value() < 0 || ppm.value() > most_ppm) {
    error(*node, "rate_out_of_range", "A share lies between 0 % and " + std::to_string(most_ppm / 10'000) + " %.");
    return std::nullopt;
  }
  return ppm.value();
}

std::string PolicyReader::field(const Node& map, std::string_view key, std::initializer_list<FieldType> types) {
  const auto node = member(map, key, true);
  if (!node) return "";
  const auto known = find_field(*node, node->text());
  if (!known) return "";
  bool fitting = false;
  for (const auto type : types) fitting = fitting || type == known->type;
  if (!fitting)
    error(*node, "field_wrong_type", known->name + " is " + zhida::to_text(known->type) + ", which does not fit here.");
  policy_.titles[known->name] = known->title;
  return known->name;
}

template <class Values>
std::optional<std::string> PolicyReader::key_of(const Node& entry, const Known& field, const Values& so_far) {
  auto code = code_of(entry, field, entry.key());
  if (code && so_far.contains(*code)) {
    error(entry, "value_twice", "\"" + entry.key() + "\" stands for " + *code + ", which the table has already.");
    code.reset();
  }
  return code;
}

std::map<std::string, Money> PolicyReader::read_money_table(const Node& map, std::string_view key,
                                                            const std::string& by) {
  std::map<std::string, Money> out;
  const auto table = member(map, key, true);
  if (!table) return out;
  if (!table->is_map() || table->size() == 0) {
    error(*table, "table_empty", "A table of codes and amounts is needed here.");
    return out;
  }
  const Known field = by.empty() ? Known{} : known_of(by);
  for (const auto& item : table->items())
    if (const auto amount = money(*table, item.key()))
      if (const auto code = key_of(item, field, out)) out[*code] = *amount;
  return out;
}

FixedAmount PolicyReader::read_fixed(const Node& node) {
  return {money(node, "amount").value_or(Money{})};
}

RatioAmount PolicyReader::read_ratio(const Node& node) {
  RatioAmount out;
  out.base = field(node, "base", {FieldType::money_fen});
  if (!node.has("by")) {
    out.rate_ppm = rate(node, "rate").value_or(0);
    return out;
  }
  if (const auto single = node.find("rate")) error(*single, "value_not_wanted", "Either rate, or by and rates.");
  out.by = field(node, "by", {FieldType::code});
  const auto rates = member(node, "rates", true);
  if (!rates) return out;
  if (!rates->is_map() || rates->size() == 0) {
    error(*rates, "table_empty", "A table of codes and rates is needed here.");
    return out;
  }
  const auto by = known_of(out.by);
  for (const auto& item : rates->items())
    if (const auto ppm = rate(*rates, item.key()))
      if (const auto code = key_of(item, by, out.rates_ppm)) out.rates_ppm[*code] = *ppm;
  return out;
}

AmountRule PolicyReader::read_lookup(const Node& node) {
  if (node.has("rows")) {
    auto out = read_tiers(node, "rows");
    out.is_lookup = true;
    return out;
  }
  LookupAmount out;
  if (!node.has("counts")) {
    out.by = field(node, "by", {FieldType::code});
    out.amounts = read_money_table(node, "table", out.by);
    return out;
  }
  out.amounts = read_money_table(node, "table");
  const auto counts = node.find("counts");
  for (const auto& item : counts->items()) {
    out.counts[item.key()] = field(*counts, item.key(), {FieldType::integer});
    if (!out.amounts.contains(item.key()))
      error(item, "code_not_in_table", "The table has no sum for \"" + item.key() + "\".");
  }
  for (const auto& [code, unused] : out.amounts)
    if (!out.counts.contains(code))
      error(*counts, "code_not_in_table", "Nothing says how many \"" + code + "\" there are.");
  return out;
}

PerUnitAmount PolicyReader::read_per_unit(const Node& node) {
  PerUnitAmount out;
  out.count = field(node, "count", {FieldType::integer});
  if (const auto unit = member(node, "unit", false); unit && keys(*unit, {"region", "times"})) {
    out.unit_datum = field(*unit, "region", {FieldType::money_fen});
    if (!out.unit_datum.empty() &&
        std::ranges::find(policy_.region_data, out.unit_datum, &RegionDatum::name) == policy_.region_data.end())
      error(*unit, "field_not_regional", out.unit_datum + " is no region datum of regions.yaml.");
    if (const auto times = member(*unit, "times", false)) {
      const auto factor = times->as_integer();
      if (!factor || factor.value() < 1 || factor.value() > 1'000)
        error(*times, "value_malformed", "times is a whole number from 1 to 1000.");
      else
        out.unit_factor = factor.value();
    }
  } else {
    out.unit_amount = money(node, "amount").value_or(Money{});
  }
  if (const auto limit = member(node, "units_max", false)) {
    const auto units = limit->as_integer();
    if (!units) {
      error(*limit, units.error());
    } else if (units.value() < 1) {
      error(*limit, "value_malformed", "units_max is at least 1.");
    } else {
      out.units_max = units.value();
    }
  }
  return out;
}

AmountRule PolicyReader::read_schedule(const Node& node) {
  if (node.has("stages")) return read_stages(node);
  ScheduleAmount out;
  out.by = field(node, "by", {FieldType::code});
  out.amounts = read_money_table(node, "table", out.by);
  const auto advance = member(node, "advance", true);
  if (!advance || !keys(*advance, {"code", "rate"})) return out;
  if (const auto code = member(*advance, "code", true))
    out.advance_code = code_of(*code, known_of(out.by), code->text()).value_or("");
  out.advance_rate_ppm = rate(*advance, "rate").value_or(0);
  if (!out.advance_code.empty() && !out.amounts.contains(out.advance_code))
    error(*advance, "code_not_in_table",
          "The advance is reckoned from \"" + out.advance_code + "\", which the table does not have.");
  return out;
}

void PolicyReader::read_rounding(const Node& node, Amount& amount, bool needed) {
  const auto round = member(node, "round", needed);
  if (!round || !keys(*round, {"to", "mode"})) return;
  const auto to = text(*round, "to");
  if (to == "分" || to == "角" || to == "元") {
    amount.rounding_unit_fen = to == "分" ? 1 : to == "角" ? 10 : 100;
  } else if (!to.empty()) {
    error(*round->find("to"), "rounding_wrong", "Amounts are rounded to 分, 角 or 元.");
  }
  const auto mode = text(*round, "mode");
  if (mode == "down" || mode == "up" || mode == "half_up") {
    amount.rounding = mode == "down" ? Rounding::down : mode == "up" ? Rounding::up : Rounding::half_up;
  } else if (!mode.empty()) {
    error(*round->find("mode"), "rounding_wrong", "The mode is down, up or half_up.");
  }
}

namespace {

/// The fields that the sum is reckoned from.
std::set<std::string> bases_of(const Amount& amount) {
  Policy holder;
  holder.when = always();
  holder.amount = amount;
  return fields_of(holder);
}

/// What a family may be written with, besides `family`, `text` and what every sum may have.
const std::map<std::string, std::vector<std::string_view>>& keys_of_families() {
  static const std::map<std::string, std::vector<std::string_view>> kKeys = {
      {"fixed", {"amount"}},
      {"ratio", {"base", "rate", "by", "rates"}},
      {"lookup", {"by", "table", "counts", "rows", "base"}},
      {"per_unit", {"count", "amount", "unit", "units_max"}},
      {"tier", {"base", "by", "tiers"}},
      {"bands", {"base", "bands"}},
      {"formula", {"formula"}},
      {"actual_cost", {"base", "rate", "months", "months_max"}},
      {"interest", {"principal", "principal_max", "rate", "rate_field", "share", "months", "months_max"}},
      {"schedule", {"by", "table", "advance", "stages", "round"}},
      {"relief", {}},
      {"none", {}}};
  return kKeys;
}

}  // namespace

AmountRule PolicyReader::read_rule(const Node& node, const std::string& family) {
  if (family == "fixed") return read_fixed(node);
  if (family == "ratio") return read_ratio(node);
  if (family == "lookup") return read_lookup(node);
  if (family == "per_unit") return read_per_unit(node);
  if (family == "tier") return read_tiers(node, "tiers");
  if (family == "bands") return read_bands(node);
  if (family == "formula") return read_formula(node);
  if (family == "actual_cost") return read_actual_cost(node);
  if (family == "interest") return read_interest(node);
  if (family == "schedule") return read_schedule(node);
  if (family == "none") return NoAmount{};
  return ReliefAmount{};
}

Amount PolicyReader::read_amount(const Node& node) {
  Amount out;
  out.text = text(node, "text");
  const auto family = text(node, "family");
  const auto own = keys_of_families().find(family);
  if (own == keys_of_families().end()) {
    if (!family.empty()) {
      std::string names;
      for (const auto& name : amount_families()) names += (names.empty() ? "" : ", ") + name;
      error(*node.find("family"), "amount_family_unknown",
            "There is no amount family \"" + family + "\": " + names + ".");
    }
    return out;
  }
  std::vector<std::string_view> known = {"family", "text"};
  known.insert(known.end(), own->second.begin(), own->second.end());
  const bool summed = family != "schedule" && family != "relief" && family != "none";
  if (summed)
    for (const char* key : {"cap", "caps", "multipliers", "plus", "co_funding", "round"}) known.emplace_back(key);
  if (const auto checked = node.only_keys(known); !checked) {
    error(node, checked.error());
    return out;
  }
  out.rule = read_rule(node, family);
  if (summed) read_amount_extras(node, out);
  // Where every product is a whole number of fen there is nothing to round.
  bool rounds =
      family == "ratio" || family == "bands" || family == "formula" || family == "interest" || !out.multipliers.empty();
  if (const auto* tiers = std::get_if<TierAmount>(&out.rule))
    rounds = rounds || std::ranges::any_of(tiers->tiers, [](const auto& tier) { return !tier.amount; });
  if (const auto* cost = std::get_if<ActualCostAmount>(&out.rule)) rounds = rounds || cost->rate_ppm != 1'000'000;
  rounds = rounds || std::holds_alternative<ScheduleAmount>(out.rule);
  if (rounds || node.has("round")) read_rounding(node, out, true);
  if (std::holds_alternative<FormulaAmount>(out.rule)) {
    DerivedField sum;
    sum.name = formula_field(policy_.id);
    sum.title = "按公式计算的金额";
    sum.type = FieldType::money_fen;
    sum.formula = std::get<FormulaAmount>(out.rule).formula;
    sum.rounding = out.rounding;
    policy_.derived.push_back(std::move(sum));
  }
  for (const auto& base : bases_of(out))
    if (base.starts_with("tax.paid") || base == "report.tax_fen")
      note(node.find("base").value_or(node), "amount_tied_to_tax",
           "The amount depends on tax paid (" + base +
               "): have it looked at under the fair competition review (公平竞争审查).");
  return out;
}

}  // namespace zhida::matching
