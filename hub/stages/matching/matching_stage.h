#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit/audit_trail.h"
#include "base/clock.h"
#include "base/result.h"
#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "platform/storage/database.h"
#include "stages/matching/policy.h"

namespace zhida::matching {

/// An outcome that differs from the stored one in verdict, sum, parts or version of the item; or the first of its pair.
struct EntitlementChange {
  Entitlement now;
  std::optional<Verdict> verdict_before;  ///< nullopt: the pair was never looked at.
  std::optional<Money> amount_before;
};

struct MatchOutcome {
  std::int64_t evaluated = 0;              ///< Pairs of firm and item.
  std::vector<Verdict> verdicts;           ///< evaluate()'s of each item alone, by firm, then item.
  std::vector<EntitlementChange> changed;  ///< In the order of the profiles, then of the items. For casework.
};

struct PublishOutcome {
  std::vector<PolicyId> published;  ///< New versions in force: their firms must be matched again.
  std::vector<PolicyId> withdrawn;
  std::vector<EntitlementChange> changed;  ///< Entitlements to items that were withdrawn: not met any more.
};

/// The match door's first half: profiles + policies + day → entitlements. Works inside the caller's transaction, so
/// that what it saves stands or falls with what casework makes of it.
class MatchingStage {
 public:
  MatchingStage(const Clock& clock, const audit::AuditTrail& audit) : clock_(clock), audit_(audit) {}

  /// Makes `policies` the items in force: new versions are stored and put in force, items that are not among them are
  /// withdrawn. The same set again changes nothing. `actor` as in AuditEntry.
  Result<PublishOutcome> publish(storage::Transaction& transaction, std::span<const Policy> policies,
                                 const std::string& actor);

  /// Evaluates every pair, saves what differs and appends it to the history. The same profiles again change nothing
  /// but the day.
  Result<MatchOutcome> on_profiles_changed(storage::Transaction& transaction,
                                           std::span<const EnterpriseProfile> profiles,
                                           std::span<const Policy> policies, Date day, const std::string& trace_id);

 private:
  Result<void> tell(storage::Transaction& transaction, const EntitlementChange& change, const std::string& trace_id);

  const Clock& clock_;
  const audit::AuditTrail& audit_;
};

}  // namespace zhida::matching
