#include "stages/payment/payment_stage.h"

#include "base/log.h"
#include "platform/crypto/digest.h"
#include "stages/payment/draw_up.h"
#include "stages/payment/payment_store.h"

namespace zhida::payment {
namespace {

/// Why a case cannot be asked for now; nullopt: it can.
std::optional<Error> not_ready(const PayableCase& c, const FreshFacts& facts) {
  const std::string name = "Case " + c.id.str();
  if (!c.appropriation_channel) return refuse("case_not_ready", name + " is not paid from an appropriation.");
  if (c.frozen) return refuse("case_frozen", name + " waits for a person: the treasury contradicted itself.");
  if (c.state != CaseState::rechecking || !c.recheck_passed)
    return refuse("case_not_ready", name + " is " + to_text(c.state) + " and was not confirmed by fresh data.");
  if (!c.payee || !c.amount) return refuse("case_not_ready", name + " has no account or no amount.");
  if (facts.verdict != Verdict::met)
    return refuse("facts_not_met", name + ": the verdict is " + to_text(facts.verdict) + " now.");
  if (!facts.policy_version.empty() && facts.policy_version != c.policy_version)
    return refuse("policy_differs", name + " was approved by version " + c.policy_version + " of its item; version " +
                                        facts.policy_version + " is in force now.");
  if (facts.tranche_amount != c.amount) {
    return refuse("amount_differs", name + " stands for " + c.amount->to_yuan() + ", but fresh data gives " +
                                        (facts.tranche_amount ? facts.tranche_amount->to_yuan() : "no amount") + ".");
  }
  return std::nullopt;
}

const char* in_words(ledger::ReserveRefusal refusal) {
  switch (refusal) {
    case ledger::ReserveRefusal::appropriation_not_found:
      return "没有可用的预算指标";
    case ledger::ReserveRefusal::appropriation_closed:
      return "预算指标已停用或有待处理的调整";
    case ledger::ReserveRefusal::exceeds_available:
      return "预算指标余额不足";
    default:
      return "预算占用未成功";
  }
}

}  // namespace

Result<PreparedRequest> PaymentStage::prepare(Transaction& transaction, const CaseId& case_id, const FreshFacts& facts,
                                              const HandlingSettings& handling) {
  const auto c = TRY(load_payable_case(transaction, case_id));
  if (auto problem = not_ready(c, facts)) return std::move(*problem);
  const auto last = TRY(load_last_attempt(transaction, case_id));
  if (last && (last->frozen || (last->state != AttemptState::rejected && last->state != AttemptState::cancelled &&
                                last->state != AttemptState::returned))) {
    return refuse("attempt_open", "Attempt " + std::to_string(last->attempt) + " of case " + case_id.str() + " is " +
                                      to_text(last->state) + "; a new one follows only a sealed no or a full return.");
  }
  const Instant now = clock_.now();
  const int year = Date::of(now).year();
  ledger::Ledger book(transaction, clock_);
  const auto payer = TRY(book.find_for(c.division, year, handling.pro_code, *c.amount));
  const auto balance = payer ? TRY(book.balance(*payer)) : std::nullopt;
  if (!balance) {
    return retry("appropriation_not_found", "Neither division " + c.division +
                                                " nor its city has an appropriation for " + handling.pro_code + " in " +
                                                std::to_string(year) + ".");
  }
  if (balance->closed || balance->report_parked)
    return retry("appropriation_closed", "Appropriation " + payer->str() + " is closed, or a report about it waits.");
  if (balance->available < *c.amount) {
    return retry("exceeds_available", "Appropriation " + payer->str() + " has " + balance->available.to_yuan() +
                                          " left; case " + case_id.str() + " needs " + c.amount->to_yuan() + ".");
  }
  const AppropriationReport& from = balance->last_report;
  PreparedRequest prepared;
  PaymentRequest& r = prepared.request;
  r.attempt = last ? last->attempt + 1 : 1;
  r.business_no = business_number(case_id, r.attempt);
  r.tracking_id = case_id;
  r.division = from.division;
  r.fiscal_year = from.fiscal_year;
  r.appropriation = *payer;
  r.agency_code = from.agency_code;
  r.fund_type_code = from.fund_type_code;
  r.exp_func_code = from.exp_func_code;
  r.gov_bgt_eco_code = from.gov_bgt_eco_code;
  r.dep_bgt_eco_code = from.dep_bgt_eco_code;
  r.pro_code = from.pro_code;
  r.set_mode_code = settings_.set_mode_code;
  r.use_des = "惠企政策兑现 " + c.title + " " + c.period;
  r.payee = *c.payee;
  r.uscc = c.uscc;
  r.amount = *c.amount;
  prepared.case_version = c.version;
  prepared.profile_sequence = facts.profile_sequence;
  prepared.message_id = "pay-" + r.business_no.str();
  prepared.trace_id = c.trace_id;
  prepared.body = TRY(draw_up({r}, now));
  prepared.digest = "sm3:" + to_hex(crypto::sm3(prepared.body));
  return prepared;
}

Result<void> PaymentStage::note_waiting(Transaction& transaction, const CaseId& case_id,
                                        const ledger::ReserveRefusal refusal) {
  const auto c = TRY(load_payable_case(transaction, case_id));
  if (!TRY(save_waiting_reason(transaction, case_id, in_words(refusal)))) return ok();
  audit::AuditEntry entry;
  entry.kind = "reservation_refused";
  entry.actor = "system";
  entry.subject_type = "case";
  entry.subject_id = entry.case_id = case_id.str();
  entry.uscc = c.uscc;
  entry.division = c.division;
  entry.trace_id = c.trace_id;
  entry.detail = {{"refusal", ledger::to_text(refusal)}};
  CHECK_OK(trail_.append(transaction, entry));
  return ok();
}

Result<RequestOutcome> PaymentStage::commit_request(Transaction& transaction, const PreparedRequest& prepared,
                                                    const Bytes& seal, const FreshFacts& facts, const SendMessage& send,
                                                    const MoveCase& move) {
  const PaymentRequest& r = prepared.request;
  RequestOutcome outcome;
  outcome.business_no = r.business_no;
  const auto changed = [&](std::string reason) {
    outcome.kind = RequestOutcome::Kind::changed;
    outcome.reason = std::move(reason);
    return outcome;
  };
  const auto c = TRY(load_payable_case(transaction, r.tracking_id));
  if (auto problem = not_ready(c, facts)) return changed(problem->message);
  if (c.version != prepared.case_version) return changed("The case changed after its request was drawn up.");
  if (facts.profile_sequence != prepared.profile_sequence)
    return changed("The profile changed after the request was drawn up.");
  if (c.amount != r.amount || c.payee != r.payee) return changed("Amount or account changed.");
  // New Year's Eve: the seal may have taken longer than the year. A closed year pays nothing.
  if (const int year = clock_.today().year(); r.fiscal_year != year)
    return changed("The request is for the budget of " + std::to_string(r.fiscal_year) + ", and now it is " +
                   std::to_string(year) + ".");
  if (seal.empty()) return refuse("seal_missing", "Request " + r.business_no.str() + " has no seal.");

  PaymentAttempt attempt;
  attempt.request = r;
  attempt.message_id = prepared.message_id;
  attempt.body = prepared.body;
  attempt.seal = seal;
  attempt.seal_proof = prepared.seal_proof;
  attempt.digest = prepared.digest;
  attempt.trace_id = prepared.trace_id;
  attempt.created_at = attempt.state_at = clock_.now();
  ledger::Ledger book(transaction, clock_);
  std::optional<ledger::ReserveRefusal> refusal;
  auto written = transaction.savepoint([&]() -> Result<void> {
    CHECK_OK(insert_attempt(transaction, attempt));
    refusal = TRY(book.reserve(r.appropriation, r.business_no, r.amount));
    if (refusal) return refuse("reservation_refused", ledger::to_text(*refusal));
    return ok();
  });
  if (refusal) {
    CHECK_OK(note_waiting(transaction, r.tracking_id, *refusal));
    outcome.kind = RequestOutcome::Kind::waits_for_budget;
    outcome.refusal = refusal;
    outcome.reason = in_words(*refusal);
    return outcome;
  }
  if (!written) {
    const std::string& code = written.error().code;
    if (code == "storage_unique" || code == "storage_check") return changed(written.error().message);
    return std::move(written).error();
  }

  OutgoingEnvelope message;
  message.message_id = prepared.message_id;
  message.address = settings_.address;
  message.subject = "payment_request/1";
  message.group_id = r.uscc;
  message.content_type = "application/xml; charset=GBK";
  message.properties = {{"payload-digest", prepared.digest}};
  message.body = prepared.body;
  message.seal = seal;
  message.seal_proof = prepared.seal_proof;
  message.trace_id = prepared.trace_id;
  message.case_id = r.tracking_id.str();
  message.division = c.division;
  CHECK_OK(send(transaction, message));
  CHECK_OK(move(transaction, {r.tracking_id, CaseEvent::requested, "system", {}, prepared.trace_id}));

  audit::AuditEntry entry;
  entry.actor = "system";
  entry.subject_type = "request";
  entry.subject_id = r.business_no.str();
  entry.case_id = r.tracking_id.str();
  entry.uscc = r.uscc;
  entry.division = c.division;
  entry.trace_id = prepared.trace_id;
  audit::AuditEntry reserved = entry;
  reserved.kind = "funds_reserved";
  reserved.detail = {{"appropriation", r.appropriation.str()}, {"amount_fen", r.amount.fen()}};
  entry.kind = "request_drawn_up";
  entry.detail = {{"attempt", r.attempt}, {"account", masked(r.payee.account_no)}, {"message_id", prepared.message_id}};
  entry.payload_digest = prepared.digest;
  CHECK_OK(trail_.append_all(transaction, {reserved, entry}));
  return outcome;
}

}  // namespace zhida::payment
