// The day for which a row vouches, read from a cell as strangers spell it. For SourceRecord::as_of only: values are the
// mapping's work.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "domain/source_record.h"

namespace zhida::transports {

/// `2019-9-4`, `20190904`, `2019/09/04`, `2019年9月4日`, with or without a time, in full or half width. Nothing for
/// text that is no day, and for days before 1990 or after 2098: those are words for "unknown" and "never".
std::optional<Date> read_day(std::string_view text);
/// The last day of a month: `202509`, `2025-09`, `2025年9月`.
std::optional<Date> read_month_end(std::string_view text);
/// 31 December of a year: `2024`, `2024年`, `2024.0`.
std::optional<Date> read_year_end(std::string_view text);

/// The cell, trimmed; empty where there is none. For keys that are made of cells as spelled.
std::string trimmed_cell(const Columns& columns, const std::string& column);
/// The form in which codes of firms are compared: half width, without blanks, hyphens and zero-width characters, upper
/// case.
std::string code_form(std::string_view text);

}  // namespace zhida::transports
