// Inside stages/matching only: how large an input of a sum may be. The computation and amount_needs() share it, so that
// both call the same inputs out of range.
#pragma once
#include <algorithm>
#include <cstdint>

#include "stages/matching/policy.h"

namespace zhida::matching::limits {

constexpr std::int64_t kMonthsMost = 1'200;  // A hundred years.
constexpr std::int64_t kCountMost = 1'000'000'000;

/// The greatest value of an input that the sum multiplies by at most `worst_factor`.
inline std::int64_t amount_input_max(const Policy& policy, std::int64_t worst_factor) {
  const auto& amount = policy.amount;
  const bool plain = amount.multipliers.empty() && amount.parts.empty() && amount.rounding_unit_fen == 1;
  return INT64_MAX / std::max<std::int64_t>(1, worst_factor) / (plain ? 1 : 16);
}

/// The least whole number that a cap's share of its field does not exceed.
inline std::int64_t cap_factor(const FieldCap& cap) {
  return (cap.rate_ppm + 999'999) / 1'000'000;
}

/// How many units may be counted.
inline std::int64_t count_max(const Policy& policy, const PerUnitAmount& rule) {
  if (rule.units_max) return INT64_MAX;
  return rule.unit_datum.empty() ? amount_input_max(policy, rule.unit_amount.fen()) : kCountMost;
}

/// Of a lookup by counts: how many there may be of one code.
inline std::int64_t count_max(const Policy& policy, const LookupAmount& rule, Money each) {
  return amount_input_max(policy,
                          std::max<std::int64_t>(1, each.fen()) * static_cast<std::int64_t>(rule.counts.size()));
}

}  // namespace zhida::matching::limits
