// What of the whole hub a person of one division may see and do.
#pragma once
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "console/app.h"
#include "flow/people.h"

namespace zhida::console {

/// GET /api/v1/status. Who sees the hub's city sees everything; others the numbers of their own divisions, and of each
/// source whether it works, but neither its errors nor its rows.
Result<Json> status_for(App& app, const flow::Person& person);

/// What changes the data of every division (a list that replaces the list before, a source's whole delivery) is for
/// people of the hub's city. Error `division_not_yours`.
Result<void> needs_whole_hub(const App& app, const flow::Person& person);

/// A pull of one firm's data is for whoever sees that firm. Error `division_not_yours`, also for a firm nobody knows.
Result<void> may_pull(App& app, const flow::Person& person, const std::string& uscc);

}  // namespace zhida::console
