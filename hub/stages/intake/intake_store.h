// Batches, records, cursors and the quarantine in the database: SQL and nothing else.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/mapped_record.h"
#include "domain/source_record.h"
#include "platform/storage/database.h"

namespace zhida::intake {

/// Where a stream of a source stopped; nullopt at the very beginning.
Result<std::optional<std::string>> cursor(storage::Transaction& transaction, const std::string& source,
                                          const std::string& stream);

struct StoredBatch {
  std::string source, batch_id, origin;
  Instant received_at{};
  std::int64_t records = 0, accepted = 0, duplicate = 0, quarantined = 0;
  Bytes manifest, manifest_seal;
  std::string payload_digest;  ///< `sha256:<hex>` of the sealed payload; empty where the source does not seal.
  Bytes payload_seal;
  std::string trace_id;
};
Result<std::optional<StoredBatch>> find_batch(storage::Transaction& transaction, const std::string& source,
                                              const std::string& batch_id);

struct StoredRecord {
  std::int64_t id = 0;
  SourceRecord record;  ///< As it came last.
  std::string uscc, division, state, batch_id, trace_id;
  Instant received_at{};
};
Result<std::optional<StoredRecord>> find_record(storage::Transaction& transaction, std::int64_t id);
Result<std::vector<StoredRecord>> records_of_firm(storage::Transaction& transaction, const std::string& uscc,
                                                  std::size_t count_max);

/// A row of the quarantine, with all that a replay needs.
struct QuarantinedRow {
  std::int64_t id = 0;
  SourceRecord record;       ///< Source, type, key, columns, body, as_of, position.
  bool has_columns = false;  ///< False for what the adapter could not even take apart: only bytes are there.
  std::string batch_id, code, file, field, value, message, state, trace_id, division, uscc;
  int line = 0;
  std::int64_t attempts = 0;
  Instant first_at{}, last_at{};
};

struct QuarantineFilter {
  std::string source, record_type, code, state = "open";  ///< Empty: any.
  std::string division;
  std::int64_t after_id = 0;
  std::size_t count_max = 100;
};
Result<std::vector<QuarantinedRow>> list_quarantine(storage::Transaction& transaction, const QuarantineFilter& filter);
Result<std::optional<QuarantinedRow>> find_quarantined(storage::Transaction& transaction, std::int64_t id);
/// The open row that a delivery of `source` left in the quarantine, as its outcome told; nullopt where it was settled
/// since, or where a person has discarded the same content before.
Result<std::optional<QuarantinedRow>> find_unsettled(storage::Transaction& transaction, const std::string& source,
                                                     const std::string& batch_id, const RecordOutcome& outcome);
/// A person decided that the row stays out. Errors `quarantine_unknown`, `quarantine_not_open`.
Result<void> discard_quarantined(storage::Transaction& transaction, std::int64_t id, Instant now);

struct QuarantineCount {
  std::string source, record_type, code, state;
  std::int64_t rows = 0;
};
Result<std::vector<QuarantineCount>> count_quarantine(storage::Transaction& transaction);

struct IntakeCounts {
  std::int64_t batches = 0, received = 0, accepted = 0, duplicate = 0, quarantined = 0;
};
Result<IntakeCounts> counts(storage::Transaction& transaction);

}  // namespace zhida::intake
