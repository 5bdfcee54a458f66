// Complete lists, and rows that an adapter could not take apart.
#include <algorithm>

#include "stages/intake/acceptance_store.h"

namespace zhida::intake {

using storage::Blob;

Result<void> Acceptance::unreadable() {
  for (const auto& row : batch_.unreadable) {
    CHECK_OK(transaction_.execute(
        "INSERT INTO quarantine (source, record_type, record_key, batch_id, position, code, file, line, field, value, "
        "message, body, columns, change, as_of, state, first_at, last_at, trace_id, division) VALUES (?, ?, '', ?, ?, "
        "?, "
        "'', 0, '', '', ?, ?, NULL, 'upsert', ?, 'open', ?, ?, ?, ?)",
        {batch_.source, row.record_type, batch_.batch_id, row.position, row.code, row.message, Blob{row.body},
         Date::of(batch_.received_at).to_string(), to_millis(now_), to_millis(now_), batch_.trace_id.str(),
         prepared_.default_division}));
    RecordOutcome out;
    out.kind = RecordOutcome::Kind::quarantined;
    out.record_type = row.record_type;
    out.position = row.position;
    out.code = row.code;
    out.message = row.message;
    result.outcomes.push_back(std::move(out));
    ++result.quarantined;
  }
  return ok();
}

Result<std::string> Acceptance::newest_complete(const std::string& record_type) {
  const auto rows = TRY(transaction_.query("SELECT position FROM source_cursor WHERE source = ? AND stream = ?",
                                           {batch_.source, "@complete:" + record_type}, "t"));
  return rows.empty() ? std::string() : rows.front().text(0);
}

Result<void> Acceptance::complete_lists() {
  for (const auto& type : batch_.complete_for) {
    CHECK_OK(complete_list(type));
  }
  return ok();
}

/// Rows that the complete list lacks are gone. Where the list had rows that nobody could read, a missing row may be one
/// of those: it is then not known rather than gone.
Result<void> Acceptance::complete_list(const std::string& record_type) {
  std::set<std::string> present;
  std::string as_of;
  for (std::size_t i = 0; i < batch_.records.size(); ++i) {
    if (batch_.records[i].record_type == record_type) {
      present.insert(batch_.records[i].key);
      as_of = std::max(as_of, as_of_text(i));
    }
  }
  // An empty list is dated by what came with it, else by its arrival.
  for (std::size_t i = 0; as_of.empty() && i < batch_.records.size(); ++i) as_of = as_of_text(i);
  if (as_of.empty()) as_of = Date::of(batch_.received_at).to_string();
  if (as_of < complete_since_[record_type]) return ok();
  const bool doubtful = std::any_of(batch_.unreadable.begin(), batch_.unreadable.end(),
                                    [&](const auto& row) { return row.record_type == record_type; });
  for (const auto& row :
       TRY(transaction_.query("SELECT id, record_key, uscc, state FROM source_record WHERE source = ? "
                              "AND record_type = ? AND state <> 'withdrawn'",
                              {batch_.source, record_type}, "ittt"))) {
    if (present.contains(row.text(1))) continue;
    const bool spoil = doubtful && row.text(3) == "current";
    if (doubtful && !spoil) continue;
    CHECK_OK(transaction_.execute("UPDATE source_record SET state = ?, as_of = ? WHERE id = ?",
                                  {std::string(spoil ? "unreadable" : "withdrawn"), as_of, row.integer(0)}));
    if (row.text(2).empty()) continue;
    ProfileOperation change;
    change.kind = spoil ? ProfileOperation::Kind::unreadable : ProfileOperation::Kind::withdraw;
    change.record_id = row.integer(0);
    change.source = batch_.source;
    change.record_type = record_type;
    change.record_key = row.text(1);
    change.uscc = row.text(2);
    change.as_of = TRY(Date::parse(as_of));
    change.received = batch_.received_at;
    change.trace_id = batch_.trace_id.str();
    result.profile.push_back(std::move(change));
  }
  for (const auto& row :
       TRY(transaction_.query("SELECT id, record_key FROM quarantine WHERE state = 'open' AND source = "
                              "? AND record_type = ? AND columns IS NOT NULL",
                              {batch_.source, record_type}, "it"))) {
    if (present.contains(row.text(1))) continue;
    CHECK_OK(transaction_.execute("UPDATE quarantine SET state = 'replayed', last_at = ? WHERE id = ?",
                                  {to_millis(now_), row.integer(0)}));
  }
  CHECK_OK(
      transaction_.execute("INSERT INTO source_cursor (source, stream, position, updated_at) VALUES (?, ?, ?, ?) ON "
                           "CONFLICT (source, stream) DO UPDATE SET position = excluded.position, updated_at = "
                           "excluded.updated_at",
                           {batch_.source, "@complete:" + record_type, as_of, to_millis(now_)}));
  return ok();
}

}  // namespace zhida::intake
