// How a row is read, written and hashed. For the sources of this folder only.
#pragma once
#include "audit/audit_trail.h"

namespace zhida::audit {

inline constexpr std::size_t kHashBytes = 32;

/// All columns, in the order in which read_row() wants them.
extern const char* const kAllColumns;
extern const char* const kAllColumnTypes;
/// Error `audit_row_unreadable` where the row cannot be one of ours (a detail that is not JSON, a number out of range).
Result<AuditRecord> read_row(const storage::Row& row);

/// What a row says, without its hashes, as text that lies elsewhere.
struct RecordText {
  std::string_view kind, actor, subject_type, subject_id, case_id, uscc, division, trace_id;
  std::string_view detail;  ///< In canonical form.
  std::string_view payload_digest;
};
RecordText text_of(const AuditEntry& entry, std::string_view canonical_detail);
/// Appends the canonical form to `out`.
void append_canonical_form(std::string& out, std::int64_t seq, std::int64_t at_millis, const RecordText& text,
                           ByteView prev_hash);

}  // namespace zhida::audit
