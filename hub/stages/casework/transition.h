// The case's state table: pure. Everything that may happen to a case stands in one table; what does not stand there is
// refused.
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "domain/benefit_case.h"

namespace zhida::casework {

/// Who may let an event happen.
enum class Role {
  system,      ///< The hub itself: a deadline, a check, a re-check.
  enterprise,  ///< The firm (through the portal), or a clerk who acts for it.
  maker,
  checker,
  releaser,
  anyone,    ///< Objections.
  officer,   ///< A person of a department: corrections, decisions on objections and contradictions.
  treasury,  ///< The treasury's signed word.
  fund,
};
const char* to_text(Role role);
std::optional<Role> role_from(std::string_view text);

struct Transition {
  CaseState from;
  CaseEvent event;
  CaseState to;
  Role role;
};

/// The whole table, in story order.
std::span<const Transition> transitions();

/// Where the case goes. Errors: `case_event_not_possible` (names state and event), `case_role_wrong` (names the role it
/// needs), `case_frozen` (only the treasury's and an officer's events move a frozen case).
Result<CaseState> next_state(const BenefitCase& benefit_case, CaseEvent event, Role role);

}  // namespace zhida::casework
