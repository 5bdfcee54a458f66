#include "flow/policy_book.h"

#include <utility>

namespace zhida::flow {

struct PolicyBook::Content {
  std::vector<matching::Policy> policies;
  std::vector<UnreadableItem> unreadable;
  matching::HeldBack unconfirmed;
  std::map<PolicyId, std::size_t> by_id;
  std::int64_t round = 0;
};

PolicyBook::PolicyBook(ItemsInForce items, std::int64_t round) {
  replace(std::move(items), round);
}

void PolicyBook::replace(ItemsInForce items, std::int64_t round) {
  auto next = std::make_shared<Content>();
  next->policies = std::move(items.items);
  next->unreadable = std::move(items.unreadable);
  next->unconfirmed = std::move(items.unconfirmed);
  next->round = round;
  for (std::size_t i = 0; i < next->policies.size(); ++i) next->by_id[next->policies[i].id] = i;
  Lock lock(mutex_);
  content_ = std::move(next);
}

std::shared_ptr<const PolicyBook::Content> PolicyBook::content() const {
  Lock lock(mutex_);
  return content_;
}

PolicyList PolicyBook::all() const {
  const auto now = content();
  if (now == nullptr) return {};
  return PolicyList(std::shared_ptr<const std::vector<matching::Policy>>(now, &now->policies));
}

std::shared_ptr<const matching::Policy> PolicyBook::find(const PolicyId& id) const {
  const auto now = content();
  if (now == nullptr) return nullptr;
  const auto it = now->by_id.find(id);
  if (it == now->by_id.end()) return nullptr;
  return {now, &now->policies[it->second]};
}

std::optional<HandlingSettings> PolicyBook::handling(const PolicyId& id) const {
  const auto policy = find(id);
  if (policy == nullptr) return std::nullopt;
  return matching::handling_settings(*policy);
}

std::vector<UnreadableItem> PolicyBook::unreadable() const {
  const auto now = content();
  return now == nullptr ? std::vector<UnreadableItem>{} : now->unreadable;
}

matching::HeldBack PolicyBook::unconfirmed() const {
  const auto now = content();
  return now == nullptr ? matching::HeldBack{} : now->unconfirmed;
}

std::int64_t PolicyBook::round() const {
  const auto now = content();
  return now == nullptr ? 0 : now->round;
}

}  // namespace zhida::flow
