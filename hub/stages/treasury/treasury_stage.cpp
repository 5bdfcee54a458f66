#include "stages/treasury/treasury_stage.h"

#include "platform/crypto/digest.h"
#include "stages/treasury/compose.h"

namespace zhida::treasury {
namespace {

/// What the case is told when an attempt moves.
std::optional<CaseEvent> case_event(AttemptState state) {
  switch (state) {
    case AttemptState::rejected:
      return CaseEvent::sent_back;
    case AttemptState::cancelled:
      return CaseEvent::cancelled;
    case AttemptState::settled:
      return CaseEvent::paid;
    case AttemptState::returned:
      return CaseEvent::returned;
    default:
      return std::nullopt;
  }
}

std::string audit_kind(const Receipt& receipt, AttemptState state) {
  if (state == AttemptState::returned || receipt.state == AnswerState::returned) return "payment_returned";
  if (state == AttemptState::settled) return "payment_confirmed";
  if (state == AttemptState::rejected || state == AttemptState::cancelled) return "request_sent_back";
  return receipt.state == AnswerState::voucher ? "voucher_numbered" : "request_accepted";
}

std::string digest_of(const Bytes& body) {
  return "sm3:" + to_hex(crypto::sm3(body));
}

}  // namespace

/// The message a detail stands in.
struct TreasuryStage::Source {
  const VerifiedMessage& message;
  std::int64_t position = 0;
  std::string digest;
  std::string actor;

  StoredAnswer stored(const Receipt& receipt, std::string outcome, std::string detail, Instant now) const {
    StoredAnswer answer;
    answer.peer = message.peer;
    answer.message_id = message.message_id;
    answer.position = position;
    answer.business_no = receipt.business_no.str();
    answer.answer = to_text(receipt.state);
    answer.amount = receipt.amount;
    answer.on = receipt.on;
    answer.agent_business_no = receipt.agent_business_no;
    answer.outcome = std::move(outcome);
    answer.detail = std::move(detail);
    answer.body = message.body;
    answer.seal = message.seal;
    answer.seal_proof = message.seal_proof;
    answer.trace_id = message.trace_id;
    answer.received_at = now;
    return answer;
  }
};

Result<void> TreasuryStage::audit(Transaction& transaction, const PaymentAttempt& attempt, const std::string& kind,
                                  const std::string& actor, Json detail, const std::string& digest) {
  audit::AuditEntry entry;
  entry.kind = kind;
  entry.actor = actor;
  entry.subject_type = "request";
  entry.subject_id = attempt.request.business_no.str();
  entry.case_id = attempt.request.tracking_id.str();
  entry.uscc = attempt.request.uscc;
  entry.division = attempt.request.division;
  entry.trace_id = attempt.trace_id;
  entry.detail = std::move(detail);
  entry.payload_digest = digest;
  CHECK_OK(trail_.append(transaction, entry));
  return ok();
}

Result<Applied> TreasuryStage::apply(Transaction& transaction, const VerifiedMessage& message, const MoveCase& move) {
  if (message.seal.empty()) return refuse("seal_missing", "Message " + message.message_id + " has no seal.");
  Applied applied;
  Source source{message, 0, digest_of(message.body), "peer:" + message.peer};
  if (const auto* statement = std::get_if<Statement>(&message.content)) {
    CHECK_OK(apply_statement(transaction, source, *statement));
    applied.statements = 1;
    return applied;
  }
  for (const Receipt& receipt : std::get<std::vector<Receipt>>(message.content)) {
    ++source.position;
    // One detail that cannot be applied takes none of the up to 498 others with it: it is kept, and a person looks.
    const Applied before = applied;
    const auto done = transaction.savepoint([&] { return apply_receipt(transaction, source, receipt, move, applied); });
    if (done) continue;
    if (done.error().fate == Fate::retry) return done.error();
    applied = before;
    CHECK_OK(raise(transaction, source, receipt, nullptr, "not_applied", done.error().message, move, applied));
  }
  return applied;
}

Result<void> TreasuryStage::apply_receipt(Transaction& transaction, const Source& source, const Receipt& receipt,
                                          const MoveCase& move, Applied& applied) {
  const auto seen = TRY(transaction.query(
      "SELECT 1 FROM treasury_message WHERE peer = ? AND message_id = ? AND position = ? AND outcome <> 'waiting'",
      {source.message.peer, source.message.message_id, source.position}, "i"));
  if (!seen.empty()) {
    ++applied.unchanged;
    return ok();
  }
  auto found = load_attempt(transaction, receipt.business_no);
  if (!found) {
    if (found.error().code != "attempt_not_found") return std::move(found).error();
    return raise(transaction, source, receipt, nullptr, "business_no_unknown",
                 "The treasury answers to " + receipt.business_no.str() + ", which is none of our requests.", move,
                 applied);
  }
  PaymentAttempt attempt = std::move(found).value();
  const auto booked = TRY(transaction.query(
      "SELECT 1 FROM ledger_entry WHERE business_no = ? AND reference = ? AND kind IN ('unspend', 'return_prior_year', "
      "'release', 'release_prior_year')",
      {receipt.business_no.str(), receipt.agent_business_no}, "i"));
  const bool return_seen = receipt.state == AnswerState::returned && !booked.empty();
  const Merge merge = reconcile(attempt, receipt, return_seen);
  const Instant now = clock_.now();
  if (merge.kind == Merge::Kind::conflict)
    return raise(transaction, source, receipt, &attempt, merge.code, merge.detail, move, applied);
  if (merge.kind == Merge::Kind::wait) {
    CHECK_OK(insert_answer(transaction, source.stored(receipt, "waiting", {}, now)));
    ++applied.waiting;
    return ok();
  }
  std::string refusal;
  auto written = transaction.savepoint([&]() -> Result<void> {
    const char* const outcome = merge.kind == Merge::Kind::advance   ? "advanced"
                                : merge.kind == Merge::Kind::partial ? "partial"
                                                                     : "unchanged";
    CHECK_OK(insert_answer(transaction, source.stored(receipt, outcome, {}, now)));
    auto merged = apply_merge(transaction, source, receipt, attempt, merge, move);
    if (!merged && merged.error().code == "ledger_refused") refusal = merged.error().message;
    return merged;
  });
  if (!refusal.empty()) {
    // The book and the treasury's word do not agree: kept, and a person looks. What the attempt was before stands.
    const auto before = TRY(load_attempt(transaction, receipt.business_no));
    return raise(transaction, source, receipt, &before, refusal,
                 "The book refuses what the treasury says: " + refusal + ".", move, applied);
  }
  if (!written) return std::move(written).error();
  if (merge.kind == Merge::Kind::nothing) {
    ++applied.unchanged;
    return ok();
  }
  ++applied.advanced;
  if (merge.state == AttemptState::settled && merge.kind == Merge::Kind::advance)
    return apply_waiting(transaction, receipt.business_no, move, applied);
  return ok();
}

Result<void> TreasuryStage::apply_merge(Transaction& transaction, const Source& source, const Receipt& receipt,
                                        PaymentAttempt& attempt, const Merge& merge, const MoveCase& move) {
  const Instant now = clock_.now();
  bool changed = false;
  const auto fill = [&](std::string& known, const std::string& said) {
    if (!known.empty() || said.empty()) return;
    known = said;
    changed = true;
  };
  fill(attempt.pay_app_no, merge.pay_app_no);
  fill(attempt.pay_cert_no, merge.pay_cert_no);
  fill(attempt.agent_business_no, merge.agent_business_no);
  if (receipt.state == AnswerState::paid && receipt.amount == attempt.request.amount && !attempt.paid_on) {
    attempt.paid_on = receipt.on;
    attempt.paid = attempt.request.amount;
    changed = true;
  }
  if (merge.kind == Merge::Kind::nothing) {
    if (!changed) return ok();
    CHECK_OK(save_attempt(transaction, attempt));
    if (receipt.state == AnswerState::voucher)
      return audit(transaction, attempt, "voucher_numbered", source.actor, {{"pay_cert_no", attempt.pay_cert_no}},
                   source.digest);
    return ok();
  }
  if (merge.kind == Merge::Kind::advance) {
    attempt.state = merge.state;
    attempt.state_at = now;
    if (merge.state != AttemptState::acked) attempt.overdue_since.reset();
  }
  if (!receipt.reason.empty()) attempt.reason = receipt.reason;
  if (receipt.state == AnswerState::returned) {
    attempt.returned = TRY(attempt.returned.plus(merge.amount));
    // A return that came before its receipt proves that the money had left.
    if (attempt.paid == Money()) attempt.paid = attempt.request.amount;
  }
  CHECK_OK(save_attempt(transaction, attempt));

  ledger::Ledger book(transaction, clock_);
  const AttemptId& business_no = attempt.request.business_no;
  std::optional<ledger::PostRefusal> refused;
  std::string booked;
  switch (merge.ledger) {
    case LedgerStep::none:
      break;
    case LedgerStep::settle:
      refused = TRY(book.settle(business_no, merge.amount, receipt.agent_business_no));
      booked = "funds_settled";
      break;
    case LedgerStep::release:
      refused = TRY(book.release(business_no));
      booked = "funds_released";
      break;
    case LedgerStep::unspend:
      refused = TRY(book.unspend(business_no, merge.amount, receipt.agent_business_no, merge.prior_year));
      booked = "funds_restored";
      break;
  }
  if (refused) return refuse("ledger_refused", ledger::to_text(*refused));

  Json detail = {{"state", to_text(attempt.state)}, {"answer", to_text(receipt.state)}};
  if (!receipt.reason.empty()) detail["reason"] = receipt.reason;
  if (!attempt.pay_app_no.empty()) detail["pay_app_no"] = attempt.pay_app_no;
  if (!attempt.pay_cert_no.empty()) detail["pay_cert_no"] = attempt.pay_cert_no;
  if (!receipt.agent_business_no.empty()) detail["agent_business_no"] = receipt.agent_business_no;
  CHECK_OK(
      audit(transaction, attempt, audit_kind(receipt, attempt.state), source.actor, std::move(detail), source.digest));
  if (!booked.empty()) {
    CHECK_OK(audit(transaction, attempt, booked, "system",
                   {{"amount_fen", merge.amount.fen()},
                    {"appropriation", attempt.request.appropriation.str()},
                    {"prior_year", merge.prior_year}}));
    if (merge.ledger != LedgerStep::settle) {
      // Room was made: a cut, or others' spending, may fit now.
      const std::int64_t fits = TRY(book.apply_parked());
      if (fits > 0) {
        CHECK_OK(audit(transaction, attempt, "appropriation_recorded", "system", {{"parked_reports_applied", fits}}));
      }
    }
  }
  if (merge.kind == Merge::Kind::partial) {
    return audit(transaction, attempt, "person_asked", "system",
                 {{"code", "partial_return"}, {"returned_fen", attempt.returned.fen()}});
  }
  if (const auto event = case_event(merge.state))
    return move(transaction, {attempt.request.tracking_id, *event, source.actor, receipt.reason, attempt.trace_id});
  return ok();
}

Result<void> TreasuryStage::apply_waiting(Transaction& transaction, const AttemptId& business_no, const MoveCase& move,
                                          Applied& applied) {
  const auto answers = TRY(load_answers(transaction, business_no));
  for (const StoredAnswer& answer : answers) {
    if (answer.outcome != "waiting") continue;
    // The stored row stays as it is (the table is append-only); a row of its own says what became of it.
    VerifiedMessage message{answer.peer,
                            answer.message_id + "#again-" + std::to_string(answer.id),
                            {},
                            answer.body,
                            answer.seal,
                            answer.trace_id,
                            answer.seal_proof};
    const auto taken = TRY(transaction.query("SELECT 1 FROM treasury_message WHERE peer = ? AND message_id = ?",
                                             {message.peer, message.message_id}, "i"));
    if (!taken.empty()) continue;
    message.content = TRY(decode_message(answer.body));
    const auto* receipts = std::get_if<std::vector<Receipt>>(&message.content);
    if (receipts == nullptr || answer.position < 1 || answer.position > std::ssize(*receipts)) continue;
    const Receipt receipt = (*receipts)[static_cast<std::size_t>(answer.position - 1)];
    const Source source{message, answer.position, digest_of(answer.body), "peer:" + answer.peer};
    CHECK_OK(apply_receipt(transaction, source, receipt, move, applied));
  }
  return ok();
}

Result<void> TreasuryStage::raise(Transaction& transaction, const Source& source, const Receipt& receipt,
                                  const PaymentAttempt* attempt, const std::string& code, const std::string& detail,
                                  const MoveCase& move, Applied& applied) {
  const Instant now = clock_.now();
  const auto row = TRY(insert_answer(
      transaction, source.stored(receipt, attempt == nullptr ? "unknown" : "conflict", code + ": " + detail, now)));
  ++(attempt == nullptr ? applied.unknown : applied.conflicts);
  if (!row) return ok();
  const std::string case_id = attempt == nullptr ? "" : attempt->request.tracking_id.str();
  const auto open =
      TRY(transaction.query("SELECT 1 FROM payment_conflict WHERE business_no = ? AND code = ? AND state = 'open'",
                            {receipt.business_no.str(), code}, "i"));
  if (open.empty()) {
    CHECK_OK(transaction.execute(
        "INSERT INTO payment_conflict (business_no, case_id, code, detail, message_row, at) VALUES (?, ?, ?, ?, ?, ?)",
        {receipt.business_no.str(), case_id, code, detail, *row, to_millis(now)}));
  }
  if (attempt != nullptr) {
    PaymentAttempt frozen = *attempt;
    frozen.frozen = true;
    CHECK_OK(save_attempt(transaction, frozen));
    CHECK_OK(audit(transaction, frozen, "receipt_contradicted", source.actor,
                   {{"code", code}, {"detail", detail}, {"answer", to_text(receipt.state)}}, source.digest));
    return move(transaction,
                {attempt->request.tracking_id, CaseEvent::frozen, source.actor, detail, attempt->trace_id});
  }
  audit::AuditEntry entry;
  entry.kind = "receipt_contradicted";
  entry.actor = source.actor;
  entry.subject_type = "request";
  entry.subject_id = receipt.business_no.str();
  entry.division = receipt.division;
  entry.trace_id = source.message.trace_id;
  entry.detail = {{"code", code}, {"detail", detail}};
  entry.payload_digest = source.digest;
  audit::AuditEntry asked = entry;
  asked.kind = "person_asked";
  asked.actor = "system";
  CHECK_OK(trail_.append_all(transaction, {entry, asked}));
  return ok();
}

Result<void> TreasuryStage::apply_statement(Transaction& transaction, const Source& source,
                                            const Statement& statement) {
  StoredAnswer stored;
  stored.peer = source.message.peer;
  stored.message_id = source.message.message_id;
  stored.answer = "STATEMENT";
  stored.on = statement.day;
  stored.outcome = "statement";
  stored.detail = statement.division;
  stored.body = source.message.body;
  stored.seal = source.message.seal;
  stored.seal_proof = source.message.seal_proof;
  stored.trace_id = source.message.trace_id;
  stored.received_at = clock_.now();
  const auto row = TRY(insert_answer(transaction, stored));
  if (!row) return ok();
  for (const StatementLine& line : statement.lines) {
    CHECK_OK(transaction.execute(
        "INSERT INTO statement_line (peer, division, fiscal_year, day, business_no, returned, pay_cert_no, "
        "agent_business_no, payee_account_no, amount_fen, message_row) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (peer, division, business_no, returned, agent_business_no) DO NOTHING",
        {source.message.peer, statement.division, std::int64_t{statement.fiscal_year}, line.on.to_string(),
         line.business_no.str(), std::int64_t{line.returned ? 1 : 0}, line.pay_cert_no, line.agent_business_no,
         line.payee_account_no, line.amount.fen(), *row}));
  }
  audit::AuditEntry entry;
  entry.kind = "statement_received";
  entry.actor = source.actor;
  entry.subject_type = "statement";
  entry.subject_id = statement.division + "/" + statement.day.to_string();
  entry.division = statement.division;
  entry.trace_id = source.message.trace_id;
  entry.detail = {{"lines", std::ssize(statement.lines)}};
  entry.payload_digest = source.digest;
  CHECK_OK(trail_.append(transaction, entry));
  return ok();
}

Result<void> TreasuryStage::resolve_conflict(Transaction& transaction, std::int64_t conflict_id,
                                             const std::string& actor, const std::string& reason,
                                             const MoveCase& move) {
  const auto rows = TRY(
      transaction.query("SELECT business_no, case_id, state FROM payment_conflict WHERE id = ?", {conflict_id}, "ttt"));
  if (rows.empty() || rows.front().text(2) != "open")
    return refuse("conflict_not_found", "There is no open contradiction " + std::to_string(conflict_id) + ".");
  CHECK_OK(transaction.execute(
      "UPDATE payment_conflict SET state = 'closed', decided_by = ?, decision = ?, decided_at = ? WHERE id = ?",
      {actor, reason, to_millis(clock_.now()), conflict_id}));
  const AttemptId business_no(rows.front().text(0));
  if (rows.front().text(1).empty()) return ok();  // About a number that is none of ours: nothing was frozen.
  auto attempt = TRY(load_attempt(transaction, business_no));
  CHECK_OK(audit(transaction, attempt, "person_decided", actor, {{"conflict", conflict_id}, {"reason", reason}}));
  const auto open = TRY(transaction.query(
      "SELECT count(*) FROM payment_conflict WHERE business_no = ? AND state = 'open'", {business_no.str()}, "i"));
  if (open.front().integer(0) > 0) return ok();
  attempt.frozen = false;
  CHECK_OK(save_attempt(transaction, attempt));
  const auto others = TRY(transaction.query("SELECT count(*) FROM payment_attempt WHERE case_id = ? AND frozen = 1",
                                            {attempt.request.tracking_id.str()}, "i"));
  if (others.front().integer(0) == 0) {
    CHECK_OK(move(transaction, {attempt.request.tracking_id, CaseEvent::unfrozen, actor, reason, attempt.trace_id}));
  }
  Applied applied;
  return apply_waiting(transaction, business_no, move, applied);
}

}  // namespace zhida::treasury
