#include "audit/verify_log.h"

#include <algorithm>

#include "audit/archive.h"
#include "audit/audit_record.h"
#include "audit/log_check.h"
#include "platform/crypto/digest.h"

namespace zhida::audit {
namespace {

constexpr std::int64_t kPageRows = 1000;
constexpr std::int64_t kProgressRows = 10'000;
constexpr std::int64_t kPageHeads = 200;
// How far off a moved row is recognised as such; farther it counts as changed.
constexpr std::int64_t kMovedRowsMax = 10'000;

/// The log as the store has it.
class StoredLog {
 public:
  StoredLog(storage::Transaction& transaction, const LogCheckOptions& options)
      : transaction_(transaction), options_(options), check_(options) {}

  Result<LogReport> run();

 private:
  Result<void> begin();
  Result<void> check_archived(std::int64_t last);
  Result<void> check_pages();
  Result<storage::Rows> read_page();
  Result<void> name_damage(const storage::Row& row, LogReport& report);
  Result<std::vector<HeadToCheck>> read_heads_after(std::uint64_t after);
  Result<std::optional<Tile>> read_tile(unsigned level, std::uint64_t place);
  Result<bool> hash_is_elsewhere(const Bytes& record_hash, std::int64_t seq);
  Result<Bytes> hash_of_record(std::int64_t seq);

  storage::Transaction& transaction_;
  const LogCheckOptions& options_;
  LogCheck check_;
  std::int64_t page_rows_ = kPageRows;
};

Result<bool> StoredLog::hash_is_elsewhere(const Bytes& record_hash, std::int64_t seq) {
  return !TRY(transaction_.query("SELECT seq FROM audit_record WHERE record_hash = ? AND seq <> ? LIMIT 1",
                                 {storage::Blob{record_hash}, seq}, "i"))
              .empty();
}

Result<Bytes> StoredLog::hash_of_record(std::int64_t seq) {
  const auto rows = TRY(transaction_.query("SELECT record_hash FROM audit_record WHERE seq = ?", {seq}, "b"));
  return rows.empty() ? Bytes() : rows.front().blob(0);
}

Result<std::vector<HeadToCheck>> StoredLog::read_heads_after(std::uint64_t after) {
  std::vector<HeadToCheck> heads;
  for (auto& head : TRY(read_heads(transaction_, after, kPageHeads))) {
    HeadToCheck one;
    one.token = TRY(find_token(transaction_, head.size));
    one.countersignatures = TRY(countersignatures(transaction_, head.size));
    one.head = std::move(head);
    heads.push_back(std::move(one));
  }
  return heads;
}

Result<std::optional<Tile>> StoredLog::read_tile(unsigned level, std::uint64_t place) {
  const auto rows = TRY(transaction_.query("SELECT root, hashes FROM audit_tile WHERE level = ? AND place = ?",
                                           {std::int64_t{level}, static_cast<std::int64_t>(place)}, "bb"));
  if (rows.empty()) return std::optional<Tile>();
  const auto root = TRY(crypto::to_node_hash(rows.front().blob(0)));
  return std::optional<Tile>(Tile{level, place, root, rows.front().blob(1)});
}

// A row whose columns are of another type cannot be read at all (SQLite would store such a one). Then the page is read
// again row by row, so that the rows before it are checked and the damaged one is named.
Result<storage::Rows> StoredLog::read_page() {
  static const std::string kSelect =
      std::string("SELECT ") + kAllColumns + " FROM audit_record WHERE seq >= ? ORDER BY seq LIMIT ?";
  auto rows = transaction_.query(kSelect, {check_.next(), page_rows_}, kAllColumnTypes);
  if (rows || rows.error().code != "storage_failed") return rows;
  page_rows_ = 1;
  rows = transaction_.query(kSelect, {check_.next(), page_rows_}, kAllColumnTypes);
  if (rows || rows.error().code != "storage_failed") return rows;
  check_.broken(check_.next(), "changed", record_number(check_.next()) + " cannot be read: " + rows.error().message);
  return storage::Rows{};
}

RecordToCheck record_of(const storage::Row& row) {
  RecordToCheck record;
  record.seq = row.integer(0);
  record.prev_hash = row.blob(12);
  record.record_hash = row.blob(13);
  record.leaf_hash = row.blob(14);
  record.canonical.assign(1, '\0');
  // The detail as it is stored: where the hash fits, it is the text that was written, which was canonical.
  append_canonical_form(record.canonical, record.seq, row.integer(1),
                        {row.text(2), row.text(3), row.text(4), row.text(5), row.text(6), row.text(7), row.text(8),
                         row.text(9), row.text(10), row.text(11)},
                        record.prev_hash);
  return record;
}

// The row does not hold as the record it stands for. If it holds as another one, it was moved or copied.
Result<void> StoredLog::name_damage(const storage::Row& row, LogReport& report) {
  const auto broken = [&](std::string fault, std::string detail) {
    check_.broken(row.integer(0), std::move(fault), std::move(detail));
    (void)report;
    return ok();
  };
  const auto read = read_row(row);
  if (!read) return broken("changed", read.error().message);
  const AuditRecord& record = read.value();
  AuditRecord moved = record;
  for (std::int64_t distance = 1; distance <= kMovedRowsMax; ++distance) {
    for (const std::int64_t origin : {record.seq - distance, record.seq + distance}) {
      moved.seq = origin;
      const auto canonical = canonical_record(moved);
      if (!canonical || crypto::sm3(canonical.value()) != record.record_hash) continue;
      const bool is_copy = TRY(hash_is_elsewhere(record.record_hash, record.seq));
      return broken(is_copy ? "inserted" : "reordered",
                    record_number(record.seq) + " holds what was written as record " + std::to_string(origin) +
                        (is_copy ? ": it is a copy that was put in." : ": the order was changed."));
    }
  }
  return broken("changed", record_number(record.seq) + " is not what was written: its hash does not fit its content.");
}

// Rows that were archived may be gone. The log itself must tell of that, or else they are missing.
Result<void> StoredLog::check_archived(std::int64_t last) {
  const auto archives = TRY(transaction_.query(
      "SELECT first_seq, last_seq, record_hash, manifest FROM audit_archive WHERE last_seq <= ? ORDER BY last_seq",
      {last}, "iibt"));
  std::int64_t next = 1;
  for (const auto& archive : archives) {
    // The kind has no index; such a record stands behind its archive, and there are few archives.
    const auto told = TRY(transaction_.query(
        "SELECT seq FROM audit_record WHERE seq > ? AND kind = 'log_archived' AND payload_digest = ? LIMIT 1",
        {archive.integer(1), archive.text(3)}, "i"));
    const bool in_later_archive = archive.integer(1) < archives.back().integer(1);
    if (archive.integer(0) != next || (told.empty() && !in_later_archive)) {
      check_.broken(next, "missing",
                    record_number(next) + " is missing, and no record of the log tells of its archive.");
      return ok();
    }
    next = archive.integer(1) + 1;
  }
  if (next != last + 1) {
    check_.broken(next, "missing",
                  record_number(next) + " is missing; the next one there is " + std::to_string(last + 1) + ".");
    return ok();
  }
  const auto known = check_.next() - 1;  // Checked by way of the archives that were given.
  if (known >= last) return ok();
  check_.report().archived_records = last;
  auto tree = frontier_at(transaction_, static_cast<std::uint64_t>(last));
  check_.begin_after(last, archives.back().blob(2), tree ? std::optional(std::move(tree).value()) : std::nullopt);
  if (!tree) check_.broken(1, "tile_differs", tree.error().message);
  return ok();
}

Result<void> StoredLog::begin() {
  check_.compare_tiles([this](unsigned level, std::uint64_t place) { return read_tile(level, place); });
  for (const auto& folder : options_.archives) {
    CHECK_OK(check_archive(check_, folder, options_));
    if (!check_.holds()) return ok();
  }
  const auto first = TRY(transaction_.query("SELECT seq FROM audit_record ORDER BY seq LIMIT 1", {}, "i"));
  if (!first.empty() && first.front().integer(0) < 1) {
    // It can only come from outside; the constraint of the table refuses it, a copied file may not.
    check_.broken(0, "inserted", record_number(first.front().integer(0)) + " stands where no record can be.");
    return ok();
  }
  const std::int64_t begins = first.empty() ? 1 : first.front().integer(0);
  if (begins > check_.next() &&
      !TRY(transaction_.query("SELECT 1 FROM audit_archive WHERE last_seq = ?", {begins - 1}, "i")).empty()) {
    CHECK_OK(check_archived(begins - 1));
  }
  if (options_.from > check_.next() && check_.holds()) {
    // A check that begins in the middle believes what is before it, since it was checked an earlier time.
    const auto anchor = TRY(hash_of_record(options_.from - 1));
    if (anchor.empty()) {
      check_.broken(options_.from - 1, "missing",
                    record_number(options_.from - 1) + ", where the check should go on, is not there.");
      return ok();
    }
    auto tree = frontier_at(transaction_, static_cast<std::uint64_t>(options_.from - 1));
    check_.begin_after(options_.from - 1, anchor, tree ? std::optional(std::move(tree).value()) : std::nullopt);
  }
  return check_.use_heads([this](std::uint64_t after) { return read_heads_after(after); });
}

Result<void> StoredLog::check_pages() {
  std::int64_t reported = check_.next();
  std::vector<RecordToCheck> records;
  while (check_.holds()) {
    const auto rows = TRY(read_page());
    if (rows.empty()) break;
    records.clear();
    for (const auto& row : rows) records.push_back(record_of(row));
    CHECK_OK(
        check_.check(records, [&](std::size_t index, LogReport& report) { return name_damage(rows[index], report); }));
    if (options_.progress && check_.next() - reported >= kProgressRows) {
      reported = check_.next();
      options_.progress(check_.next() - 1);
    }
  }
  return ok();
}

Result<LogReport> StoredLog::run() {
  CHECK_OK(begin());
  CHECK_OK(check_pages());
  if (check_.holds() && check_.next() > 1 &&
      TRY(last_seq(transaction_)) < static_cast<std::uint64_t>(check_.next() - 1))
    check_.broken(check_.next() - 1, "truncated", "The trail ends before the record where the check began.");
  CHECK_OK(check_.check_end());
  auto& report = check_.report();
  if (report.holds() && check_.tree() && options_.from <= 1)
    report.tree_root = Bytes(crypto::octets_of(check_.tree()->root()));
  return std::move(report);
}

}  // namespace

Result<LogReport> verify_log(storage::Transaction& transaction, const LogCheckOptions& options) {
  return StoredLog(transaction, options).run();
}

Json to_json(const LogReport& report) {
  Json json{{"holds", report.holds()},
            {"records", report.records},
            {"archived_records", report.archived_records},
            {"sealed_records", report.sealed_records},
            {"heads", report.heads},
            {"tokens", report.tokens},
            {"countersignatures", report.countersignatures},
            {"seals_judged", report.seals_judged},
            {"tokens_judged", report.tokens_judged}};
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
