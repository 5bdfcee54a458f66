// What REST answers with, as JSON; pages and the command line show the same. Reading only: each function works inside
// the caller's transaction. Amounts are yuan as text (`50000.00`) but where a name ends in `_fen`.
#pragma once
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "domain/benefit_case.h"
#include "flow/people.h"
#include "flow/rooms.h"
#include "platform/storage/database.h"

namespace zhida::console {

/// `湖州市吴兴区（330502）`; a code that nobody knows stays as it is.
std::string region_text(const flow::Rooms& rooms, const std::string& code);

/// One firm: its fields with source and freshness, its cases and entitlements. `person` null: whoever asks sees all
/// (the command line); otherwise a firm of another division is not there. Errors `enterprise_unknown`.
Result<Json> profile_view(storage::Transaction& transaction, const flow::Rooms& rooms, const std::string& uscc,
                          const flow::Person* person = nullptr);

/// One case: why (clauses), where it stands, who acts next, its events, reviews, objections and payments. Error
/// `case_not_found`, also for a case of another division.
Result<Json> case_view(storage::Transaction& transaction, const flow::Rooms& rooms, const CaseId& id,
                       const flow::Person* person = nullptr);

/// A case as lists show it.
Result<Json> case_item(storage::Transaction& transaction, const flow::Rooms& rooms, const BenefitCase& benefit_case);

/// One row of the quarantine with all that came, bytes that are not UTF-8 shown as `\xNN`. Error `quarantine_unknown`.
Result<Json> quarantine_view(storage::Transaction& transaction, const flow::Rooms& rooms, const std::string& id,
                             const flow::Person& person);

/// One dead letter with its octets, shown as above. Error `dead_letter_unknown`, also for who does not see the city.
Result<Json> dead_letter_view(storage::Transaction& transaction, const flow::Rooms& rooms, const std::string& id,
                              const flow::Person& person);

/// One policy item in force: its text made from the file, and how it is handled here. Error `policy_unknown`.
Result<Json> policy_view(const flow::Rooms& rooms, const PolicyId& id);

/// For a terminal: Chinese, several lines.
std::string case_to_text(const Json& case_view);
std::string profile_to_text(const Json& profile_view);

}  // namespace zhida::console
