#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/entitlement.h"
#include "stages/matching/policy.h"

// What cannot be said of one firm alone: who comes first, for whom the money lasts, which of several benefits a firm
// gets. Pure.
namespace zhida::matching {

/// One firm that meets an item, or might.
struct Candidate {
  std::string uscc;
  Verdict verdict = Verdict::unknown;  ///< Of everything but the rank.
  std::optional<FieldData> by;         ///< Value of the ranking's field; nullopt: unknown.
  Money amount;                        ///< Of those who meet it.
};

/// A candidate's place. Firms that are unknown may still come before it: `best` is its place if none of them does,
/// `worst` if all do that could.
struct Place {
  std::string uscc;
  std::int64_t best = 0, worst = 0;  ///< From 1.
  /// met: within the quota whatever becomes of the unknown; not_met: outside it in any case; else unknown.
  Verdict within_quota = Verdict::unknown;
};

/// Places of those that are not not_met, in order. Equal values share a place (the better one), so a quota may be
/// exceeded by a tie: the text has to say how ties are broken, and people do it.
std::vector<Place> rank_candidates(const Ranking& ranking, std::span<const Candidate> candidates);

struct Share {
  std::string uscc;
  Money wanted, given;
};
/// Gives out a pool: in the order of the ranking until the next sum does not fit any more (that firm gets the rest), or
/// to everybody in proportion, in whole fen, rounded down. Only candidates that are met take part.
std::vector<Share> distribute(const Pool& pool, const std::optional<Ranking>& ranking,
                              std::span<const Candidate> candidates);

/// What an entitlement loses to another.
struct GivenWay {
  PolicyId policy;
  PolicyId to;                     ///< The better one.
  Verdict certain = Verdict::met;  ///< unknown: only if the other one turns out met.
};
/// 从高不重复: of the entitlements of one firm, those that give way to a better one of the same exclusive group, or to
/// one that they may not be added to. Equal sums: the first id stays. `policies` are looked up by id.
std::vector<GivenWay> give_way(std::span<const Entitlement> of_one_firm, std::span<const Policy> policies);

}  // namespace zhida::matching
