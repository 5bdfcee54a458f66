#pragma once
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/enterprise_profile.h"
#include "domain/field_catalogue.h"
#include "domain/mapped_record.h"

namespace zhida::matching {

/// Reads fields.yaml. Handed in, because the mapping stage owns that file and stages do not meet.
using LoadFields = std::function<Result<FieldCatalogue>(const std::string& path, std::vector<Finding>& findings)>;
/// Shows every firm of a hub's store as of a day; changes nothing. Handed in, because profiles are another stage's.
using ReadStore = std::function<Result<void>(const std::string& config, Date day,
                                             const std::function<void(const EnterpriseProfile&)>& visit)>;

/// `zhida policy …` without the leading word. Exit codes: 0 fine, 1 findings or failed examples, 2 usage. Results go to
/// `out`, everything else to `err`.
///   check PATH… [--text] [--json]      findings as file:line:col: CODE message; notes go to `err`; --text: the items
///   in
///         Chinese
///   test  PATH… [--json]               the examples beside the policies (x.yaml ↔ x.test.yaml)
///   match --policies DIR --profiles FILE.jsonl [--json] [--all] [--at DATE]
///         one line a pair that is not plainly not met; with --all every pair. Lines of profiles are read portion by
///         portion: there may be any number of them
///   explain --policies DIR [--policy ID] [--profiles FILE.jsonl --uscc CODE] [--at DATE]; also `show`
///         without profiles: the items as Chinese text; with a firm: clause by clause, what misses by one condition,
///         what data would decide
///   simulate (--policies DIR --policy ID | --draft FILE [--policies DIR]) (--profiles FILE.jsonl | --config FILE)
///         [--budget 500万元 [--per-day N]] [--curve CLAUSE]
///         the sandbox: who, how much, where, with which other items, at which threshold, until when
///   export-sql --policies DIR [--policy ID] [--table NAME] [--profiles FILE.jsonl] [--at DATE]
///         the conditions as PostgreSQL; with profiles also their rows
/// Every form takes [--fields FILE] and [--threads N] (else as many as there are processors). fields.yaml is looked for
/// in the folder of the policies and then one above, unless
/// --fields names it. --at is today in China unless given.
int run_policy_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
                       const LoadFields& load_fields, const ReadStore& read_store = {});

}  // namespace zhida::matching
