#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "platform/storage/database.h"

// SQL and nothing else: the tables match_wanted and asked_once.
namespace zhida::matching {

/// The firm must be matched again though its profile did not change: something was received, an allocation was
/// decided, a case of a rival item moved on. Asked for twice before the match door came is asked once.
Result<void> ask_for_match(storage::Transaction& transaction, const std::string& uscc);

struct WantedMatch {
  std::string uscc;
  std::int64_t asked = 0;
};
Result<std::vector<WantedMatch>> wanted_matches(storage::Transaction& transaction, std::int64_t count_max);
/// What was asked for meanwhile stays.
Result<void> matched_as_wanted(storage::Transaction& transaction, const std::vector<WantedMatch>& wanted);

/// True the first time only: a person is asked once.
Result<bool> first_asked(storage::Transaction& transaction, const std::string& question, Instant now);

}  // namespace zhida::matching
