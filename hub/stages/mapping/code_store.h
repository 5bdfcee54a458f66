#pragma once
#include <string>
#include <vector>

#include "domain/mapped_record.h"
#include "stages/mapping/code_tables.h"

namespace zhida::mapping {

/// Reads mappings/codes: every `*.yaml` is a table of words; region.csv, region_abolished.csv and industry.csv are
/// known by name. What is wrong goes to `findings`; what could be read is given.
CodeTables load_codes(const std::string& directory, std::vector<Finding>& findings);

}  // namespace zhida::mapping
