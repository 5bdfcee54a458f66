// What intake took in and another room refused.
#include <algorithm>

#include "stages/intake/intake_stage.h"

namespace zhida::intake {
namespace {

constexpr std::size_t kValueOctets = 500;

void restate(AcceptedBatch& accepted, const LedgerRecord& row, const Finding& finding) {
  const auto outcome = std::find_if(accepted.outcomes.rbegin(), accepted.outcomes.rend(), [&](const auto& one) {
    return one.kind == RecordOutcome::Kind::accepted && one.record_type == row.record_type && one.key == row.key;
  });
  if (outcome == accepted.outcomes.rend()) return;
  outcome->kind = RecordOutcome::Kind::quarantined;
  outcome->code = finding.code;
  outcome->field = finding.field;
  outcome->value = finding.value;
  outcome->message = finding.message;
  --accepted.accepted;
  ++accepted.quarantined;
}

}  // namespace

Result<void> put_aside(storage::Transaction& transaction, const std::string& source, AcceptedBatch& accepted,
                       const LedgerRecord& row, const Finding& finding, Instant now) {
  // No longer `current`: the same row delivered again is no duplicate of something that had no effect.
  CHECK_OK(transaction.execute("UPDATE source_record SET state = 'unreadable' WHERE id = ?", {row.record_id}));
  const std::string value = finding.value.substr(0, kValueOctets);
  const auto closed = accepted.closed.find({row.record_type, row.key});
  if (closed != accepted.closed.end()) {
    // It waited here before: the same row of the quarantine, with today's reason.
    CHECK_OK(transaction.execute(
        "UPDATE quarantine SET (batch_id, position, body, columns, as_of, trace_id) = (SELECT batch_id, position, "
        "body, "
        "columns, as_of, trace_id FROM source_record WHERE id = ?), change = ?, code = ?, file = ?, line = ?, field = "
        "?, "
        "value = ?, message = ?, waits_name = '', waits_code = '', waits_type = '', waits_key = '', state = 'open', "
        "last_at = ? WHERE id = ?",
        {row.record_id, std::string(row.withdraw ? "withdraw" : "upsert"), finding.code, finding.file,
         static_cast<std::int64_t>(finding.line), finding.field, value, finding.message, to_millis(now),
         closed->second}));
  } else {
    CHECK_OK(transaction.execute(
        "INSERT INTO quarantine (source, record_type, record_key, batch_id, position, code, file, line, field, value, "
        "message, body, columns, change, as_of, state, first_at, last_at, trace_id, division) SELECT source, "
        "record_type, record_key, batch_id, position, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS "
        "TEXT), CAST(? AS TEXT), CAST(? AS TEXT), body, columns, CAST(? AS TEXT), as_of, 'open', CAST(? AS BIGINT), "
        "CAST(? AS BIGINT), trace_id, division FROM source_record WHERE id = ? AND source = ?",
        {finding.code, finding.file, static_cast<std::int64_t>(finding.line), finding.field, value, finding.message,
         std::string(row.withdraw ? "withdraw" : "upsert"), to_millis(now), to_millis(now), row.record_id, source}));
  }
  restate(accepted, row, finding);
  return ok();
}

}  // namespace zhida::intake
