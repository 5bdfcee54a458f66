#pragma once
#include <optional>
#include <string>
#include <vector>

#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "stages/matching/policy.h"

namespace zhida::matching {

/// What a policy's amount rule gives for one profile.
struct AmountOutcome {
  Verdict verdict = Verdict::met;  ///< unknown: an input is unknown; not_met: the policy names no sum for this code.
  std::optional<Money> total;      ///< Absent for reliefs, and unless met.
  std::vector<Tranche> tranches;   ///< Payable now; parts of zero fen are left out.
  std::optional<ClauseVerdict> clause;  ///< The `amount` clause; absent where the sum needs no profile data.
  std::string trace;                    ///< For people (Chinese).
};

/// Integer fen throughout, products in 128 bits, rounded once as the policy says. Pure and total.
AmountOutcome compute_amount(const Policy& policy, const EnterpriseProfile& profile);

}  // namespace zhida::matching
