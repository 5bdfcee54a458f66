#include <algorithm>

#include "audit/audit_record.h"
#include "audit/merkle.h"
#include "platform/crypto/digest.h"

namespace zhida::audit {
namespace {

constexpr std::int64_t kPageRows = 1000;
constexpr std::int64_t kProgressRows = 10'000;
// How far off a moved row is recognised as such; farther it counts as changed.
constexpr std::int64_t kMovedRowsMax = 10'000;

/// Reads rows in order and compares each with what it claims and with the row before.
class LogCheck {
 public:
  LogCheck(storage::Transaction& transaction, std::int64_t from, const std::optional<AuditHead>& known_head)
      : transaction_(transaction), next_(std::max<std::int64_t>(from, 1)), known_head_(known_head) {}

  Result<LogReport> run(const std::function<void(std::int64_t)>& progress);

 private:
  Result<void> read_anchor();
  Result<storage::Rows> read_page();
  Result<void> check_row(const storage::Row& row);
  Result<void> name_damage(const AuditRecord& record);
  Result<void> check_end();
  Result<bool> exists(std::int64_t seq);
  Result<bool> hash_is_elsewhere(const Bytes& record_hash, std::int64_t seq);
  void broken(std::int64_t at, std::string fault, std::string detail) {
    report_.broken_at = at;
    report_.fault = std::move(fault);
    report_.detail = std::move(detail);
  }

  storage::Transaction& transaction_;
  std::int64_t next_;
  const std::optional<AuditHead>& known_head_;
  Bytes previous_hash_ = Bytes(kHashBytes, '\0');
  std::int64_t page_rows_ = kPageRows;
  bool whole_ = true;
  TreeHasher tree_;
  LogReport report_;
};

std::string number(std::int64_t seq) {
  return "Record " + std::to_string(seq);
}

Result<bool> LogCheck::exists(std::int64_t seq) {
  return !TRY(transaction_.query("SELECT seq FROM audit_record WHERE seq = ?", {seq}, "i")).empty();
}

Result<bool> LogCheck::hash_is_elsewhere(const Bytes& record_hash, std::int64_t seq) {
  return !TRY(transaction_.query("SELECT seq FROM audit_record WHERE record_hash = ? AND seq <> ? LIMIT 1",
                                 {storage::Blob{record_hash}, seq}, "i"))
              .empty();
}

// A row whose columns are of another type cannot be read at all (SQLite would store such a one). Then the page is read
// again row by row, so that the rows before it are checked and the damaged one is named.
Result<storage::Rows> LogCheck::read_page() {
  const auto read = [&](std::int64_t limit) {
    return transaction_.query(
        std::string("SELECT ") + kAllColumns + " FROM audit_record WHERE seq >= ? ORDER BY seq LIMIT ?", {next_, limit},
        kAllColumnTypes);
  };
  auto rows = read(page_rows_);
  if (rows || rows.error().code != "storage_failed") return rows;
  page_rows_ = 1;
  rows = read(page_rows_);
  if (rows || rows.error().code != "storage_failed") return rows;
  broken(next_, "changed", number(next_) + " cannot be read: " + rows.error().message);
  return storage::Rows{};
}

// A check that begins in the middle believes the row before, since it was checked an earlier time.
Result<void> LogCheck::read_anchor() {
  if (next_ == 1) return ok();
  whole_ = false;
  const auto rows = TRY(transaction_.query("SELECT record_hash FROM audit_record WHERE seq = ?", {next_ - 1}, "b"));
  if (rows.empty()) {
    broken(next_ - 1, "missing", number(next_ - 1) + ", where the check should go on, is not there.");
  } else {
    previous_hash_ = rows[0].blob(0);
  }
  return ok();
}

Result<void> LogCheck::check_row(const storage::Row& row) {
  const std::int64_t seq = row.integer(0);
  if (seq != next_) {
    broken(next_, seq > next_ ? "missing" : "inserted",
           seq > next_ ? number(next_) + " is missing; the next one there is " + std::to_string(seq) + "."
                       : number(seq) + " stands where no record can be.");
    return ok();
  }
  const auto read = read_row(row);
  if (!read) {
    broken(seq, "changed", read.error().message);
    return ok();
  }
  const AuditRecord& record = read.value();
  const auto canonical = canonical_record(record);
  const bool own_hash_holds = canonical && crypto::sm3(canonical.value()) == record.record_hash &&
                              leaf_hash(canonical.value()) == record.leaf_hash;
  // The detail is stored in canonical form; other text for the same value is a change too.
  const bool detail_holds = canonical && canonical_json(record.entry.detail).value() == row.text(10);
  if (!own_hash_holds || !detail_holds) return name_damage(record);
  if (record.prev_hash != previous_hash_) {
    broken(seq, "inserted",
           number(seq) +
               " is sound in itself but does not follow the record before it: something was put in, "
               "taken out or written anew here.");
    return ok();
  }
  if (known_head_ && known_head_->seq == seq && known_head_->record_hash != record.record_hash) {
    broken(seq, "head_differs",
           number(seq) + " is not the one that was known as the head: the trail was written anew.");
    return ok();
  }
  if (whole_) tree_.add(record.leaf_hash);
  previous_hash_ = record.record_hash;
  report_.head = AuditHead{seq, record.record_hash};
  ++report_.records;
  ++next_;
  return ok();
}

// The row does not hold as the record it stands for. If it holds as another one, it was moved or copied.
Result<void> LogCheck::name_damage(const AuditRecord& record) {
  AuditRecord moved = record;
  for (std::int64_t distance = 1; distance <= kMovedRowsMax; ++distance) {
    for (const std::int64_t origin : {record.seq - distance, record.seq + distance}) {
      moved.seq = origin;
      const auto canonical = canonical_record(moved);
      if (!canonical || crypto::sm3(canonical.value()) != record.record_hash) continue;
      const bool is_copy = TRY(hash_is_elsewhere(record.record_hash, record.seq));
      broken(record.seq, is_copy ? "inserted" : "reordered",
             number(record.seq) + " holds what was written as record " + std::to_string(origin) +
                 (is_copy ? ": it is a copy that was put in." : ": the order was changed."));
      return ok();
    }
  }
  broken(record.seq, "changed", number(record.seq) + " is not what was written: its hash does not fit its content.");
  return ok();
}

Result<void> LogCheck::check_end() {
  if (known_head_ && known_head_->seq >= next_) {
    broken(next_, "truncated",
           "The trail ends at " + std::to_string(next_ - 1) + ", but " + std::to_string(known_head_->seq) +
               " was already written.");
  } else if (const auto head = TRY(read_head(transaction_)); head && head->seq < next_ - 1) {
    broken(head->seq, "truncated", "The trail ends before the record where the check began.");
  }
  return ok();
}

Result<LogReport> LogCheck::run(const std::function<void(std::int64_t)>& progress) {
  // A row below 1 can only come from outside; the constraint of the table refuses it, a copied file may not.
  if (next_ == 1 && TRY(exists(0))) broken(0, "inserted", "Record 0 stands where no record can be.");
  if (report_.holds()) {
    CHECK_OK(read_anchor());
  }
  std::int64_t reported = next_;
  while (report_.holds()) {
    const auto rows = TRY(read_page());
    if (!report_.holds()) break;
    if (rows.empty()) {
      CHECK_OK(check_end());
      break;
    }
    for (const auto& row : rows) {
      CHECK_OK(check_row(row));
      if (!report_.holds()) break;
    }
    if (progress && next_ - reported >= kProgressRows) {
      reported = next_;
      progress(next_ - 1);
    }
  }
  if (whole_ && report_.holds()) report_.tree_root = tree_.root();
  return std::move(report_);
}

}  // namespace

Result<LogReport> verify_log(storage::Transaction& transaction, std::int64_t from,
                             const std::optional<AuditHead>& known_head,
                             const std::function<void(std::int64_t)>& progress) {
  return LogCheck(transaction, from, known_head).run(progress);
}

Json to_json(const LogReport& report) {
  Json json{{"holds", report.holds()}, {"records", report.records}};
  if (report.broken_at) {
    json["broken_at"] = *report.broken_at;
    json["fault"] = report.fault;
    json["detail"] = report.detail;
  }
  if (report.head) json["head"] = {{"seq", report.head->seq}, {"record_hash", to_hex(report.head->record_hash)}};
  if (!report.tree_root.empty()) json["tree_root"] = to_hex(report.tree_root);
  return json;
}

}  // namespace zhida::audit
