// Whether what a pack says of how its item came in force agrees with itself and with the log.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "seal/pack_verify.h"

namespace zhida::seal {

/// Looks at the facts `policy.…`; `records`: what the log says of the item, each proven to be in it already. Gives the
/// report's `approval`: way, version, steps, and how many of them a record proves; null for packs of earlier programs.
/// Findings, all `data_hash`: another version than the case's; a step missing, or one person in two places where that
/// must not be; a step, back-test or list of data other than the log's record of it.
Json check_approvals(const std::map<std::string, Json>& facts, const std::vector<Json>& records,
                     std::vector<PackFinding>& findings, std::vector<std::string>& notes);

}  // namespace zhida::seal
