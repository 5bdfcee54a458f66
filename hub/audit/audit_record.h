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

/// The canonical form, with the detail already in canonical form.
std::string canonical_form(std::int64_t seq, Instant at, const AuditEntry& entry, ByteView prev_hash,
                           std::string_view canonical_detail);

}  // namespace zhida::audit
