#include "base/json.h"

#include <algorithm>
#include <set>
#include <vector>

namespace zhida {
namespace {

constexpr int kDepthMax = 64;
constexpr std::int64_t kExactMax = std::int64_t{1} << 53;

/// SAX handler that builds nothing: it only refuses duplicate keys and deep nesting before the real parse.
class Guard : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override {
    keys_.emplace_back();
    return deeper();
  }
  bool key(string_t& name) override {
    if (keys_.back().insert(name).second) return true;
    problem = "the key \"" + name + "\" stands twice in one object";
    return false;
  }
  bool end_object() override {
    keys_.pop_back();
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override { return deeper(); }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    at = position;
    problem = "malformed";
    return false;
  }
  std::string problem;
  std::size_t at = 0;

 private:
  bool deeper() {
    if (++depth_ <= kDepthMax) return true;
    problem = "nested deeper than " + std::to_string(kDepthMax) + " levels";
    return false;
  }
  std::vector<std::set<std::string>> keys_;
  int depth_ = 0;
};

std::string where(std::string_view text, std::size_t at) {
  at = std::min(at == 0 ? 0 : at - 1, text.size());
  const auto before = text.substr(0, at);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto start = before.rfind('\n');
  return "line " + std::to_string(line) + ", column " +
         std::to_string(start == std::string_view::npos ? at + 1 : at - start);
}

void append_utf16(std::u16string& out, std::string_view utf8) {
  for (std::size_t i = 0; i < utf8.size();) {
    const auto b = static_cast<unsigned char>(utf8[i]);
    const int length = b < 0x80 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
    char32_t c = length == 1 ? b : b & (0x7fu >> length);
    for (int k = 1; k < length && i + static_cast<std::size_t>(k) < utf8.size(); ++k)
      c = c << 6 | (static_cast<unsigned char>(utf8[i + static_cast<std::size_t>(k)]) & 0x3fu);
    if (c >= 0x10000) {
      c -= 0x10000;
      out += static_cast<char16_t>(0xd800 + (c >> 10));
      out += static_cast<char16_t>(0xdc00 + (c & 0x3ff));
    } else {
      out += static_cast<char16_t>(c);
    }
    i += static_cast<std::size_t>(length);
  }
}

std::u16string utf16(std::string_view utf8) {
  std::u16string out;
  append_utf16(out, utf8);
  return out;
}

Result<void> write(const Json& value, std::string& out) {
  switch (value.type()) {
    case Json::value_t::null:
    case Json::value_t::boolean:
    case Json::value_t::string:
      try {
        out +=
            value
                .dump();  // nlohmann escapes exactly as RFC 8785 asks: short forms, \u00xx in lower case, nothing else.
      } catch (const Json::exception&) {
        return refuse("json_not_canonical", "A string is not valid UTF-8.");
      }
      return ok();
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: {
      const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(kExactMax)
                                                   : value.get<std::int64_t>() >= -kExactMax;
      if (!fits) return refuse("json_not_canonical", "A whole number lies outside ±2^53; write it as a string.");
      out += value.dump();
      return ok();
    }
    case Json::value_t::array: {
      out += '[';
      bool first = true;
      for (const auto& item : value) {
        if (!first) out += ',';
        first = false;
        CHECK_OK(write(item, out));
      }
      out += ']';
      return ok();
    }
    case Json::value_t::object: {
      std::vector<std::pair<std::u16string, Json::const_iterator>> members;
      for (auto it = value.begin(); it != value.end(); ++it) members.emplace_back(utf16(it.key()), it);
      std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      out += '{';
      bool first = true;
      for (const auto& [name, it] : members) {
        if (!first) out += ',';
        first = false;
        CHECK_OK(write(Json(it.key()), out));
        out += ':';
        CHECK_OK(write(it.value(), out));
      }
      out += '}';
      return ok();
    }
    default:
      return refuse("json_not_canonical", "Floating point and binary values have no canonical form here.");
  }
}

Result<const Json*> member(const Json& object, std::string_view name) {
  if (!object.is_object())
    return refuse("field_wrong_type", "Expected an object that holds \"" + std::string(name) + "\".");
  const auto it = object.find(name);
  if (it == object.end() || it->is_null()) return nullptr;
  return &*it;
}

Error missing(std::string_view name) {
  return refuse("field_missing", "The member \"" + std::string(name) + "\" is missing.");
}
Error wrong_type(std::string_view name, const char* wanted) {
  return refuse("field_wrong_type", "The member \"" + std::string(name) + "\" is not " + wanted + ".");
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  Guard guard;
  if (!Json::sax_parse(text, &guard))
    return refuse("json_malformed", "JSON, " + where(text, guard.at == 0 ? text.size() : guard.at) + ": " +
                                        (guard.problem.empty() ? "malformed" : guard.problem) + ".");
  return Json::parse(text, nullptr, false);
}

Result<std::string> canonical_json(const Json& value) {
  std::string out;
  CHECK_OK(write(value, out));
  return out;
}

Result<std::string> get_string(const Json& object, std::string_view name) {
  const Json* value = TRY(member(object, name));
  if (value == nullptr) return missing(name);
  if (!value->is_string()) return wrong_type(name, "a string");
  return value->get<std::string>();
}

Result<std::int64_t> get_int(const Json& object, std::string_view name) {
  const Json* value = TRY(member(object, name));
  if (value == nullptr) return missing(name);
  if (!value->is_number_integer()) return wrong_type(name, "a whole number");
  return value->get<std::int64_t>();
}

Result<bool> get_bool(const Json& object, std::string_view name) {
  const Json* value = TRY(member(object, name));
  if (value == nullptr) return missing(name);
  if (!value->is_boolean()) return wrong_type(name, "true or false");
  return value->get<bool>();
}

Result<std::string> get_string_or(const Json& object, std::string_view name, std::string otherwise) {
  const Json* value = TRY(member(object, name));
  if (value == nullptr) return otherwise;
  if (!value->is_string()) return wrong_type(name, "a string");
  return value->get<std::string>();
}

Result<std::int64_t> get_int_or(const Json& object, std::string_view name, std::int64_t otherwise) {
  const Json* value = TRY(member(object, name));
  if (value == nullptr) return otherwise;
  if (!value->is_number_integer()) return wrong_type(name, "a whole number");
  return value->get<std::int64_t>();
}

}  // namespace zhida
