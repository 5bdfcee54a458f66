#pragma once
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/field_catalogue.h"
#include "domain/mapped_record.h"

namespace zhida::matching {

/// Reads fields.yaml. Handed in, because the mapping stage owns that file and stages do not meet.
using LoadFields = std::function<Result<FieldCatalogue>(const std::string& path, std::vector<Finding>& findings)>;

/// `zhida policy …` without the leading word. Exit codes: 0 fine, 1 findings or failed examples, 2 usage. Results go to
/// `out`, everything else to `err`.
///   check PATH… [--fields FILE] [--json]      findings as file:line:col: CODE message; notes go to `err`
///   test  PATH… [--fields FILE] [--json]      the examples beside the policies (x.yaml ↔ x.test.yaml)
///   match --policies DIR --profiles FILE.jsonl [--json] [--all] [--at DATE] [--fields FILE]
///         one line a pair that is not plainly not met; with --all every pair
///   explain --policies DIR [--policy ID] [--profiles FILE.jsonl --uscc CODE] [--at DATE] [--fields FILE]
///         without profiles: the items as Chinese text; with a firm: clause by clause
/// fields.yaml is looked for in the folder of the policies and then one above, unless --fields names it. --at is today
/// in China unless given.
int run_policy_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
                       const LoadFields& load_fields);

}  // namespace zhida::matching
