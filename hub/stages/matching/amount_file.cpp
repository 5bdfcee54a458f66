// The amount rule of a policy file.
#include <utility>

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

std::optional<std::int64_t> PolicyReader::rate(const Node& map, std::string_view key) {
  const auto node = member(map, key, true);
  if (!node) return std::nullopt;
  const auto ppm = parse_rate_literal(node->text());
  if (!ppm) {
    error(*node, ppm.error());
    return std::nullopt;
  }
  if (ppm.value() < 0 || ppm.value() > 1'000'000) {
    error(*node, "rate_out_of_range", "A share lies between 0 % and 100 %.");
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

std::map<std::string, Money> PolicyReader::read_money_table(const Node& map, std::string_view key) {
  std::map<std::string, Money> out;
  const auto table = member(map, key, true);
  if (!table) return out;
  if (!table->is_map() || table->size() == 0) {
    error(*table, "table_empty", "A table of codes and amounts is needed here.");
    return out;
  }
  for (const auto& item : table->items())
    if (const auto amount = money(*table, item.key())) out[item.key()] = *amount;
  return out;
}

FixedAmount PolicyReader::read_fixed(const Node& node) {
  if (!keys(node, {"family", "text", "amount", "cap"})) return {};
  return {money(node, "amount").value_or(Money{})};
}

RatioAmount PolicyReader::read_ratio(const Node& node) {
  if (!keys(node, {"family", "text", "base", "rate", "by", "rates", "cap", "round"})) return {};
  RatioAmount out;
  out.base = field(node, "base", {FieldType::money_fen});
  if (out.base.starts_with("tax.paid"))
    note(*node.find("base"), "amount_tied_to_tax",
         "The amount depends on tax paid: have it looked at under the fair competition review (公平竞争审查).");
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
  for (const auto& item : rates->items())
    if (const auto ppm = rate(*rates, item.key())) out.rates_ppm[item.key()] = *ppm;
  return out;
}

LookupAmount PolicyReader::read_lookup(const Node& node) {
  if (!keys(node, {"family", "text", "by", "table", "cap"})) return {};
  LookupAmount out;
  out.by = field(node, "by", {FieldType::code});
  out.amounts = read_money_table(node, "table");
  return out;
}

PerUnitAmount PolicyReader::read_per_unit(const Node& node) {
  if (!keys(node, {"family", "text", "count", "amount", "units_max", "cap"})) return {};
  PerUnitAmount out;
  out.count = field(node, "count", {FieldType::integer});
  out.unit_amount = money(node, "amount").value_or(Money{});
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

ScheduleAmount PolicyReader::read_schedule(const Node& node) {
  if (!keys(node, {"family", "text", "by", "table", "advance", "round"})) return {};
  ScheduleAmount out;
  out.by = field(node, "by", {FieldType::code});
  out.amounts = read_money_table(node, "table");
  const auto advance = member(node, "advance", true);
  if (!advance || !keys(*advance, {"code", "rate"})) return out;
  out.advance_code = text(*advance, "code");
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

Amount PolicyReader::read_amount(const Node& node) {
  Amount out;
  out.text = text(node, "text");
  const auto family = text(node, "family");
  if (family == "fixed") {
    out.rule = read_fixed(node);
  } else if (family == "ratio") {
    out.rule = read_ratio(node);
  } else if (family == "lookup") {
    out.rule = read_lookup(node);
  } else if (family == "per_unit") {
    out.rule = read_per_unit(node);
  } else if (family == "schedule") {
    out.rule = read_schedule(node);
  } else if (family == "relief") {
    keys(node, {"family", "text"});
  } else if (!family.empty()) {
    error(*node.find("family"), "amount_family_unknown",
          "There is no amount family \"" + family + "\": fixed, ratio, lookup, per_unit, schedule, relief.");
  }
  out.cap = money(node, "cap", false);
  if (family == "ratio" || family == "schedule") read_rounding(node, out, true);
  return out;
}

}  // namespace zhida::matching
