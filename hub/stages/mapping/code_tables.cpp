#include "stages/mapping/code_tables.h"

#include <algorithm>

namespace zhida::mapping {

const std::string* CodeTable::find(std::string_view key) const {
  const auto found = codes.find(key);
  if (found != codes.end()) return &found->second;
  return otherwise ? &*otherwise : nullptr;
}

const CodeTable* CodeTables::find(std::string_view name) const {
  const auto found = tables.find(name);
  return found == tables.end() ? nullptr : &found->second;
}

std::optional<std::string> CodeTables::region(std::string_view digits) const {
  const bool whole = std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!whole || (digits.size() != 6 && digits.size() != 9 && digits.size() != 12)) return std::nullopt;
  const auto six = digits.substr(0, 6);
  if (regions.contains(six)) return std::string(six);
  const auto successor = successors.find(six);
  if (successor != successors.end()) return successor->second;
  return std::nullopt;
}

std::optional<std::string> CodeTables::industry(std::string_view code) const {
  char section = '\0';
  if (!code.empty() && code.front() >= 'A' && code.front() <= 'T') {
    section = code.front();
    code.remove_prefix(1);
  }
  const auto found = industries.find(code);
  if (found == industries.end() || (section != '\0' && section != found->second)) return std::nullopt;
  return std::string(code);
}

}  // namespace zhida::mapping
