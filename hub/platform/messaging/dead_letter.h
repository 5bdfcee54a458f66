// What failed for good, with its octets: reading it, and what became of its replay. SQL and nothing else.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "platform/storage/database.h"

namespace zhida::messaging {

struct DeadLetter {
  std::int64_t id = 0;
  std::string peer, message_id, door;
  std::string address;  ///< Empty where an older version kept it.
  std::string code, message;
  std::string state;  ///< `open`, `replayed` or `closed`
  std::int64_t attempts = 0, replays = 0;
  Instant created_at{}, last_at{};
  std::optional<Instant> replayed_at;
  std::string replay_result;  ///< Of the last replay: `done`, or a code; empty before the first.
  Bytes digest;               ///< SHA-256 of the bare message.
  Bytes body;                 ///< The whole message as it came.
};

Result<std::optional<DeadLetter>> find_dead_letter(storage::Transaction& transaction, std::int64_t id);
/// Ids of those that wait for a person, oldest first.
Result<std::vector<std::int64_t>> open_dead_letters(storage::Transaction& transaction);

/// The number that the next replay of this message takes; nothing where the inbox holds other octets under its id, or
/// none: then it was never taken in and cannot be replayed.
Result<std::optional<int>> next_replay(storage::Transaction& transaction, const DeadLetter& letter);

/// Says of an open letter what its replay came to: `done` closes it, a code leaves it open. Error
/// `dead_letter_not_open`.
Result<void> note_replay(storage::Transaction& transaction, std::int64_t id, int replay, const std::string& result,
                         Instant now);

}  // namespace zhida::messaging
