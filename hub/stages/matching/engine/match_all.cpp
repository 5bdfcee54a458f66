#include "stages/matching/engine/match_all.h"

#include <algorithm>

#include "stages/matching/engine/lower.h"
#include "stages/matching/engine/partition.h"
#include "stages/matching/engine/results.h"

namespace zhida::matching::engine {

std::vector<Match> match_all(std::span<const Policy> policies, std::span<const EnterpriseProfile> profiles, Date day,
                             unsigned threads) {
  std::vector<Match> out;
  if (policies.empty() || profiles.empty()) return out;
  const Lowering lowering(policies, day);
  auto table = lowering.table_of(profiles);
  const Table* tables[] = {&table};
  const auto plan = compile(lowering.model(), tables);
  // One pass does not repay putting the firms in order; their rows stay the profiles' numbers.
  const Partition partition(plan, std::move(table), best_path(), threads);
  Results results;
  run(*partition.snapshot(), best_path(), threads, results);
  results.index();
  out.reserve(results.met() + results.unknown());
  for (std::uint32_t item = 0; item < policies.size(); ++item)
    results.for_each(item, [&](std::size_t row, Verdict verdict) {
      out.push_back({static_cast<std::uint32_t>(row), item, verdict});
    });
  std::ranges::sort(out, {}, [](const Match& match) { return std::pair(match.profile, match.policy); });
  return out;
}

}  // namespace zhida::matching::engine
