#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "platform/storage/database.h"
#include "stages/matching/policy.h"

// SQL and nothing else: the tables received_benefit and receipt_history.
namespace zhida::matching {

/// One benefit that somebody received.
struct Receipt {
  std::string benefit;  ///< As items name it under `benefit`: a name, or the id of an item.
  std::string subject;  ///< USCC, or the digest of a person (person_digest()).
  bool is_person = false;
  std::string reference;  ///< What it is known from: a case, a row of a list. The same again is the same receipt.
  Date received_on;
  std::string source;              ///< `hub`, or who handed in the list.
  std::optional<Date> keep_until;  ///< Needed for persons: the day after which the digest is forgotten.
};
Result<void> record_receipt(storage::Transaction& transaction, const Receipt& receipt);

/// Somebody vouches that all receipts of the benefit are here.
Result<void> vouch_for_history(storage::Transaction& transaction, const std::string& benefit,
                               const std::string& vouched_by, Date on);

/// Puts the fields `received.<benefit>` that the items ask for into the profiles: the last day, never() where somebody
/// vouches for the history and there is none. Without such a word the field stays unknown: a receipt that is missing
/// here proves nothing, and one that is here may not be the last.
Result<void> add_receipts(storage::Transaction& transaction, std::span<const Policy> policies,
                          std::span<EnterpriseProfile> profiles);
/// The benefits that the items ask for.
std::vector<std::string> benefits_asked(std::span<const Policy> policies);

Result<bool> person_received(storage::Transaction& transaction, const std::string& digest, const std::string& benefit);
/// Forgets the digests whose time is over; how many.
Result<std::int64_t> forget_persons(storage::Transaction& transaction, Date today);

}  // namespace zhida::matching
