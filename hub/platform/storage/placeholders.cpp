#include "platform/storage/placeholders.h"

#include <algorithm>

namespace zhida::storage {
namespace {

/// Where the piece that begins at `at` ends: a quoted text, a comment, a dollar quote; `at` itself where none begins.
std::size_t end_of_untouched(std::string_view sql, std::size_t at) {
  const auto after = [&sql](std::string_view mark, std::size_t from) {
    const auto found = sql.find(mark, from);
    return found == std::string_view::npos ? sql.size() : found + mark.size();
  };
  const auto rest = sql.substr(at);
  if (rest.starts_with('\'') || rest.starts_with('"')) return after(rest.substr(0, 1), at + 1);
  if (rest.starts_with("--")) return after("\n", at + 2);
  if (rest.starts_with("/*")) {
    std::size_t depth = 1;  // PostgreSQL's comments nest.
    std::size_t i = at + 2;
    for (; i < sql.size() && depth > 0; ++i) {
      if (sql.substr(i).starts_with("/*"))
        ++depth, ++i;
      else if (sql.substr(i).starts_with("*/"))
        --depth, ++i;
    }
    return i;
  }
  if (rest.starts_with('$')) {
    const auto name_end = std::find_if(rest.begin() + 1, rest.end(), [](char c) {
      return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_');
    });
    if (name_end != rest.end() && *name_end == '$') {
      const auto mark = rest.substr(0, static_cast<std::size_t>(name_end - rest.begin()) + 1);
      return after(mark, at + mark.size());
    }
  }
  return at;
}

}  // namespace

NumberedSql number_placeholders(std::string_view sql) {
  NumberedSql result;
  result.sql.reserve(sql.size() + 16);
  for (std::size_t at = 0; at < sql.size();) {
    if (const auto end = end_of_untouched(sql, at); end > at) {
      result.sql.append(sql.substr(at, end - at));
      at = end;
    } else if (sql[at] == '?') {
      result.sql += '$';
      result.sql += std::to_string(++result.values);
      ++at;
    } else {
      result.sql += sql[at++];
    }
  }
  return result;
}

}  // namespace zhida::storage
