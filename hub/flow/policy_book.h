#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "domain/policy_handling.h"
#include "stages/matching/beyond.h"
#include "stages/matching/policy.h"

namespace zhida::flow {

/// The items in force at one moment. A value that never changes: whoever holds it may read as long as they like while
/// another set comes in force.
class PolicyList {
 public:
  PolicyList() = default;
  explicit PolicyList(std::shared_ptr<const std::vector<matching::Policy>> items) : items_(std::move(items)) {}
  const matching::Policy* data() const { return items_ ? items_->data() : nullptr; }
  std::size_t size() const { return items_ ? items_->size() : 0; }
  bool empty() const { return size() == 0; }
  const matching::Policy* begin() const { return data(); }
  const matching::Policy* end() const { return data() + size(); }
  const std::shared_ptr<const std::vector<matching::Policy>>& items() const { return items_; }

 private:
  std::shared_ptr<const std::vector<matching::Policy>> items_;  // Shared: readers outlive the set being replaced.
};

/// An item in force whose stored form this program cannot read. Its firms keep what they were told, nothing follows
/// from it, and its cases wait, until it is proposed anew.
struct UnreadableItem {
  PolicyId id;
  std::string version, title, code, message;
};

struct ItemsInForce {
  std::vector<matching::Policy> items;
  std::vector<UnreadableItem> unreadable;
  /// Items whose data come from elsewhere, or grow stale later, than was confirmed when they came in force.
  matching::HeldBack unconfirmed;
};

/// The items in force, and how each is handled: matching's file speaks of both, casework knows only the handling. An
/// item that comes in force replaces the whole set at once. Any thread.
class PolicyBook {
 public:
  PolicyBook() = default;
  explicit PolicyBook(ItemsInForce items, std::int64_t round = 0);

  PolicyList all() const;
  std::shared_ptr<const matching::Policy> find(const PolicyId& id) const;  ///< Null for items that are not in force.
  /// nullopt where the item is not in force.
  std::optional<HandlingSettings> handling(const PolicyId& id) const;

  /// Which change of the set this is: the store counts them (kBookRound). A reader that finds a greater number in the
  /// store has come in the moment between the commit and replace().
  std::int64_t round() const;
  void replace(ItemsInForce items, std::int64_t round);
  std::vector<UnreadableItem> unreadable() const;
  matching::HeldBack unconfirmed() const;

 private:
  struct Content;
  std::shared_ptr<const Content> content() const;

  mutable Mutex mutex_;
  std::shared_ptr<const Content> content_ GUARDED_BY(mutex_);  // Shared: readers keep what they began with.
};

/// The number of the store's last change of the items in force (match_cursor): the round over all firms that it asked
/// for.
inline constexpr const char* kBookRound = "book_round";

}  // namespace zhida::flow
