#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/secret.h"
#include "domain/benefit_case.h"
#include "domain/mapped_record.h"
#include "flow/rooms.h"
#include "flow/worker.h"

namespace zhida::flow {

/// A list of benefits that were received elsewhere, or before the hub was there.
struct ReceiptList {
  std::string file;                    ///< For findings.
  std::string benefit;                 ///< As items name it, or the id of an item.
  std::string source;                  ///< Who handed it in.
  std::optional<Date> complete_as_of;  ///< The source vouches that nothing up to this day is missing.
  std::optional<Date> keep_until;      ///< Needed where the list names persons.
};
/// A department's list of persons for an item.
struct PersonList {
  std::string file;
  PolicyId policy;
  std::string source;
  Date as_of;
  Date keep_until;  ///< As long as nothing was paid for them; then the item's own months count.
};
struct ListOutcome {
  std::int64_t rows = 0, fresh = 0, dropped = 0;
  std::vector<Finding> findings;  ///< Not empty: nothing was taken.
};

/// Holds who received what. The hub's own payments are written down in the transaction that makes them true; lists of
/// others are taken in whole or not at all; digests of persons are forgotten in time, by a worker, once a day. Any
/// thread but the writer's; on_case_moved() inside the writer's transaction.
class ReceiptKeeper {
 public:
  ReceiptKeeper(const Rooms& rooms, Secret<std::string> salt);

  /// For casework: a benefit was received, or came back, or will not be had; firms that this concerns are matched anew.
  Result<void> on_case_moved(storage::Transaction& transaction, const BenefitCase& now, CaseState before) const;

  /// Errors `salt_missing`, `retention_missing`, and of the store.
  Result<ListOutcome> import_receipts(const ReceiptList& list, Bytes content, const std::string& actor) const;
  /// A firm that the list names has exactly the persons that it names. Errors `policy_unknown`,
  /// `policy_without_persons`, `salt_missing`.
  Result<ListOutcome> import_persons(const PersonList& list, Bytes content, const std::string& actor) const;
  /// Somebody vouches that all receipts of the benefit up to that day are here.
  Result<void> vouch(const std::string& benefit, const std::string& source, Date as_of, const std::string& actor) const;

  void start() { worker_.start(); }
  void stop() { worker_.stop(); }

 private:
  Result<bool> round();
  Result<void> record(storage::Transaction& transaction, const BenefitCase& c, Date on) const;
  /// Cases that were paid before the hub wrote receipts down; true when there may be more.
  Result<bool> record_older(storage::Transaction& transaction) const;
  Result<void> vouched(storage::Transaction& transaction, const std::string& benefit, const std::string& source,
                       Date as_of, const std::string& actor) const;

  const Rooms& rooms_;
  const Secret<std::string> salt_;
  Log log_{"receipt_keeper"};
  std::optional<Date> done_on_;  // Worker thread only.
  Worker worker_;
};

}  // namespace zhida::flow
