#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
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

}  // namespace zhida::matching::engine
