// What the hub does about silence: it asks, and sends the same bytes again. It never takes silence for a no.
#include "stages/treasury/compose.h"
#include "stages/treasury/treasury_stage.h"

namespace zhida::treasury {
namespace {

OutgoingEnvelope envelope(const PaymentAttempt& attempt, const TreasurySettings& settings) {
  OutgoingEnvelope message;
  message.address = settings.address;
  message.group_id = attempt.request.uscc;
  message.content_type = "application/xml; charset=GBK";
  message.trace_id = attempt.trace_id;
  message.case_id = attempt.request.tracking_id.str();
  message.division = attempt.request.division;
  return message;
}

}  // namespace

Result<std::int64_t> TreasuryStage::note_sent(Transaction& transaction) {
  const auto rows =
      TRY(transaction.query("SELECT a.business_no FROM payment_attempt a JOIN outbox o ON o.message_id = a.message_id "
                            "WHERE a.state = 'queued' AND o.state = 'sent' ORDER BY a.created_at, a.business_no",
                            {}, "t"));
  for (const auto& row : rows) {
    auto attempt = TRY(load_attempt(transaction, AttemptId(row.text(0))));
    attempt.state = AttemptState::sent;
    attempt.state_at = clock_.now();
    CHECK_OK(save_attempt(transaction, attempt));
    CHECK_OK(
        audit(transaction, attempt, "request_sent", "system", {{"message_id", attempt.message_id}}, attempt.digest));
  }
  return std::ssize(rows);
}

Result<std::vector<OverdueWork>> TreasuryStage::overdue(Transaction& transaction, std::int64_t limit) {
  const Instant now = clock_.now();
  const auto late =
      TRY(load_overdue(transaction, now - settings_.overdue_after, now - settings_.ask_again_after, limit));
  std::vector<OverdueWork> works;
  for (const PaymentAttempt& attempt : late) {
    const PaymentRequest& r = attempt.request;
    OverdueWork work;
    work.business_no = r.business_no;
    work.query_message_id = "ask-" + r.business_no.str() + "-" + std::to_string(attempt.asked + 1);
    work.query_body = TRY(compose_query(r.division, r.fiscal_year, {r.business_no}, now));
    // A closed year takes no request: its open ones are ended by a sealed answer or by a person. What was refused is
    // sent again by a person alone; but where the treasury has the number from an older life of this hub, it can say
    // so.
    work.resend = r.fiscal_year == Date::of(now).year() && attempt.state != AttemptState::queued;
    works.push_back(std::move(work));
  }
  return works;
}

Result<void> TreasuryStage::commit_overdue(Transaction& transaction, const OverdueWork& work, const Bytes& query_seal,
                                           const SendMessage& send) {
  auto attempt = TRY(load_attempt(transaction, work.business_no));
  if (rank(attempt.state) > rank(AttemptState::acked)) return ok();  // Answered meanwhile.
  if (work.query_message_id != "ask-" + work.business_no.str() + "-" + std::to_string(attempt.asked + 1)) return ok();
  OutgoingEnvelope query = envelope(attempt, settings_);
  query.message_id = work.query_message_id;
  query.subject = "status_query/1";
  query.correlation_id = attempt.message_id;
  query.body = work.query_body;
  query.seal = query_seal;
  CHECK_OK(send(transaction, query));
  const Instant now = clock_.now();
  const bool first = !attempt.overdue_since;
  if (first) attempt.overdue_since = now;
  ++attempt.asked;
  attempt.last_asked_at = now;
  CHECK_OK(save_attempt(transaction, attempt));
  CHECK_OK(audit(transaction, attempt, "status_asked", "system", {{"times", attempt.asked}}));
  if (!work.resend) {
    if (!first || attempt.request.fiscal_year == Date::of(now).year()) return ok();
    return audit(transaction, attempt, "person_asked", "system", {{"code", "request_of_closed_year"}});
  }
  OutgoingEnvelope request = envelope(attempt, settings_);
  request.message_id = attempt.message_id;
  request.subject = "payment_request/1";
  request.properties = {{"payload-digest", attempt.digest}};
  request.body = attempt.body;
  request.seal = attempt.seal;
  request.seal_proof = attempt.seal_proof;
  request.again = true;
  CHECK_OK(send(transaction, request));
  return audit(transaction, attempt, "request_resent", "system", {{"message_id", attempt.message_id}}, attempt.digest);
}

Result<OverdueWork> TreasuryStage::prepare_cancel(Transaction& transaction, const AttemptId& business_no,
                                                  const std::string& reason) {
  const auto attempt = TRY(load_attempt(transaction, business_no));
  if (rank(attempt.state) > rank(AttemptState::acked))
    return refuse("attempt_ended", "Request " + business_no.str() + " is " + to_text(attempt.state) + " already.");
  OverdueWork work;
  work.business_no = business_no;
  work.query_message_id = "cancel-" + business_no.str();
  work.query_body =
      TRY(compose_cancel(attempt.request.division, attempt.request.fiscal_year, business_no, reason, clock_.now()));
  work.resend = false;
  return work;
}

Result<void> TreasuryStage::commit_cancel(Transaction& transaction, const OverdueWork& work, const Bytes& seal,
                                          const std::string& actor, const SendMessage& send) {
  const auto attempt = TRY(load_attempt(transaction, work.business_no));
  if (rank(attempt.state) > rank(AttemptState::acked)) return ok();
  OutgoingEnvelope message = envelope(attempt, settings_);
  message.message_id = work.query_message_id;
  message.subject = "payment_cancel/1";
  message.correlation_id = attempt.message_id;
  message.body = work.query_body;
  message.seal = seal;
  CHECK_OK(send(transaction, message));
  return audit(transaction, attempt, "person_decided", actor, {{"code", "cancel_asked"}});
}

}  // namespace zhida::treasury
