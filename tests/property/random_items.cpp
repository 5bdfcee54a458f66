#include "property/random_items.h"

#include <algorithm>
#include <iterator>

#include "domain/field_catalogue.h"
#include "stages/matching/amount.h"

namespace zhida::test {

using matching::Clause;
using matching::Operator;
using matching::Policy;

namespace {

constexpr int kFields = 7;  // Of each type; few, so that clauses meet the same field again.

constexpr const char* kCodes[] = {"A",  "B",      "C34",    "3411",   "3511",   "6510",       "I65",
                                  "X9", "330502", "330503", "330602", "330500", "养老、医疗", "B、A"};
constexpr const char* kRegions[] = {"330502", "330503", "330521", "330602", "331002", "110101"};
constexpr FieldType kTypes[] = {FieldType::boolean, FieldType::integer, FieldType::money_fen, FieldType::rate_ppm,
                                FieldType::date,    FieldType::code,    FieldType::text};

std::string field_of(FieldType type, std::int64_t number) {
  return std::string(to_text(type)) + "." + std::to_string(number);
}

}  // namespace

Date RandomItems::day() {
  return Date::parse("2025-11-03").value();
}

FieldData RandomItems::data(FieldType type) {
  switch (type) {
    case FieldType::boolean:
      return chance(50);
    case FieldType::date:
      if (chance(10)) return matching::never();
      return day().plus_days(static_cast<int>(below(12)) * 61 - 400);
    case FieldType::code:
    case FieldType::text:
      // Now and then a text that nobody has seen.
      if (chance(2)) return "3" + std::to_string(below(2000));
      return std::string(kCodes[below(std::size(kCodes))]);
    default:
      if (chance(1)) return chance(50) ? INT64_MAX - below(2) : INT64_MIN + below(2);
      return chance(90) ? below(9) - 2 : below(400) * 1000;
  }
}

FieldType RandomItems::type() {
  return kTypes[below(std::size(kTypes))];
}

Clause RandomItems::condition(bool columns_only) {
  Clause out;
  out.id = "c" + std::to_string(++ids_);
  out.text = "条件";
  out.type = type();
  out.field = field_of(out.type, below(kFields));
  std::vector<Operator> suited = {Operator::eq, Operator::in,  Operator::not_in,  Operator::gt,    Operator::gte,
                                  Operator::lt, Operator::lte, Operator::between, Operator::exists};
  if (out.type == FieldType::boolean)
    suited = {Operator::eq,     Operator::exists,     Operator::is_true,   Operator::is_false,
              Operator::listed, Operator::not_listed, Operator::first_time};
  if (out.type == FieldType::code || out.type == FieldType::text)
    suited = {Operator::eq,          Operator::exists,    Operator::in,     Operator::not_in,
              Operator::industry_in, Operator::region_in, Operator::all_of, Operator::any_of};
  if (out.type == FieldType::date)
    suited = {Operator::date_gte, Operator::date_between,    Operator::lt, Operator::not_received,
              Operator::exists,   Operator::no_event_within, Operator::eq};
  out.op = suited[static_cast<std::size_t>(below(static_cast<std::int64_t>(suited.size())))];
  const auto several = [&] {
    for (auto i = below(4); i >= 0; --i) out.operands.push_back(data(out.type));
  };
  switch (out.op) {
    case Operator::between:
    case Operator::date_between: {
      auto from = data(out.type), to = data(out.type);
      if (to < from && chance(95)) std::swap(from, to);
      out.operands = {from, to};
      break;
    }
    case Operator::in:
    case Operator::not_in:
    case Operator::all_of:
    case Operator::any_of:
      several();
      break;
    case Operator::industry_in:
      out.operands = {std::string(chance(50) ? "C" : chance(50) ? "34" : "I65")};
      break;
    case Operator::region_in:
      out.operands = {std::string(chance(50) ? "330500" : chance(50) ? "330502" : "330000")};
      break;
    case Operator::not_received:
    case Operator::no_event_within:
      out.months = windows_ ? static_cast<int>(below(3)) * 6 : 0;
      break;
    case Operator::is_true:
    case Operator::is_false:
    case Operator::exists:
    case Operator::listed:
    case Operator::not_listed:
    case Operator::first_time:
      break;
    default:
      out.operands = {data(out.type)};
  }
  if (chance(10)) out.on_unknown = matching::OnUnknown::fail;
  if (chance(15)) out.max_age_days = chance(50) ? 10 : 30;
  if (!columns_only && chance(4)) out.sources = {"tax"};
  if (!columns_only && chance(3) && out.type == FieldType::integer && out.operands.size() == 1)
    out.operand_data = {"region.limit"};
  if (!columns_only && chance(3) && out.type == FieldType::integer) out.field = chance(50) ? "own.sum" : "region.limit";
  return out;
}

Clause RandomItems::tree(int depth, bool columns_only) {
  if (depth == 0 || chance(35)) return condition(columns_only);
  Clause out;
  if (chance(50)) out.id = "g" + std::to_string(++ids_);
  const auto kind = below(5);
  out.kind = kind < 2 ? Clause::Kind::all : kind < 4 ? Clause::Kind::any : Clause::Kind::negation;
  const auto children = out.kind == Clause::Kind::negation ? 1 : below(5);
  for (std::int64_t i = 0; i < children; ++i) out.children.push_back(tree(depth - 1, columns_only));
  return out;
}

Policy RandomItems::policy(bool columns_only) {
  Policy out;
  out.id = PolicyId("P-" + std::to_string(++ids_));
  out.version = "fuzz " + std::to_string(ids_);
  out.when = tree(4, columns_only);
  if (chance(70)) {
    // As items are: a region, and then the rest.
    Clause region = condition(true);
    region.type = FieldType::code;
    region.field = "region";
    region.op = Operator::region_in;
    region.operands = {std::string(chance(60)   ? kRegions[below(std::size(kRegions))]
                                   : chance(50) ? "330500"
                                                : "330000")};
    region.operand_data.clear();
    region.months = 0;
    Clause all;
    all.kind = Clause::Kind::all;
    all.children = {std::move(region), std::move(out.when)};
    out.when = std::move(all);
  }
  take_amount(out, columns_only);
  if (chance(20)) out.valid_from = day().plus_days(static_cast<int>(below(40)) - 20);
  if (chance(20)) out.valid_to = day().plus_days(static_cast<int>(below(40)) - 10);
  if (!columns_only) {
    matching::RegionDatum datum;
    datum.name = "region.limit";
    datum.type = FieldType::integer;
    datum.values = {{"330500", FieldData(std::int64_t{2})}, {"330502", FieldData(std::int64_t{4})}};
    out.region_data.push_back(datum);
    matching::DerivedField sum;
    sum.name = "own.sum";
    sum.type = FieldType::integer;
    const auto resolve = [](const std::string& name) -> Result<matching::Expression::Field> {
      return matching::Expression::Field{name, name, FieldType::integer};
    };
    const auto formula = matching::Expression::parse("int.0 + int.1", resolve);
    if (formula) {
      sum.formula = formula.value();
      out.derived.push_back(sum);
    }
    if (chance(2)) out.kind = matching::ItemKind::reminder;
  }
  matching::finish(out);
  return out;
}

Policy RandomItems::sum() {
  Policy out;
  out.id = PolicyId("S-" + std::to_string(++ids_));
  out.when = matching::always();
  take_amount(out, false);
  matching::finish(out);
  return out;
}

void RandomItems::take_amount(Policy& policy, bool columns_only) {
  policy.amount = amount(columns_only);
  if (!columns_only) policy.region_data = {each_datum()};
  if (const auto* rule = std::get_if<matching::FormulaAmount>(&policy.amount.rule)) {
    // As policy files do.
    matching::DerivedField sum;
    sum.name = matching::formula_field(policy.id);
    sum.type = FieldType::money_fen;
    sum.formula = rule->formula;
    sum.rounding = policy.amount.rounding;
    policy.derived = {sum};
  }
}

FieldState RandomItems::state(FieldType type, Date day) {
  FieldState out;
  if (chance(12)) {
    out.reason = chance(50) ? UnknownReason::conflict : UnknownReason::stale;
    return out;
  }
  ProfileValue value;
  // Now and then something that is not what the field holds: unknown, not no.
  value.data = chance(2) ? data(this->type()) : data(type);
  value.source = chance(50) ? "tax" : "credit";
  value.as_of = day.plus_days(-static_cast<int>(below(45)));
  out.value = std::move(value);
  return out;
}

EnterpriseProfile RandomItems::firm(Date day) {
  EnterpriseProfile out;
  out.uscc = "firm " + std::to_string(++ids_);
  out.division = kRegions[below(std::size(kRegions))];
  out.as_of = day;
  for (const auto type : kTypes)
    for (int number = 0; number < kFields; ++number)
      if (!chance(8)) out.fields[field_of(type, number)] = state(type, day);
  for (int number = 0; number < kFields; ++number)
    if (chance(70)) out.fields[field_of(FieldType::boolean, number) + "_first_time"] = state(FieldType::boolean, day);
  if (chance(97)) {
    FieldState region;
    region.value.emplace();
    region.value->data = out.division;
    region.value->as_of = day;
    out.fields["region"] = region;
  }
  put_amount_inputs(out, day);
  return out;
}

void RandomItems::change(EnterpriseProfile& firm, Date day) {
  if (chance(10)) put_amount_inputs(firm, day);
  for (auto left = 1 + below(3); left > 0; --left) {
    if (chance(5)) {
      auto& region = firm.fields["region"];
      if (chance(20)) {
        region.value.reset();
      } else {
        region.value.emplace();
        region.value->data = std::string(kRegions[below(std::size(kRegions))]);
        region.value->as_of = day;
      }
      continue;
    }
    const auto kind = type();
    const auto field = field_of(kind, below(kFields));
    if (chance(10))
      firm.fields.erase(field);
    else
      firm.fields[field] = state(kind, day);
  }
}

bool RandomItems::columns_say_all(const Policy& policy) {
  return policy.derived.empty() && policy.region_data.empty() && policy.kind == matching::ItemKind::conditions;
}

}  // namespace zhida::test
