#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/money.h"
#include "base/time.h"
#include "domain/entitlement.h"

namespace zhida {

/// Where a case stands, in the order of the story. The texts are those of the enumerators; `voided` is `void`.
enum class CaseState : std::uint8_t {
  matched,       ///< The firm meets every condition; nobody was told yet.
  notified,      ///< The firm was told and may confirm until due_on.
  confirmed,     ///< The firm wants it and named the account to pay to.
  payee_check,   ///< The account is being checked.
  payee_repair,  ///< The account (or the request) must be put right before money can be asked for.
  in_review,     ///< The departments of the item look at it, one after the other.
  publicity,     ///< Published until due_on.
  held,          ///< Somebody objected to this one case.
  approved,      ///< The final yes.
  rechecking,    ///< Fresh data is being asked for; nothing leaves before it confirms the case.
  requested,     ///< A payment request is with the treasury.
  sent_to_fund,  ///< The sealed decision is with the fund that pays.
  paid,          ///< End: the treasury confirmed the payment.
  decided,       ///< End: a relief, or a decision that the fund acknowledged.
  refused,       ///< End: a department said no, or an objection was upheld, or the firm declined.
  lapsed,        ///< End: the firm did not answer in time.
  voided,        ///< End: fresh data does not support it, or the item was withdrawn.
};
const char* to_text(CaseState state);
std::optional<CaseState> case_state_from(std::string_view text);
/// The case is at an end of the story (money may still come back: paid → payee_repair).
bool is_end(CaseState state);

/// Where money goes to.
struct PayeeAccount {
  std::string name;
  std::string account_no;  ///< Digits (and hyphens) as the bank writes them, without blanks.
  std::string bank_name;
  std::string bank_no;  ///< CNAPS number, 12 digits with check digit.
  friend bool operator==(const PayeeAccount&, const PayeeAccount&) = default;
};

/// One benefit (one tranche of one item, for one firm and one period) on its way through the hands of people.
struct BenefitCase {
  CaseId id;
  std::string uscc;
  std::string enterprise_name;
  std::string division;  ///< Fiscal division, 6 digits.
  PolicyId policy;
  std::string policy_version;
  std::string title;
  std::string tranche;  ///< `whole`, `advance`, `settlement`
  std::string period;
  Channel channel = Channel::appropriation;
  std::optional<Money> amount;  ///< Absent for reliefs without a sum.
  CaseState state = CaseState::matched;
  Instant state_since{};
  std::optional<Date> due_on;         ///< The last day of the running deadline.
  std::int64_t profile_sequence = 0;  ///< The profile that the amount was computed from.
  std::optional<PayeeAccount> payee;
  std::string confirmed_by;  ///< Actor who confirmed.
  bool frozen = false;       ///< The treasury contradicted itself: nothing moves before a person decides.
  std::string reason;        ///< Why it stands where it stands, for people; may be empty.
  std::int64_t review_round = 1;
  bool publicity_ended = false;
  bool approved_once = false;   ///< The final yes was given; another payee account takes it back.
  bool recheck_passed = false;  ///< Only in `rechecking`: fresh data confirmed the case.
  std::string trace_id;
  std::int64_t version = 0;  ///< Counts every change; what was prepared for an older version is thrown away.
};

/// What may happen to a case: past facts, in story order.
enum class CaseEvent : std::uint8_t {
  opened,
  matched_again,
  amount_changed,
  notified,
  confirmed,
  declined,
  payee_check_started,
  payee_passed,
  payee_failed,
  corrected,
  reviewed,
  review_completed,
  publicity_started,
  objection_raised,
  objection_dismissed,
  objection_upheld,
  review_again,
  publicity_ended,
  approved,
  recheck_started,
  recheck_passed,
  recheck_changed,
  recheck_failed,
  requested,
  sent_back,
  cancelled,
  paid,
  returned,
  frozen,
  unfrozen,
  sent_to_fund,
  fund_acknowledged,
  relief_granted,
  refused,
  lapsed,
  voided,
};
const char* to_text(CaseEvent event);
std::optional<CaseEvent> case_event_from(std::string_view text);

/// A fact from another room (payment, treasury) that moves a case; carried out by casework in the same transaction.
struct CaseMove {
  CaseId case_id;
  CaseEvent event = CaseEvent::requested;
  std::string actor;  ///< `system`, `peer:treasury`, `user:zhang`
  std::string reason;
  std::string trace_id;
};

}  // namespace zhida
