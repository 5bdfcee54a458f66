#pragma once
#include <string>
#include <string_view>

#include "base/money.h"
#include "base/result.h"
#include "domain/field_catalogue.h"

namespace zhida::matching {

/// A value as people write it in a policy or its examples: `12 月`, `10 万元`, `5.5 %`, `2025-12-31`, `从未`, `是`,
/// `A`. The unit is part of the value and must be written wherever the field has one: money in 分, 元, 万元 or 亿元,
/// rates in %, counts in `unit`. Errors `value_malformed`, `unit_missing`, `unit_wrong`, `value_too_fine` (a fraction
/// of a fen or of a millionth).
Result<FieldData> parse_literal(std::string_view text, FieldType type, std::string_view unit);

/// `10 万元`; errors as above.
Result<Money> parse_money_literal(std::string_view text);
/// `5.5 %` in parts per million; errors as above.
Result<std::int64_t> parse_rate_literal(std::string_view text);
/// `5 工作日`: a whole number that is not negative, with exactly this unit.
Result<int> parse_count_literal(std::string_view text, std::string_view unit);

}  // namespace zhida::matching
