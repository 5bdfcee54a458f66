#pragma once
#include <iosfwd>
#include <string>
#include <vector>

namespace zhida::mapping {

/// `zhida mapping check|test|run …` without the two leading words: {"check", "mappings/"}. Exit codes: 0 fine,
/// 1 findings or failed examples, 2 usage. `--json` prints one JSON document.
///   check <path…>                 every finding as file:line:col: CODE message
///   test  <path…>                 the examples beside the mappings (x.yaml ↔ x.test.yaml)
///   run   <mapping.yaml> [-i in.json] [--mappings DIR]   one record (columns as a JSON object) → what the mapping
///   makes of it
int run_mapping_command(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out,
                        std::ostream& err);

}  // namespace zhida::mapping
