#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "platform/storage/database.h"
#include "stages/matching/allocation.h"

// SQL and nothing else: the tables allocation_round, allocation_line and allocation_confirmation.
namespace zhida::matching {

struct StoredRound {
  std::string id;
  PolicyId policy;
  std::string policy_version, period;
  Date at;
  std::int64_t profile_sequence = 0;
  std::string inputs_digest;  ///< `sha256:<hex>`
  std::string body;           ///< Canonical JSON: inputs and lines.
  std::string state;          ///< `draft`, `decided`, `superseded`, `discarded`
  std::string drawn_by;
  Instant drawn_at{};
  std::optional<Instant> decided_at;
};

/// Writes a draft with its lines; a draft of the same item and period that is there already is thrown away, and its id
/// given.
Result<std::optional<std::string>> insert_round(storage::Transaction& transaction, const StoredRound& round,
                                                const std::vector<RoundLine>& lines);
/// Error `round_not_found`.
Result<StoredRound> load_round(storage::Transaction& transaction, const std::string& id);
/// Newest first; of one item where it is given.
Result<std::vector<StoredRound>> list_rounds(storage::Transaction& transaction, const std::string& policy);
Result<std::optional<StoredRound>> decided_round(storage::Transaction& transaction, const PolicyId& policy,
                                                 const std::string& period);
/// In the order of the places.
Result<std::vector<RoundLine>> load_lines(storage::Transaction& transaction, const std::string& round);
Result<std::optional<RoundLine>> find_line(storage::Transaction& transaction, const std::string& round,
                                           const std::string& uscc);

struct Confirmation {
  std::string actor, role, department;
  Instant at{};
};
Result<std::vector<Confirmation>> load_confirmations(storage::Transaction& transaction, const std::string& round);
/// Error `storage_unique` for a second one of the same person.
Result<void> insert_confirmation(storage::Transaction& transaction, const std::string& round,
                                 const Confirmation& confirmation);
/// The round holds from now on; the one before it is superseded. Error `four_eyes` where the database refuses it.
Result<void> decide_round(storage::Transaction& transaction, const StoredRound& round, Instant now);
Result<void> discard_round(storage::Transaction& transaction, const std::string& id);

}  // namespace zhida::matching
