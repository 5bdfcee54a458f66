// The columns of a record as JSON, and back. Pure.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/source_record.h"

namespace zhida::intake {

/// One object, keys sorted, no white space: equal columns give equal octets.
std::string to_json(const Columns& columns);
/// Error `columns_malformed`.
Result<Columns> parse_columns(std::string_view json);

}  // namespace zhida::intake
