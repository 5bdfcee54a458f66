// The conditions of a policy file.
#include <algorithm>
#include <utility>

#include "stages/matching/literal.h"
#include "stages/matching/reader_file.h"
#include "stages/matching/region_industry.h"

namespace zhida::matching {
namespace {

using config::ConfigNode;

/// Which types an operator can be asked of.
bool suits(Operator op, FieldType type) {
  const bool ordered = type == FieldType::integer || type == FieldType::money_fen || type == FieldType::rate_ppm;
  switch (op) {
    case Operator::eq:
    case Operator::exists:
      return true;
    case Operator::in:
    case Operator::not_in:
      return type == FieldType::code || type == FieldType::text || type == FieldType::integer;
    case Operator::gt:
    case Operator::gte:
    case Operator::lt:
    case Operator::lte:
    case Operator::between:
      return ordered || type == FieldType::date;
    case Operator::is_true:
    case Operator::is_false:
    case Operator::listed:
    case Operator::not_listed:
    case Operator::first_time:
      return type == FieldType::boolean;
    case Operator::date_gte:
    case Operator::date_between:
      return type == FieldType::date;
    case Operator::industry_in:
    case Operator::region_in:
      return type == FieldType::code;
    case Operator::all_of:
    case Operator::any_of:
      return type == FieldType::code || type == FieldType::text;
    case Operator::not_received:
    case Operator::no_event_within:
      return type == FieldType::date;
  }
  return false;
}

enum class Operands { none, one, two, many };

Operands operands_of(Operator op) {
  switch (op) {
    case Operator::is_true:
    case Operator::is_false:
    case Operator::exists:
    case Operator::listed:
    case Operator::not_listed:
    case Operator::first_time:
    case Operator::not_received:
    case Operator::no_event_within:
      return Operands::none;
    case Operator::between:
    case Operator::date_between:
      return Operands::two;
    case Operator::in:
    case Operator::not_in:
    case Operator::industry_in:
    case Operator::region_in:
    case Operator::all_of:
    case Operator::any_of:
      return Operands::many;
    default:
      return Operands::one;
  }
}

/// A source's own name, or as people call it.
std::string source_name(const std::string& written) {
  static const std::map<std::string, std::string> kNames = {
      {"税务", "tax"},    {"市场监管", "market_supervision"}, {"社保", "social_security"}, {"人社", "social_security"},
      {"信用", "credit"}, {"部门名单", "department_lists"},   {"预算", "budget"},          {"国库", "treasury"}};
  const auto found = kNames.find(written);
  return found == kNames.end() ? written : found->second;
}

}  // namespace

void PolicyReader::claim_id(const Node& node, const std::string& id) {
  if (id == "valid" || id == "amount" || id == "in_force" || id == "reminder")
    error(node, "clause_id_reserved", "The clause id \"" + id + "\" is kept for what the hub adds itself.");
  else if (!clause_ids_.insert(id).second)
    error(node, "clause_id_twice", "The clause id \"" + id + "\" is used twice.");
}

Clause PolicyReader::read_clause(const Node& node) {
  Clause clause;
  if (!node.is_map()) {
    error(node, "clause_malformed", "A clause is a map with all, any, not or field.");
    return clause;
  }
  if (node.has("all") || node.has("any") || node.has("not") || node.has("all_of") || node.has("any_of")) {
    read_group(node, clause);
  } else {
    read_condition(node, clause);
  }
  return clause;
}

void PolicyReader::read_group(const Node& node, Clause& clause) {
  if (!keys(node, {"id", "text", "article", "all", "any", "not", "all_of", "any_of"})) return;
  clause.id = text(node, "id", false);
  clause.text = text(node, "text", false);
  clause.article = text(node, "article", false);
  places_.emplace_back(clause.id, node);
  if (!clause.id.empty()) claim_id(node, clause.id);
  int groups = 0;
  for (const auto& [name, kind] : {std::pair{"all", Clause::Kind::all}, std::pair{"all_of", Clause::Kind::all},
                                   std::pair{"any", Clause::Kind::any}, std::pair{"any_of", Clause::Kind::any},
                                   std::pair{"not", Clause::Kind::negation}}) {
    const auto child = node.find(name);
    if (!child) continue;
    ++groups;
    clause.kind = kind;
    if (kind == Clause::Kind::negation) {
      clause.children.push_back(read_clause(*child));
      continue;
    }
    if (!child->is_list() || child->size() == 0) {
      error(*child, "group_empty", std::string("\"") + name + "\" needs a list of at least one clause.");
      continue;
    }
    for (const auto& item : child->items()) clause.children.push_back(read_clause(item));
  }
  if (groups > 1) error(node, "clause_malformed", "One clause has one of all, any and not; nest them instead.");
}

void PolicyReader::read_condition(const Node& node, Clause& clause) {
  if (!keys(node, {"id", "text", "article", "field", "benefit", "op", "value", "from", "to", "on_unknown", "max_age",
                   "sources", "within"}))
    return;
  clause.id = text(node, "id", !anonymous_clauses_);
  clause.text = text(node, "text", !anonymous_clauses_);
  clause.article = text(node, "article", false);
  if (!clause.id.empty()) claim_id(node, clause.id);
  places_.emplace_back(clause.id, node);

  const auto op_node = member(node, "op", true);
  if (!op_node) return;
  const auto op = operator_from(op_node->text());
  if (!op) {
    const auto names = operator_names();
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto near = config::nearest_name(op_node->text(), views);
    error(*op_node, "operator_unknown",
          "There is no operator \"" + op_node->text() + "\"" +
              (near ? "; did you mean \"" + std::string(*near) + "\"?" : "."));
  }
  const bool by_benefit = op == Operator::not_received && node.has("benefit");
  const auto field_node = member(node, by_benefit ? "benefit" : "field", true);
  if (!field_node) return;
  const auto known =
      by_benefit ? std::optional(received_field(field_node->text())) : find_field(*field_node, field_node->text());
  if (!known || !op) return;
  clause.field = known->name;
  clause.type = known->type;
  clause.unit = known->unit;
  clause.op = *op;
  policy_.titles[known->name] = known->title;
  if (!suits(*op, known->type)) {
    error(*op_node, "operator_wrong_for_type",
          std::string("The operator ") + to_text(*op) + " cannot be asked of " + known->name + ", which is " +
              zhida::to_text(known->type) + ".");
    return;
  }
  if (*op == Operator::first_time) {
    const auto companion = find_field(*field_node, known->name + "_first_time");
    if (!companion) return;
    if (companion->type != FieldType::boolean)
      error(*field_node, "field_wrong_type", companion->name + " must be bool for first_time.");
    policy_.titles[companion->name] = companion->title;
  }
  read_operands(node, *known, clause);
  read_window(node, clause);

  const auto on_unknown = text(node, "on_unknown", false);
  if (anonymous_clauses_ && !on_unknown.empty())
    error(*node.find("on_unknown"), "on_unknown_wrong",
          "What is unknown here leaves the sum unknown; on_unknown belongs to conditions.");
  if (on_unknown == "ask_enterprise" || on_unknown == "ask") {
    clause.on_unknown = OnUnknown::ask_enterprise;
  } else if (on_unknown == "fail") {
    clause.on_unknown = OnUnknown::fail;
  } else if (!on_unknown.empty() && on_unknown != "review") {
    error(*node.find("on_unknown"), "on_unknown_wrong", "on_unknown is review, ask_enterprise or fail.");
  }
  for (const auto& source : texts(node, "sources")) clause.sources.push_back(source_name(source));
  if (const auto age = member(node, "max_age", false)) {
    const auto days = parse_count_literal(age->text(), "天");
    if (!days) {
      error(*age, days.error());
    } else if (days.value() == 0) {
      error(*age, "value_malformed", "max_age is at least 1 天.");
    } else {
      clause.max_age_days = days.value();
    }
  }
}

void PolicyReader::read_window(const Node& node, Clause& clause) {
  const bool windowed = clause.op == Operator::not_received || clause.op == Operator::no_event_within;
  if (const auto within = member(node, "within", clause.op == Operator::no_event_within)) {
    if (!windowed) return error(*within, "value_not_wanted", "\"within\" belongs to not_received and no_event_within.");
    const auto months = parse_count_literal(within->text(), "月");
    if (!months) return error(*within, months.error());
    if (months.value() == 0) return error(*within, "value_malformed", "A window is at least 1 月.");
    clause.months = months.value();
  }
}

PolicyReader::Known PolicyReader::received_field(const std::string& benefit) {
  return {"received." + benefit, "上次享受“" + benefit + "”的日期", "", FieldType::date};
}

Clause PolicyReader::read_clause_of_amount(const Node& node) {
  const bool before = std::exchange(anonymous_clauses_, true);
  auto out = read_clause(node);
  anonymous_clauses_ = before;
  return out;
}

void PolicyReader::read_operands(const Node& node, const Known& known, Clause& clause) {
  const auto wanted = operands_of(clause.op);
  const auto read_one = [&](const Node& place) {
    if (const auto region = place.is_map() && place.size() == 1 ? place.find("region") : std::nullopt) {
      const auto datum = find_field(*region, region->text());
      if (!datum) return;
      if (std::ranges::find(policy_.region_data, datum->name, &RegionDatum::name) == policy_.region_data.end())
        return error(*region, "field_not_regional", datum->name + " is no region datum of regions.yaml.");
      if (datum->type != known.type || datum->unit != known.unit)
        return error(*region, "unit_wrong",
                     datum->name + " is " + zhida::to_text(datum->type) + " in \"" + datum->unit + "\", " + known.name +
                         " is " + zhida::to_text(known.type) + " in \"" + known.unit + "\": they cannot be compared.");
      policy_.titles[datum->name] = datum->title;
      clause.operand_data.resize(clause.operands.size() + 1);
      clause.operand_data.back() = datum->name;
      // A placeholder of the right type; the region's value takes its place.
      clause.operands.push_back(known.type == FieldType::date ? FieldData(Date{}) : FieldData(std::int64_t{0}));
      return;
    }
    if (!place.is_scalar()) return error(place, "value_malformed", "A single value is needed here.");
    const auto written = code_of(place, known, place.text());
    if (!written) return;
    const auto data = parse_literal(*written, known.type, known.unit);
    if (!data) return error(place, data.error());
    clause.operands.push_back(data.value());
    if (!clause.operand_data.empty()) clause.operand_data.resize(clause.operands.size());
  };
  for (const char* key : {"from", "to"})
    if (wanted != Operands::two && node.has(key))
      error(*node.find(key), "value_not_wanted", std::string("\"") + key + "\" belongs to between and date_between.");
  if (wanted == Operands::two) {
    if (const auto value = node.find("value")) error(*value, "value_not_wanted", "A range has from and to, no value.");
    const auto from = member(node, "from", true);
    const auto to = member(node, "to", true);
    if (!from || !to) return;
    read_one(*from);
    read_one(*to);
    if (clause.operands.size() == 2 && clause.operand_data.empty() && clause.operands[1] < clause.operands[0])
      error(*from, "range_empty", "The range ends before it begins: nothing lies in it.");
    return;
  }
  if (wanted == Operands::none) {
    if (const auto value = node.find("value"))
      error(*value, "value_not_wanted", std::string(to_text(clause.op)) + " takes no value.");
    return;
  }
  const auto value = member(node, "value", true);
  if (!value) return;
  if (wanted == Operands::one || value->is_scalar()) {
    read_one(*value);
  } else {
    if (value->size() == 0) error(*value, "values_empty", "The list of values is empty.");
    for (const auto& item : value->items()) read_one(item);
  }
  for (std::size_t i = 0; i < clause.operands.size(); ++i) {
    if (clause.operand_data.empty() &&
        std::find(clause.operands.begin(), clause.operands.begin() + static_cast<std::ptrdiff_t>(i),
                  clause.operands[i]) != clause.operands.begin() + static_cast<std::ptrdiff_t>(i))
      error(*value, "value_twice", "The value " + zhida::to_text(clause.operands[i]) + " is listed twice.");
    const auto* code = std::get_if<std::string>(&clause.operands[i]);
    if (code == nullptr) continue;
    if (clause.op == Operator::industry_in && !is_industry_code(*code))
      error(*value, "industry_code_wrong", "\"" + *code + "\" is no code of GB/T 4754 (C, C34, 3411).");
    if (clause.op == Operator::region_in && !is_region_code(*code))
      error(*value, "region_code_wrong", "\"" + *code + "\" is no code of GB/T 2260 (six digits).");
  }
}

}  // namespace zhida::matching
