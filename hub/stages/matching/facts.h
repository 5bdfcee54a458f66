#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "stages/matching/policy.h"

namespace zhida::matching {

/// What an item can ask about a firm on a day: the profile's fields, what the firm's region sets, and what the item
/// derives from both. Lives no longer than policy and profile.
class Facts {
 public:
  Facts(const Policy& policy, const EnterpriseProfile& profile, Date day);

  const FieldState* find(const std::string& field) const;
  /// The value of a region datum for the firm's division; null where no entry covers it.
  const FieldData* datum(const std::string& name) const;
  Date day() const { return day_; }

 private:
  const Policy& policy_;
  const EnterpriseProfile& profile_;
  Date day_;
  std::map<std::string, FieldState> own_;  // Regional and derived.
};

/// Writes the item's derived fields into the profile, as columns like any other (source `derived`). A value that a
/// source reports under the same name stands. Call it again after a part changed.
void derive_into(const Policy& policy, EnterpriseProfile& profile);

/// The codes that a field of several codes holds: `养老、医疗,失业` → three. Separators are `、`, `,`, `，`, `;`, `；`.
std::vector<std::string_view> codes_of(std::string_view text);

}  // namespace zhida::matching
