#pragma once
#include <string>

#include "adapters/townspeople/people.h"

namespace zhida::townspeople {

struct StoryOptions {
  Town town;
  std::string clock_file;
  int days_max = 75;     ///< Calendar days after the start; a story that is not over by then has failed.
  bool progress = true;  ///< One line a day on standard error.
};

/// Runs the town to its end: waits until every source was read, compares verdicts with the truth, then lets days pass,
/// with people acting, until nothing is open. Gives the report that `deploy/demo --once --json` prints. What was found
/// on the fixed date is kept in `<folder>/verdicts.json`, so that a story that was interrupted goes on where it
/// stopped.
Result<Json> tell_story(const StoryOptions& options);

/// The people of the town, for as long as the demo runs: time passes a day each `day_seconds`.
Result<void> live(const StoryOptions& options, int day_seconds, const std::function<bool()>& stopping);

/// True when the report says that everything agreed; `why_not` names what did not.
bool all_agreed(const Json& report, std::string& why_not);

}  // namespace zhida::townspeople
