#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/entitlement.h"
#include "stages/matching/policy.h"

// What cannot be said of one firm alone: who comes first, for whom the money lasts. Pure.
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

/// One firm in a round: what it is without a place, and what it was given by an earlier round.
struct RoundInput {
  std::string uscc;
  Verdict verdict = Verdict::unknown;  ///< Of everything but the place and the pool.
  std::optional<FieldData> by;         ///< Value of the ranking's field; nullopt: unknown, or there is no ranking.
  Money amount;                        ///< Of those who meet it.
  std::optional<Money> kept;           ///< It has a place with this sum, from a round that was decided before.
};
/// What a round says of one firm.
struct RoundLine {
  std::string uscc;
  std::int64_t best = 0, worst = 0;    ///< Places from 1; 0 where the item has no ranking.
  Verdict outcome = Verdict::unknown;  ///< Whether it gets something by its place and the pool.
  /// `kept`, `within`, `reduced` (less than its sum); `beyond` (the quota), `exhausted` (the pool); `tie`, `open`
  /// (others that are unknown may come before), `own_unknown`.
  std::string reason;
  Money wanted, given;
};
/// Places and sums of all firms that meet the item or might, in order. What would depend on an unknown firm, and what
/// only a drawing of lots among equals could settle, stays unknown. The sums given never come to more than the pool.
std::vector<RoundLine> draw_up_round(const Policy& policy, std::span<const RoundInput> inputs);

}  // namespace zhida::matching
