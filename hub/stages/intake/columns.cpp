#include "stages/intake/columns.h"

#include <array>
#include <cstdio>

#include "base/json.h"

namespace zhida::intake {
namespace {

void append_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> code;
      std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
      out += code.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string to_json(const Columns& columns) {
  std::string out = "{";
  for (const auto& [name, cell] : columns) {
    if (out.size() > 1) out += ',';
    append_text(out, name);
    out += ':';
    if (cell) {
      append_text(out, *cell);
    } else {
      out += "null";
    }
  }
  out += '}';
  return out;
}

Result<Columns> parse_columns(std::string_view json) {
  const auto object = parse_json(json);
  if (!object || !object.value().is_object())
    return refuse("columns_malformed", "The stored columns are no JSON object.");
  Columns columns;
  for (const auto& [name, cell] : object.value().items()) {
    if (cell.is_string()) {
      columns.emplace(name, cell.get<std::string>());
    } else if (cell.is_null()) {
      columns.emplace(name, std::nullopt);
    } else {
      return refuse("columns_malformed", "The stored column " + name + " is neither text nor null.");
    }
  }
  return columns;
}

}  // namespace zhida::intake
