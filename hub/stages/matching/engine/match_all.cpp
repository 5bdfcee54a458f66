#include "stages/matching/engine/match_all.h"

#include <algorithm>
#include <utility>

#include "stages/matching/engine/partition.h"
#include "stages/matching/engine/results.h"

namespace zhida::matching::engine {

std::vector<Match> PortionMatcher::match(std::span<const EnterpriseProfile> profiles, unsigned threads) {
  std::vector<Match> out;
  if (lowering_.model().items.empty() || profiles.empty()) return out;
  auto table = lowering_.table_of(profiles);
  if (plan_ == nullptr) {
    const Table* tables[] = {&table};
    plan_ = compile(lowering_.model(), tables);
  }
  // One pass does not repay putting the firms in order; their rows stay the profiles' numbers.
  const Partition partition(plan_, std::move(table), best_path(), threads);
  const auto snapshot = partition.snapshot();
  plan_ = snapshot->plan;
  Results results;
  run(*snapshot, best_path(), threads, results);
  results.index();
  out.reserve(results.met() + results.unknown());
  for (std::uint32_t item = 0; item < lowering_.model().items.size(); ++item)
    results.for_each(item, [&](std::size_t row, Verdict verdict) {
      out.push_back({static_cast<std::uint32_t>(row), item, verdict});
    });
  std::ranges::sort(out, {}, [](const Match& match) { return std::pair(match.profile, match.policy); });
  return out;
}

std::vector<Match> match_all(std::span<const Policy> policies, std::span<const EnterpriseProfile> profiles, Date day,
                             unsigned threads) {
  const Lowering lowering(policies, day);
  return PortionMatcher(lowering).match(profiles, threads);
}

}  // namespace zhida::matching::engine
