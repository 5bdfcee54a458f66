#include "console/words.h"

#include <algorithm>

namespace zhida::console {
const char* to_text(Channel channel) {
  switch (channel) {
    case Channel::social_insurance_fund:
      return "social_insurance_fund";
    case Channel::relief:
      return "relief";
    case Channel::appropriation:
      break;
  }
  return "appropriation";
}

std::string masked_text(std::string_view utf8) {
  std::size_t first = utf8.empty() ? 0 : 1;
  while (first < utf8.size() && (static_cast<unsigned char>(utf8[first]) & 0xC0) == 0x80) ++first;
  return std::string(utf8.substr(0, first)) + "**";
}

std::string masked_account(std::string_view account) {
  std::string digits;
  for (const char c : account)
    if (c >= '0' && c <= '9') digits += c;
  return digits.size() <= 4 ? "****" : "****" + digits.substr(digits.size() - 4);
}

std::string shown_bytes(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : 0;
    bool good =
        length > 0 && at + length <= bytes.size() && (lead >= 0x20 || lead == '\n' || lead == '\t') && lead != 0x7F;
    for (std::size_t i = 1; good && i < length; ++i) good = (static_cast<unsigned char>(bytes[at + i]) & 0xC0) == 0x80;
    // Overlong forms, surrogates and C1 controls are no characters; four-octet ones are shown by their octets.
    if (good && length > 1) {
      const auto second = static_cast<unsigned char>(bytes[at + 1]);
      good = !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second >= 0xA0) && !(lead == 0xC2 && second < 0xA0);
    }
    if (good) {
      text += bytes.substr(at, length);
      at += length;
    } else {
      text += "\\x";
      text += kHex[lead >> 4];
      text += kHex[lead & 15];
      ++at;
    }
  }
  return text;
}

std::string grouped(std::string_view decimal) {
  const auto point = std::min(decimal.find('.'), decimal.size());
  std::string text(decimal);
  const std::size_t begin = text.starts_with('-') ? 1 : 0;
  for (std::size_t at = point; at > begin + 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

}  // namespace zhida::console
