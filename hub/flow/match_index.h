#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "base/mutex.h"
#include "domain/enterprise_profile.h"
#include "domain/entitlement.h"
#include "flow/match_index_state.h"
#include "platform/storage/database.h"
#include "stages/matching/engine/firms.h"
#include "stages/matching/policy.h"
#include "stages/matching/together_stage.h"

namespace zhida::profile {
struct ProfileRules;
}

namespace zhida::flow {

/// The matching engine beside the store: a cache that says which firms have to be looked at. It is read from the store
/// at the start, on several threads, and nothing waits for it; a crash loses nothing but the time to read again.
class MatchIndex {
 public:
  /// `ready` is told when a load came to its end; from any thread.
  MatchIndex(storage::Database& database, const profile::ProfileRules& rules, const MatchIndexSettings& settings,
             std::function<void()> ready);
  ~MatchIndex();  ///< stop().
  MatchIndex(const MatchIndex&) = delete;
  MatchIndex& operator=(const MatchIndex&) = delete;

  void stop();
  MatchIndexState state() const;  ///< Any thread.

  // The match door only, from here on: its thread, or the writer's while the door waits for its commit.

  /// Before each round: begins to load, takes what was loaded, follows the items of the book. `cursor` is the last
  /// profile change that the door has dealt with, `list_rounds` how many rounds for lists were asked for.
  Result<void> settle(std::span<const matching::Policy> policies, Date today, std::int64_t cursor,
                      std::int64_t list_rounds);
  /// Whether firms() will be there soon: what concerns all firms then had better wait for it.
  bool loading() const;
  /// The firms with the items given to settle(); null while there are none.
  matching::engine::Firms* firms() { return firms_.get(); }

  /// Brings the firms to the day. Afterwards due() holds those that must be put() anew.
  void move_to(Date today);
  const std::set<std::string>& due() const { return due_; }
  /// While loading: the firm was matched, and is told of again when the load is taken.
  void note(const std::string& uscc) { noted_.insert(uscc); }
  /// A firm as it is now; gives how many verdicts changed. Only where there are firms().
  std::size_t put(const EnterpriseProfile& profile);
  /// What the evaluator said of a firm that was put() just now, by item. Its word stands; a difference is told.
  void check(const std::string& uscc, std::span<const Verdict> evaluated);
  /// Firms whose stored verdicts are not what they should be, or were made under another version of the item, or whose
  /// sums may have changed with the day.
  Result<std::set<std::string>> differing(bool day_moved, bool items_new);

 private:
  /// What one load came to.
  struct Loaded {
    std::unique_ptr<matching::engine::Firms> firms;
    std::int64_t sequence = 0, list_rounds = 0;  // What the store held when reading began.
    std::optional<Error> error;
  };
  void take_items(std::span<const matching::Policy> policies);
  std::vector<matching::Policy> policies_of_engine() const;
  void begin(std::span<const matching::Policy> policies, Date today);
  Loaded load(std::unique_ptr<matching::engine::Firms> firms);
  Result<void> read_all(Loaded& loaded);
  Result<void> read_slice(matching::engine::Firms& firms, std::span<const std::string> usccs);
  Result<void> catch_up(Loaded& loaded, std::int64_t cursor);
  Result<std::vector<EnterpriseProfile>> profiles_of(const std::vector<std::string>& usccs, Date day);

  storage::Database& database_;
  const profile::ProfileRules& rules_;
  const bool on_;
  const unsigned threads_;
  const std::function<void()> ready_;
  Log log_{"match_index"};

  std::unique_ptr<matching::engine::Firms> firms_;
  std::vector<matching::Policy> items_;             // Of firms_, or of those that are being read.
  std::vector<matching::EngineItem> engine_items_;  // The same, as the engine has them.
  std::set<std::string> due_, noted_;
  std::chrono::steady_clock::time_point try_again_{};
  std::jthread loader_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::int64_t> read_ = 0;

  mutable Mutex mutex_;
  std::optional<Loaded> loaded_ GUARDED_BY(mutex_);
  MatchIndexState state_ GUARDED_BY(mutex_);
};

}  // namespace zhida::flow
