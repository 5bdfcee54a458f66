#pragma once
#include <memory>
#include <string>
#include <vector>

#include "stages/mapping/mapping_file.h"

namespace zhida::mapping {

/// Reads one mapping file. Everything wrong in it is a finding with line and column; nullptr where it cannot be used.
std::unique_ptr<Mapping> load_mapping(const std::string& path, const FieldCatalogue& fields, const CodeTables& codes,
                                      std::vector<Finding>& findings);

}  // namespace zhida::mapping
