// Code tables of mappings/codes, ready for look-ups. Pure.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "domain/enterprise_profile.h"

namespace zhida::mapping {

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};
template <class T>
using TextMap = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;

/// Words and codes for the same thing → our code. Spellings are kept in their code_key() form.
struct CodeTable {
  std::string name;
  std::string file;
  TextMap<std::string> codes;            ///< code_key(spelling) → code
  bool all_boolean = true;               ///< Every code is `true` or `false`.
  std::optional<std::string> otherwise;  ///< For spellings that are not listed; without one they are refused.

  const std::string* find(std::string_view key) const;
};

class CodeTables {
 public:
  const CodeTable* find(std::string_view name) const;

  /// GB/T 2260: the code of the region today: of 6, 9 or 12 digits the first six, an abolished code replaced by its
  /// successor. nullopt: no such region.
  std::optional<std::string> region(std::string_view digits) const;
  /// GB/T 4754: the digits of a class, group or division; `C3411`, `c3411` and `3411` are the same. nullopt: no such
  /// code, or another section letter than the code's own.
  std::optional<std::string> industry(std::string_view code) const;

  // Filled by code_store.cpp.
  std::map<std::string, CodeTable, std::less<>> tables;
  TextMap<std::string> regions;     ///< code → name
  TextMap<std::string> successors;  ///< abolished code → code today
  TextMap<char> industries;         ///< digits → section letter
};

}  // namespace zhida::mapping
