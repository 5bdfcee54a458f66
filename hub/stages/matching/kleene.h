#pragma once
#include "domain/entitlement.h"

namespace zhida::matching {

/// Kleene's strong three-valued logic. Unknown stands for "met or not met, we cannot say": a result is unknown exactly
/// when the unknown parts could still turn it either way.
constexpr Verdict both(Verdict left, Verdict right) {
  if (left == Verdict::not_met || right == Verdict::not_met) return Verdict::not_met;
  if (left == Verdict::unknown || right == Verdict::unknown) return Verdict::unknown;
  return Verdict::met;
}

constexpr Verdict either(Verdict left, Verdict right) {
  if (left == Verdict::met || right == Verdict::met) return Verdict::met;
  if (left == Verdict::unknown || right == Verdict::unknown) return Verdict::unknown;
  return Verdict::not_met;
}

constexpr Verdict opposite(Verdict verdict) {
  if (verdict == Verdict::unknown) return Verdict::unknown;
  return verdict == Verdict::met ? Verdict::not_met : Verdict::met;
}

constexpr Verdict met_if(bool holds) {
  return holds ? Verdict::met : Verdict::not_met;
}

}  // namespace zhida::matching
