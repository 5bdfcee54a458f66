// Cells as strangers fill them → values. Pure. Every function is given the plain() form of the cell.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"

namespace zhida::mapping {

/// A day, or nullopt for the sentinels that stand for "no end" and "not known" (9999-9-9, 2099-12-31, 1900-1-1, 长期,
/// 无处罚期限 …). Styles: 2019-9-4, 20190904, 2019/9/4, 2019.9.4, 2019年9月4日, each also with a time behind it.
/// Error `date_unreadable`.
Result<std::optional<Date>> read_date(std::string_view cell);
/// 2024, 2024年, 2024年度, 2024.0; 1900 to 2100. Error `year_unreadable`.
Result<std::int64_t> read_year(std::string_view cell);
/// A month as `yyyymm`: 202509, 2025-09, 2025/9, 2025年9月, or a day of it. Error `month_unreadable`.
Result<std::string> read_month(std::string_view cell);
/// A moment in a form that sorts, `2025-11-03T09:00:00`; a date alone is its midnight. Error `time_unreadable`.
Result<std::string> read_timestamp(std::string_view cell);

/// Decimal digits with separators removed: `1,234.50` → 1234.50, `5,000000` (a comma typed for the point: exactly six
/// digits behind a single one) → 5.000000. Error `number_unreadable`.
Result<std::string> read_decimal(std::string_view cell);
/// A whole number; a fraction other than zero is refused (`number_fraction`) unless a rounding is given.
Result<std::int64_t> read_integer(std::string_view cell, std::optional<Rounding> rounding);
/// value × `times` as a whole number. Errors as read_integer.
Result<std::int64_t> read_scaled(std::string_view cell, std::int64_t times, std::optional<Rounding> rounding);
/// Money in a unit of `fen_per_unit`; a unit written in the cell itself (`305843.0395万元人民币`) wins over it.
/// Errors `number_unreadable`, `money_fraction_of_fen`, `money_overflow`.
Result<std::int64_t> read_money(std::string_view cell, std::int64_t fen_per_unit, std::optional<Rounding> rounding);

/// 元, 万元, 亿元, 分 … in fen; nullopt for anything else.
std::optional<std::int64_t> fen_of_unit(std::string_view unit);

}  // namespace zhida::mapping
