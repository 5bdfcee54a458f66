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
      return Operands::none;
    case Operator::between:
    case Operator::date_between:
      return Operands::two;
    case Operator::in:
    case Operator::not_in:
    case Operator::industry_in:
    case Operator::region_in:
      return Operands::many;
    default:
      return Operands::one;
  }
}

}  // namespace

void PolicyReader::claim_id(const Node& node, const std::string& id) {
  if (id == "valid" || id == "amount" || id == "in_force")
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
  if (node.has("all") || node.has("any") || node.has("not")) {
    read_group(node, clause);
  } else {
    read_condition(node, clause);
  }
  return clause;
}

void PolicyReader::read_group(const Node& node, Clause& clause) {
  if (!keys(node, {"id", "text", "all", "any", "not"})) return;
  clause.id = text(node, "id", false);
  clause.text = text(node, "text", false);
  if (!clause.id.empty()) claim_id(node, clause.id);
  int groups = 0;
  for (const auto& [name, kind] : {std::pair{"all", Clause::Kind::all}, std::pair{"any", Clause::Kind::any},
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
  if (!keys(node, {"id", "text", "field", "op", "value", "from", "to", "on_unknown", "max_age"})) return;
  clause.id = text(node, "id");
  clause.text = text(node, "text");
  if (!clause.id.empty()) claim_id(node, clause.id);

  const auto field_node = member(node, "field", true);
  const auto op_node = member(node, "op", true);
  if (!field_node || !op_node) return;
  const auto known = find_field(*field_node, field_node->text());
  const auto op = operator_from(op_node->text());
  if (!op) {
    const auto names = operator_names();
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto near = config::nearest_name(op_node->text(), views);
    error(*op_node, "operator_unknown",
          "There is no operator \"" + op_node->text() + "\"" +
              (near ? "; did you mean \"" + std::string(*near) + "\"?" : "."));
  }
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

  const auto on_unknown = text(node, "on_unknown", false);
  if (on_unknown == "ask_enterprise") {
    clause.on_unknown = OnUnknown::ask_enterprise;
  } else if (on_unknown == "fail") {
    clause.on_unknown = OnUnknown::fail;
  } else if (!on_unknown.empty() && on_unknown != "review") {
    error(*node.find("on_unknown"), "on_unknown_wrong", "on_unknown is review, ask_enterprise or fail.");
  }
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

void PolicyReader::read_operands(const Node& node, const Known& known, Clause& clause) {
  const auto wanted = operands_of(clause.op);
  const auto read_one = [&](const Node& place) {
    if (!place.is_scalar()) return error(place, "value_malformed", "A single value is needed here.");
    const auto data = parse_literal(place.text(), known.type, known.unit);
    if (!data) return error(place, data.error());
    clause.operands.push_back(data.value());
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
    if (clause.operands.size() == 2 && clause.operands[1] < clause.operands[0])
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
    if (std::find(clause.operands.begin(), clause.operands.begin() + static_cast<std::ptrdiff_t>(i),
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
