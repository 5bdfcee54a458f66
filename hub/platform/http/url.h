#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace zhida::http {

/// RFC 3986 section 2.1: everything but letters, digits and `-._~` as %XX.
std::string percent_encode(std::string_view text);

enum class Plus { is_plus, is_space };  ///< In a path `+` is itself; in a query it is what forms write for a space.

/// Strict: every % needs two hexadecimal digits, and the result must be UTF-8 without control characters.
/// Error `url_malformed`.
Result<std::string> percent_decode(std::string_view text, Plus plus = Plus::is_plus);

using Query = std::multimap<std::string, std::string>;
/// `a=1&b=%E7%A8%8E&flag` → name and value, decoded. Error `url_malformed`.
Result<Query> parse_query(std::string_view text);
/// `a=1&b=%E7%A8%8E`, in the given order.
std::string build_query(const std::vector<std::pair<std::string, std::string>>& parameters);

/// The decoded path of a request. What could be understood in two ways is refused: `.` and `..` as a step, an encoded
/// slash, a backslash, an empty step inside. Error `url_malformed`.
Result<std::string> parse_path(std::string_view raw);

}  // namespace zhida::http
