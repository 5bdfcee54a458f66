#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit/audit_trail.h"
#include "base/result.h"
#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "platform/storage/database.h"
#include "stages/matching/exclusion.h"
#include "stages/matching/policy.h"

namespace zhida::matching {

/// A person who counts for a firm's benefit: used by it once money is asked for.
struct PersonClaim {
  std::string benefit, digest;
  int keep_months = 0;
};

/// What is said of one firm when everything is taken together.
struct Judgement {
  std::vector<Entitlement> entitlements;  ///< One for each policy, in their order.
  /// What evaluate() says of each policy by itself, on the profile with its receipts and nothing else: what engines
  /// say.
  std::vector<Verdict> alone;
  std::vector<ExclusionQuestion> questions;
  std::map<PolicyId, std::vector<PersonClaim>> claims;

  /// What evaluate() was given for the item: the profile with receipts, and where the item needs them counts of persons
  /// and its place. Clauses `exclusive`, `rank` and `pool` are beyond it.
  const EnterpriseProfile& facts_of(const PolicyId& policy, const EnterpriseProfile& profile) const {
    const auto own = facts.find(policy);
    return own != facts.end() ? own->second : with_receipts ? *with_receipts : profile;
  }
  std::optional<EnterpriseProfile> with_receipts;
  std::map<PolicyId, EnterpriseProfile> facts;  ///< Where they differ from those of other items.
};

/// evaluate() for each item, with what it cannot know of one firm and one item alone: what was received before, the
/// lists of persons, the places and shares of decided rounds, the other items of an exclusive group and the firm's
/// cases. Only reads. `without_round`: the item whose place is being drawn up: it is judged as if it had one.
Result<Judgement> judge_firm(storage::Transaction& transaction, std::span<const Policy> policies,
                             const EnterpriseProfile& profile, Date day, const Policy* without_round = nullptr);

/// The same for one item of `policies`, which comes first; beside it are judged only the items that it has to do with.
/// Nothing where it is not among them.
Result<Judgement> judge_item(storage::Transaction& transaction, std::span<const Policy> policies, const PolicyId& item,
                             const EnterpriseProfile& profile, Date day, const Policy* without_round = nullptr);

/// An item as an engine can judge it, which knows of a firm no more than its profile with receipts.
struct EngineItem {
  Policy policy;       ///< Where it is not exact: no firm that may meet the item fails to meet or may meet this one.
  bool exact = true;   ///< Its verdict is Judgement::alone, and but for rivals also that of the entitlement.
  bool dated = false;  ///< Not exact: whether the outcome can change by the mere passing of days.
};
std::vector<EngineItem> for_engines(std::span<const Policy> policies);

/// Tells the trail what people must decide; each question once. Gives how many were new.
Result<std::int64_t> ask_people(storage::Transaction& transaction, const audit::AuditTrail& trail,
                                std::span<const Policy> policies, const Judgement& judgement,
                                const EnterpriseProfile& profile, Instant now, const std::string& trace_id);

/// The persons who count for the case are used from now on, for others too. Comes again with every re-check.
Result<void> claim_persons(storage::Transaction& transaction, const std::vector<PersonClaim>& claims,
                           const std::string& reference, const std::string& award, Date today);

}  // namespace zhida::matching
