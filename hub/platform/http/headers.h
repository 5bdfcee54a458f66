#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace zhida::http {

/// Field names are compared without regard to case (RFC 9110 section 5.1). ASCII only, whatever the locale.
struct HeaderNameLess {
  using is_transparent = void;
  bool operator()(std::string_view left, std::string_view right) const {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::lexicographical_compare(left, right, {}, lower, lower);
  }
};
using Headers = std::multimap<std::string, std::string, HeaderNameLess>;

/// The first value of a field; empty where it is absent.
inline std::string header_of(const Headers& headers, std::string_view name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

}  // namespace zhida::http
