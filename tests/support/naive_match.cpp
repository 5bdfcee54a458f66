#include "support/naive_match.h"

#include <algorithm>

#include "base/assert.h"
#include "stages/matching/amount.h"
#include "stages/matching/evaluate.h"

namespace zhida::test {

using matching::Clause;

using matching::Operator;
using matching::engine::Table;
using matching::engine::ValueKind;

namespace {

std::int64_t number(const FieldData& data) {
  if (const auto* date = std::get_if<Date>(&data)) return date->days().time_since_epoch().count();
  if (const auto* flag = std::get_if<bool>(&data)) return *flag ? 1 : 0;
  return std::get<std::int64_t>(data);
}

std::uint32_t column_of(const Table& table, const std::string& field, FieldType type) {
  const auto name = type == FieldType::date ? field + "@day" : field;
  const auto kind = type == FieldType::boolean                           ? ValueKind::flag
                    : type == FieldType::text || type == FieldType::code ? ValueKind::text
                                                                         : ValueKind::number;
  for (std::uint32_t i = 0; i < table.columns().size(); ++i)
    if (table.column(i).spec.name == name && table.column(i).spec.kind == kind) return i;
  ZHIDA_ASSERT(false);
  return 0;
}

}  // namespace

NaiveRows::NaiveRows(const Table& table, std::size_t first, std::size_t rows)
    : columns(table.columns().size()), values(rows * columns), known(rows * columns), as_of(rows * columns) {
  for (std::size_t c = 0; c < columns; ++c)
    for (std::size_t row = 0; row < rows; ++row) {
      const auto cell = table.get(first + row, c);
      values[row * columns + c] = cell.known ? cell.value : 0;
      known[row * columns + c] = cell.known ? 1 : 0;
      as_of[row * columns + c] = cell.as_of;
    }
}

NaiveItem::NaiveItem(const matching::Policy& policy, const Table& table, Date day) {
  root_.kind = Node::Kind::all;
  Node valid;
  valid.constant =
      (policy.valid_from && day < *policy.valid_from) || (policy.valid_to && day > *policy.valid_to) ? 0 : 1;
  root_.children = {valid, make(policy.when, table, day), make(matching::amount_needs(policy), table, day)};
}

NaiveItem::Node NaiveItem::make(const Clause& clause, const Table& table, Date day) const {
  Node out;
  if (clause.kind != Clause::Kind::condition) {
    out.kind = clause.kind == Clause::Kind::all   ? Node::Kind::all
               : clause.kind == Clause::Kind::any ? Node::Kind::any
                                                  : Node::Kind::negation;
    for (const auto& child : clause.children) out.children.push_back(make(child, table, day));
    return out;
  }
  if (clause.op == Operator::first_time) {
    out.kind = Node::Kind::all;
    for (const auto* suffix : {"", "_first_time"}) {
      auto part = clause;
      part.op = Operator::is_true;
      part.field += suffix;
      out.children.push_back(make(part, table, day));
    }
    return out;
  }
  out.column = column_of(table, clause.field, clause.type);
  out.fails = clause.on_unknown == matching::OnUnknown::fail;
  out.half_open = clause.false_is_unknown;
  if (clause.max_age_days > 0)
    out.oldest = static_cast<std::int32_t>(day.days().time_since_epoch().count()) - clause.max_age_days;
  const auto& operands = clause.operands;
  if (clause.type == FieldType::text || clause.type == FieldType::code) {
    out.kind = Node::Kind::text;
    for (const auto& text : table.column(out.column).dictionary)
      out.texts.push_back(matching::condition_holds(clause, FieldData(text)) ? 1 : 0);
    return out;
  }
  out.kind = Node::Kind::range;
  const auto between = [&](std::int64_t low, std::int64_t high) { out.ranges.emplace_back(low, high); };
  switch (clause.op) {
    case Operator::eq:
    case Operator::in:
      for (const auto& operand : operands) between(number(operand), number(operand));
      break;
    case Operator::not_in: {
      std::vector<std::int64_t> apart;
      for (const auto& operand : operands) apart.push_back(number(operand));
      std::ranges::sort(apart);
      std::int64_t next = INT64_MIN;
      bool open = true;
      for (const auto value : apart) {
        if (open && value > next) between(next, value - 1);
        open = value < INT64_MAX;
        if (open) next = std::max(next, value + 1);
      }
      if (open) between(next, INT64_MAX);
      break;
    }
    case Operator::gt:
      if (number(operands[0]) < INT64_MAX) between(number(operands[0]) + 1, INT64_MAX);
      break;
    case Operator::gte:
    case Operator::date_gte:
      between(number(operands[0]), INT64_MAX);
      break;
    case Operator::lt:
      if (number(operands[0]) > INT64_MIN) between(INT64_MIN, number(operands[0]) - 1);
      break;
    case Operator::lte:
      between(INT64_MIN, number(operands[0]));
      break;
    case Operator::between:
    case Operator::date_between:
      between(number(operands[0]), number(operands[1]));
      break;
    case Operator::is_true:
    case Operator::listed:
      between(1, 1);
      break;
    case Operator::is_false:
    case Operator::not_listed:
      between(0, 0);
      break;
    case Operator::exists:
      between(INT64_MIN, INT64_MAX);
      break;
    case Operator::not_received:
    case Operator::no_event_within:
      between(INT64_MIN, number(clause.months > 0 ? day.plus_months(-clause.months) : matching::never()));
      break;
    default:
      ZHIDA_ASSERT(false);
  }
  return out;
}

int NaiveItem::walk(const Node& node, const std::int64_t* values, const std::uint8_t* known, const std::int32_t* as_of,
                    bool negated) {
  switch (node.kind) {
    case Node::Kind::constant:
      return node.constant;
    case Node::Kind::all: {
      int out = 1;
      for (const auto& child : node.children) {
        const int part = walk(child, values, known, as_of, negated);
        if (part == 0) return 0;
        if (part == 2) out = 2;
      }
      return out;
    }
    case Node::Kind::any: {
      int out = 0;
      for (const auto& child : node.children) {
        const int part = walk(child, values, known, as_of, negated);
        if (part == 1) return 1;
        if (part == 2) out = 2;
      }
      return out;
    }
    case Node::Kind::negation: {
      const int part = walk(node.children[0], values, known, as_of, !negated);
      return part == 2 ? 2 : 1 - part;
    }
    case Node::Kind::range:
    case Node::Kind::text:
      break;
  }
  int out = 2;
  if (known[node.column] != 0 && (node.oldest == INT32_MIN || as_of[node.column] >= node.oldest)) {
    const auto value = values[node.column];
    out = 0;
    if (node.kind == Node::Kind::text) {
      out = node.texts[static_cast<std::size_t>(value)];
    } else {
      for (const auto& [low, high] : node.ranges)
        if (value >= low && value <= high) {
          out = 1;
          break;
        }
    }
    if (out == 0 && node.half_open) out = 2;
  }
  if (out == 2 && node.fails) return negated ? 1 : 0;
  return out;
}

}  // namespace zhida::test
