#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "flow/rooms.h"
#include "flow/worker.h"
#include "stages/matching/matching_stage.h"

namespace zhida::casework {
class Casework;
}

namespace zhida::flow {

/// The match door: follows the numbered log of profile changes, days that pass (values that go stale, items that begin
/// or end) and lists that moved; evaluates, and opens or updates cases, in one transaction a portion of firms.
class MatchDoor {
 public:
  /// `cases_changed` is told after each commit that touched a case.
  MatchDoor(const Rooms& rooms, casework::Casework& casework, std::function<void()> cases_changed);

  /// Makes the items of the book those in force; asks for a round over all firms when a version is new. At start.
  Result<void> publish();
  void start() { worker_.start(); }
  void stop() { worker_.stop(); }
  void wake() { worker_.wake(); }
  bool busy() const { return worker_.busy(); }

 private:
  struct Agenda;
  Result<bool> round();
  Result<Agenda> read_agenda();
  Result<void> match_firms(const std::vector<std::string>& usccs, Date day,
                           const std::function<Result<void>(storage::Transaction&)>& and_then);
  Result<void> match_everybody(Date day);
  /// Evaluates and lets casework act on what changed.
  Result<void> match(storage::Transaction& transaction, const std::vector<EnterpriseProfile>& profiles, Date day,
                     bool& cases);

  const Rooms& rooms_;
  casework::Casework& casework_;
  const std::function<void()> cases_changed_;
  matching::MatchingStage matching_;
  Log log_{"match_door"};
  Worker worker_;
};

}  // namespace zhida::flow
