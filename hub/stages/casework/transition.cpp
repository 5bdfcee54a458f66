#include "stages/casework/transition.h"

#include <array>

namespace zhida::casework {
namespace {

using S = CaseState;
using E = CaseEvent;
using R = Role;

constexpr auto kTransitions = std::to_array<Transition>({
    // Told and confirmed.
    {S::matched, E::relief_granted, S::decided, R::system},
    {S::matched, E::notified, S::notified, R::system},
    {S::notified, E::confirmed, S::confirmed, R::enterprise},
    {S::notified, E::declined, S::refused, R::enterprise},
    {S::notified, E::lapsed, S::lapsed, R::system},
    // The account. Where the final yes stands (it was given for this very account), payee_passed leads to `approved`.
    {S::confirmed, E::payee_check_started, S::payee_check, R::system},
    {S::payee_check, E::payee_passed, S::in_review, R::system},
    {S::payee_check, E::payee_failed, S::payee_repair, R::system},
    {S::payee_repair, E::confirmed, S::confirmed, R::enterprise},
    {S::payee_repair, E::corrected, S::payee_check, R::officer},
    {S::payee_repair, E::declined, S::refused, R::enterprise},
    {S::payee_repair, E::lapsed, S::lapsed, R::system},
    // People.
    {S::in_review, E::reviewed, S::in_review, R::maker},
    {S::in_review, E::reviewed, S::in_review, R::checker},
    {S::in_review, E::refused, S::refused, R::maker},
    {S::in_review, E::refused, S::refused, R::checker},
    {S::in_review, E::review_completed, S::in_review, R::system},
    {S::in_review, E::publicity_started, S::publicity, R::system},
    {S::in_review, E::approved, S::approved, R::releaser},
    {S::in_review, E::refused, S::refused, R::releaser},
    {S::publicity, E::objection_raised, S::held, R::anyone},
    {S::held, E::objection_raised, S::held, R::anyone},
    {S::held, E::objection_dismissed, S::publicity, R::officer},
    {S::held, E::objection_upheld, S::refused, R::officer},
    {S::held, E::review_again, S::in_review, R::officer},
    {S::publicity, E::publicity_ended, S::publicity, R::system},
    {S::publicity, E::approved, S::approved, R::releaser},
    {S::publicity, E::refused, S::refused, R::releaser},
    // Fresh data, then money.
    {S::approved, E::recheck_started, S::rechecking, R::system},
    {S::rechecking, E::recheck_passed, S::rechecking, R::system},
    {S::rechecking, E::recheck_changed, S::in_review, R::system},
    {S::rechecking, E::recheck_failed, S::voided, R::system},
    {S::rechecking, E::requested, S::requested, R::system},
    {S::rechecking, E::sent_to_fund, S::sent_to_fund, R::system},
    {S::requested, E::paid, S::paid, R::treasury},
    {S::requested, E::sent_back, S::payee_repair, R::treasury},
    {S::requested, E::cancelled, S::payee_repair, R::treasury},
    {S::requested, E::returned, S::payee_repair, R::treasury},
    {S::paid, E::returned, S::payee_repair, R::treasury},
    {S::sent_to_fund, E::fund_acknowledged, S::decided, R::fund},
    // New data before the final yes. While somebody's objection is open the amount stays as published.
    {S::matched, E::amount_changed, S::matched, R::system},
    {S::notified, E::amount_changed, S::notified, R::system},
    {S::confirmed, E::amount_changed, S::confirmed, R::system},
    {S::payee_repair, E::amount_changed, S::payee_repair, R::system},
    {S::in_review, E::amount_changed, S::in_review, R::system},
    {S::publicity, E::amount_changed, S::in_review, R::system},
    {S::voided, E::matched_again, S::matched, R::system},
    {S::matched, E::voided, S::voided, R::system},
    {S::notified, E::voided, S::voided, R::system},
    {S::confirmed, E::voided, S::voided, R::system},
    {S::payee_repair, E::voided, S::voided, R::system},
    {S::in_review, E::voided, S::voided, R::system},
    {S::publicity, E::voided, S::voided, R::system},
    {S::held, E::voided, S::voided, R::system},
    {S::payee_repair, E::voided, S::voided, R::officer},
    {S::in_review, E::voided, S::voided, R::officer},
    {S::publicity, E::voided, S::voided, R::officer},
    {S::approved, E::voided, S::voided, R::officer},
    {S::rechecking, E::voided, S::voided, R::officer},
});

constexpr std::array kRoles = {"system", "enterprise", "maker",    "checker", "releaser",
                               "anyone", "officer",    "treasury", "fund"};
static_assert(kRoles.size() == static_cast<std::size_t>(Role::fund) + 1);

}  // namespace

const char* to_text(Role role) {
  return kRoles[static_cast<std::size_t>(role)];
}

std::optional<Role> role_from(std::string_view text) {
  for (std::size_t i = 0; i < kRoles.size(); ++i) {
    if (text == kRoles[i]) return static_cast<Role>(i);
  }
  return std::nullopt;
}

std::span<const Transition> transitions() {
  return kTransitions;
}

Result<CaseState> next_state(const BenefitCase& benefit_case, CaseEvent event, Role role) {
  if (benefit_case.frozen && role != Role::treasury) {
    return refuse("case_frozen", "The treasury contradicted itself about case " + benefit_case.id.str() +
                                     "; an officer must settle that first.");
  }
  std::string needed;
  for (const Transition& transition : kTransitions) {
    if (transition.from != benefit_case.state || transition.event != event) continue;
    if (transition.role == role || transition.role == Role::anyone) {
      if (event == CaseEvent::payee_passed && benefit_case.approved_once) return CaseState::approved;
      return transition.to;
    }
    needed += (needed.empty() ? "" : " or ") + std::string(to_text(transition.role));
  }
  if (!needed.empty()) {
    return refuse("case_role_wrong", "For `" + std::string(to_text(event)) + "` of case " + benefit_case.id.str() +
                                         " somebody acts as " + needed + ", not as " + to_text(role) + ".");
  }
  return refuse("case_event_not_possible", "Case " + benefit_case.id.str() + " is " + to_text(benefit_case.state) +
                                               "; `" + to_text(event) + "` cannot happen to it.");
}

}  // namespace zhida::casework
