// The desk: what people and deadlines do to a case. Every function works inside the caller's transaction, loads the
// case, asks the state table, saves, and writes a case event and an audit entry.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/audit_trail.h"
#include "base/clock.h"
#include "base/result.h"
#include "domain/benefit_case.h"
#include "domain/entitlement.h"
#include "domain/events.h"
#include "domain/policy_handling.h"
#include "stages/casework/case_store.h"
#include "stages/casework/transition.h"

namespace zhida::casework {

/// Writes a message into the outbox, in the same transaction. Handed in by flow.
using SendMessage = std::function<Result<void>(Transaction&, const OutgoingEnvelope&)>;

/// Who does something.
struct Actor {
  std::string name;  ///< `system`, `user:zhang`, `peer:treasury`
  Role role = Role::system;
  std::string department;        ///< Of the person; empty for firms and machines.
  std::string person = {};       ///< Of people: their id in the book of people, whatever they act as.
  std::string person_name = {};  ///< Of people: what they are called there.
};

/// Told of every step to another state, in the transaction of the step: the case as it is now, and where it was.
using CaseMoved = std::function<Result<void>(Transaction&, const BenefitCase& now, CaseState before)>;

struct CaseworkParts {
  const audit::AuditTrail& trail;
  const Clock& clock;
  const Calendar& calendar;
  HandlingBook handling;  ///< Settings by policy item.
  CaseMoved moved = {};   ///< May be empty.
};

/// What open_or_update_cases() did.
struct CaseChanges {
  std::vector<CaseId> opened, changed, voided;
};

enum class ReviewDecision { agree, refuse };
enum class ObjectionDecision { dismissed, upheld, review_again };

/// What the re-check with fresh data found.
struct RecheckFacts {
  Verdict verdict = Verdict::unknown;
  std::optional<Money> tranche_amount;  ///< Of this case's tranche, as computed from the fresh profile.
  std::int64_t profile_sequence = 0;
  std::string reason;  ///< For people, when it did not pass: what is not met or unknown, and which values differ.
  std::string policy_version{};      ///< Of the item that said so; empty: the one that the case stands on.
  std::vector<std::string> asked{};  ///< Sources that were asked anew and answered; the trail names them.
};

enum class RecheckOutcome {
  passed,
  wait,     ///< Verdict unknown (a value is stale or gone), or the new amount is over the award's cap and a person was
            ///< asked: stays in `rechecking`.
  changed,  ///< Met, with another amount or by another version of the item: back to review with these.
  voided,   ///< Not met any more.
};

/// Something the scheduler must do now.
enum class WorkKind {
  notify,           ///< matched: call notify()
  grant_relief,     ///< matched relief: call grant_relief()
  lapse,            ///< The deadline for confirming passed: call lapse()
  check_payee,      ///< confirmed: call check_payee()
  end_publicity,    ///< The period is over: call end_publicity()
  review_overdue,   ///< Tell the department; nothing moves by itself.
  approve,          ///< Everything is there but the final yes: a releaser is waited for.
  start_recheck,    ///< approved: call start_recheck(), then pull fresh data
  recheck,          ///< rechecking: fresh data is not there or not evaluated yet
  request_payment,  ///< rechecking and passed: payment::prepare(), seal, commit_request()
  send_decision,    ///< rechecking and passed, fund channel: prepare_decision(), seal, commit_decision()
};
const char* to_text(WorkKind kind);
struct Work {
  WorkKind kind;
  CaseId case_id;
  std::string uscc, division;
  PolicyId policy;
};

/// What note_refusals() wrote down.
struct RefusalNotes {
  std::int64_t asked = 0, closed = 0;
};

/// A decision for a fund, drawn up and waiting for its seal.
struct PreparedDecision {
  CaseId case_id;
  std::int64_t case_version = 0;
  std::string fund, message_id, uscc, division, trace_id;
  Bytes body;  ///< Canonical JSON: what is sealed.
};

class Casework {
 public:
  explicit Casework(CaseworkParts parts) : parts_(std::move(parts)) {}

  /// New verdicts: opens a case for each payable tranche, updates amounts that changed before the approval, voids what
  /// is not met any more before the approval. Never touches a case that is approved or later (its re-check will).
  /// unknown changes nothing: it is neither yes nor no. Coming again with the same entitlements changes nothing.
  Result<CaseChanges> open_or_update_cases(Transaction& transaction, const std::vector<Entitlement>& changed,
                                           const std::map<std::string, std::string>& enterprise_names,
                                           const std::string& trace_id);

  /// matched → notified: writes a notice and hands it to `send` (address sms_gateway). `recipient` may be empty: then
  /// the notice stands in the portal only and nothing is sent.
  Result<BenefitCase> notify(Transaction& transaction, const CaseId& id, const std::string& recipient,
                             const SendMessage& send);
  /// The gateway's word about a notice. Again, or about an unknown notice: no effect (gives false).
  Result<bool> apply_notice_report(Transaction& transaction, const std::string& notice_id, bool delivered,
                                   const std::string& reason, Instant at);
  /// matched relief → decided.
  Result<BenefitCase> grant_relief(Transaction& transaction, const CaseId& id);

  /// notified or payee_repair → confirmed. Where the final yes was given before and this is another account than the
  /// one it was given for, the yes is taken back: the review begins anew, in a round of its own.
  Result<BenefitCase> confirm(Transaction& transaction, const CaseId& id, const PayeeAccount& payee,
                              const Actor& actor);
  Result<BenefitCase> decline(Transaction& transaction, const CaseId& id, const std::string& reason,
                              const Actor& actor);
  /// confirmed → payee_check → in_review (or approved, where the final yes stands), or payee_repair with the
  /// reason.
  /// `current_name`: what the firm is called in its profile now; empty: as when the case was opened. Error
  /// `enterprise_name_unknown` (retry) where the rule compares names and no source has told the firm's.
  Result<BenefitCase> check_payee(Transaction& transaction, const CaseId& id, const std::string& current_name = {});
  /// payee_repair → payee_check: an officer found that the account is right as it is (the treasury sent the request
  /// back for another reason, which was mended).
  Result<BenefitCase> correct(Transaction& transaction, const CaseId& id, const std::string& reason,
                              const Actor& actor);

  /// One department's look. Steps are taken in the order of the item's settings; the actor must be of the department
  /// whose turn it is, and must not have lent a hand to this case before (`four_eyes`). The last agreement ends the
  /// review: publicity begins (or the case waits for the final yes, where the item has no publicity).
  Result<BenefitCase> review(Transaction& transaction, const CaseId& id, ReviewDecision decision,
                             const std::string& reason, const Actor& actor);

  Result<BenefitCase> end_publicity(Transaction& transaction, const CaseId& id);
  /// publicity → held; only this case. `on_behalf_of`: whose objection it is (a name, or a person's id), where somebody
  /// wrote it down for another. Gives the objection's id.
  Result<std::string> raise_objection(Transaction& transaction, const CaseId& id, const std::string& reason,
                                      const std::string& evidence_digest, const Actor& actor,
                                      const std::string& on_behalf_of = {});
  /// The last open objection settled moves the case: back to publicity, to in_review (a new round), or to refused.
  /// Error `four_eyes` for the person who wrote it down, and for whom it was written.
  Result<BenefitCase> decide_objection(Transaction& transaction, const std::string& objection_id,
                                       ObjectionDecision decision, const std::string& reason, const Actor& actor);
  /// The final yes, by a releaser who lent no other hand to this case.
  Result<BenefitCase> approve(Transaction& transaction, const CaseId& id, const Actor& actor);
  /// The releaser's no; a department's no is a review().
  Result<BenefitCase> refuse_case(Transaction& transaction, const CaseId& id, const std::string& reason,
                                  const Actor& actor);
  Result<BenefitCase> lapse(Transaction& transaction, const CaseId& id);
  /// The item was withdrawn, or an officer ends the case, before anything was requested.
  Result<BenefitCase> void_case(Transaction& transaction, const CaseId& id, const std::string& reason,
                                const Actor& actor);

  Result<BenefitCase> start_recheck(Transaction& transaction, const CaseId& id);
  /// What is unknown is written down once: why the case waits.
  Result<RecheckOutcome> apply_recheck(Transaction& transaction, const CaseId& id, const RecheckFacts& facts);
  /// Writes down, once, why a case in `rechecking` does not go on.
  Result<void> note_waiting(Transaction& transaction, const CaseId& id, const std::string& reason);

  /// Fund channel: the decision's bytes. Errors `case_not_ready`, `decision_incomplete`.
  Result<PreparedDecision> prepare_decision(Transaction& transaction, const CaseId& id);
  /// rechecking → sent_to_fund, with the seal over exactly prepared.body. Error `case_changed` (retry).
  Result<BenefitCase> commit_decision(Transaction& transaction, const PreparedDecision& prepared, const Bytes& seal,
                                      const SendMessage& send);
  /// sent_to_fund → decided. Again: no effect.
  Result<BenefitCase> acknowledge_decision(Transaction& transaction, const CaseId& id, const std::string& actor,
                                           const std::string& reference);

  /// A fact from the payment or treasury room; see CaseMove. Flow hands this to those rooms as their MoveCase.
  Result<void> move(Transaction& transaction, const CaseMove& move);
  /// A person settled the treasury's contradiction.
  Result<BenefitCase> unfreeze(Transaction& transaction, const CaseId& id, const std::string& reason,
                               const Actor& actor);

  /// Messages that their receiver refused for good (outbox rows `rejected`): a person is asked, exactly once for each
  /// refusal (`person_asked`, and load_refused_messages() for the pages). The question closes by itself
  /// (`question_closed`) when the message, sent again, is accepted, or when the treasury answers the request all the
  /// same. Cases and money do not move.
  Result<RefusalNotes> note_refusals(Transaction& transaction);
  /// Whether note_refusals() has something to do; reads only.
  Result<bool> has_refusals_to_note(Transaction& transaction) const;

  /// What the scheduler must do now, oldest first.
  Result<std::vector<Work>> due(Transaction& transaction, Instant now, std::int64_t limit = 500);

 private:
  struct Step;
  Result<BenefitCase> advance(Transaction& transaction, BenefitCase benefit_case, const Step& step);
  Result<void> audit(Transaction& transaction, const BenefitCase& benefit_case, const std::string& kind,
                     const std::string& actor, Json detail);
  Result<HandlingSettings> settings_of(const BenefitCase& benefit_case) const;
  Result<void> lend_hand(Transaction& transaction, const BenefitCase& benefit_case, std::int64_t step,
                         const std::string& department, Hand hand, bool agrees, const std::string& reason,
                         const std::string& actor);
  Result<BenefitCase> begin_publicity(Transaction& transaction, const BenefitCase& benefit_case,
                                      const HandlingSettings& settings);
  Result<BenefitCase> end_review(Transaction& transaction, BenefitCase benefit_case);
  Result<void> update_from(Transaction& transaction, const Entitlement& entitlement, const std::string& name,
                           const std::string& trace_id, CaseChanges& changes);
  Result<void> open_case(Transaction& transaction, const Entitlement& entitlement, const Tranche& tranche,
                         std::optional<Money> amount, const HandlingSettings& settings, const std::string& name,
                         const std::string& trace_id, CaseChanges& changes);
  Result<void> move_to_version(Transaction& transaction, BenefitCase benefit_case, const Entitlement& entitlement);
  Result<void> change_amount(Transaction& transaction, BenefitCase benefit_case, const Entitlement& entitlement,
                             std::optional<Money> amount);
  /// Runs a step that changes an amount. False when the award's cap refused it: the case stands as it was, says so, and
  /// a person is asked once.
  Result<bool> within_cap(Transaction& transaction, const BenefitCase& before, std::optional<Money> amount,
                          const std::function<Result<void>()>& step);

  CaseworkParts parts_;
};

}  // namespace zhida::casework
