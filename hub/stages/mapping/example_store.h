#pragma once
#include <string>
#include <vector>

#include "stages/mapping/mapping_set.h"

namespace zhida::mapping {

struct ExampleReport {
  std::size_t examples = 0;
  std::vector<Finding> findings;  ///< One for each example that did not come out, or for what is wrong in the file.
};

/// Runs the examples of one file (`credit_grade.test.yaml`) against the mapping that it names.
ExampleReport run_examples(const std::string& path, const MappingSet& mappings);

/// What an outcome says, for comparing and printing: `firm`, `as_of`, `fields.<name>` …; unknown values are empty.
std::vector<std::pair<std::string, std::string>> describe(const MappingOutcome& outcome);

}  // namespace zhida::mapping
