#include "domain/uscc.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace zhida {
namespace {

/// Upper case, half-width, without blanks, hyphens and zero-width characters.
std::string compact(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
    const unsigned char lead = static_cast<unsigned char>(text[i]);
    char c = text[i];
    if (lead == 0xEF && (byte(i + 1) == 0xBC || byte(i + 1) == 0xBD)) {
      // U+FF01..U+FF5E, the full-width forms of ASCII.
      const unsigned point = 0xF000u | ((byte(i + 1) & 0x3Fu) << 6) | (byte(i + 2) & 0x3Fu);
      if (point >= 0xFF01 && point <= 0xFF5E) {
        c = static_cast<char>(point - 0xFEE0);
        i += 2;
      }
    } else if (lead == 0xE2 && byte(i + 1) == 0x80 && byte(i + 2) >= 0x80 && byte(i + 2) <= 0x95) {
      i += 2;  // U+2000..U+2015: blanks, zero-width characters and dashes.
      continue;
    } else if (lead == 0xE2 && byte(i + 1) == 0x81 && byte(i + 2) == 0xA0) {
      i += 2;  // U+2060
      continue;
    } else if ((lead == 0xE3 && byte(i + 1) == 0x80 && byte(i + 2) == 0x80) ||
               (lead == 0xEF && byte(i + 1) == 0xBB && byte(i + 2) == 0xBF)) {
      i += 2;  // U+3000, U+FEFF
      continue;
    } else if (lead == 0xC2 && byte(i + 1) == 0xA0) {
      i += 1;  // U+00A0
      continue;
    }
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '-') continue;
    out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// GB 32100-2015, table 3: digits and letters without I, O, S, V, Z.
constexpr std::string_view kUsccSet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

bool is_null_word(std::string_view text) {
  static constexpr std::array<std::string_view, 8> kWords{"", "无", "暂无", "空", "NULL", "/", "N/A", "\\N"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end() || text == "—" || text == "——";
}

/// GB 11714: weights 3, 7, 9, 10, 5, 8, 4, 2 modulo 11; letters count from 10.
char organisation_check(std::string_view eight) {
  static constexpr std::array<int, 8> kWeights{3, 7, 9, 10, 5, 8, 4, 2};
  int sum = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const char c = eight[i];
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : -1;
    if (value < 0) return '\0';
    sum += value * kWeights[i];
  }
  const int check = 11 - sum % 11;
  return check == 10 ? 'X' : check == 11 ? '0' : static_cast<char>('0' + check);
}

/// ISO 7064 MOD 11,10 over digits, the check digit last.
bool passes_mod_11_10(std::string_view digits) {
  int product = 10;
  for (std::size_t i = 0; i + 1 < digits.size(); ++i) {
    int sum = (product + (digits[i] - '0')) % 10;
    if (sum == 0) sum = 10;
    product = (sum * 2) % 11;
  }
  return (product + (digits.back() - '0')) % 10 == 1;
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text.substr(0, 60)) + "\"";
}

}  // namespace

UsccReading read_uscc(std::string_view text) {
  UsccReading reading;
  reading.normal = compact(text);
  const std::string& code = reading.normal;
  if (is_null_word(code)) {
    reading.fault = UsccFault::missing;
  } else if (code.find('*') != std::string::npos) {
    reading.fault = UsccFault::masked;
  } else if (code.size() != 18 ||
             std::any_of(code.begin(), code.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    reading.fault = UsccFault::length;
  } else {
    // Weights are 3^(i-1) modulo 31.
    int sum = 0;
    int weight = 1;
    for (std::size_t i = 0; i < 17; ++i) {
      const auto value = kUsccSet.find(code[i]);
      if (value == std::string_view::npos) {
        reading.fault = UsccFault::character;
        return reading;
      }
      sum += static_cast<int>(value) * weight;
      weight = weight * 3 % 31;
    }
    if (kUsccSet.find(code[17]) == std::string_view::npos) {
      reading.fault = UsccFault::character;
    } else if (organisation_check(std::string_view(code).substr(8, 8)) != code[16]) {
      reading.fault = UsccFault::organisation_check;
    } else if (kUsccSet[static_cast<std::size_t>((31 - sum % 31) % 31)] != code[17]) {
      reading.fault = UsccFault::check_digit;
    }
  }
  return reading;
}

Result<std::string> parse_uscc(std::string_view text) {
  auto reading = read_uscc(text);
  switch (reading.fault) {
    case UsccFault::none:
      return std::move(reading.normal);
    case UsccFault::missing:
      return refuse("uscc_missing", "There is no unified social credit code.");
    case UsccFault::masked:
      return refuse("uscc_invalid", quoted(text) + " is masked; a masked code is never matched.");
    case UsccFault::length:
      return refuse("uscc_invalid", quoted(text) + " does not have 18 characters.");
    case UsccFault::character:
      return refuse("uscc_invalid",
                    quoted(text) + " has a character that GB 32100 does not use (I, O, S, V, Z or a sign).");
    case UsccFault::organisation_check:
      return refuse("uscc_invalid",
                    quoted(text) + ": the check character of the organisation code inside (position 17) is wrong.");
    case UsccFault::check_digit:
      return refuse("uscc_invalid", quoted(text) + ": the check character (position 18) is wrong.");
  }
  return refuse("uscc_invalid", quoted(text));
}

Result<std::string> parse_organisation_code(std::string_view text) {
  std::string code = compact(text);
  if (is_null_word(code)) return refuse("organisation_code_missing", "There is no organisation code.");
  if (code.size() == 18) {
    const auto reading = read_uscc(code);
    if (reading.fault == UsccFault::none) return organisation_code_of(reading.normal);
  }
  if (code.size() != 9 || organisation_check(code) != code[8] || organisation_check(code) == '\0')
    return refuse("organisation_code_invalid", quoted(text) + " is no organisation code after GB 11714.");
  return code;
}

std::string organisation_code_of(std::string_view uscc) {
  return uscc.size() == 18 ? std::string(uscc.substr(8, 9)) : std::string();
}

Result<std::string> parse_registration_number(std::string_view text) {
  std::string code = compact(text);
  if (all_digits(code) && code.size() == 13) return code;
  if (all_digits(code) && code.size() == 15 && passes_mod_11_10(code)) return code;
  return refuse("registration_number_invalid", quoted(text) + " is no registration number after GS 15-2006.");
}

Result<std::string> parse_bank_number(std::string_view text) {
  std::string code = compact(text);
  if (all_digits(code) && code.size() == 12 && passes_mod_11_10(code)) return code;
  return refuse("bank_number_invalid", quoted(text) + " is no bank number (12 digits with a check digit).");
}

bool passes_luhn(std::string_view digits) {
  if (!all_digits(digits) || digits.size() < 2) return false;
  int sum = 0;
  bool twice = false;
  for (std::size_t i = digits.size(); i-- > 0; twice = !twice) {
    int value = digits[i] - '0';
    if (twice && (value *= 2) > 9) value -= 9;
    sum += value;
  }
  return sum % 10 == 0;
}

Result<std::string> rmb_in_words(Money amount) {
  static constexpr std::array<std::string_view, 10> kDigits{"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"};
  static constexpr std::array<std::string_view, 4> kPlaces{"", "拾", "佰", "仟"};
  static constexpr std::array<std::string_view, 4> kGroups{"", "万", "亿", "万亿"};
  const std::int64_t fen = amount.fen();
  if (fen < 0 || fen >= 100'000'000'000'000)
    return refuse("amount_not_in_words",
                  amount.to_yuan() + " yuan is not written in words: it is negative or a trillion and more.");
  std::string out = "人民币";
  if (fen == 0) return out + "零元整";
  const std::int64_t yuan = fen / 100;
  const auto jiao = static_cast<std::size_t>(fen / 10 % 10);
  const auto cent = static_cast<std::size_t>(fen % 10);
  bool gap = false;  // Zeros were passed since the last digit written.
  bool any = false;
  for (int group = 3; group >= 0; --group) {
    std::int64_t value = yuan;
    for (int i = 0; i < group; ++i) value /= 10'000;
    value %= 10'000;
    if (value == 0) {
      gap = gap || any;
      continue;
    }
    for (int place = 3, power = 1000; place >= 0; --place, power /= 10) {
      const auto digit = static_cast<std::size_t>(value / power % 10);
      if (digit == 0) {
        gap = gap || any;
        continue;
      }
      if (gap) out += "零";
      gap = false;
      any = true;
      out += kDigits[digit];
      out += kPlaces[static_cast<std::size_t>(place)];
    }
    out += kGroups[static_cast<std::size_t>(group)];
    // Zeros at the end of a group are bridged by its name; a group that begins with zeros says so itself.
    gap = false;
    if (group > 0) {
      std::int64_t next = yuan;
      for (int i = 0; i < group - 1; ++i) next /= 10'000;
      gap = next % 10'000 < 1000;
    }
  }
  if (any) out += "元";
  if (jiao == 0 && cent == 0) return out + "整";
  if (jiao != 0) {
    // The rule allows both forms where yuan end in zero and jiao follow; we write the shorter one.
    out += kDigits[jiao];
    out += "角";
  } else if (any) {
    out += "零";
  }
  if (cent != 0) {
    out += kDigits[cent];
    out += "分";
  }
  return out;
}

}  // namespace zhida
