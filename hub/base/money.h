#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace zhida {

/// How an amount between two whole units is brought to one of them. Always named, never implied.
enum class Rounding { down, up, half_up };

/// Money in whole fen (分), 64 bit. Never floating point. Arithmetic that overflows gives the error `money_overflow`.
class Money {
 public:
  constexpr Money() = default;
  static constexpr Money from_fen(std::int64_t fen) { return Money(fen); }

  /// Decimal text in yuan (`1234.50`, `-3`), at most two places; thousands separators are the mapping's business.
  /// Errors `money_malformed`, `money_overflow`.
  static Result<Money> parse_yuan(std::string_view text);
  /// Decimal text in a unit of `fen_per_unit` fen (元 = 100, 万元 = 1,000,000), any number of places. What does not
  /// come out in whole fen is refused (`money_fraction_of_fen`) unless a rounding is given.
  static Result<Money> parse_decimal(std::string_view text, std::int64_t fen_per_unit);
  static Result<Money> parse_decimal(std::string_view text, std::int64_t fen_per_unit, Rounding rounding);

  constexpr std::int64_t fen() const { return fen_; }
  /// `1234.50`: always two places, no separators.
  std::string to_yuan() const;

  Result<Money> plus(Money other) const;
  Result<Money> minus(Money other) const;
  /// this × numerator / denominator, computed in 128 bits and brought to a multiple of `unit_fen` once.
  Result<Money> times(std::int64_t numerator, std::int64_t denominator, Rounding rounding,
                      std::int64_t unit_fen = 1) const;

  friend constexpr auto operator<=>(Money, Money) = default;

 private:
  constexpr explicit Money(std::int64_t fen) : fen_(fen) {}
  std::int64_t fen_ = 0;
};

}  // namespace zhida
