// Time-stamps outlive their authority's certificate by becoming part of the log again (the idea of RFC 4998): a record
// holds the root of a tree over old heads and tokens, the next head covers that record, and a new token covers the
// head.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "audit/audit_trail.h"
#include "audit/head_store.h"

namespace zhida::audit {

struct Renewal {
  std::uint64_t first_size = 0, last_size = 0;  ///< Of the heads, both included.
  std::int64_t tokens = 0;
  NodeHash root{};  ///< Over the leaves of renewal_leaf(), by size of the head.
};

/// SM3(head payload) || SM3(head seal) || SM3(token): what becomes a leaf of a renewal's tree.
Bytes renewal_leaf(const StoredHead& head, const StoredToken& token);

/// The next tokens (at most 512) whose authority's certificate ends before `deadline`, while the newest token has a
/// later one; nothing where there are none.
Result<std::optional<Renewal>> next_renewal(storage::Transaction& transaction, Instant deadline);
/// Writes the record `log_time_renewed` and remembers what it took up.
Result<void> note_renewal(storage::Transaction& transaction, const AuditTrail& trail, const Renewal& renewal,
                          const std::string& division);

}  // namespace zhida::audit
