#pragma once
#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "stages/matching/policy.h"

namespace zhida::matching {

/// Who may receive what: the policy on one profile, as of one day. Pure and total. Every clause is evaluated, none is
/// skipped because another one decided already. Three-valued (kleene.h): what is missing, contradicting or too old is
/// unknown, and unknown never becomes met.
///
/// Besides the policy's own clauses two more are reported: `valid`, where the policy states a period, and `amount`,
/// where the sum depends on profile data; a sum that cannot be computed leaves the verdict unknown.
Entitlement evaluate(const Policy& policy, const EnterpriseProfile& profile, Date day);

/// One condition alone; `clause.kind` must be condition.
ClauseVerdict evaluate_condition(const Clause& clause, const EnterpriseProfile& profile, Date day);

}  // namespace zhida::matching
