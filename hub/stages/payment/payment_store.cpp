#include "stages/payment/payment_store.h"

namespace zhida::payment {

Result<PayableCase> load_payable_case(Transaction& transaction, const CaseId& id) {
  const auto rows = TRY(transaction.query(
      "SELECT uscc, division, title, period, trace_id, reason, state, channel, frozen, recheck_passed, amount_fen, "
      "payee_name, payee_account_no, payee_bank_name, payee_bank_no, profile_sequence, version, policy_version FROM "
      "benefit_case "
      "WHERE id = ?",
      {id.str()}, "ttttttttiiittttiit"));
  if (rows.empty()) return refuse("case_not_found", "There is no case " + id.str() + ".");
  const storage::Row& row = rows.front();
  PayableCase c;
  c.id = id;
  c.uscc = row.text(0);
  c.division = row.text(1);
  c.title = row.text(2);
  c.period = row.text(3);
  c.trace_id = row.text(4);
  c.reason = row.text(5);
  const auto state = case_state_from(row.text(6));
  if (!state) return refuse("storage_failed", "Case " + id.str() + " has the unknown state " + row.text(6) + ".");
  c.state = *state;
  c.appropriation_channel = row.text(7) == "appropriation";
  c.frozen = row.integer(8) != 0;
  c.recheck_passed = row.integer(9) != 0;
  if (!row.is_null(10)) c.amount = Money::from_fen(row.integer(10));
  if (!row.is_null(12)) c.payee = PayeeAccount{row.text(11), row.text(12), row.text(13), row.text(14)};
  c.profile_sequence = row.integer(15);
  c.version = row.integer(16);
  c.policy_version = row.text(17);
  return c;
}

Result<std::optional<LastAttempt>> load_last_attempt(Transaction& transaction, const CaseId& id) {
  const auto rows = TRY(transaction.query(
      "SELECT attempt, state, frozen FROM payment_attempt WHERE case_id = ? ORDER BY attempt DESC LIMIT 1", {id.str()},
      "iti"));
  if (rows.empty()) return std::optional<LastAttempt>();
  const auto state = attempt_state_from(rows.front().text(1));
  if (!state) return refuse("storage_failed", "An attempt of case " + id.str() + " has an unknown state.");
  return std::optional(LastAttempt{static_cast<int>(rows.front().integer(0)), *state, rows.front().integer(2) != 0});
}

Result<void> insert_attempt(Transaction& transaction, const PaymentAttempt& a) {
  const PaymentRequest& r = a.request;
  CHECK_OK(transaction.execute(
      "INSERT INTO payment_attempt (business_no, case_id, attempt, division, fiscal_year, bgt_id, amount_fen, uscc, "
      "payee_name, payee_account_no, payee_bank_name, payee_bank_no, pro_code, use_des, message_id, body, seal, "
      "seal_proof, digest, "
      "trace_id, created_at, state, state_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "?, ?)",
      {r.business_no.str(),
       r.tracking_id.str(),
       std::int64_t{r.attempt},
       r.division,
       std::int64_t{r.fiscal_year},
       r.appropriation.str(),
       r.amount.fen(),
       r.uscc,
       r.payee.name,
       r.payee.account_no,
       r.payee.bank_name,
       r.payee.bank_no,
       r.pro_code,
       r.use_des,
       a.message_id,
       storage::Blob{a.body},
       storage::Blob{a.seal},
       a.seal_proof,
       a.digest,
       a.trace_id,
       to_millis(a.created_at),
       std::string(to_text(a.state)),
       to_millis(a.state_at)}));
  return ok();
}

Result<bool> save_waiting_reason(Transaction& transaction, const CaseId& id, const std::string& reason) {
  return TRY(transaction.execute(
             "UPDATE benefit_case SET reason = ?, version = version + 1 WHERE id = ? AND reason <> ?",
             {reason, id.str(), reason})) > 0;
}

}  // namespace zhida::payment
