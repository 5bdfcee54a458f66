#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "stages/matching/engine/lower.h"
#include "stages/matching/policy.h"

namespace zhida::matching::engine {

/// A pair that is met or may be.
struct Match {
  std::uint32_t profile = 0;
  std::uint32_t policy = 0;
  Verdict verdict = Verdict::unknown;
};

/// All items on all firms as of a day: exactly the pairs whose evaluate() is not not_met, in the order of the profiles,
/// then of the policies. For clauses and sums ask evaluate() about these.
std::vector<Match> match_all(std::span<const Policy> policies, std::span<const EnterpriseProfile> profiles, Date day,
                             unsigned threads);

/// The same portion by portion, for firms that are too many to be held at once. One thread a matcher; the lowering may
/// be shared and must outlive it.
class PortionMatcher {
 public:
  explicit PortionMatcher(const Lowering& lowering) : lowering_(lowering) {}
  /// `Match::profile` counts within the portion.
  std::vector<Match> match(std::span<const EnterpriseProfile> profiles, unsigned threads = 1);

 private:
  const Lowering& lowering_;
  std::shared_ptr<const Plan> plan_;  // Made for the first portion; learns the texts of the others.
};

}  // namespace zhida::matching::engine
