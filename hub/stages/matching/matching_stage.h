#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "audit/audit_trail.h"
#include "base/clock.h"
#include "base/result.h"
#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "platform/storage/database.h"
#include "stages/matching/beyond.h"
#include "stages/matching/decision.h"
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
  /// `context` goes into every decision.
  MatchingStage(const Clock& clock, const audit::AuditTrail& audit, DecisionContext context = {})
      : clock_(clock), audit_(audit), context_(std::move(context)) {}

  /// Makes `policies` the items in force: new versions are stored and put in force, items that are not among them are
  /// withdrawn. The same set again changes nothing. `actor` as in AuditEntry.
  Result<PublishOutcome> publish(storage::Transaction& transaction, std::span<const Policy> policies,
                                 const std::string& actor);

  /// One item alone: its version comes in force, the one before is superseded. Adds to `out`.
  Result<void> put_in_force(storage::Transaction& transaction, const Policy& policy, const std::string& actor,
                            PublishOutcome& out);
  /// One item alone goes out of force, and with it all entitlements to it. Adds to `out`.
  Result<void> withdraw(storage::Transaction& transaction, const PolicyId& id, const std::string& version,
                        const std::string& actor, PublishOutcome& out);

  /// Evaluates every pair, saves what differs and appends it to the history. The same profiles again change nothing
  /// but the day. `held`: items that nobody meets until their data are confirmed.
  Result<MatchOutcome> on_profiles_changed(storage::Transaction& transaction,
                                           std::span<const EnterpriseProfile> profiles,
                                           std::span<const Policy> policies, Date day, const std::string& trace_id,
                                           const HeldBack& held = {});

 private:
  Result<void> tell(storage::Transaction& transaction, const EntitlementChange& change, const Decision& decision);

  const Clock& clock_;
  const audit::AuditTrail& audit_;
  const DecisionContext context_;
};

}  // namespace zhida::matching
