#pragma once
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "flow/rooms.h"
#include "stages/matching/policy.h"

namespace zhida::flow {

struct BackTestReport {
  std::string inputs_digest;  ///< SHA-256 over both versions, the day, and what both read of each firm.
  Json report;
};

/// What putting `after` in force in place of `before` would do to the profiles as they stand today: firms gained and
/// lost, sums that change, the whole in fen against the money that is there, the funnel, who just misses it. Either
/// may be missing (an item that is new, or is taken out of force). Reads only, in one consistent view.
Result<BackTestReport> back_test(storage::Transaction& transaction, const Rooms& rooms,
                                 const std::optional<matching::Policy>& before,
                                 const std::optional<matching::Policy>& after);

}  // namespace zhida::flow
