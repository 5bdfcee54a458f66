// The first step of the source door: is the record known, well-formed, fresh, not seen before?
#pragma once
#include <map>
#include <string>
#include <utility>
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
  Bytes row_digests;  ///< SHA-256 of each record's columns, then of each unreadable row's octets, side by side.
  Bytes manifest;     ///< What the hub seals when the source does not: who, when, how many, digest and root of digests.
  Bytes manifest_seal;           ///< Set by the flow; empty where the payload itself is sealed.
  std::string default_division;  ///< Of rows whose firm says none: the hub's own city.
  std::string content_digest;    ///< `sha256:<hex>` over what the rows say, in order: tells a repetition from another
                                 ///< content under the same batch_id.
};

/// Pure; any thread. `default_division` must be named.
PreparedBatch prepare(SourceBatch batch, std::vector<MappingOutcome> outcomes, std::string default_division);

struct AcceptedBatch {
  bool seen_before = false;  ///< The same (source, batch_id) was accepted earlier: outcomes as then, nothing else.
  std::vector<RecordOutcome> outcomes;  ///< In the order of batch.records, then the unreadable ones.
  std::vector<ProfileOperation> profile;
  std::vector<LedgerRecord> ledger;   ///< Rows of `budget.*` that are new or changed.
  std::vector<LedgerRecord> notices;  ///< Rows of `sms_gateway.report` that are new or changed.
  std::int64_t accepted = 0, duplicate = 0, quarantined = 0;
  /// Rows of the quarantine that this batch closed, by record type and key.
  std::map<std::pair<std::string, std::string>, std::int64_t> closed;
};

/// Stores the batch: batch row, records, quarantine, cursors, withdrawals for complete lists. The caller hands
/// `profile` to profile::apply and `ledger` to the ledger within the same SAVEPOINT. A duplicate changes nothing but
/// dates that move forward; an older version of a stored row (by as_of) counts as duplicate. Error `batch_differs`
/// where the batch_id came before with other content: that contradicts what was answered then, and changes nothing.
Result<AcceptedBatch> accept(storage::Transaction& transaction, const PreparedBatch& prepared);

/// What intake took in (`row` of accepted.ledger or accepted.notices) and another room refused for good, with the code
/// and sentence in `finding`: the row joins the quarantine under its own name, where people see it and can replay it,
/// and its outcome in `accepted` says so. The same row delivered again is tried again.
Result<void> put_aside(storage::Transaction& transaction, const std::string& source, AcceptedBatch& accepted,
                       const LedgerRecord& row, const Finding& finding, Instant now);
/// After put_aside() on an accepted batch: what will be answered when the batch comes again.
Result<void> store_outcomes(storage::Transaction& transaction, const SourceBatch& batch, const AcceptedBatch& accepted);

/// Runs one quarantined row again: the flow maps `row.record` (see QuarantinedRow) once more and hands the outcome in.
/// `default_division` counts where the row has none of its own. Same ids, one more attempt. Outcome `accepted` closes
/// the row; still `quarantined` keeps it open with the new reason. A row whose record was received in a newer version
/// meanwhile is closed without effect (`duplicate`). Errors `quarantine_unknown`, `quarantine_not_open`,
/// `quarantine_without_columns`.
Result<AcceptedBatch> replay(storage::Transaction& transaction, std::int64_t quarantine_id,
                             const MappingOutcome& outcome, const std::string& default_division, Instant now);

/// Rows that waited for a firm to become known (codes name_unknown, name_not_unique, organisation_code_unknown) and
/// whose name or code is now known: ids to replay, oldest first. The flow calls it after a round of pulls.
Result<std::vector<std::int64_t>> waiting_for_firm(storage::Transaction& transaction, std::size_t count_max);

}  // namespace zhida::intake
