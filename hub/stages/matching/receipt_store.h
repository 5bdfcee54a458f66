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
  std::string award{};             ///< Of our own cases: award_of(). Other parts of one award do not count against it.
  bool claimed = false;            ///< A person for whom money was asked and not paid yet: used, but not received.
};
/// Firm, item and period: everything that is one award.
std::string award_of(const std::string& uscc, const PolicyId& policy, const std::string& period);

Result<void> record_receipt(storage::Transaction& transaction, const Receipt& receipt);
/// The same receipt, in all that is stored of it, is here already.
Result<bool> knows_receipt(storage::Transaction& transaction, const Receipt& receipt);
/// The money came back: the receipts of the case stay as rows that count no more; its persons stay claimed, since it
/// may be paid again.
Result<void> take_back_receipts(storage::Transaction& transaction, const std::string& reference, Date on);
/// The case ended without a benefit: persons who were only claimed for it are free again. Gives how many.
Result<std::int64_t> free_claims(storage::Transaction& transaction, const std::string& reference);
/// The case was paid: who was claimed for it has received.
Result<void> claims_received(storage::Transaction& transaction, const std::string& reference, Date on);

/// For how long after its day a word that the history is whole still counts, in days: lists come once a quarter.
inline constexpr int kVouchGoodForDays = 92;

/// Somebody vouches that all receipts of the benefit up to that day are here.
Result<void> vouch_for_history(storage::Transaction& transaction, const std::string& benefit,
                               const std::string& vouched_by, Date on);

/// Puts the fields `received.<benefit>` that the items ask for into the profiles: the last day, never() where somebody
/// vouches for the history and there is none. Without such a word, or with one that is too old, a receipt that is
/// missing here proves nothing, and one that is here may not be the last: then the field is known only where the one
/// that is here lies within every window that the items ask for, so that a later one would say the same. Receipts of
/// `except_award` are left out.
Result<void> add_receipts(storage::Transaction& transaction, std::span<const Policy> policies,
                          std::span<EnterpriseProfile> profiles, const std::string& except_award = {});
/// The benefits that the items ask for.
std::vector<std::string> benefits_asked(std::span<const Policy> policies);
/// What others may ask for once the item was received: its id, the names it gives, those of its persons' rules.
std::vector<std::string> benefits_given(const Policy& policy);

/// True when another award had the person counted for the benefit, or has money asked for it.
Result<bool> person_received(storage::Transaction& transaction, const std::string& digest, const std::string& benefit,
                             const std::string& except_award = {});
/// Forgets the digests and the lists of persons whose time is over; how many rows.
Result<std::int64_t> forget_persons(storage::Transaction& transaction, Date today);

/// A receipt for people.
struct ReceiptRow {
  Receipt receipt;
  std::optional<Date> taken_back_on;
};
/// Of one firm, newest first. Persons are never listed by firm: their digests say nothing of one.
Result<std::vector<ReceiptRow>> list_receipts(storage::Transaction& transaction, const std::string& uscc);
struct Vouched {
  std::string benefit, by;
  Date on;
};
Result<std::vector<Vouched>> list_vouched(storage::Transaction& transaction);

}  // namespace zhida::matching
