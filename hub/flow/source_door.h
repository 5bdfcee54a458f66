#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "domain/mapped_record.h"
#include "domain/source_record.h"
#include "flow/rooms.h"
#include "platform/messaging/handle_once.h"
#include "stages/intake/intake_stage.h"

namespace zhida::casework {
class Casework;
}

namespace zhida::flow {

/// The source door: a batch of records comes in; intake, mapping and profile (or the budget book, or a case's notice)
/// in one transaction. Mapping and the manifest's seal are made before it, on the caller's thread. Any thread but the
/// writer's.
class SourceDoor {
 public:
  /// `profile_changed` is told after each commit that changed a profile: the match door's bell. It may be called on the
  /// writer's thread. `book_changed` likewise, for whoever waits for money.
  SourceDoor(const Rooms& rooms, casework::Casework& casework, std::function<void()> profile_changed,
             std::function<void()> book_changed);

  /// Takes a batch and waits until it is durable. Outcomes in the order of the records, then the unreadable ones.
  Result<std::vector<RecordOutcome>> deliver(SourceBatch batch);

  /// For pushed messages: everything that can be done before the transaction, and the rest as an effect for
  /// handle_once. `told` hears the outcomes once, after the commit.
  using Told = std::function<void(const std::vector<RecordOutcome>&)>;
  Result<messaging::Effect> effect_of(SourceBatch batch, Told told);

  /// Runs a quarantined row through today's mapping once more. `actor` is who asked.
  Result<RecordOutcome> replay(std::int64_t quarantine_id, const std::string& actor);
  /// A person decided that the row stays out.
  Result<void> discard(std::int64_t quarantine_id, const std::string& actor, const std::string& reason);
  /// Replays the rows that waited for a firm which is known by now; gives how many were accepted.
  Result<std::int64_t> replay_waiting();

 private:
  struct Taken {
    std::vector<RecordOutcome> outcomes;
    bool profile_changed = false, book_changed = false;
  };
  Result<intake::PreparedBatch> prepare(SourceBatch batch) const;
  Result<void> take(storage::Transaction& transaction, const intake::PreparedBatch& prepared, Taken& taken);
  /// What an accepted row means beyond intake: profile, budget book, cases. A row that cannot be carried out is put
  /// aside (its outcome says so then), and the others go on.
  Result<void> carry_on(storage::Transaction& transaction, intake::AcceptedBatch& accepted, const std::string& source,
                        const std::string& trace_id, Taken& taken);
  /// A batch id that stands for other content already: its sender is told, and people here hear of it as well.
  void tell_of_contradiction(const intake::PreparedBatch& prepared, const Error& why);
  void ring(const Taken& taken) const;

  const Rooms& rooms_;
  casework::Casework& casework_;
  std::function<void()> profile_changed_, book_changed_;
  Log log_{"source_door"};
};

/// match_cursor names: rounds over all firms that were asked for, and that were done.
inline constexpr const char* kRoundsWanted = "rounds_wanted";
inline constexpr const char* kRoundsDone = "rounds_done";
/// The same for new versions of items: their firms alone are concerned, and the matching engine knows which.
inline constexpr const char* kItemRoundsWanted = "item_rounds_wanted";
inline constexpr const char* kItemRoundsDone = "item_rounds_done";
/// Up to which of these every firm has an outcome of each item, those included that do not meet it.
inline constexpr const char* kItemRoundsWritten = "item_rounds_written";

}  // namespace zhida::flow
