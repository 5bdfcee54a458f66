#include "base/money.h"

#include <limits>

#include "base/assert.h"

namespace zhida {
namespace {

__extension__ typedef __int128 Wide;

constexpr Wide kMax = std::numeric_limits<std::int64_t>::max();
constexpr Wide kMin = std::numeric_limits<std::int64_t>::min();

Error overflow() {
  return refuse("money_overflow", "The amount does not fit into 64 bits of fen.");
}

/// numerator / denominator brought to a whole number; denominator > 0. down and up are towards and away from zero.
Wide divide(Wide numerator, Wide denominator, Rounding rounding) {
  const bool negative = numerator < 0;
  const Wide size = negative ? -numerator : numerator;
  Wide quotient = size / denominator;
  const Wide rest = size % denominator;
  if (rest != 0 && (rounding == Rounding::up || (rounding == Rounding::half_up && rest * 2 >= denominator))) ++quotient;
  return negative ? -quotient : quotient;
}

struct Decimal {
  bool negative = false;
  std::string digits;  // Without sign and point, leading zeros cut.
  std::size_t places = 0;
};

Result<Decimal> parse(std::string_view text) {
  Decimal d;
  std::string_view rest = text;
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
    d.negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  bool point = false;
  bool any = false;
  for (const char c : rest) {
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      any = true;
      if (!(d.digits.empty() && c == '0')) d.digits += c;
      if (point) ++d.places;
    } else {
      any = false;
      break;
    }
  }
  if (!any || rest.back() == '.')
    return refuse("money_malformed", "\"" + std::string(text) + "\" is not a decimal amount.");
  while (point && d.places > 0 && !d.digits.empty() && d.digits.back() == '0') {
    d.digits.pop_back();
    --d.places;
  }
  if (d.digits.empty()) d.places = 0;
  if (d.digits.size() > 24 || d.places > 12) return overflow();
  return d;
}

Result<Money> scale(const Decimal& d, std::int64_t fen_per_unit, const Rounding* rounding) {
  Wide value = 0;
  for (const char c : d.digits) value = value * 10 + (c - '0');
  if (value > kMax * 1000) return overflow();
  value *= fen_per_unit;
  Wide power = 1;
  for (std::size_t i = 0; i < d.places; ++i) power *= 10;
  if (value % power != 0 && rounding == nullptr)
    return refuse("money_fraction_of_fen", "The amount is not a whole number of fen.");
  value = divide(value, power, rounding ? *rounding : Rounding::down);
  if (d.negative) value = -value;
  if (value > kMax || value < kMin) return overflow();
  return Money::from_fen(static_cast<std::int64_t>(value));
}

}  // namespace

Result<Money> Money::parse_yuan(std::string_view text) {
  const auto d = TRY(parse(text));
  const auto point = text.find('.');
  if (point != std::string_view::npos && text.size() - point - 1 > 2)
    return refuse("money_malformed", "\"" + std::string(text) + "\" has more than two places.");
  return scale(d, 100, nullptr);
}

Result<Money> Money::parse_decimal(std::string_view text, std::int64_t fen_per_unit) {
  return scale(TRY(parse(text)), fen_per_unit, nullptr);
}

Result<Money> Money::parse_decimal(std::string_view text, std::int64_t fen_per_unit, Rounding rounding) {
  return scale(TRY(parse(text)), fen_per_unit, &rounding);
}

std::string Money::to_yuan() const {
  const auto size = fen_ < 0 ? 0 - static_cast<std::uint64_t>(fen_) : static_cast<std::uint64_t>(fen_);
  std::string out = fen_ < 0 ? "-" : "";
  out += std::to_string(size / 100);
  out += '.';
  out += static_cast<char>('0' + size % 100 / 10);
  out += static_cast<char>('0' + size % 10);
  return out;
}

Result<Money> Money::plus(Money other) const {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(fen_, other.fen_, &sum)) return overflow();
  return Money(sum);
}

Result<Money> Money::minus(Money other) const {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(fen_, other.fen_, &difference)) return overflow();
  return Money(difference);
}

Result<Money> Money::times(std::int64_t numerator, std::int64_t denominator, Rounding rounding,
                           std::int64_t unit_fen) const {
  ZHIDA_ASSERT(denominator > 0 && unit_fen > 0);
  // 64 × 64 bits fit into 128; the divisor is widened by the unit, so that there is one rounding only.
  const Wide value = divide(Wide{fen_} * numerator, Wide{denominator} * unit_fen, rounding) * unit_fen;
  if (value > kMax || value < kMin) return overflow();
  return Money(static_cast<std::int64_t>(value));
}

}  // namespace zhida
