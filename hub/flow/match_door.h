#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "flow/match_index.h"
#include "flow/rooms.h"
#include "flow/worker.h"
#include "stages/matching/matching_stage.h"

namespace zhida::casework {
class Casework;
}

namespace zhida::flow {

/// The match door: follows the numbered log of profile changes, days that pass (values that go stale, items that begin
/// or end), new versions of items and lists that moved; evaluates, and opens or updates cases, in one transaction a
/// portion of firms. Where a day or an item may concern any firm, the matching engine says which; without it, all are
/// looked at.
class MatchDoor {
 public:
  /// `cases_changed` is told after each commit that touched a case.
  MatchDoor(const Rooms& rooms, casework::Casework& casework, const MatchIndexSettings& engine,
            std::function<void()> cases_changed);
  ~MatchDoor() { stop(); }

  /// Makes the items of the book those in force; asks for a round over all firms when a version is new. At start.
  Result<void> publish();
  void start() { worker_.start(); }
  void stop() {
    worker_.stop();
    index_.stop();
  }
  void wake() { worker_.wake(); }
  bool busy() const { return deferred_ || worker_.busy(); }
  MatchIndexState engine_state() const { return index_.state(); }

 private:
  struct Agenda;
  Result<bool> round();
  Result<Agenda> read_agenda();
  Result<void> match_firms(const std::vector<std::string>& usccs, Date day,
                           const std::function<Result<void>(storage::Transaction&)>& and_then);
  Result<void> match_everybody(Date day);
  static std::set<std::string> changed(const Agenda& agenda);
  /// Firms that changed, and those of which a value goes stale: one pass over the store, so not for rounds that wait.
  Result<std::set<std::string>> changed_or_stale(const Agenda& agenda);
  /// A day passed or items are new: those whom the engine finds.
  Result<void> match_differing(const Agenda& agenda,
                               const std::function<Result<void>(storage::Transaction&)>& and_then);
  /// With nothing else to do: a portion of the firms whom no new item concerns, so that of them, too, an outcome under
  /// the version in force is kept. True while there are more.
  Result<bool> write_down_the_rest(const Agenda& agenda);
  /// Evaluates and lets casework act on what changed.
  Result<void> match(storage::Transaction& transaction, const std::vector<EnterpriseProfile>& profiles, Date day,
                     bool& cases);

  const Rooms& rooms_;
  casework::Casework& casework_;
  const std::function<void()> cases_changed_;
  matching::MatchingStage matching_;
  Log log_{"match_door"};
  bool survey_owed_ = false;      // The engine went on to another day, and not everybody was looked at yet.
  std::int64_t rest_round_ = -1;  // What write_down_the_rest() is at, and after which firm it goes on.
  std::string rest_after_;
  std::atomic<bool> deferred_ = false;  // Something waits for the engine to be read.
  MatchIndex index_;
  Worker worker_;  // They wake one another: stop() before either goes.
};

}  // namespace zhida::flow
