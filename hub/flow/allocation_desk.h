#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "flow/people.h"
#include "flow/rooms.h"
#include "stages/matching/allocation_store.h"

namespace zhida::flow {

/// A round of an item whose places or money are limited (名额、资金池): drawn up from the stored profiles as a draft,
/// confirmed by two persons, one of a department that reviews the item and one who releases money; then its firms are
/// matched anew and get their place and sum. A later round only adds: what a decided one gave stands. Any thread but
/// the writer's.
class AllocationDesk {
 public:
  explicit AllocationDesk(const Rooms& rooms) : rooms_(rooms) {}

  /// Draws up a draft from what is known now, as of the day; a draft that is there already is thrown away. `actor` as
  /// the trail names people. Gives the round's id. Errors `policy_unknown`, `policy_without_round`.
  Result<std::string> draw_up(const PolicyId& policy, Date at, const std::string& actor) const;
  /// One person's yes; the second one makes the round hold. Errors `round_not_found`, `round_not_open`, `role_missing`,
  /// `four_eyes` (who drew it up, or confirmed already), `round_changed` (something it was drawn up from changed).
  Result<matching::StoredRound> confirm(const Person& person, const std::string& id) const;
  Result<void> discard(const Person& person, const std::string& id, const std::string& reason) const;

 private:
  struct Drawn;
  Result<Drawn> gather(storage::Transaction& transaction, const matching::Policy& policy, Date at) const;
  Result<std::optional<matching::RoundInput>> input_of(storage::Transaction& transaction,
                                                       const matching::Policy& policy, const EnterpriseProfile& profile,
                                                       Date at, const std::vector<matching::RoundLine>& before) const;
  Result<void> unchanged(storage::Transaction& transaction, const matching::Policy& policy,
                         const matching::StoredRound& round, std::int64_t checked_through) const;
  Result<matching::StoredRound> open_round(storage::Transaction& transaction, const std::string& id) const;

  const Rooms& rooms_;
};

/// Whether an item limits places or money, so that nobody gets anything before a round is decided.
bool needs_rounds(const matching::Policy& policy);

/// What the firm was ranked by when the round was drawn up that holds for the item; nullopt: no round holds, the firm
/// is not in it, or it was unknown then.
Result<std::optional<FieldData>> ranked_by(storage::Transaction& transaction, const matching::Policy& policy,
                                           const std::string& uscc);

/// A round for people and programs: places, sums, who confirmed; and whether drawing it up again from its own stored
/// inputs gives the same (`agrees`).
Result<Json> round_view(storage::Transaction& transaction, const Rooms& rooms, const std::string& id);
/// Without the lines, newest first.
Result<Json> rounds_view(storage::Transaction& transaction, const std::string& policy);
std::string round_to_text(const Json& view);

}  // namespace zhida::flow
