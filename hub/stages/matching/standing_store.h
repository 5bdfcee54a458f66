#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "platform/storage/database.h"
#include "stages/matching/exclusion.h"

// SQL and nothing else: what a firm has already, read from its cases.
namespace zhida::matching {

/// One entry for each item and period. Relations are those of the item in force, or of the version that the case was
/// opened under where it is not in force any more.
Result<std::vector<Standing>> read_standing(storage::Transaction& transaction, const std::string& uscc,
                                            std::span<const Policy> policies);

}  // namespace zhida::matching
