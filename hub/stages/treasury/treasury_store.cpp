#include "stages/treasury/treasury_store.h"

namespace zhida::treasury {
namespace {

constexpr std::string_view kColumns =
    "business_no, case_id, attempt, division, fiscal_year, bgt_id, amount_fen, uscc, payee_name, payee_account_no, "
    "payee_bank_name, payee_bank_no, pro_code, use_des, message_id, body, seal, digest, trace_id, created_at, state, "
    "state_at, pay_app_no, pay_cert_no, agent_business_no, paid_on, reason, paid_fen, returned_fen, frozen, "
    "overdue_since, asked, last_asked_at, seal_proof";
constexpr std::string_view kLetters = "ttititittttttttbbttititttttiiiiiit";

Result<PaymentAttempt> read_attempt(const storage::Row& row) {
  PaymentAttempt a;
  PaymentRequest& r = a.request;
  r.business_no = AttemptId(row.text(0));
  r.tracking_id = CaseId(row.text(1));
  r.attempt = static_cast<int>(row.integer(2));
  r.division = row.text(3);
  r.fiscal_year = static_cast<int>(row.integer(4));
  r.appropriation = AppropriationId(row.text(5));
  r.amount = Money::from_fen(row.integer(6));
  r.uscc = row.text(7);
  r.payee = {row.text(8), row.text(9), row.text(10), row.text(11)};
  r.pro_code = row.text(12);
  r.use_des = row.text(13);
  a.message_id = row.text(14);
  a.body = row.blob(15);
  a.seal = row.blob(16);
  a.digest = row.text(17);
  a.trace_id = row.text(18);
  a.created_at = from_millis(row.integer(19));
  const auto state = attempt_state_from(row.text(20));
  if (!state)
    return refuse("storage_failed", "Attempt " + row.text(0) + " has the unknown state " + row.text(20) + ".");
  a.state = *state;
  a.state_at = from_millis(row.integer(21));
  a.pay_app_no = row.text(22);
  a.pay_cert_no = row.text(23);
  a.agent_business_no = row.text(24);
  if (!row.is_null(25)) a.paid_on = TRY(Date::parse(row.text(25)));
  a.reason = row.text(26);
  a.paid = Money::from_fen(row.integer(27));
  a.returned = Money::from_fen(row.integer(28));
  a.frozen = row.integer(29) != 0;
  if (!row.is_null(30)) a.overdue_since = from_millis(row.integer(30));
  a.asked = row.integer(31);
  if (!row.is_null(32)) a.last_asked_at = from_millis(row.integer(32));
  a.seal_proof = row.text(33);
  return a;
}

Result<std::vector<PaymentAttempt>> read_attempts(Transaction& transaction, const std::string& condition,
                                                  const storage::Values& values) {
  const auto rows = TRY(transaction.query(
      "SELECT " + std::string(kColumns) + " FROM payment_attempt WHERE " + condition, values, kLetters));
  std::vector<PaymentAttempt> attempts;
  for (const auto& row : rows) attempts.push_back(TRY(read_attempt(row)));
  return attempts;
}

storage::Value millis_or_null(const std::optional<Instant>& moment) {
  if (!moment) return nullptr;
  return to_millis(*moment);
}

storage::Value day_or_null(const std::optional<Date>& day) {
  if (!day) return nullptr;
  return day->to_string();
}

}  // namespace

Result<PaymentAttempt> load_attempt(Transaction& transaction, const AttemptId& business_no) {
  auto attempts = TRY(read_attempts(transaction, "business_no = ?", {business_no.str()}));
  if (attempts.empty()) return refuse("attempt_not_found", "There is no request " + business_no.str() + ".");
  return std::move(attempts.front());
}

Result<std::vector<PaymentAttempt>> load_attempts(Transaction& transaction, const CaseId& case_id) {
  return read_attempts(transaction, "case_id = ? ORDER BY attempt", {case_id.str()});
}

Result<std::vector<PaymentAttempt>> load_overdue(Transaction& transaction, Instant created_before, Instant asked_before,
                                                 std::int64_t limit) {
  return read_attempts(transaction,
                       "(state IN ('sent', 'acked') OR (state = 'queued' AND EXISTS (SELECT 1 FROM outbox o WHERE "
                       "o.message_id = payment_attempt.message_id AND o.state = 'rejected'))) AND created_at <= ? AND "
                       "(last_asked_at IS NULL OR last_asked_at <= ?) ORDER BY created_at, business_no LIMIT ?",
                       {to_millis(created_before), to_millis(asked_before), limit});
}

Result<void> save_attempt(Transaction& transaction, const PaymentAttempt& a) {
  CHECK_OK(transaction.execute(
      "UPDATE payment_attempt SET state = ?, state_at = ?, pay_app_no = ?, pay_cert_no = ?, agent_business_no = ?, "
      "paid_on = ?, reason = ?, paid_fen = ?, returned_fen = ?, frozen = ?, overdue_since = ?, asked = ?, "
      "last_asked_at = ? WHERE business_no = ?",
      {std::string(to_text(a.state)), to_millis(a.state_at), a.pay_app_no, a.pay_cert_no, a.agent_business_no,
       day_or_null(a.paid_on), a.reason, a.paid.fen(), a.returned.fen(), std::int64_t{a.frozen ? 1 : 0},
       millis_or_null(a.overdue_since), a.asked, millis_or_null(a.last_asked_at), a.request.business_no.str()}));
  return ok();
}

Result<std::vector<Conflict>> load_conflicts(Transaction& transaction, const std::string& state) {
  const auto rows = TRY(transaction.query(
      "SELECT id, business_no, code, detail, state, case_id, message_row, at FROM payment_conflict WHERE state = ? "
      "ORDER BY id",
      {state}, "itttttii"));
  std::vector<Conflict> conflicts;
  for (const auto& row : rows) {
    conflicts.push_back({row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4), CaseId(row.text(5)),
                         row.integer(6), from_millis(row.integer(7))});
  }
  return conflicts;
}

Result<std::optional<std::int64_t>> insert_answer(Transaction& transaction, const StoredAnswer& a) {
  const auto known =
      TRY(transaction.query("SELECT id FROM treasury_message WHERE peer = ? AND message_id = ? AND position = ?",
                            {a.peer, a.message_id, a.position}, "i"));
  if (!known.empty()) return std::optional<std::int64_t>();
  return std::optional(TRY(transaction.insert(
      "INSERT INTO treasury_message (peer, message_id, position, business_no, answer, amount_fen, on_day, "
      "agent_business_no, outcome, detail, body, seal, seal_proof, received_at, trace_id) VALUES (?, ?, ?, ?, ?, ?, ?, "
      "?, ?, ?, ?, ?, ?, ?, ?)",
      {a.peer, a.message_id, a.position, a.business_no, a.answer,
       a.amount ? storage::Value(a.amount->fen()) : storage::Value(nullptr), day_or_null(a.on), a.agent_business_no,
       a.outcome, a.detail, storage::Blob{a.body}, storage::Blob{a.seal}, a.seal_proof, to_millis(a.received_at),
       a.trace_id},
      "id")));
}

Result<std::vector<StoredAnswer>> load_answers(Transaction& transaction, const AttemptId& business_no) {
  const auto rows = TRY(transaction.query(
      "SELECT id, peer, message_id, position, business_no, answer, amount_fen, on_day, agent_business_no, outcome, "
      "detail, body, seal, received_at, trace_id, seal_proof FROM treasury_message WHERE business_no = ? ORDER BY id",
      {business_no.str()},
      "ittittitttt"
      "bbitt"));
  std::vector<StoredAnswer> answers;
  for (const auto& row : rows) {
    StoredAnswer a;
    a.id = row.integer(0);
    a.peer = row.text(1);
    a.message_id = row.text(2);
    a.position = row.integer(3);
    a.business_no = row.text(4);
    a.answer = row.text(5);
    if (!row.is_null(6)) a.amount = Money::from_fen(row.integer(6));
    if (!row.is_null(7)) a.on = TRY(Date::parse(row.text(7)));
    a.agent_business_no = row.text(8);
    a.outcome = row.text(9);
    a.detail = row.text(10);
    a.body = row.blob(11);
    a.seal = row.blob(12);
    a.received_at = from_millis(row.integer(13));
    a.trace_id = row.text(14);
    a.seal_proof = row.text(15);
    answers.push_back(std::move(a));
  }
  return answers;
}

Result<PaymentTotals> payment_totals(Transaction& transaction) {
  const auto rows =
      TRY(transaction.query("SELECT state, count(*), CAST(coalesce(sum(paid_fen - returned_fen), 0) AS BIGINT), "
                            "CAST(coalesce(sum(frozen), 0) AS BIGINT) FROM payment_attempt GROUP BY state",
                            {}, "tiii"));
  PaymentTotals totals;
  for (const auto& row : rows) {
    const std::string& state = row.text(0);
    const std::int64_t count = row.integer(1);
    totals.requests += count;
    totals.frozen += row.integer(3);
    if (state == "settled") {
      totals.settled += count;
      totals.settled_fen += row.integer(2);
    } else if (state == "returned") {
      totals.returned += count;
    } else if (state == "rejected") {
      totals.sent_back += count;
    } else if (state == "cancelled") {
      totals.cancelled += count;
    } else {
      totals.open += count;
    }
  }
  return totals;
}

}  // namespace zhida::treasury
