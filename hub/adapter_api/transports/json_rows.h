// Reads the rows of a JSON answer without changing them: numbers keep their digits, each row keeps its octets.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "domain/source_record.h"

namespace zhida::transports {

/// One element of the list. A row that is not a flat-enough object has a problem instead of columns; the others go on.
struct JsonRow {
  ByteView octets;  ///< Points into the text that was read.
  Columns columns;  ///< Strings decoded; numbers, true, false as spelled; null as nullopt; nested values as spelled.
  std::string problem;  ///< One sentence; empty for a good row.
};

/// The members of the answer's top-level object: its scalars as columns, and the list under `rows_name`.
struct JsonAnswer {
  Columns members;
  bool has_rows = false;  ///< `rows_name` is there and is a list.
  std::string rows_kind;  ///< What it is instead: `string`, `null`, `number`, `boolean`, `object`, `absent`.
  std::vector<JsonRow> rows;
};

/// Strict RFC 8259 but for a byte order mark at the front; nesting up to 32; a member twice in one row is that row's
/// problem. Error `source_malformed` (Fate::retry: gateways send log-in pages) with the octet where it ends making
/// sense.
Result<JsonAnswer> read_json_rows(ByteView text, std::string_view rows_name);

}  // namespace zhida::transports
