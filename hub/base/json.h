#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace zhida {

using Json = nlohmann::json;

/// Strict RFC 8259 in UTF-8: duplicate keys, nesting deeper than 64 and trailing text are refused.
/// Error `json_malformed` with line and column.
Result<Json> parse_json(std::string_view text);

/// RFC 8785 (JSON Canonicalization Scheme): keys in UTF-16 order, no white space, shortest numbers. Whole numbers must
/// lie within ±2^53; floating point values are refused, since nothing of ours carries any (`json_not_canonical`).
Result<std::string> canonical_json(const Json& value);

/// Typed members; errors `field_missing` and `field_wrong_type` name the member.
Result<std::string> get_string(const Json& object, std::string_view name);
Result<std::int64_t> get_int(const Json& object, std::string_view name);
Result<bool> get_bool(const Json& object, std::string_view name);
/// The member, or `otherwise` where it is absent or null. A member of another type is an error.
Result<std::string> get_string_or(const Json& object, std::string_view name, std::string otherwise);
Result<std::int64_t> get_int_or(const Json& object, std::string_view name, std::int64_t otherwise);

}  // namespace zhida
