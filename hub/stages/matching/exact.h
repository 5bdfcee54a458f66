#pragma once
#include <cstdint>
#include <optional>

#include "base/money.h"

namespace zhida::matching {

__extension__ typedef __int128 Wide;

/// An exact fraction of 128-bit whole numbers. What does not fit is nothing, never a wrong number: every operation
/// gives nullopt on overflow and on division by zero. Sums are kept like this until they are rounded once.
class Fraction {
 public:
  constexpr Fraction() = default;
  constexpr Fraction(std::int64_t whole) : numerator_(whole) {}  // NOLINT: whole numbers are fractions.
  static std::optional<Fraction> of(Wide numerator, Wide denominator) {
    if (denominator == 0) return std::nullopt;
    if (denominator < 0) {
      if (numerator == kLeast || denominator == kLeast) return std::nullopt;
      numerator = -numerator;
      denominator = -denominator;
    }
    const Wide common = greatest_common_divisor(numerator, denominator);
    Fraction out;
    out.numerator_ = numerator / common;
    out.denominator_ = denominator / common;
    return out;
  }

  Wide numerator() const { return numerator_; }
  Wide denominator() const { return denominator_; }  ///< Positive.
  bool negative() const { return numerator_ < 0; }

  std::optional<Fraction> plus(const Fraction& other) const {
    const Wide common = greatest_common_divisor(denominator_, other.denominator_);
    Wide left = 0, right = 0, sum = 0, denominator = 0;
    if (__builtin_mul_overflow(numerator_, other.denominator_ / common, &left) ||
        __builtin_mul_overflow(other.numerator_, denominator_ / common, &right) ||
        __builtin_add_overflow(left, right, &sum) ||
        __builtin_mul_overflow(denominator_, other.denominator_ / common, &denominator))
      return std::nullopt;
    return of(sum, denominator);
  }
  std::optional<Fraction> minus(const Fraction& other) const {
    const auto turned = other.times(Fraction(-1));
    return turned ? plus(*turned) : std::nullopt;
  }
  std::optional<Fraction> times(const Fraction& other) const {
    const Wide first = greatest_common_divisor(numerator_, other.denominator_);
    const Wide second = greatest_common_divisor(other.numerator_, denominator_);
    Wide numerator = 0, denominator = 0;
    if (__builtin_mul_overflow(numerator_ / first, other.numerator_ / second, &numerator) ||
        __builtin_mul_overflow(denominator_ / second, other.denominator_ / first, &denominator))
      return std::nullopt;
    return of(numerator, denominator);
  }
  std::optional<Fraction> over(const Fraction& other) const {
    const auto turned = of(other.denominator_, other.numerator_);
    return turned ? times(*turned) : std::nullopt;
  }
  /// Negative, zero or positive as this is less than, equal to or greater than the other; nullopt where that needs more
  /// than 128 bits.
  std::optional<int> compare(const Fraction& other) const {
    const auto difference = minus(other);
    if (!difference) return std::nullopt;
    return difference->numerator_ < 0 ? -1 : difference->numerator_ > 0 ? 1 : 0;
  }

  /// The multiple of `unit` that the rounding gives; half_up goes away from zero. nullopt where 64 bits are too few.
  std::optional<std::int64_t> rounded(Rounding rounding, std::int64_t unit = 1) const {
    const bool below_zero = numerator_ < 0;
    if (numerator_ == kLeast) return std::nullopt;
    const Wide size = below_zero ? -numerator_ : numerator_;
    // Step by step: the denominator times the unit may need more than 128 bits.
    const Wide whole = size / denominator_, part = size % denominator_;
    Wide units = whole / unit;
    const Wide over = whole % unit, half = unit / 2;
    const bool half_or_more =
        unit % 2 == 0 ? over >= half : over > half || (over == half && part >= denominator_ - part);
    if ((rounding == Rounding::up && (over > 0 || part > 0)) || (rounding == Rounding::half_up && half_or_more))
      ++units;
    Wide out = 0;
    if (__builtin_mul_overflow(units, static_cast<Wide>(unit), &out) || out > INT64_MAX) return std::nullopt;
    return static_cast<std::int64_t>(below_zero ? -out : out);
  }

 private:
  static constexpr Wide kLeast = -(((static_cast<Wide>(1) << 126) - 1) * 2 + 1) - 1;

  static Wide greatest_common_divisor(Wide left, Wide right) {
    if (left < 0) left = left == kLeast ? 1 : -left;
    if (right < 0) right = right == kLeast ? 1 : -right;
    while (right != 0) {
      const Wide rest = left % right;
      left = right;
      right = rest;
    }
    return left == 0 ? 1 : left;
  }

  Wide numerator_ = 0;
  Wide denominator_ = 1;
};

}  // namespace zhida::matching
