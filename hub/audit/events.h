/// Every kind of entry the audit trail may carry, in the order of the story: one line a kind, `subject_fact` in the
/// past tense and one sentence. docs/reference/audit_events.md is generated from this table. To add a kind, add its
/// line; a kind never changes its meaning, because old entries keep it.
#pragma once
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace zhida::audit {

struct EventKind {
  std::string_view kind;
  std::string_view sentence;
};

inline constexpr auto kEventKinds = std::to_array<EventKind>({
    // The hub itself.
    {"hub_started", "The hub started with this version and configuration."},
    {"hub_stopped", "The hub stopped in good order."},
    {"mapping_published", "A mapping became the one that records are read by."},
    {"policy_proposed", "Somebody proposed that a version of a policy item comes in force, or goes out of force."},
    {"policy_back_tested", "What a proposed item would do was reckoned against the stored profiles."},
    {"policy_approved", "A second person approved a proposed policy item."},
    {"policy_confirmed", "A department confirmed the conditions of a policy item, or the data that decide it."},
    {"policy_proposal_withdrawn", "A proposal of a policy item was withdrawn."},
    {"policy_published", "A version of a policy item came into force."},
    {"policy_withdrawn", "A policy item was taken out of force."},
    {"grants_loaded", "The legal bases on which data may be pulled were read."},
    {"account_changed", "A person's account, role or division was changed."},
    {"sign_in_succeeded", "A person signed in."},
    {"sign_in_refused", "A sign-in was refused."},
    {"access_refused", "A person asked for something that their role or division does not allow."},
    // Source door.
    {"batch_received", "A batch of records came from a source; its sealed manifest lists their digests."},
    {"batch_quarantined", "A batch could not be read at all and was kept with its bytes."},
    {"record_accepted", "A record was understood and taken in."},
    {"record_duplicate", "A record came again and changed nothing."},
    {"record_withdrawn", "A source took a record back."},
    {"record_quarantined", "A record could not be mapped and was kept with its bytes."},
    {"record_replayed", "A kept record was tried again."},
    {"seal_refused", "A seal did not hold; nothing was changed by what it was on."},
    {"message_refused", "A message was refused and kept as a dead letter."},
    {"message_replayed", "A dead letter was tried again by a person."},
    {"grant_missing", "A pull did not take place, because no legal basis allows it."},
    {"profile_changed", "Fields of a firm's profile changed."},
    // Budget book.
    {"appropriation_recorded", "The budget system reported an appropriation, or a change of it."},
    {"appropriation_change_parked", "A change of an appropriation would break the book and waits for a person."},
    {"spending_recorded", "The budget system reported spending by others on the same appropriation."},
    // Match door.
    {"policy_matched", "A firm was found to meet every condition of a policy item."},
    {"policy_unmatched", "A firm no longer meets a policy item that it met before."},
    {"receipts_imported", "A list of benefits received elsewhere was taken in."},
    {"history_vouched", "Somebody vouched that all receipts of a benefit are here: none then means never."},
    {"persons_imported", "A department's list of persons was taken in, as salted digests."},
    {"persons_forgotten", "Digests and lists of persons whose time was over were deleted; only their number is told."},
    {"allocation_drawn_up", "Places and sums of an item were drawn up from the profiles, as a draft."},
    {"allocation_confirmed", "A person confirmed a draft of places and sums."},
    {"allocation_decided", "Two persons had confirmed a round: its places and sums hold."},
    {"allocation_discarded", "A draft of places and sums was thrown away."},
    // Cases.
    {"case_opened", "A case was opened for a firm and a policy item."},
    {"case_notified", "The firm was told of its benefit."},
    {"notice_sent", "A notice was handed to the message gateway."},
    {"notice_delivered", "The gateway reported a notice as delivered."},
    {"notice_failed", "The gateway reported that a notice could not be delivered."},
    {"case_confirmed", "The firm confirmed that it wants the benefit, with the account to pay to."},
    {"case_declined", "The firm declined the benefit."},
    {"payee_checked", "The account to pay to was checked by the rule of the item."},
    {"payee_refused", "The account to pay to did not pass the check."},
    {"case_reviewed", "A department reviewed the case."},
    {"case_assigned", "A case was given to a person or a department."},
    {"publicity_started", "The case was published for objections."},
    {"publicity_ended", "The time for objections ended."},
    {"objection_raised", "Somebody objected to one case."},
    {"objection_settled", "An objection was settled."},
    {"case_approved", "The case was finally approved."},
    {"case_refused", "The case was refused, with the reason."},
    {"case_lapsed", "A deadline passed and the case ended without a benefit."},
    {"case_changed", "A case moved to another state."},
    {"case_rechecking", "Fresh data is being asked for before money is requested."},
    {"recheck_waits", "Fresh data is not there yet: the case waits, and says for what."},
    {"recheck_passed", "Fresh data confirmed the case."},
    {"recheck_failed", "Fresh data no longer supports the case."},
    {"office_seal_asked",
     "A department decided, and its seal, or that of the person who decided, is asked of a seal platform."},
    {"office_seal_received", "A department's or a person's seal over a decision came, was verified, and is kept."},
    {"office_seal_refused",
     "The seal platform does not seal a department's decision, with the reason; it is asked again."},
    {"office_seal_wrong", "What the seal platform gave is not the holder's seal over the decision; kept, never used."},
    {"office_seal_late", "A department's or a person's seal has been waited for too long."},
    {"relief_granted", "A relief without payment was granted."},
    {"decision_sealed", "A decision was sealed with the hub's seal."},
    {"decision_sent", "A sealed decision was handed to the body that carries it out."},
    {"decision_acknowledged", "The body that carries out the decision acknowledged it."},
    // Payment and treasury door.
    {"funds_reserved", "Money was reserved on an appropriation for one request."},
    {"reservation_refused", "Money could not be reserved, with the reason."},
    {"request_drawn_up", "A payment request was drawn up and sealed."},
    {"request_sent", "A sealed payment request was handed to the treasury."},
    {"request_resent", "The same bytes of a payment request were sent again."},
    {"request_accepted", "The treasury accepted a payment request."},
    {"request_sent_back", "The treasury sent a payment request back for correction."},
    {"request_corrected", "A corrected payment request replaced one that was sent back."},
    {"voucher_numbered", "The treasury gave a payment its voucher number."},
    {"payment_confirmed", "The treasury confirmed that the money was paid."},
    {"payment_returned", "Money that was paid came back."},
    {"funds_settled", "Reserved money was booked as spent."},
    {"funds_released", "Reserved money was set free."},
    {"funds_restored", "Returned money was given back to its appropriation."},
    {"receipt_contradicted", "An answer of the treasury does not agree with what is known; a person decides."},
    {"status_asked", "The treasury was asked where a request stands."},
    {"statement_received", "The treasury's statement of a day came in."},
    {"statement_reconciled", "A day's statement and our book agree to the fen."},
    {"statement_differs", "A day's statement and our book differ; each difference is named."},
    {"benefit_disclosed", "A paid benefit was disclosed."},
    // The log itself.
    {"log_archived", "The log's oldest records were written into an archive; what stays here are their hashes."},
    {"log_time_renewed", "Old time-stamps became part of the log again, before their authority's certificate ended."},
    {"payments_paused",
     "No trusted time could be had for too long: no new payment request and no decision for a fund leaves."},
    {"payments_resumed", "Trusted time is back: payment requests leave again."},
    // Evidence.
    {"evidence_rooted", "All facts of a case were stated and sealed, each as a salted leaf of one tree."},
    {"evidence_exported", "A pack of evidence was written for somebody outside."},
    {"person_asked", "Something needs a person's decision; the work item is named."},
    {"person_decided", "A person decided a work item."},
    {"question_closed", "What a person was asked about has come right by itself."},
});

constexpr bool is_event_kind(std::string_view kind) {
  return std::any_of(kEventKinds.begin(), kEventKinds.end(),
                     [&](const EventKind& known) { return known.kind == kind; });
}

/// The page docs/reference/audit_events.md, from the table above.
std::string event_reference();

}  // namespace zhida::audit
