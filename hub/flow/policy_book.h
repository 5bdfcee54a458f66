#pragma once
#include <map>
#include <string>
#include <vector>

#include "domain/policy_handling.h"
#include "stages/matching/policy.h"

namespace zhida::flow {

/// The items in force, and how each is handled: matching's file speaks of both, casework knows only the handling.
class PolicyBook {
 public:
  PolicyBook() = default;
  explicit PolicyBook(std::vector<matching::Policy> policies);

  const std::vector<matching::Policy>& all() const { return policies_; }
  const matching::Policy* find(const PolicyId& id) const;  ///< Null for items that are not in force.
  /// nullopt where the item is not in force.
  std::optional<HandlingSettings> handling(const PolicyId& id) const;

 private:
  std::vector<matching::Policy> policies_;
  std::map<PolicyId, std::size_t> by_id_;
};

}  // namespace zhida::flow
