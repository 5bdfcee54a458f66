#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "audit/events.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "platform/storage/database.h"

namespace zhida::audit {

/// What happened. Empty text means that there is none.
struct AuditEntry {
  std::string kind{};          ///< One of kEventKinds.
  std::string actor{};         ///< Who: `system`, `source:tax`, `user:zhang`, `peer:treasury`.
  std::string subject_type{};  ///< What it is about: `case`, `batch`, `request`, `record`, …
  std::string subject_id{};
  std::string case_id{};
  std::string uscc{};
  std::string division{};  ///< Fiscal division, 6 digits.
  std::string trace_id{};
  Json detail = Json::object();  ///< Whatever else; no floating point, no secrets, no whole account numbers.
  std::string payload_digest{};  ///< `sm3:<hex>` of the exact octets that this is about.
};

/// A row as stored.
struct AuditRecord {
  std::int64_t seq = 0;  ///< 1, 2, 3, … without gaps.
  Instant at{};
  AuditEntry entry{};
  Bytes prev_hash{};    ///< record_hash of the row before; 32 zero octets for the first.
  Bytes record_hash{};  ///< SM3(canonical form); the canonical form contains prev_hash.
  Bytes leaf_hash{};    ///< SM3(0x00 || canonical form): the RFC 9162 leaf.
};

/// The trail: append-only, each row chained to the one before. One a process; rows are written in the transaction of
/// what they tell of, so they stand or fall with it. Any thread, since each call works inside its own transaction.
class AuditTrail {
 public:
  explicit AuditTrail(const Clock& clock) : clock_(clock) {}

  /// Gives the row's sequence number. Errors `audit_kind_unknown`, `json_not_canonical` (detail), and of storage.
  Result<std::int64_t> append(storage::Transaction& transaction, const AuditEntry& entry) const;
  /// Many rows with one look at the head. Gives the last sequence number; 0 when there is nothing to append.
  Result<std::int64_t> append_all(storage::Transaction& transaction, const std::vector<AuditEntry>& entries) const;

  /// Calls `tell`, on the appending thread, whenever about `records` more rows were written. Before the first append.
  void tell_every(std::uint64_t records, std::function<void()> tell);

 private:
  void count(std::uint64_t records) const;

  const Clock& clock_;
  std::uint64_t every_ = 0;
  std::function<void()> tell_;
  mutable std::atomic<std::uint64_t> appended_{0};
};

/// The RFC 8785 form of a row without its own hashes: what is hashed, exported and, later, sealed.
Result<std::string> canonical_record(const AuditRecord& record);

/// The last row; what a second place must know in order to notice that rows were cut off.
struct AuditHead {
  std::int64_t seq = 0;
  Bytes record_hash;
};
/// Nothing when the trail is empty.
Result<std::optional<AuditHead>> read_head(storage::Transaction& transaction);

/// Rows for pages and evidence, oldest first.
struct AuditFilter {
  std::string case_id{}, uscc{}, trace_id{}, kind{}, division{};  ///< Empty: any.
  std::string subject_type{}, subject_id{};
  std::int64_t after_seq = 0;
  std::int64_t limit = 200;
};
Result<std::vector<AuditRecord>> read_records(storage::Transaction& transaction, const AuditFilter& filter);

}  // namespace zhida::audit
