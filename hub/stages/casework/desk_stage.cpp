#include "base/log.h"
#include "stages/casework/casework_stage.h"
#include "stages/casework/casework_step.h"
#include "stages/casework/deadlines.h"
#include "stages/casework/payee.h"

namespace zhida::casework {
namespace {

std::string yuan(const std::optional<Money>& amount) {
  return amount ? amount->to_yuan() + "元" : std::string("（不涉及金额）");
}

/// What the firm reads. Our own words; the amount and the last day are those of the case.
std::string notice_text(const BenefitCase& c, Date last_day) {
  return "【惠企直达】" + c.enterprise_name + "：经数据比对，贵单位符合“" + c.title + "”条件，金额" + yuan(c.amount) +
         "。请于" + last_day.to_string() + "前登录平台确认收款账户，逾期视为放弃。编号" + c.id.str() + "。";
}

}  // namespace

Result<BenefitCase> Casework::advance(Transaction& transaction, BenefitCase c, const Step& step) {
  const CaseState from = c.state;
  const CaseState to = TRY(next_state(c, step.event, step.actor.role));
  const Instant now = parts_.clock.now();
  if (to != from) {
    c.state = to;
    c.state_since = now;
    c.recheck_passed = false;
    c.reason = step.reason;
    if (!step.keeps_due) c.due_on = step.due_on;
    if (to == CaseState::in_review) c.publicity_ended = false;
  } else {
    if (step.due_on) c.due_on = step.due_on;
    if (!step.reason.empty()) c.reason = step.reason;
  }
  CHECK_OK(save_case(transaction, c));
  CHECK_OK(append_event(transaction, c.id, step.event, from, to, step.actor.name, to_text(step.actor.role),
                        step.actor.department, step.reason, now, c.trace_id));
  Json detail = step.detail;
  detail["from"] = to_text(from);
  detail["to"] = to_text(to);
  if (!step.reason.empty()) detail["reason"] = step.reason;
  if (!step.actor.department.empty()) detail["department"] = step.actor.department;
  CHECK_OK(audit(transaction, c, step.audit_kind, step.actor.name, std::move(detail)));
  if (to != from && parts_.moved) {
    CHECK_OK(parts_.moved(transaction, c, from));
  }
  return c;
}

Result<void> Casework::audit(Transaction& transaction, const BenefitCase& c, const std::string& kind,
                             const std::string& actor, Json detail) {
  audit::AuditEntry entry;
  entry.kind = kind;
  entry.actor = actor;
  entry.subject_type = "case";
  entry.subject_id = c.id.str();
  entry.case_id = c.id.str();
  entry.uscc = c.uscc;
  entry.division = c.division;
  entry.trace_id = c.trace_id;
  entry.detail = std::move(detail);
  CHECK_OK(parts_.trail.append(transaction, entry));
  return ok();
}

Result<HandlingSettings> Casework::settings_of(const BenefitCase& c) const {
  auto settings = parts_.handling(c.policy);
  if (!settings) {
    return refuse("policy_not_handled", "No handling settings for policy item " + c.policy.str() +
                                            ": publish the item, or end case " + c.id.str() + ".");
  }
  return std::move(*settings);
}

Result<BenefitCase> Casework::notify(Transaction& transaction, const CaseId& id, const std::string& recipient,
                                     const SendMessage& send) {
  auto c = TRY(load_case(transaction, id));
  const auto settings = TRY(settings_of(c));
  const Instant now = parts_.clock.now();
  const Date last_day = deadline(Date::of(now), settings.confirm_days, parts_.calendar);
  const std::string content = notice_text(c, last_day);
  c = TRY(advance(transaction, c, {CaseEvent::notified, kSystem, {}, "case_notified", {}, last_day}));
  const std::string notice = new_ulid(now);
  CHECK_OK(transaction.execute(
      "INSERT INTO notice (id, case_id, kind, recipient, content, state, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      {notice, c.id.str(), std::string("matched"), recipient, content,
       std::string(recipient.empty() ? "portal" : "queued"), to_millis(now)}));
  if (recipient.empty()) return c;
  OutgoingEnvelope message;
  message.message_id = "notice-" + notice;
  message.address = "sms_gateway";
  message.subject = "notice/1";
  message.group_id = c.uscc;
  message.content_type = "application/json";
  message.body = TRY(canonical_json({{"id", notice}, {"to", recipient}, {"text", content}}));
  message.trace_id = c.trace_id;
  message.case_id = c.id.str();
  message.division = c.division;
  CHECK_OK(send(transaction, message));
  CHECK_OK(audit(transaction, c, "notice_sent", kSystem.name, {{"notice", notice}}));
  return c;
}

Result<bool> Casework::apply_notice_report(Transaction& transaction, const std::string& notice_id, bool delivered,
                                           const std::string& reason, Instant at) {
  const auto rows = TRY(transaction.query("SELECT case_id FROM notice WHERE id = ?", {notice_id}, "t"));
  if (rows.empty()) return false;
  // A later "delivered" mends an earlier "failed"; never the other way round.
  const auto touched = TRY(transaction.execute(
      "UPDATE notice SET state = ?, reason = ?, reported_at = ? WHERE id = ? AND state <> 'delivered' AND state <> ?",
      {std::string(delivered ? "delivered" : "failed"), reason, to_millis(at), notice_id,
       std::string(delivered ? "delivered" : "failed")}));
  if (touched == 0) return false;
  const auto c = TRY(load_case(transaction, CaseId(rows.front().text(0))));
  CHECK_OK(audit(transaction, c, delivered ? "notice_delivered" : "notice_failed", "source:sms_gateway",
                 {{"notice", notice_id}, {"reason", reason}}));
  return true;
}

Result<BenefitCase> Casework::grant_relief(Transaction& transaction, const CaseId& id) {
  const auto c = TRY(load_case(transaction, id));
  if (c.channel != Channel::relief) return refuse("case_not_ready", "Case " + id.str() + " is not a relief.");
  return advance(transaction, c, {CaseEvent::relief_granted, kSystem, {}, "relief_granted"});
}

Result<BenefitCase> Casework::confirm(Transaction& transaction, const CaseId& id, const PayeeAccount& payee,
                                      const Actor& actor) {
  auto c = TRY(load_case(transaction, id));
  Json detail = {{"account", masked(payee.account_no)}};
  if (c.approved_once && c.payee != payee) {
    // The final yes was for the account of then. One person at the portal does not turn it to another: all hands look
    // again, in a round of their own.
    c.approved_once = false;
    ++c.review_round;
    detail["review"] = "again";
    if (c.payee) detail["account_before"] = masked(c.payee->account_no);
  }
  c.payee = payee;
  c.confirmed_by = actor.name;
  return advance(transaction, c, {CaseEvent::confirmed, actor, {}, "case_confirmed", std::move(detail)});
}

Result<BenefitCase> Casework::decline(Transaction& transaction, const CaseId& id, const std::string& reason,
                                      const Actor& actor) {
  const auto c = TRY(load_case(transaction, id));
  return advance(transaction, c, {CaseEvent::declined, actor, reason, "case_declined"});
}

Result<BenefitCase> Casework::check_payee(Transaction& transaction, const CaseId& id, const std::string& current_name) {
  auto c = TRY(load_case(transaction, id));
  const auto settings = TRY(settings_of(c));
  if (!current_name.empty()) c.enterprise_name = current_name;
  if (c.enterprise_name.empty() && settings.payee_rule == PayeeRule::own_account)
    return retry("enterprise_name_unknown",
                 "Nobody has told yet what " + c.uscc + " is called; its account cannot be checked before.");
  if (c.state == CaseState::confirmed) {
    c = TRY(advance(transaction, c, {CaseEvent::payee_check_started, kSystem, {}, "case_changed"}));
  }
  if (!c.payee) return refuse("case_not_ready", "Case " + id.str() + " has no account to check.");
  const Date today = parts_.clock.today();
  if (const auto problem = payee_problem(*c.payee, c.enterprise_name, settings.payee_rule)) {
    return advance(transaction, c,
                   {CaseEvent::payee_failed,
                    kSystem,
                    *problem,
                    "payee_refused",
                    {},
                    deadline(today, settings.confirm_days, parts_.calendar)});
  }
  return advance(
      transaction, c,
      {CaseEvent::payee_passed,
       kSystem,
       {},
       "payee_checked",
       {},
       c.approved_once ? std::nullopt : std::optional(deadline(today, settings.review_days, parts_.calendar))});
}

Result<BenefitCase> Casework::correct(Transaction& transaction, const CaseId& id, const std::string& reason,
                                      const Actor& actor) {
  const auto c = TRY(load_case(transaction, id));
  const auto checked = TRY(advance(transaction, c, {CaseEvent::corrected, actor, reason, "request_corrected"}));
  return check_payee(transaction, checked.id);
}

Result<BenefitCase> Casework::review(Transaction& transaction, const CaseId& id, ReviewDecision decision,
                                     const std::string& reason, const Actor& actor) {
  auto c = TRY(load_case(transaction, id));
  const bool agrees = decision == ReviewDecision::agree;
  const CaseEvent event = agrees ? CaseEvent::reviewed : CaseEvent::refused;
  CHECK_OK(next_state(c, event, actor.role));
  const auto settings = TRY(settings_of(c));
  const auto done =
      TRY(transaction.query("SELECT count(*) FROM case_review WHERE case_id = ? AND round = ? AND hand <> 'releaser'",
                            {id.str(), c.review_round}, "i"));
  const auto step_number = static_cast<std::size_t>(done.front().integer(0));
  if (step_number >= settings.reviews.size())
    return refuse("review_complete", "Every department has looked at case " + id.str() + " already.");
  const ReviewStep& step = settings.reviews[step_number];
  if (actor.department != step.department) {
    return refuse("not_your_turn", "It is " + step.department + "'s turn to look at case " + id.str() + ".");
  }
  if (std::string(to_text(actor.role)) != to_text(step.hand)) {
    return refuse("case_role_wrong",
                  "This step of case " + id.str() + " is for a " + to_text(step.hand) + " of " + step.department + ".");
  }
  CHECK_OK(lend_hand(transaction, c, static_cast<std::int64_t>(step_number), step.department, step.hand, agrees, reason,
                     actor.name));
  const bool last = step_number + 1 == settings.reviews.size();
  std::optional<Date> due_on;
  if (agrees) due_on = deadline(parts_.clock.today(), settings.review_days, parts_.calendar);
  c = TRY(advance(transaction, c,
                  {event,
                   actor,
                   reason,
                   agrees ? "case_reviewed" : "case_refused",
                   {{"hand", to_text(step.hand)}, {"decision", agrees ? "agree" : "refuse"}},
                   due_on}));
  if (!agrees || !last) return c;
  return settings.publicity_days > 0 ? begin_publicity(transaction, c, settings) : end_review(transaction, c);
}

Result<void> Casework::lend_hand(Transaction& transaction, const BenefitCase& c, std::int64_t step,
                                 const std::string& department, Hand hand, bool agrees, const std::string& reason,
                                 const std::string& actor) {
  // The database holds the rule; a savepoint keeps the transaction usable when it refuses.
  auto written = transaction.savepoint([&]() -> Result<void> {
    CHECK_OK(transaction.execute(
        "INSERT INTO case_review (case_id, round, step, department, hand, actor, decision, reason, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {c.id.str(), c.review_round, step, department, std::string(to_text(hand)), actor,
         std::string(agrees ? "agree" : "refuse"), reason, to_millis(parts_.clock.now())}));
    return ok();
  });
  if (written) return ok();
  const std::string& code = written.error().code;
  if (code == "storage_unique" || code == "storage_check") {
    return refuse("four_eyes",
                  actor + " has lent a hand to case " + c.id.str() + " before; another person must take this step.");
  }
  return std::move(written).error();
}

Result<BenefitCase> Casework::begin_publicity(Transaction& transaction, const BenefitCase& c,
                                              const HandlingSettings& settings) {
  const Date last_day = publicity_last_day(parts_.clock.today(), settings.publicity_days, settings.publicity_unit,
                                           settings.publicity_counts_first_day, parts_.calendar);
  return advance(transaction, c,
                 {CaseEvent::publicity_started,
                  kSystem,
                  {},
                  "publicity_started",
                  {{"until", last_day.to_string()}, {"days", settings.publicity_days}},
                  last_day});
}

Result<BenefitCase> Casework::end_review(Transaction& transaction, BenefitCase c) {
  c.publicity_ended = true;  // There is none: nothing more is waited for but the final yes.
  return advance(transaction, c, {CaseEvent::review_completed, kSystem, {}, "case_changed"});
}

Result<BenefitCase> Casework::end_publicity(Transaction& transaction, const CaseId& id) {
  auto c = TRY(load_case(transaction, id));
  if (c.publicity_ended) return c;
  if (c.due_on && parts_.clock.today() <= *c.due_on) {
    return refuse("publicity_running", "Case " + id.str() + " is published until " + c.due_on->to_string() + ".");
  }
  c.publicity_ended = true;
  return advance(transaction, c, {CaseEvent::publicity_ended, kSystem, {}, "publicity_ended"});
}

Result<std::string> Casework::raise_objection(Transaction& transaction, const CaseId& id, const std::string& reason,
                                              const std::string& evidence_digest, const Actor& actor,
                                              const std::string& on_behalf_of) {
  const auto c = TRY(load_case(transaction, id));
  const Instant now = parts_.clock.now();
  const std::string objection = new_ulid(now);
  Step step{CaseEvent::objection_raised, actor, reason, "objection_raised", {{"objection", objection}}};
  step.keeps_due = true;
  CHECK_OK(advance(transaction, c, step));
  CHECK_OK(transaction.execute(
      "INSERT INTO objection (id, case_id, raised_by, reason, evidence_digest, raised_at, raised_by_person, "
      "on_behalf_of) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      {objection, id.str(), actor.name, reason, evidence_digest, to_millis(now), actor.person, on_behalf_of}));
  return objection;
}

Result<BenefitCase> Casework::decide_objection(Transaction& transaction, const std::string& objection_id,
                                               ObjectionDecision decision, const std::string& reason,
                                               const Actor& actor) {
  const auto rows = TRY(
      transaction.query("SELECT case_id, state, raised_by, raised_by_person, on_behalf_of FROM objection WHERE id = ?",
                        {objection_id}, "ttttt"));
  if (rows.empty()) return refuse("objection_not_found", "There is no objection " + objection_id + ".");
  if (rows.front().text(1) != "open")
    return refuse("objection_decided", "Objection " + objection_id + " was settled already.");
  // Persons are compared, not what they act as; whoever is meant by a name written down counts as the person.
  const std::string writer = rows.front().text(3), meant = rows.front().text(4);
  const bool wrote = rows.front().text(2) == actor.name || (!actor.person.empty() && actor.person == writer);
  const bool is_meant = !meant.empty() && (meant == actor.person || meant == actor.person_name || meant == actor.name);
  if (wrote || is_meant) return refuse("four_eyes", "Who raised objection " + objection_id + " does not decide it.");
  auto c = TRY(load_case(transaction, CaseId(rows.front().text(0))));
  const char* const word = decision == ObjectionDecision::dismissed ? "dismissed"
                           : decision == ObjectionDecision::upheld  ? "upheld"
                                                                    : "review_again";
  if (actor.role != Role::officer)
    return refuse("case_role_wrong", "An officer decides objection " + objection_id + ".");
  CHECK_OK(transaction.execute(
      "UPDATE objection SET state = ?, decided_by = ?, decided_by_person = ?, decision_reason = ?, decided_at = ? "
      "WHERE "
      "id = ?",
      {std::string(word), actor.name, actor.person, reason, to_millis(parts_.clock.now()), objection_id}));
  const auto open =
      TRY(transaction.query("SELECT count(*) FROM objection WHERE case_id = ? AND state = 'open'", {c.id.str()}, "i"));
  const bool still_held = decision == ObjectionDecision::dismissed && open.front().integer(0) > 0;
  if (c.state != CaseState::held || still_held) {
    CHECK_OK(audit(transaction, c, "objection_settled", actor.name, {{"objection", objection_id}, {"decision", word}}));
    return c;
  }
  Step step{CaseEvent::objection_dismissed,
            actor,
            reason,
            "objection_settled",
            {{"objection", objection_id}, {"decision", word}}};
  step.keeps_due = true;
  if (decision == ObjectionDecision::upheld) step.event = CaseEvent::objection_upheld;
  if (decision == ObjectionDecision::review_again) {
    const auto settings = TRY(settings_of(c));
    step.event = CaseEvent::review_again;
    step.keeps_due = false;
    step.due_on = deadline(parts_.clock.today(), settings.review_days, parts_.calendar);
    ++c.review_round;
  }
  return advance(transaction, c, step);
}

Result<BenefitCase> Casework::approve(Transaction& transaction, const CaseId& id, const Actor& actor) {
  auto c = TRY(load_case(transaction, id));
  CHECK_OK(next_state(c, CaseEvent::approved, actor.role));
  if (!c.publicity_ended) {
    return refuse("case_not_ready", c.state == CaseState::publicity
                                        ? "Case " + id.str() + " is still published."
                                        : "Not every department has looked at case " + id.str() + ".");
  }
  const auto open =
      TRY(transaction.query("SELECT count(*) FROM objection WHERE case_id = ? AND state = 'open'", {id.str()}, "i"));
  if (open.front().integer(0) > 0)
    return refuse("objection_open", "An objection to case " + id.str() + " is not settled.");
  const auto taken =
      TRY(transaction.query("SELECT coalesce(max(step), -1) + 1 FROM case_review WHERE case_id = ? AND round = ?",
                            {id.str(), c.review_round}, "i"));
  CHECK_OK(lend_hand(transaction, c, taken.front().integer(0), actor.department, Hand::releaser, true, {}, actor.name));
  c.approved_once = true;
  return advance(transaction, c, {CaseEvent::approved, actor, {}, "case_approved"});
}

Result<BenefitCase> Casework::refuse_case(Transaction& transaction, const CaseId& id, const std::string& reason,
                                          const Actor& actor) {
  const auto c = TRY(load_case(transaction, id));
  return advance(transaction, c, {CaseEvent::refused, actor, reason, "case_refused"});
}

Result<BenefitCase> Casework::lapse(Transaction& transaction, const CaseId& id) {
  const auto c = TRY(load_case(transaction, id));
  const auto asked = TRY(transaction.query("SELECT 1 FROM payment_attempt WHERE case_id = ? LIMIT 1", {id.str()}, "i"));
  if (c.approved_once || !asked.empty())
    return refuse("case_not_ready", "Case " + id.str() + " was approved before; it does not lapse by itself.");
  if (c.due_on && parts_.clock.today() <= *c.due_on)
    return refuse("deadline_running", "The firm has until " + c.due_on->to_string() + " for case " + id.str() + ".");
  return advance(transaction, c, {CaseEvent::lapsed, kSystem, "逾期未确认", "case_lapsed"});
}

Result<BenefitCase> Casework::void_case(Transaction& transaction, const CaseId& id, const std::string& reason,
                                        const Actor& actor) {
  const auto c = TRY(load_case(transaction, id));
  return advance(transaction, c, {CaseEvent::voided, actor, reason, "case_changed"});
}

}  // namespace zhida::casework
