#include "stages/matching/allocation.h"

#include <algorithm>
#include <utility>

#include "stages/matching/exact.h"

namespace zhida::matching {
namespace {

/// Whether the left value comes strictly before the right one.
bool before(const Ranking& ranking, const FieldData& left, const FieldData& right) {
  return ranking.descending ? right < left : left < right;
}

bool excluded(const Policy& policy, const Policy& other) {
  if (!policy.exclusive_group.empty() && policy.exclusive_group == other.exclusive_group) return true;
  const auto names = [](const Policy& from, const Policy& to) {
    return std::ranges::any_of(from.not_with, [&](const std::string& name) {
      return name == to.id.str() || (!to.exclusive_group.empty() && name == to.exclusive_group);
    });
  };
  return names(policy, other) || names(other, policy);
}

}  // namespace

std::vector<Place> rank_candidates(const Ranking& ranking, std::span<const Candidate> candidates) {
  std::vector<const Candidate*> in;
  for (const auto& candidate : candidates)
    if (candidate.verdict != Verdict::not_met) in.push_back(&candidate);
  // Places by counting: sort the known values once, and look the unknown ones up in it.
  std::vector<FieldData> sure, open;
  std::int64_t unknown_values = 0;
  for (const auto* candidate : in) {
    if (!candidate->by)
      ++unknown_values;
    else
      (candidate->verdict == Verdict::met ? sure : open).push_back(*candidate->by);
  }
  const auto order = [&](const FieldData& left, const FieldData& right) { return before(ranking, left, right); };
  std::ranges::sort(sure, order);
  std::ranges::sort(open, order);
  const auto ahead = [&](const std::vector<FieldData>& values, const FieldData& own) {
    return static_cast<std::int64_t>(std::ranges::lower_bound(values, own, order) - values.begin());
  };
  std::vector<Place> out;
  for (const auto* candidate : in) {
    Place place;
    place.uscc = candidate->uscc;
    if (candidate->by) {
      place.best = 1 + ahead(sure, *candidate->by);
      place.worst = place.best + ahead(open, *candidate->by) + unknown_values;
    } else {
      place.best = 1;
      place.worst = static_cast<std::int64_t>(in.size());
    }
    if (ranking.quota == 0 || place.worst <= ranking.quota)
      place.within_quota = Verdict::met;
    else if (place.best > ranking.quota)
      place.within_quota = Verdict::not_met;
    if (candidate->verdict == Verdict::unknown && place.within_quota == Verdict::met)
      place.within_quota = Verdict::unknown;
    out.push_back(std::move(place));
  }
  std::ranges::stable_sort(out, {}, [](const Place& place) { return std::pair(place.best, place.worst); });
  return out;
}

std::vector<Share> distribute(const Pool& pool, const std::optional<Ranking>& ranking,
                              std::span<const Candidate> candidates) {
  std::vector<const Candidate*> in;
  for (const auto& candidate : candidates)
    if (candidate.verdict == Verdict::met) in.push_back(&candidate);
  if (ranking)
    std::ranges::stable_sort(in, [&](const Candidate* left, const Candidate* right) {
      if (!left->by || !right->by) return left->by.has_value() && !right->by.has_value();
      return before(*ranking, *left->by, *right->by);
    });
  Wide wanted = 0;
  for (const auto* candidate : in) wanted += candidate->amount.fen();
  std::vector<Share> out;
  auto rest = pool.total.fen();
  for (const auto* candidate : in) {
    const auto fen = candidate->amount.fen();
    std::int64_t given = std::min(fen, rest);
    if (pool.in_proportion && wanted > pool.total.fen())
      given = static_cast<std::int64_t>(Wide{fen} * pool.total.fen() / wanted);
    rest -= given;
    out.push_back({candidate->uscc, candidate->amount, Money::from_fen(given)});
  }
  return out;
}

std::vector<GivenWay> give_way(std::span<const Entitlement> of_one_firm, std::span<const Policy> policies) {
  const auto find = [&](const PolicyId& id) {
    const auto found = std::ranges::find(policies, id, &Policy::id);
    return found == policies.end() ? nullptr : &*found;
  };
  std::vector<GivenWay> out;
  for (const auto& own : of_one_firm) {
    const auto* policy = find(own.policy);
    if (policy == nullptr || own.verdict == Verdict::not_met) continue;
    std::optional<GivenWay> way;
    for (const auto& other : of_one_firm) {
      const auto* rival = find(other.policy);
      if (rival == nullptr || other.policy == own.policy || other.verdict == Verdict::not_met) continue;
      if (!excluded(*policy, *rival)) continue;
      const auto mine = own.amount.value_or(Money{}), theirs = other.amount.value_or(Money{});
      // A sum that is not known yet may be the better one.
      const bool better =
          other.verdict == Verdict::unknown ||
          (own.verdict == Verdict::met && (theirs > mine || (theirs == mine && other.policy < own.policy)));
      if (!better) continue;
      if (!way || (way->certain != Verdict::met && other.verdict == Verdict::met))
        way = GivenWay{own.policy, other.policy, other.verdict};
    }
    if (way && own.verdict == Verdict::met) out.push_back(std::move(*way));
  }
  return out;
}

}  // namespace zhida::matching
