#include "stages/matching/literal.h"

#include <array>
#include <charconv>
#include <utility>

#include "stages/matching/policy.h"

namespace zhida::matching {
namespace {

struct Quantity {
  std::string_view number;
  std::string_view unit;
};

/// Number and unit, with or without a blank between them.
Result<Quantity> split(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && std::string_view("+-.0123456789").find(text[end]) != std::string_view::npos) ++end;
  if (end == 0) return refuse("value_malformed", "\"" + std::string(text) + "\" does not begin with a number.");
  Quantity out{text.substr(0, end), text.substr(end)};
  while (out.unit.starts_with(' ')) out.unit.remove_prefix(1);
  return out;
}

Error unit_error(std::string_view text, std::string_view unit, const std::string& wanted) {
  if (unit.empty()) return refuse("unit_missing", "\"" + std::string(text) + "\" needs its unit: " + wanted + ".");
  return refuse("unit_wrong",
                "\"" + std::string(text) + "\" is in \"" + std::string(unit) + "\"; it must be in " + wanted + ".");
}

/// A decimal times `scale`, as a whole number. Money's exact decimal arithmetic serves rates just as well.
Result<std::int64_t> scaled(std::string_view text, std::string_view number, std::int64_t scale) {
  const auto value = Money::parse_decimal(number, scale);
  if (value) return value.value().fen();
  if (value.error().code == "money_fraction_of_fen")
    return refuse("value_too_fine", "\"" + std::string(text) + "\" has more decimal places than can be kept.");
  return refuse("value_malformed", "\"" + std::string(text) + "\" is not a decimal number within range.");
}

Result<std::int64_t> whole(std::string_view text, std::string_view number) {
  std::int64_t out = 0;
  const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), out);
  if (fault != std::errc() || end != number.data() + number.size())
    return refuse("value_malformed", "\"" + std::string(text) + "\" is not a whole number.");
  return out;
}

}  // namespace

Result<Money> parse_money_literal(std::string_view text) {
  constexpr auto kUnits = std::to_array<std::pair<std::string_view, std::int64_t>>(
      {{"分", 1}, {"元", 100}, {"万元", 1'000'000}, {"亿元", 10'000'000'000}});
  const auto quantity = TRY(split(text));
  for (const auto& [unit, fen] : kUnits)
    if (quantity.unit == unit) return Money::from_fen(TRY(scaled(text, quantity.number, fen)));
  return unit_error(text, quantity.unit, "分, 元, 万元 or 亿元");
}

Result<std::int64_t> parse_rate_literal(std::string_view text) {
  const auto quantity = TRY(split(text));
  if (quantity.unit != "%") return unit_error(text, quantity.unit, "%");
  return scaled(text, quantity.number, 10'000);
}

Result<int> parse_count_literal(std::string_view text, std::string_view unit) {
  const auto quantity = TRY(split(text));
  if (quantity.unit != unit) return unit_error(text, quantity.unit, std::string(unit));
  const auto number = TRY(whole(text, quantity.number));
  if (number < 0 || number > 10'000) return refuse("value_malformed", "\"" + std::string(text) + "\" is out of range.");
  return static_cast<int>(number);
}

Result<FieldData> parse_literal(std::string_view text, FieldType type, std::string_view unit) {
  switch (type) {
    case FieldType::boolean:
      if (text == "true" || text == "是") return FieldData(true);
      if (text == "false" || text == "否") return FieldData(false);
      return refuse("value_malformed", "\"" + std::string(text) + "\" is neither 是 nor 否 (true, false).");
    case FieldType::integer: {
      const auto quantity = TRY(split(text));
      if (quantity.unit != unit) return unit_error(text, quantity.unit, unit.empty() ? "no unit" : std::string(unit));
      return FieldData(TRY(whole(text, quantity.number)));
    }
    case FieldType::money_fen:
      return FieldData(TRY(parse_money_literal(text)).fen());
    case FieldType::rate_ppm:
      return FieldData(TRY(parse_rate_literal(text)));
    case FieldType::date: {
      if (text == "从未" || text == "never") return FieldData(never());
      const auto date = Date::parse(text);
      if (!date) return refuse("value_malformed", "\"" + std::string(text) + "\" is not a day like 2025-12-31.");
      return FieldData(date.value());
    }
    case FieldType::text:
    case FieldType::code:
      break;
  }
  if (text.empty()) return refuse("value_malformed", "An empty value was written.");
  return FieldData(std::string(text));
}

}  // namespace zhida::matching
