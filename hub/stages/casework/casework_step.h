// Private to the folder: what each function of Casework hands to advance().
#pragma once
#include <optional>
#include <string>

#include "stages/casework/casework_stage.h"

namespace zhida::casework {

inline const Actor kSystem{"system", Role::system, {}};

/// One step of a case: what happened, by whom, and what is written down about it.
struct Casework::Step {
  CaseEvent event;
  Actor actor;
  std::string reason;
  std::string audit_kind;
  Json detail = Json::object();
  std::optional<Date> due_on = std::nullopt;
  bool keeps_due = false;  ///< An objection stops nobody's clock: the period of publication is kept.
};

}  // namespace zhida::casework
