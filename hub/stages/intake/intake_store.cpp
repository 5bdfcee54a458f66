#include "stages/intake/intake_store.h"

#include "stages/intake/columns.h"

namespace zhida::intake {
namespace {

using storage::Transaction;
using storage::Values;

constexpr const char* kQuarantineColumns =
    "SELECT id, source, record_type, record_key, batch_id, position, code, file, line, field, value, message, body, "
    "columns, change, as_of, state, attempts, first_at, last_at, trace_id, uscc, division FROM quarantine ";
constexpr const char* kQuarantineTypes = "ittttittitttbttttiiittt";

constexpr const char* kRecordColumns =
    "SELECT id, source, record_type, record_key, uscc, division, as_of, received_at, batch_id, position, body, "
    "columns, "
    "state, trace_id FROM source_record ";
constexpr const char* kRecordTypes = "ittttttitibttt";

Result<QuarantinedRow> read_quarantined(const storage::Row& row) {
  QuarantinedRow out;
  out.id = row.integer(0);
  out.record.source = row.text(1);
  out.record.record_type = row.text(2);
  out.record.key = row.text(3);
  out.batch_id = row.text(4);
  out.record.position = row.integer(5);
  out.code = row.text(6);
  out.file = row.text(7);
  out.line = static_cast<int>(row.integer(8));
  out.field = row.text(9);
  out.value = row.text(10);
  out.message = row.text(11);
  out.record.body = row.blob(12);
  out.has_columns = !row.is_null(13);
  if (out.has_columns) out.record.columns = TRY(parse_columns(row.text(13)));
  out.record.change = row.text(14) == "withdraw" ? Change::withdraw : Change::upsert;
  out.record.as_of = TRY(Date::parse(row.text(15)));
  out.state = row.text(16);
  out.attempts = row.integer(17);
  out.first_at = from_millis(row.integer(18));
  out.last_at = from_millis(row.integer(19));
  out.trace_id = row.text(20);
  out.uscc = row.text(21);
  out.division = row.text(22);
  return out;
}

Result<StoredRecord> read_record(const storage::Row& row) {
  StoredRecord out;
  out.id = row.integer(0);
  out.record.source = row.text(1);
  out.record.record_type = row.text(2);
  out.record.key = row.text(3);
  out.uscc = row.text(4);
  out.division = row.text(5);
  out.record.as_of = TRY(Date::parse(row.text(6)));
  out.received_at = from_millis(row.integer(7));
  out.batch_id = row.text(8);
  out.record.position = row.integer(9);
  out.record.body = row.blob(10);
  out.record.columns = TRY(parse_columns(row.text(11)));
  out.state = row.text(12);
  if (out.state == "withdrawn") out.record.change = Change::withdraw;
  out.trace_id = row.text(13);
  return out;
}

}  // namespace

Result<std::optional<std::string>> cursor(Transaction& transaction, const std::string& source,
                                          const std::string& stream) {
  const auto rows = TRY(
      transaction.query("SELECT position FROM source_cursor WHERE source = ? AND stream = ?", {source, stream}, "t"));
  std::optional<std::string> out;
  if (!rows.empty()) out = rows.front().text(0);
  return out;
}

Result<std::optional<StoredBatch>> find_batch(Transaction& transaction, const std::string& source,
                                              const std::string& batch_id) {
  const auto rows = TRY(
      transaction.query("SELECT source, batch_id, origin, received_at, records, accepted, duplicate, quarantined, "
                        "manifest, manifest_seal, "
                        "payload_digest, payload_seal, trace_id FROM intake_batch WHERE source = ? AND batch_id = ?",
                        {source, batch_id}, "tttiiiiibbtbt"));
  std::optional<StoredBatch> out;
  if (rows.empty()) return out;
  const auto& row = rows.front();
  out = StoredBatch{row.text(0),    row.text(1),    row.text(2),    from_millis(row.integer(3)),
                    row.integer(4), row.integer(5), row.integer(6), row.integer(7),
                    row.blob(8),    row.blob(9),    row.text(10),   row.blob(11),
                    row.text(12)};
  return out;
}

Result<std::optional<StoredRecord>> find_record(Transaction& transaction, std::int64_t id) {
  const auto rows = TRY(transaction.query(std::string(kRecordColumns) + "WHERE id = ?", {id}, kRecordTypes));
  std::optional<StoredRecord> out;
  if (!rows.empty()) out = TRY(read_record(rows.front()));
  return out;
}

Result<std::vector<StoredRecord>> records_of_firm(Transaction& transaction, const std::string& uscc,
                                                  std::size_t count_max) {
  std::vector<StoredRecord> out;
  for (const auto& row : TRY(transaction.query(
           std::string(kRecordColumns) + "WHERE uscc = ? AND uscc <> '' ORDER BY record_type, record_key LIMIT ?",
           {uscc, static_cast<std::int64_t>(count_max)}, kRecordTypes))) {
    out.push_back(TRY(read_record(row)));
  }
  return out;
}

Result<std::vector<QuarantinedRow>> list_quarantine(Transaction& transaction, const QuarantineFilter& filter) {
  std::string sql = std::string(kQuarantineColumns) + "WHERE id > ?";
  Values values{filter.after_id};
  const auto narrow = [&](const char* column, const std::string& value) {
    if (value.empty()) return;
    sql += std::string(" AND ") + column + " = ?";
    values.emplace_back(value);
  };
  narrow("source", filter.source);
  narrow("record_type", filter.record_type);
  narrow("code", filter.code);
  narrow("state", filter.state);
  narrow("division", filter.division);
  sql += " ORDER BY id LIMIT ?";
  values.emplace_back(static_cast<std::int64_t>(filter.count_max));
  std::vector<QuarantinedRow> out;
  for (const auto& row : TRY(transaction.query(sql, values, kQuarantineTypes))) {
    out.push_back(TRY(read_quarantined(row)));
  }
  return out;
}

Result<std::optional<QuarantinedRow>> find_quarantined(Transaction& transaction, std::int64_t id) {
  const auto rows = TRY(transaction.query(std::string(kQuarantineColumns) + "WHERE id = ?", {id}, kQuarantineTypes));
  std::optional<QuarantinedRow> out;
  if (!rows.empty()) out = TRY(read_quarantined(rows.front()));
  return out;
}

Result<std::optional<QuarantinedRow>> find_unsettled(Transaction& transaction, const std::string& source,
                                                     const std::string& batch_id, const RecordOutcome& outcome) {
  // What nobody could take apart has no key; its place in the batch names it.
  const auto rows = TRY(transaction.query(
      std::string(kQuarantineColumns) +
          "WHERE state = 'open' AND source = ? AND record_type = ? AND record_key = ? AND (record_key <> '' OR "
          "(batch_id = ? AND position = ?)) AND NOT EXISTS (SELECT 1 FROM quarantine d WHERE d.state = 'discarded' "
          "AND d.source = quarantine.source AND d.record_type = quarantine.record_type AND d.record_key = "
          "quarantine.record_key AND d.body = quarantine.body AND coalesce(d.columns, '') = "
          "coalesce(quarantine.columns, ''))",
      {source, outcome.record_type, outcome.key, batch_id, outcome.position}, kQuarantineTypes));
  std::optional<QuarantinedRow> out;
  if (!rows.empty()) out = TRY(read_quarantined(rows.front()));
  return out;
}

Result<void> discard_quarantined(Transaction& transaction, std::int64_t id, Instant now) {
  const auto row = TRY(find_quarantined(transaction, id));
  const std::string name = "The quarantined row " + std::to_string(id);
  if (!row) return refuse("quarantine_unknown", name + " does not exist.");
  if (row->state != "open") return refuse("quarantine_not_open", name + " is " + row->state + " already.");
  CHECK_OK(
      transaction.execute("UPDATE quarantine SET state = 'discarded', last_at = ? WHERE id = ?", {to_millis(now), id}));
  return ok();
}

Result<std::vector<QuarantineCount>> count_quarantine(Transaction& transaction) {
  std::vector<QuarantineCount> out;
  for (const auto& row :
       TRY(transaction.query("SELECT source, record_type, code, state, count(*) FROM quarantine GROUP "
                             "BY source, record_type, code, state ORDER BY source, record_type, code, "
                             "state",
                             {}, "tttti"))) {
    out.push_back({row.text(0), row.text(1), row.text(2), row.text(3), row.integer(4)});
  }
  return out;
}

Result<IntakeCounts> counts(Transaction& transaction) {
  const auto rows =
      TRY(transaction.query("SELECT count(*), CAST(coalesce(sum(records), 0) AS BIGINT), CAST(coalesce(sum(accepted), "
                            "0) AS BIGINT), CAST(coalesce(sum(duplicate), 0) AS BIGINT), "
                            "CAST(coalesce(sum(quarantined), 0) AS BIGINT) FROM intake_batch",
                            {}, "iiiii"));
  const auto& row = rows.front();
  return IntakeCounts{row.integer(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4)};
}

}  // namespace zhida::intake
