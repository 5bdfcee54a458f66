// The decision that a fund carries out, as canonical JSON: pure.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/benefit_case.h"

namespace zhida::casework {

struct DecisionHand {
  std::string department, hand, actor;
};

/// RFC 8785 bytes of `{"kind":"benefit_decision","version":1,…}`; described in docs/treasury_interface.md.
/// Errors `decision_incomplete` (names what is missing), `json_not_canonical`.
Result<std::string> decision_document(const BenefitCase& benefit_case, const std::string& fund,
                                      const std::vector<DecisionHand>& hands, Date decided_on);

}  // namespace zhida::casework
