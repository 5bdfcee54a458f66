#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "stages/matching/facts.h"
#include "stages/matching/policy.h"

namespace zhida::matching {

/// What one payer bears of the sum.
struct PayerShare {
  std::string payer;
  Money amount;
};

/// The parts add up to the sum; what rounding leaves goes to the first payer. None where nobody shares.
std::vector<PayerShare> split_by_payers(std::span<const CoFunder> payers, Money amount);

/// What a policy's amount rule gives for one profile.
struct AmountOutcome {
  Verdict verdict = Verdict::met;  ///< unknown: an input is unknown; not_met: the policy names no sum for this case.
  std::optional<Money> total;      ///< Absent for reliefs without a sum and items without one, and unless met.
  std::vector<Tranche> tranches;   ///< Payable now; parts of zero fen are left out. None for reliefs.
  std::optional<ClauseVerdict> clause;  ///< The `amount` clause; absent where the sum needs no profile data.
  std::string trace;                    ///< For people (Chinese).
  std::vector<PayerShare> shares;       ///< Co-funding; they add up to the total. Empty where one payer bears all.
};

/// Exact fractions throughout, rounded once as the policy says. Pure and total.
AmountOutcome compute_amount(const Policy& policy, const Facts& facts);
/// The same on the day of the profile.
AmountOutcome compute_amount(const Policy& policy, const EnterpriseProfile& profile);

/// What the sum needs, as a clause: it is met, not met or unknown exactly where compute_amount() is. The group `all` of
/// nothing where the sum needs nothing. For engines and exports; evaluate it with the policy (region data, derived
/// fields).
Clause amount_needs(const Policy& policy);

/// The derived field that stands for a formula's sum (before rounding to the policy's unit): `amount.IN-010`.
std::string formula_field(const PolicyId& policy);

}  // namespace zhida::matching
