#include "flow/office_store.h"

#include "platform/crypto/digest.h"

namespace zhida::flow {
namespace {

using storage::Transaction;

constexpr const char* kColumns = "itiitttttibtitittibtii";

OfficeDecision read_row(const storage::Row& row) {
  const auto moment = [&](std::size_t column) {
    return row.is_null(column) ? std::optional<Instant>() : std::optional(from_millis(row.integer(column)));
  };
  OfficeDecision d;
  d.id = row.integer(0);
  d.case_id = CaseId(row.text(1));
  d.round = row.integer(2);
  d.step = row.integer(3);
  d.department = row.text(4);
  d.holder = row.text(5);
  d.hand = row.text(6);
  d.decision = row.text(7);
  d.message_id = row.text(8);
  d.required = row.integer(9) != 0;
  d.body = row.blob(10);
  d.digest = row.text(11);
  d.asked_at = from_millis(row.integer(12));
  d.state = row.text(13);
  d.attempts = row.integer(14);
  d.code = row.text(15);
  d.error = row.text(16);
  d.late = row.integer(17) != 0;
  if (!row.is_null(18)) d.seal = row.blob(18);
  d.es_id = row.text(19);
  d.signed_at = moment(20);
  d.sealed_at = moment(21);
  return d;
}

std::vector<OfficeDecision> read_rows(const storage::Rows& rows) {
  std::vector<OfficeDecision> decisions;
  for (const auto& row : rows) decisions.push_back(read_row(row));
  return decisions;
}

}  // namespace

Result<std::vector<OfficeStep>> steps_without(Transaction& transaction, const CaseId& id, const std::string& department,
                                              const std::string& holder) {
  std::vector<OfficeStep> steps;
  const auto rows = TRY(transaction.query(
      "SELECT r.round, r.step, r.department, r.hand, r.decision, r.reason, r.actor, r.at FROM case_review r JOIN "
      "benefit_case c ON c.id = r.case_id AND c.review_round = r.round WHERE r.case_id = ? AND r.department = ? AND "
      "(? = '' OR r.actor = ?) AND NOT EXISTS (SELECT 1 FROM office_decision d WHERE d.case_id = r.case_id AND d.round "
      "= r.round AND d.step = r.step AND d.holder = ?) ORDER BY r.step",
      {id.str(), department, holder, holder, holder}, "iittttti"));
  for (const auto& row : rows)
    steps.push_back({row.integer(0), row.integer(1), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6),
                     from_millis(row.integer(7))});
  return steps;
}

Result<std::int64_t> next_step_beside(Transaction& transaction, const CaseId& id, std::int64_t round) {
  const auto rows =
      TRY(transaction.query("SELECT max(step) FROM office_decision WHERE case_id = ? AND round = ? AND step >= ?",
                            {id.str(), round, kStepsBeside}, "i"));
  return rows.front().is_null(0) ? kStepsBeside : rows.front().integer(0) + 1;
}

Result<std::vector<CaseId>> reviewed_and_unpaid(Transaction& transaction) {
  std::vector<CaseId> ids;
  for (const auto& row : TRY(transaction.query(
           "SELECT id FROM benefit_case c WHERE state IN ('in_review', 'publicity', 'held', 'approved', 'rechecking', "
           "'payee_repair') AND EXISTS (SELECT 1 FROM case_review r WHERE r.case_id = c.id AND r.round = "
           "c.review_round) ORDER BY id",
           {}, "t")))
    ids.emplace_back(row.text(0));
  return ids;
}

Result<void> insert_decision(Transaction& transaction, const OfficeDecision& d) {
  CHECK_OK(transaction.execute(
      "INSERT INTO office_decision (case_id, round, step, department, holder, hand, decision, message_id, required, "
      "body, digest, asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {d.case_id.str(), d.round, d.step, d.department, d.holder, d.hand, d.decision, d.message_id,
       std::int64_t{d.required ? 1 : 0}, storage::Blob{d.body}, d.digest, to_millis(d.asked_at)}));
  return ok();
}

Result<std::vector<OfficeDecision>> decisions_of(Transaction& transaction, const CaseId& id) {
  return read_rows(TRY(transaction.query(
      "SELECT id, case_id, round, step, department, holder, hand, decision, message_id, required, body, digest, "
      "asked_at, "
      "state, attempts, code, error, late, seal, es_id, signed_at, sealed_at FROM office_decision WHERE case_id = ? "
      "ORDER BY round, step, holder",
      {id.str()}, kColumns)));
}

Result<std::vector<OfficeDecision>> unsealed(Transaction& transaction, const std::string& department,
                                             const std::string& holder, std::int64_t limit) {
  return read_rows(TRY(transaction.query(
      "SELECT id, case_id, round, step, department, holder, hand, decision, message_id, required, body, digest, "
      "asked_at, "
      "state, attempts, code, error, late, seal, es_id, signed_at, sealed_at FROM office_decision WHERE department = "
      "? AND holder = ? AND state <> 'sealed' ORDER BY id LIMIT ?",
      {department, holder, limit}, kColumns)));
}

Result<bool> keep_seal(Transaction& transaction, std::int64_t id, const Bytes& seal, const std::string& es_id,
                       Instant signed_at, Instant now) {
  return TRY(transaction.execute("UPDATE office_decision SET state = 'sealed', seal = ?, es_id = ?, signed_at = ?, "
                                 "sealed_at = ?, code = '', error = '' WHERE id = ? AND state <> 'sealed'",
                                 {storage::Blob{seal}, es_id, to_millis(signed_at), to_millis(now), id})) > 0;
}

Result<void> note_failure(Transaction& transaction, std::int64_t id, bool refused, const std::string& code,
                          const std::string& error, Instant now) {
  CHECK_OK(
      transaction.execute("UPDATE office_decision SET state = ?, attempts = attempts + 1, tried_at = ?, code = ?, "
                          "error = ? WHERE id = ? AND state <> 'sealed'",
                          {std::string(refused ? "refused" : "asked"), to_millis(now), code, error, id}));
  return ok();
}

Result<bool> keep_wrong(Transaction& transaction, std::int64_t id, const std::string& code, const std::string& detail,
                        const Bytes& answer, Instant now) {
  const std::string digest = "sm3:" + to_hex(crypto::sm3(answer));
  const auto known = TRY(transaction.query(
      "SELECT count(*), coalesce(sum(CASE WHEN digest = ? THEN 1 ELSE 0 END), 0) FROM office_seal_wrong WHERE "
      "decision_id = ?",
      {digest, id}, "ii"));
  if (known.front().integer(0) >= kWrongAnswersMax || known.front().integer(1) > 0) return false;
  CHECK_OK(transaction.execute(
      "INSERT INTO office_seal_wrong (decision_id, at, code, detail, digest, answer) VALUES (?, ?, ?, ?, ?, ?)",
      {id, to_millis(now), code, detail, digest, storage::Blob{answer}}));
  return true;
}

Result<void> mark_late(Transaction& transaction, std::int64_t id) {
  CHECK_OK(transaction.execute("UPDATE office_decision SET late = 1 WHERE id = ? AND state <> 'sealed'", {id}));
  return ok();
}

Result<std::vector<OfficeCount>> count_offices(Transaction& transaction) {
  std::vector<OfficeCount> counts;
  for (const auto& row : TRY(transaction.query(
           "SELECT department, holder, sum(CASE WHEN state = 'asked' THEN 1 ELSE 0 END), sum(CASE WHEN state = "
           "'refused' THEN 1 ELSE 0 END), sum(CASE WHEN state = 'sealed' THEN 1 ELSE 0 END), min(CASE WHEN state <> "
           "'sealed' THEN id END) FROM office_decision GROUP BY department, holder ORDER BY department, holder",
           {}, "ttiiii"))) {
    OfficeCount count;
    count.department = row.text(0);
    count.holder = row.text(1);
    count.asked = row.integer(2);
    count.refused = row.integer(3);
    count.sealed = row.integer(4);
    if (!row.is_null(5)) {
      const auto oldest = TRY(
          transaction.query("SELECT asked_at, code, error FROM office_decision WHERE id = ?", {row.integer(5)}, "itt"));
      count.oldest = from_millis(oldest.front().integer(0));
      count.code = oldest.front().text(1);
      count.error = oldest.front().text(2);
    }
    counts.push_back(std::move(count));
  }
  for (const auto& row :
       TRY(transaction.query("SELECT d.department, d.holder, count(*) FROM office_seal_wrong w JOIN office_decision d "
                             "ON d.id = w.decision_id GROUP BY d.department, d.holder",
                             {}, "tti")))
    for (auto& count : counts)
      if (count.department == row.text(0) && count.holder == row.text(1)) count.wrong = row.integer(2);
  return counts;
}

}  // namespace zhida::flow
