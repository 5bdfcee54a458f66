// From the final yes to the end: re-check, the decision for a fund, what the payment and treasury rooms report, and
// what is due.
#include "platform/crypto/digest.h"
#include "stages/casework/casework_step.h"
#include "stages/casework/deadlines.h"
#include "stages/casework/decision_document.h"

namespace zhida::casework {

Result<BenefitCase> Casework::start_recheck(Transaction& transaction, const CaseId& id) {
  const auto c = TRY(load_case(transaction, id));
  return advance(transaction, c, {CaseEvent::recheck_started, kSystem, {}, "case_rechecking"});
}

Result<RecheckOutcome> Casework::apply_recheck(Transaction& transaction, const CaseId& id, const RecheckFacts& facts) {
  const auto before = TRY(load_case(transaction, id));
  BenefitCase c = before;
  CHECK_OK(next_state(c, CaseEvent::recheck_passed, Role::system));
  if (facts.verdict == Verdict::unknown) {
    CHECK_OK(note_waiting(transaction, id, "等待数据：" + facts.reason));
    return RecheckOutcome::wait;
  }
  Json detail = {{"profile_sequence", facts.profile_sequence}};
  if (!facts.asked.empty()) detail["asked"] = facts.asked;
  if (!facts.policy_version.empty()) detail["policy_version"] = facts.policy_version;
  const auto and_why = [&](std::string sentence) {
    return facts.reason.empty() ? sentence : std::move(sentence) + "；" + facts.reason;
  };
  const bool payable = facts.tranche_amount && *facts.tranche_amount > Money();
  if (facts.verdict == Verdict::not_met || !payable) {
    // Data that come right again open it anew, and departments look at it anew.
    c.approved_once = false;
    const std::string reason = facts.reason.empty() ? "复核未通过：不再符合条件" : facts.reason;
    CHECK_OK(advance(transaction, c, {CaseEvent::recheck_failed, kSystem, reason, "recheck_failed", detail}));
    return RecheckOutcome::voided;
  }
  const bool other_item = !facts.policy_version.empty() && facts.policy_version != c.policy_version;
  c.profile_sequence = facts.profile_sequence;
  if (facts.tranche_amount != c.amount || other_item) {
    // Approved was another amount, or by another text: the departments and the public see the new one first.
    std::string reason;
    if (facts.tranche_amount != c.amount)
      reason = "复核后金额变更：批准 " + (c.amount ? c.amount->to_yuan() : "0.00") + " 元，现为 " +
               facts.tranche_amount->to_yuan() + " 元";
    if (other_item)
      reason += std::string(reason.empty() ? "" : "；") + "政策事项版本变更：批准时 " + c.policy_version.substr(0, 12) +
                "，现行 " + facts.policy_version.substr(0, 12);
    const auto settings = TRY(settings_of(c));
    const bool fits = TRY(within_cap(transaction, before, facts.tranche_amount, [&]() -> Result<void> {
      c.amount = facts.tranche_amount;
      if (other_item) c.policy_version = facts.policy_version;
      c.approved_once = false;
      ++c.review_round;
      CHECK_OK(advance(transaction, c,
                       {CaseEvent::recheck_changed, kSystem, and_why(reason), "recheck_failed", detail,
                        deadline(parts_.clock.today(), settings.review_days, parts_.calendar)}));
      return ok();
    }));
    return fits ? RecheckOutcome::changed : RecheckOutcome::wait;
  }
  c.recheck_passed = true;
  c.reason.clear();  // Why it waited.
  CHECK_OK(advance(transaction, c, {CaseEvent::recheck_passed, kSystem, {}, "recheck_passed", detail}));
  return RecheckOutcome::passed;
}

Result<void> Casework::note_waiting(Transaction& transaction, const CaseId& id, const std::string& reason) {
  auto c = TRY(load_case(transaction, id));
  if (c.state != CaseState::rechecking || c.reason == reason) return ok();
  c.reason = reason;
  CHECK_OK(save_case(transaction, c));
  return audit(transaction, c, "recheck_waits", kSystem.name, {{"reason", reason}});
}

Result<PreparedDecision> Casework::prepare_decision(Transaction& transaction, const CaseId& id) {
  const auto c = TRY(load_case(transaction, id));
  CHECK_OK(next_state(c, CaseEvent::sent_to_fund, Role::system));
  if (c.channel != Channel::social_insurance_fund || !c.recheck_passed)
    return refuse("case_not_ready", "Case " + id.str() + " has no decision for a fund to be sent now.");
  const auto settings = TRY(settings_of(c));
  std::vector<DecisionHand> hands;
  const auto reviews = TRY(load_reviews(transaction, id));
  for (const ReviewRow& review : reviews) {
    if (review.round == c.review_round && review.decision == "agree")
      hands.push_back({review.department, review.hand, review.actor});
  }
  PreparedDecision prepared{c.id,   c.version,  settings.fund, "decision-" + c.id.str(),
                            c.uscc, c.division, c.trace_id,    {}};
  prepared.body = TRY(decision_document(c, settings.fund, hands, parts_.clock.today()));
  return prepared;
}

Result<BenefitCase> Casework::commit_decision(Transaction& transaction, const PreparedDecision& prepared,
                                              const Bytes& seal, const SendMessage& send) {
  auto c = TRY(load_case(transaction, prepared.case_id));
  if (c.version != prepared.case_version || !c.recheck_passed)
    return retry("case_changed", "Case " + c.id.str() + " changed after its decision was drawn up.");
  const std::string digest = "sm3:" + to_hex(crypto::sm3(prepared.body));
  CHECK_OK(transaction.execute(
      "INSERT INTO fund_decision (case_id, fund, message_id, body, seal, digest, sent_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      {c.id.str(), prepared.fund, prepared.message_id, storage::Blob{prepared.body}, storage::Blob{seal}, digest,
       to_millis(parts_.clock.now())}));
  OutgoingEnvelope message;
  message.message_id = prepared.message_id;
  message.address = prepared.fund;
  message.subject = "decision/1";
  message.group_id = c.uscc;
  message.content_type = "application/json";
  message.properties = {{"payload-digest", digest}};
  message.body = prepared.body;
  message.seal = seal;
  message.trace_id = c.trace_id;
  message.case_id = c.id.str();
  message.division = c.division;
  CHECK_OK(send(transaction, message));
  audit::AuditEntry sealed;
  sealed.kind = "decision_sealed";
  sealed.actor = "system";
  sealed.subject_type = "decision";
  sealed.subject_id = prepared.message_id;
  sealed.case_id = c.id.str();
  sealed.uscc = c.uscc;
  sealed.division = c.division;
  sealed.trace_id = c.trace_id;
  sealed.payload_digest = digest;
  CHECK_OK(parts_.trail.append(transaction, sealed));
  return advance(transaction, c, {CaseEvent::sent_to_fund, kSystem, {}, "decision_sent", {{"fund", prepared.fund}}});
}

Result<BenefitCase> Casework::acknowledge_decision(Transaction& transaction, const CaseId& id, const std::string& actor,
                                                   const std::string& reference) {
  const auto c = TRY(load_case(transaction, id));
  if (c.state == CaseState::decided) return c;
  CHECK_OK(transaction.execute("UPDATE fund_decision SET acknowledged_at = ?, reference = ? WHERE case_id = ?",
                               {to_millis(parts_.clock.now()), reference, id.str()}));
  return advance(
      transaction, c,
      {CaseEvent::fund_acknowledged, {actor, Role::fund, {}}, {}, "decision_acknowledged", {{"reference", reference}}});
}

Result<void> Casework::move(Transaction& transaction, const CaseMove& move) {
  auto c = TRY(load_case(transaction, move.case_id));
  if (!move.trace_id.empty()) c.trace_id = move.trace_id;
  if (move.event == CaseEvent::frozen || move.event == CaseEvent::unfrozen) {
    const bool freezes = move.event == CaseEvent::frozen;
    if (c.frozen == freezes) return ok();
    c.frozen = freezes;
    c.reason = move.reason;
    CHECK_OK(save_case(transaction, c));
    CHECK_OK(append_event(transaction, c.id, move.event, c.state, c.state, move.actor,
                          to_text(freezes ? Role::treasury : Role::officer), {}, move.reason, parts_.clock.now(),
                          c.trace_id));
    return audit(transaction, c, freezes ? "person_asked" : "person_decided", move.actor, {{"reason", move.reason}});
  }
  const Role role = move.event == CaseEvent::requested ? Role::system : Role::treasury;
  CHECK_OK(advance(transaction, c, {move.event, {move.actor, role, {}}, move.reason, "case_changed"}));
  return ok();
}

Result<BenefitCase> Casework::unfreeze(Transaction& transaction, const CaseId& id, const std::string& reason,
                                       const Actor& actor) {
  if (actor.role != Role::officer) return refuse("case_role_wrong", "An officer settles a contradiction.");
  CHECK_OK(move(transaction, {id, CaseEvent::unfrozen, actor.name, reason, {}}));
  return load_case(transaction, id);
}

const char* to_text(WorkKind kind) {
  switch (kind) {
    case WorkKind::notify:
      return "notify";
    case WorkKind::grant_relief:
      return "grant_relief";
    case WorkKind::lapse:
      return "lapse";
    case WorkKind::check_payee:
      return "check_payee";
    case WorkKind::end_publicity:
      return "end_publicity";
    case WorkKind::review_overdue:
      return "review_overdue";
    case WorkKind::approve:
      return "approve";
    case WorkKind::start_recheck:
      return "start_recheck";
    case WorkKind::recheck:
      return "recheck";
    case WorkKind::request_payment:
      return "request_payment";
    case WorkKind::send_decision:
      break;
  }
  return "send_decision";
}

Result<std::vector<Work>> Casework::due(Transaction& transaction, Instant now, std::int64_t limit) {
  struct Rule {
    WorkKind kind;
    const char* condition;
    bool dated;  // The condition ends with a comparison with today.
  };
  static constexpr Rule kRules[] = {
      {WorkKind::grant_relief, "state = 'matched' AND channel = 'relief'", false},
      {WorkKind::notify, "state = 'matched' AND channel <> 'relief'", false},
      {WorkKind::check_payee, "state = 'confirmed'", false},
      {WorkKind::lapse,
       "state IN ('notified', 'payee_repair') AND approved_once = 0 AND NOT EXISTS (SELECT 1 FROM payment_attempt a "
       "WHERE a.case_id = benefit_case.id) AND due_on < ?",
       true},
      {WorkKind::end_publicity, "state = 'publicity' AND publicity_ended = 0 AND due_on < ?", true},
      {WorkKind::review_overdue, "state = 'in_review' AND publicity_ended = 0 AND due_on < ?", true},
      {WorkKind::approve, "state IN ('publicity', 'in_review') AND publicity_ended = 1", false},
      {WorkKind::start_recheck, "state = 'approved'", false},
      {WorkKind::recheck, "state = 'rechecking' AND recheck_passed = 0", false},
      {WorkKind::request_payment, "state = 'rechecking' AND recheck_passed = 1 AND channel = 'appropriation'", false},
      {WorkKind::send_decision, "state = 'rechecking' AND recheck_passed = 1 AND channel = 'social_insurance_fund'",
       false},
  };
  const std::string today = Date::of(now).to_string();
  std::vector<Work> due;
  for (const Rule& rule : kRules) {
    const std::string sql = std::string("SELECT id, uscc, division, policy_id FROM benefit_case WHERE ") +
                            rule.condition + " AND frozen = 0 ORDER BY state_since, id LIMIT ?";
    storage::Values values;
    if (rule.dated) values.emplace_back(today);
    values.emplace_back(limit);
    const auto rows = TRY(transaction.query(sql, values, "tttt"));
    for (const auto& row : rows)
      due.push_back({rule.kind, CaseId(row.text(0)), row.text(1), row.text(2), PolicyId(row.text(3))});
  }
  return due;
}

}  // namespace zhida::casework
