#include "audit/audit_trail.h"

#include "audit/audit_record.h"
#include "platform/crypto/digest.h"
#include "platform/crypto/merkle_tree.h"

namespace zhida::audit {
namespace {

Result<std::optional<AuditHead>> last_row(storage::Transaction& transaction) {
  const auto rows =
      TRY(transaction.query("SELECT seq, record_hash FROM audit_record ORDER BY seq DESC LIMIT 1", {}, "ib"));
  if (rows.empty()) return std::optional<AuditHead>();
  return std::optional<AuditHead>(AuditHead{rows[0].integer(0), rows[0].blob(1)});
}

// The head is read inside the transaction each time, never remembered: a SAVEPOINT that is undone takes rows back. Two
// writers of PostgreSQL must not both read the same head, so the second waits for the first; SQLite has one writer
// anyway.
Result<AuditHead> head_to_append_to(storage::Transaction& transaction) {
  if (transaction.dialect() == storage::Dialect::postgresql) {
    CHECK_OK(transaction.execute("LOCK TABLE audit_record IN SHARE ROW EXCLUSIVE MODE"));
  }
  const auto head = TRY(last_row(transaction));
  return head.value_or(AuditHead{0, Bytes(kHashBytes, '\0')});
}

Result<void> append_one(storage::Transaction& transaction, const AuditEntry& entry, Instant now, AuditHead& head) {
  if (!is_event_kind(entry.kind)) {
    return refuse("audit_kind_unknown", "\"" + entry.kind + "\" is not declared in hub/audit/events.h.");
  }
  const std::string detail = TRY(canonical_json(entry.detail));
  const std::int64_t seq = head.seq + 1;
  std::string canonical;
  append_canonical_form(canonical, seq, to_millis(now), text_of(entry, detail), head.record_hash);
  Bytes record_hash = crypto::sm3(canonical);
  static constexpr std::string_view kInsert =
      "INSERT INTO audit_record (seq, at, kind, actor, subject_type, subject_id, case_id, uscc, division, trace_id, "
      "detail, "
      "payload_digest, prev_hash, record_hash, leaf_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  CHECK_OK(transaction.execute(
      kInsert, {seq, to_millis(now), entry.kind, entry.actor, entry.subject_type, entry.subject_id, entry.case_id,
                entry.uscc, entry.division, entry.trace_id, detail, entry.payload_digest,
                storage::Blob{head.record_hash}, storage::Blob{record_hash},
                storage::Blob{Bytes(crypto::octets_of(crypto::leaf_hash(crypto::TreeHash::sm3, canonical)))}}));
  head = AuditHead{seq, std::move(record_hash)};
  return ok();
}

}  // namespace

Result<std::int64_t> AuditTrail::append(storage::Transaction& transaction, const AuditEntry& entry) const {
  auto head = TRY(head_to_append_to(transaction));
  CHECK_OK(append_one(transaction, entry, clock_.now(), head));
  count(1);
  return head.seq;
}

Result<std::int64_t> AuditTrail::append_all(storage::Transaction& transaction,
                                            const std::vector<AuditEntry>& entries) const {
  if (entries.empty()) return std::int64_t{0};
  auto head = TRY(head_to_append_to(transaction));
  const Instant now = clock_.now();
  for (const auto& entry : entries) {
    CHECK_OK(append_one(transaction, entry, now, head));
  }
  count(entries.size());
  return head.seq;
}

void AuditTrail::tell_every(std::uint64_t records, std::function<void()> tell) {
  every_ = records;
  tell_ = std::move(tell);
}

// Rows that are undone later count too: who is told looks for himself.
void AuditTrail::count(std::uint64_t records) const {
  if (every_ == 0) return;
  const auto before = appended_.fetch_add(records);
  if (before / every_ != (before + records) / every_) tell_();
}

Result<std::optional<AuditHead>> read_head(storage::Transaction& transaction) {
  return last_row(transaction);
}

Result<std::vector<AuditRecord>> read_records(storage::Transaction& transaction, const AuditFilter& filter) {
  std::string sql = std::string("SELECT ") + kAllColumns + " FROM audit_record WHERE seq > ?";
  storage::Values values{filter.after_seq};
  const std::pair<const char*, const std::string&> columns[] = {
      {"case_id", filter.case_id},      {"uscc", filter.uscc},
      {"trace_id", filter.trace_id},    {"kind", filter.kind},
      {"division", filter.division},    {"subject_type", filter.subject_type},
      {"subject_id", filter.subject_id}};
  for (const auto& [column, wanted] : columns) {
    if (wanted.empty()) continue;
    sql += std::string(" AND ") + column + " = ?";
    // A partial index is used only where its condition is seen to hold.
    if (column == std::string_view("case_id") || column == std::string_view("trace_id"))
      sql += std::string(" AND ") + column + " <> ''";
    values.emplace_back(wanted);
  }
  sql += " ORDER BY seq LIMIT ?";
  values.emplace_back(filter.limit);
  std::vector<AuditRecord> records;
  for (const auto& row : TRY(transaction.query(sql, values, kAllColumnTypes))) records.push_back(TRY(read_row(row)));
  return records;
}

}  // namespace zhida::audit
