#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "stages/matching/policy.h"

// What an outcome means for the firm and for the item: how little is missing, what would decide it, who is excluded by
// what. Pure.
namespace zhida::matching {

/// 差一项: a condition that alone stands between the firm and the item.
struct NearMiss {
  ClauseVerdict clause;         ///< With value, threshold and gap.
  Verdict then = Verdict::met;  ///< The item's verdict if the condition were met: met, or unknown.
};
/// Of a firm that does not meet the item. Empty where more than one thing is missing, and outside the item's period.
std::vector<NearMiss> near_misses(const Policy& policy, const EnterpriseProfile& profile, Date day);

/// A condition whose data are unknown, and what knowing them would do.
struct OpenQuestion {
  ClauseVerdict clause;
  Verdict if_met = Verdict::unknown, if_not_met = Verdict::unknown;
  bool decides() const { return if_met != Verdict::unknown && if_not_met != Verdict::unknown; }
};
/// Of a firm whose verdict is unknown: the conditions that can still turn it, those that decide it alone first. Unknown
/// conditions that cannot turn it any more are left out.
std::vector<OpenQuestion> open_questions(const Policy& policy, const EnterpriseProfile& profile, Date day);

/// 应享未享: what the firm meets and did not receive. `received` holds items for which something is paid or under way.
std::vector<Entitlement> owed(std::span<const Entitlement> of_one_firm, std::span<const PolicyId> received);

/// Which condition excludes how many.
class Funnel {
 public:
  Funnel(const Policy& policy, Date day);
  void add(const EnterpriseProfile& profile);

  struct Step {
    std::string id, text;
    std::int64_t met = 0, not_met = 0, unknown = 0;
    std::int64_t alone = 0;  ///< Firms that only this condition keeps out.
    std::int64_t left =
        0;  ///< Firms that this condition and those before it leave (met or unknown); steps of an `all`.
  };
  std::int64_t firms = 0, met = 0, not_met = 0, unknown = 0;
  const std::vector<Step>& steps() const { return steps_; }
  Json to_json() const;  ///< The steps.

 private:
  const Policy& policy_;
  Date day_;
  std::vector<Step> steps_;
};

}  // namespace zhida::matching
