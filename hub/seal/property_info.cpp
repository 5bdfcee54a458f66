#include <charconv>

#include "seal/structure.h"

namespace zhida::seal {
namespace {

constexpr std::string_view kMark = "zhida/1";

// Everything but unreserved characters and the few that media types are made of becomes %XX, so that `;` and `=` keep
// their meaning.
std::string percent_encoded(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto value = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/+:").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[value >> 4];
      out += kHex[value & 15];
    }
  }
  return out;
}

Result<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto raw = from_hex(text.substr(i + 1, 2));
    if (!raw || raw.value().size() != 1) {
      return refuse("property_info_malformed", "propertyInfo has a percent sign that no two hex digits follow.");
    }
    out += raw.value();
    i += 2;
  }
  return out;
}

}  // namespace

std::string write_property_info(const Properties& properties, Alg alg, std::size_t length, std::string_view scope) {
  return std::string(kMark) + ";scope=" + std::string(scope) + ";md=" + std::string(crypto::digest_name(alg)) +
         ";len=" + std::to_string(length) + ";ct=" + percent_encoded(properties.media_type) +
         ";mid=" + percent_encoded(properties.message_id) + ";trace=" + percent_encoded(properties.trace_id);
}

Result<std::optional<PropertyInfo>> read_property_info(std::string_view text) {
  if (text.substr(0, text.find(';')) != kMark) return std::optional<PropertyInfo>();
  PropertyInfo info;
  for (std::size_t at = text.find(';'); at != std::string_view::npos;) {
    const std::size_t end = text.find(';', at + 1);
    const std::string_view item = text.substr(at + 1, end == std::string_view::npos ? end : end - at - 1);
    at = end;
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos)
      return refuse("property_info_malformed", "propertyInfo has an item without \"=\".");
    const std::string_view key = item.substr(0, equals);
    const std::string value = TRY(percent_decoded(item.substr(equals + 1)));
    if (key == "scope") {
      info.scope = value;
    } else if (key == "md") {
      info.digest_name = value;
    } else if (key == "ct") {
      info.media_type = value;
    } else if (key == "mid") {
      info.message_id = value;
    } else if (key == "trace") {
      info.trace_id = value;
    } else if (key == "len") {
      std::uint64_t length = 0;
      const auto [stopped, error] = std::from_chars(value.data(), value.data() + value.size(), length);
      if (error != std::errc() || stopped != value.data() + value.size()) {
        return refuse("property_info_malformed", "propertyInfo has a length that is not a number.");
      }
      info.length = length;
    }  // Unknown keys are for others.
  }
  return std::optional<PropertyInfo>(std::move(info));
}

}  // namespace zhida::seal
