// Lists of rows for REST and pages, a page at a time, within what a person may see. SQL and nothing else.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "flow/people.h"
#include "flow/rooms.h"
#include "platform/storage/database.h"

namespace zhida::console {

/// What of a list is wanted.
struct Slice {
  std::int64_t limit = 50;         ///< 1 to 500.
  std::vector<std::string> after;  ///< The sort key of the last row that was seen; empty at the beginning.
};
/// The opaque form of a sort key, and back. Error `cursor_malformed`.
std::string cursor_of(const std::vector<std::string>& key);
Result<std::vector<std::string>> key_of(const std::string& cursor, std::size_t parts);

/// A condition on a column of divisions: `(division = ? OR division LIKE ? …)`. Rows without a division belong to the
/// hub's city.
struct Scope {
  std::string condition;
  storage::Values values;
};
Scope scope_of(const flow::Person& person, const std::string& city, const std::string& column = "division");

struct CaseQuery {
  std::string state, policy, uscc;
};
// Each gives {"items": […], "next": cursor or null}.
Result<Json> list_cases(storage::Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                        const CaseQuery& query, const Slice& slice);
struct EntitlementQuery {
  std::string policy, verdict, uscc;
};
Result<Json> list_entitlements(storage::Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                               const EntitlementQuery& query, const Slice& slice);
Result<Json> list_profiles(storage::Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                           const std::string& text, const Slice& slice);
struct QuarantineQuery {
  std::string source, code, state;
};
Result<Json> list_quarantine(storage::Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                             const QuarantineQuery& query, const Slice& slice);
Result<Json> list_payments(storage::Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                           const std::string& state, const Slice& slice);
Result<Json> list_appropriations(storage::Transaction& transaction, const flow::Rooms& rooms,
                                 const flow::Person& person, const Slice& slice);
/// Names by code; firms that nobody knows are left out.
Result<std::map<std::string, std::string>> names_of(storage::Transaction& transaction,
                                                    const std::vector<std::string>& usccs);
/// A message belongs to no division: only who answers for the whole city sees any.
Result<Json> list_dead_letters(storage::Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                               const std::string& state, const Slice& slice);
/// Everything that carries the trace id, by time.
Result<Json> timeline(storage::Transaction& transaction, const flow::Rooms& rooms, const flow::Person& person,
                      const std::string& trace_id);

}  // namespace zhida::console
