// What an item says besides conditions and amount: derived fields, persons, who comes first, what it may be added to.
#include <algorithm>
#include <utility>

#include "stages/matching/literal.h"
#include "stages/matching/reader_file.h"

namespace zhida::matching {

std::optional<FieldType> PolicyReader::field_type(const Node& map, std::string_view key) {
  const auto written = text(map, key);
  for (const auto candidate : {FieldType::text, FieldType::boolean, FieldType::integer, FieldType::money_fen,
                               FieldType::date, FieldType::code, FieldType::rate_ppm})
    if (written == zhida::to_text(candidate)) return candidate;
  error(map, "field_wrong_type", "The type is text, bool, int, money, date, code or rate.");
  return std::nullopt;
}

std::optional<Rounding> PolicyReader::rounding_mode(const Node& map, std::string_view key) {
  const auto mode = text(map, key);
  if (mode == "down") return Rounding::down;
  if (mode == "up") return Rounding::up;
  if (mode == "half_up") return Rounding::half_up;
  if (!mode.empty()) error(*map.find(key), "rounding_wrong", "The mode is down, up or half_up.");
  return std::nullopt;
}

std::optional<Expression> PolicyReader::expression(const Node& map, std::string_view key) {
  const auto node = member(map, key, true);
  if (!node) return std::nullopt;
  auto parsed = Expression::parse(node->text(), [&](const std::string& written) -> Result<Expression::Field> {
    const auto before = findings_.errors.size();
    const auto known = find_field(*node, written);
    if (!known) {
      // It is among the errors already, with its place; the parser only has to stop.
      const auto found = findings_.errors.back();
      if (findings_.errors.size() > before) findings_.errors.pop_back();
      return refuse("field_unknown", found.message);
    }
    policy_.titles[known->name] = known->title;
    return Expression::Field{known->name, known->title, known->type};
  });
  if (!parsed) {
    error(*node, parsed.error());
    return std::nullopt;
  }
  return std::move(parsed.value());
}

void PolicyReader::read_derived(const Node& root) {
  const auto derived = root.find("derived");
  if (!derived) return;
  for (const auto& item : derived->items()) {
    if (!keys(item, {"title", "type", "unit", "formula", "round"})) continue;
    DerivedField field;
    field.name = item.key();
    field.title = text(item, "title");
    field.type = field_type(item, "type").value_or(FieldType::integer);
    field.unit = text(item, "unit", false);
    const auto formula = expression(item, "formula");
    field.rounding = rounding_mode(item, "round").value_or(Rounding::half_up);
    if (fields_.find(field.name) != nullptr)
      error(item, "field_twice", "fields.yaml has a field " + field.name + " already.");
    if (field.type != FieldType::integer && field.type != FieldType::money_fen && field.type != FieldType::rate_ppm)
      error(item, "field_wrong_type", "A derived field is int, money or rate.");
    if (!formula) continue;
    const bool money = formula->kind() == Expression::Kind::money;
    if (money != (field.type == FieldType::money_fen))
      error(item, "formula_units",
            std::string("The formula gives ") + (money ? "money" : "a plain number") + ", the field is " +
                zhida::to_text(field.type) + ".");
    field.formula = *formula;
    policy_.titles[field.name] = field.title;
    policy_.derived.push_back(std::move(field));
  }
}

void PolicyReader::read_persons(const Node& root) {
  const auto persons = root.find("persons");
  if (!persons) return;
  for (const auto& item : persons->items()) {
    if (!keys(item, {"count", "when", "once"})) continue;
    PersonCount out;
    out.count_field = field(item, "count", {FieldType::integer});
    if (const auto when = member(item, "when", true)) out.when = read_clause(*when);
    if (const auto once = member(item, "once", false); once && keys(*once, {"benefit", "keep"})) {
      out.benefit = text(*once, "benefit");
      const auto keep = member(*once, "keep", true);
      const auto months = keep ? parse_count_literal(keep->text(), "月") : Result<int>(0);
      if (!months)
        error(*keep, months.error());
      else if (keep && months.value() == 0)
        error(*keep, "value_malformed", "The digest of a person is kept for at least 1 月.");
      else
        out.keep_months = months.value();
    }
    policy_.persons.push_back(std::move(out));
  }
}

void PolicyReader::read_ranking_and_pool(const Node& root) {
  if (const auto node = root.find("ranking"); node && keys(*node, {"by", "order", "quota", "field"})) {
    Ranking ranking;
    ranking.by = field(*node, "by", {FieldType::integer, FieldType::money_fen, FieldType::rate_ppm, FieldType::date});
    const auto order = text(*node, "order");
    ranking.descending = order != "rising";
    if (!order.empty() && order != "rising" && order != "falling")
      error(*node->find("order"), "order_wrong", "The order is falling (the greatest first) or rising.");
    if (const auto quota = member(*node, "quota", false)) {
      const auto number = quota->as_integer();
      if (!number || number.value() < 1)
        error(*quota, "value_malformed", "The quota is a whole number of firms.");
      else
        ranking.quota = number.value();
    }
    if (node->has("field")) ranking.rank_field = field(*node, "field", {FieldType::integer});
    policy_.ranking = ranking;
  }
  if (const auto node = root.find("pool"); node && keys(*node, {"total", "shortage"})) {
    Pool pool;
    pool.total = money(*node, "total").value_or(Money{});
    const auto shortage = text(*node, "shortage");
    pool.in_proportion = shortage == "in_proportion";
    if (!shortage.empty() && shortage != "in_proportion" && shortage != "in_order")
      error(*node->find("shortage"), "shortage_wrong",
            "Where the pool is too small it goes in_order (of the ranking) or in_proportion.");
    if (shortage == "in_order" && !policy_.ranking)
      error(*node, "config_missing", "A pool that is given out in order needs a ranking.");
    policy_.pool = pool;
  }
}

void PolicyReader::read_relations(const Node& root) {
  policy_.exclusive_group = text(root, "exclusive_group", false);
  policy_.not_with = texts(root, "not_with");
  policy_.benefits = texts(root, "benefits");
  if (const auto stackable = root.boolean_or("stackable", false); stackable)
    policy_.stackable = stackable.value();
  else
    error(root, stackable.error());
  if (policy_.stackable && !policy_.exclusive_group.empty())
    error(*root.find("stackable"), "relations_contradict",
          "An item of an exclusive group cannot be added to the others of it.");
  policy_.uncertain = texts(root, "uncertain");
}

}  // namespace zhida::matching
