#include "platform/http/url.h"

#include <cstdint>

#include <fmt/format.h>

namespace zhida::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF; and no control characters.
bool is_clean_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c == 0x7f) return false;
    const std::size_t length = c < 0x80                ? 1
                               : c >= 0xC2 && c < 0xE0 ? 2
                               : c >= 0xE0 && c < 0xF0 ? 3
                               : c >= 0xF0 && c < 0xF5 ? 4
                                                       : 0;
    if (length == 0 || at + length > text.size()) return false;
    std::uint32_t point = length == 1 ? c : c & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xC0) != 0x80) return false;
      point = (point << 6) | (next & 0x3Fu);
    }
    if ((length == 3 && point < 0x800) || (length == 4 && point < 0x10000)) return false;
    if ((point >= 0xD800 && point < 0xE000) || point > 0x10FFFF) return false;
    at += length;
  }
  return true;
}

}  // namespace

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      encoded += {'%', kDigits[octet >> 4], kDigits[octet & 15]};
    }
  }
  return encoded;
}

Result<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return refuse("url_malformed", "A % in an address needs two hexadecimal digits behind it.");
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else if (text[i] == '+' && plus == Plus::is_space) {
      decoded += ' ';
    } else {
      decoded += text[i];
    }
  }
  if (!is_clean_text(decoded)) {
    return refuse("url_malformed",
                  "An address must be UTF-8 without control characters when its % signs are resolved.");
  }
  return decoded;
}

Result<Query> parse_query(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const auto piece = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), piece.size() + 1));
    if (piece.empty()) continue;
    const auto equals = piece.find('=');
    auto name = TRY(percent_decode(piece.substr(0, equals), Plus::is_space));
    auto value = equals == std::string_view::npos ? std::string()
                                                  : TRY(percent_decode(piece.substr(equals + 1), Plus::is_space));
    query.emplace(std::move(name), std::move(value));
  }
  return query;
}

std::string build_query(const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    query += fmt::format("{}{}={}", query.empty() ? "" : "&", percent_encode(name), percent_encode(value));
  }
  return query;
}

Result<std::string> parse_path(std::string_view raw) {
  if (!raw.starts_with('/')) return refuse("url_malformed", "The path of a request begins with a slash.");
  std::string path;
  for (auto rest = raw; !rest.empty();) {
    rest.remove_prefix(1);  // The slash.
    const auto step = rest.substr(0, rest.find('/'));
    rest.remove_prefix(step.size());
    const auto decoded = TRY(percent_decode(step));
    const bool last = rest.empty();
    if (decoded == "." || decoded == ".." || decoded.find_first_of("/\\") != std::string::npos ||
        (decoded.empty() && !last)) {
      return refuse("url_malformed",
                    "A path holds no steps . or .., no empty step, no backslash and no encoded slash.");
    }
    path += '/';
    path += decoded;
  }
  return path;
}

}  // namespace zhida::http
