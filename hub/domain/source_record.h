#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"

namespace zhida {

/// What one row of a source says, column by column, as UTF-8 text and exactly as spelled there (numbers keep their
/// digits, blanks stay). nullopt is the source's own null. Turning text into values is the mapping's work, not the
/// adapter's.
using Columns = std::map<std::string, std::optional<std::string>>;

enum class Change {
  upsert,    ///< The row is there, new or changed.
  withdraw,  ///< The source took the row back (delete flag, soft delete, gone from a replaced list).
};

/// What an adapter hands in: one row of one source system.
struct SourceRecord {
  std::string source;       ///< Adapter name: `tax`.
  std::string record_type;  ///< `tax.credit_grade`; one mapping file each.
  std::string key;  ///< The source's own key of the row, unique within (source, record_type): djxh, pripid, BGT_ID …
  Change change = Change::upsert;
  Columns columns;
  Bytes body;  ///< The row's octets as received (a slice of the page, file or message), kept for replay and evidence.
  std::optional<Date> as_of;  ///< The day the source vouches for; without one the day of the extraction.
  std::int64_t position = 0;  ///< 1-based place of the row within its batch: line, record or element number.
};

/// Rows that arrived together and are committed together, with what proves where they came from.
struct SourceBatch {
  std::string source;
  std::string
      batch_id;        ///< The same delivery has the same id when it comes again: package no, message-id, page digest.
  std::string origin;  ///< For people: URL without query, file name, queue; names the batch in findings.
  TraceId trace_id;
  Instant received_at{};
  std::vector<SourceRecord> records;
  /// Rows that could be told apart but not read; they are quarantined with their bytes.
  struct Unreadable {
    std::string record_type;
    std::int64_t position = 0;
    Bytes body;
    std::string code;
    std::string message;
  };
  std::vector<Unreadable> unreadable;
  /// Record types of which this batch is the complete list: rows of earlier batches that it lacks are withdrawn.
  std::vector<std::string> complete_for;
  /// Where to go on next time, stored in the same transaction: stream name → position.
  std::map<std::string, std::string> cursors;
  Bytes payload;  ///< The exact sealed octets where the source seals; else empty (the hub seals a manifest of its own).
  Bytes seal;     ///< SES_Signature over payload (or over a batch of messages), verified before this batch was made.
  std::string seal_proof;  ///< proof.json in the latter case, else empty.
};

/// What became of one row of a batch; in the order of SourceBatch::records, then the unreadable ones.
struct RecordOutcome {
  enum class Kind { accepted, duplicate, quarantined } kind = Kind::accepted;
  std::string record_type;
  std::string key;
  std::int64_t position = 0;
  std::string code, field, value, message;  ///< Why, when quarantined.
};

}  // namespace zhida
