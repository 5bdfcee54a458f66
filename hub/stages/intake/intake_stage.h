// The first step of the source door: is the record known, well-formed, fresh, not seen before?
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "domain/mapped_record.h"
#include "domain/source_record.h"
#include "platform/storage/database.h"

namespace zhida::intake {

/// A batch with everything that can be thought out before the transaction begins. The flow prepares on worker threads:
/// mapping each record, then prepare().
struct PreparedBatch {
  SourceBatch batch;
  std::vector<MappingOutcome> outcomes;   ///< One for each of batch.records, in order.
  std::vector<Bytes> digests;             ///< SHA-256 of the columns of each record (32 octets).
  std::vector<std::string> columns_json;  ///< Canonical JSON of the columns of each record.
  Bytes manifest;       ///< What the hub seals when the source does not: who, when, how many, digest of digests.
  Bytes manifest_seal;  ///< Set by the flow; empty where the payload itself is sealed.
  std::string default_division = "330500";  ///< Of rows whose firm says none.
};

/// Pure; any thread.
PreparedBatch prepare(SourceBatch batch, std::vector<MappingOutcome> outcomes);

struct AcceptedBatch {
  bool seen_before = false;  ///< The same (source, batch_id) was accepted earlier: outcomes as then, nothing else.
  std::vector<RecordOutcome> outcomes;  ///< In the order of batch.records, then the unreadable ones.
  std::vector<ProfileOperation> profile;
  std::vector<LedgerRecord> ledger;   ///< Rows of `budget.*` that are new or changed.
  std::vector<LedgerRecord> notices;  ///< Rows of `sms_gateway.report` that are new or changed.
  std::int64_t accepted = 0, duplicate = 0, quarantined = 0;
};

/// Stores the batch: batch row, records, quarantine, cursors, withdrawals for complete lists. The caller hands
/// `profile` to profile::apply and `ledger` to the ledger within the same SAVEPOINT. A duplicate changes nothing but
/// dates that move forward; an older version of a stored row (by as_of) counts as duplicate.
Result<AcceptedBatch> accept(storage::Transaction& transaction, const PreparedBatch& prepared);

/// Runs one quarantined row again: the flow maps `row.record` (see QuarantinedRow) once more and hands the outcome in.
/// Same ids, one more attempt. Outcome `accepted` closes the row; still `quarantined` keeps it open with the new
/// reason. A row whose record was received in a newer version meanwhile is closed without effect (`duplicate`). Errors
/// `quarantine_unknown`, `quarantine_not_open`, `quarantine_without_columns`.
Result<AcceptedBatch> replay(storage::Transaction& transaction, std::int64_t quarantine_id,
                             const MappingOutcome& outcome, Instant now);

/// Rows that waited for a firm to become known (codes name_unknown, name_not_unique, organisation_code_unknown) and
/// whose name or code is now known: ids to replay, oldest first. The flow calls it after a round of pulls.
Result<std::vector<std::int64_t>> waiting_for_firm(storage::Transaction& transaction, std::size_t count_max);

}  // namespace zhida::intake
