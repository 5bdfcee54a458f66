#include "flow/policy_book.h"

#include <utility>

namespace zhida::flow {

PolicyBook::PolicyBook(std::vector<matching::Policy> policies) : policies_(std::move(policies)) {
  for (std::size_t i = 0; i < policies_.size(); ++i) by_id_[policies_[i].id] = i;
}

const matching::Policy* PolicyBook::find(const PolicyId& id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : &policies_[it->second];
}

std::optional<HandlingSettings> PolicyBook::handling(const PolicyId& id) const {
  const auto* policy = find(id);
  if (policy == nullptr) return std::nullopt;
  return matching::handling_settings(*policy);
}

}  // namespace zhida::flow
