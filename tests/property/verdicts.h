// Verdicts of many pairs at once, by whom you like: what property tests compare.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "stages/matching/engine/kernels.h"
#include "stages/matching/engine/snapshot.h"
#include "stages/matching/policy.h"

namespace zhida::test {

/// By item, then row.
using VerdictMatrix = std::vector<std::vector<Verdict>>;

VerdictMatrix judged_by_scalar(std::span<const matching::Policy> policies, std::span<const EnterpriseProfile> firms,
                               Date day, unsigned threads);

/// One run of the engine; requires that its counts are those of its sets.
VerdictMatrix judged_by_engine(const matching::engine::Snapshot& snapshot, matching::engine::Path path,
                               unsigned threads);

/// An item and a firm, for somebody who has to find out why two disagree.
std::string pair_text(const matching::Policy& policy, const EnterpriseProfile& firm);

/// Requires that `who` found what was expected; the first pair that differs is shown.
void require_same(std::span<const matching::Policy> policies, std::span<const EnterpriseProfile> firms,
                  const VerdictMatrix& expected, const VerdictMatrix& found, const std::string& who);

}  // namespace zhida::test
