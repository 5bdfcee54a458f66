#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "stages/matching/policy.h"

// A decision is what came out and everything that went in, so that years later the same comes out of it, without
// today's profile, files or tables. Pure.
namespace zhida::matching {

/// With what a hub decides, besides item and profile.
struct DecisionContext {
  std::string code_lists;  ///< SHA-256 over the code tables; table code_lists says of which files.
  std::string program;     ///< Version of the program.
};

struct Decision {
  std::int64_t id = 0;
  std::string purpose = "matched";  ///< `matched`, `withdrawn`, `rechecked`, `requested`
  std::string case_id;              ///< Of the latter two.
  Entitlement entitlement;
  std::optional<std::string> facts;  ///< As facts_text() made it; nullopt: decided by an older program.
  DecisionContext context;
  Instant at{};
  std::string trace_id;
};

/// What the item asked of the profile, and what it read, as canonical JSON: value, source, day and row of each field,
/// or why it was unknown; and the day. Fields that nobody reported are left out.
std::string facts_text(const Policy& policy, const EnterpriseProfile& profile, Date day);
/// The profile as far as the item asks for it. Error `facts_malformed`.
Result<EnterpriseProfile> profile_from(const Decision& decision);

/// SHA-256 over all that was decided and on what, hex; the trail keeps it.
std::string decision_digest(const Decision& decision);

/// Something that is not as it was stored.
struct Difference {
  std::string what;  ///< `verdict`, `clause.c1.value`, `policy.version` …
  std::string stored, again;
};
struct Replay {
  bool possible = false;
  std::string why_not;  ///< A sentence; where it is not possible.
  std::vector<Difference> differences;
  std::optional<Policy> policy;  ///< The item as it was.
  bool identical() const { return possible && differences.empty(); }
};
/// Evaluates the stored item on the stored facts on the day of the decision, and says what does not agree to the bit.
/// `body` is the item's stored form, whose SHA-256 must be the version. What was beyond firm and item (exclusive groups,
/// ranks, pools) is taken as it was decided: it stands in decisions of its own.
Replay replay(const Decision& decision, const std::string& body);

}  // namespace zhida::matching
