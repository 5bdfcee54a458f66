#pragma once
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "stages/matching/policy.h"

namespace zhida::matching {

/// An item's verdict as one SQL expression over a row: TRUE is met, FALSE not_met, NULL unknown. Kleene's logic is that
/// of SQL itself. For PostgreSQL; an oracle for tests and engines, no part of the hub's own work.
///
/// The table has a column a field, named as the field, beside it `<field>.as_of` (date) and `<field>.source` (text),
/// and `division`. A column is NULL where the field is unknown, for whatever reason. bool is boolean; int, money (fen)
/// and rate (parts per million) are bigint; date is date; text and code are text. Derived fields and `amount.<id>` are
/// columns too: whoever fills the table computes them (derive_into()).
std::string sql_verdict(const Policy& policy, Date day);

/// One clause of the policy.
std::string sql_clause(const Policy& policy, const Clause& clause, Date day);

/// Every column that the items' expressions name, except `division`, with its type.
struct SqlColumn {
  std::string name, type;
};
std::vector<SqlColumn> sql_columns(const std::vector<Policy>& policies);

std::string sql_name(const std::string& name);  ///< Quoted: `"ui.paid_months"`.
std::string sql_text(const std::string& text);  ///< A literal: `'A'`.

}  // namespace zhida::matching
