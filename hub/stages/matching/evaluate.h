#pragma once
#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "stages/matching/facts.h"
#include "stages/matching/policy.h"

namespace zhida::matching {

/// Who may receive what: the policy on one profile, as of one day. Pure and total. Every clause is evaluated, none is
/// skipped because another one decided already. Three-valued (kleene.h): what is missing, contradicting or too old is
/// unknown, and unknown never becomes met.
///
/// Besides the policy's own clauses two more are reported: `valid`, where the policy states a period, and `amount`,
/// where the sum depends on profile data; a sum that cannot be computed leaves the verdict unknown. An item that cannot
/// be computed at all (ItemKind::reminder) has the clause `reminder`, always unknown.
Entitlement evaluate(const Policy& policy, const EnterpriseProfile& profile, Date day);

/// One condition alone, without region data or derived fields; `clause.kind` must be condition.
ClauseVerdict evaluate_condition(const Clause& clause, const EnterpriseProfile& profile, Date day);

/// Whether `on_unknown: fail` is looked at. In a sum it is not: which tier or multiplier applies stays unknown.
enum class Unknowns { as_written, stay };

/// A clause of the policy and everything below it. Unlike evaluate() it tells of the parts only if `told` is given.
Verdict evaluate_clause(const Clause& clause, const Facts& facts, std::vector<ClauseVerdict>* told = nullptr,
                        Unknowns unknowns = Unknowns::as_written);

/// Whether a value of the clause's own type does what the condition asks; its operands must be values (no region data)
/// and its operator no window. For first_time the value is that of the list itself.
bool condition_holds(const Clause& clause, const FieldData& data);

}  // namespace zhida::matching
