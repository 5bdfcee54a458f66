#include "adapters/town/dirt.h"

#include <vector>

#include "adapters/town/numbers.h"

namespace zhida::town {

namespace {
std::string with_thousands(const std::string& number) {
  const auto point = number.find('.');
  std::string whole = number.substr(0, point);
  const std::size_t first = !whole.empty() && whole[0] == '-' ? 1 : 0;
  for (std::size_t at = whole.size(); at > first + 3;) {
    at -= 3;
    whole.insert(at, ",");
  }
  return point == std::string::npos ? whole : whole + number.substr(point);
}
}  // namespace

std::string to_full_width(std::string_view ascii) {
  std::string wide;
  for (const char letter : ascii) {
    if (letter < '!' || letter > '~') {
      wide += letter;
      continue;
    }
    const unsigned code = 0xFF01u + static_cast<unsigned>(letter - '!');  // U+FF01 … U+FF5E, three octets in UTF-8.
    wide += static_cast<char>(0xE0u | (code >> 12));
    wide += static_cast<char>(0x80u | ((code >> 6) & 0x3Fu));
    wide += static_cast<char>(0x80u | (code & 0x3Fu));
  }
  return wide;
}

std::string to_lower(std::string_view ascii) {
  std::string lower(ascii);
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return lower;
}

std::string masked(std::string_view uscc) {
  return std::string(uscc.substr(0, 6)) + "******" + std::string(uscc.substr(12));
}

std::string decimal(std::int64_t digits, int places) {
  const bool negative = digits < 0;
  std::string text = padded(negative ? -digits : digits, places + 1);
  if (places > 0) text.insert(text.size() - static_cast<std::size_t>(places), ".");
  return negative ? "-" + text : text;
}

std::string Dirt::code(std::string_view text) {
  switch (random_.below(20)) {
    case 0:
      return to_full_width(text);
    case 1:
    case 2:
      return to_lower(text);
    case 3:
      return std::string(text) + "  ";
    case 4:
      return " " + std::string(text) + "\t";
    case 5:
      return std::string(text.substr(0, 8)) + "\xE2\x80\x8B" + std::string(text.substr(8));
    case 6:
      return std::string(text.substr(0, 17)) + "-" + std::string(text.substr(17));
    default:
      return std::string(text);
  }
}

std::string Dirt::word(std::string_view text) {
  switch (random_.below(12)) {
    case 0:
      return std::string(text) + " ";
    case 1:
      return std::string(text) + "\xE3\x80\x80";  // U+3000, the blank as wide as a character.
    default:
      return std::string(text);
  }
}

std::string Dirt::name(std::string_view text) {
  std::string spelled(text);
  if (random_.percent(40)) {
    for (const auto& [wide, narrow] : {std::pair{"（", "("}, std::pair{"）", ")"}}) {
      for (auto at = spelled.find(wide); at != std::string::npos; at = spelled.find(wide))
        spelled.replace(at, 3, narrow);
    }
  }
  return word(spelled);
}

std::string Dirt::date(Date day) {
  const std::string year = std::to_string(day.year());
  const std::string month = std::to_string(day.month());
  const std::string in_month = std::to_string(day.day());
  switch (random_.below(10)) {
    case 0:
    case 1:
      return year + "-" + month + "-" + in_month;
    case 2:
      return day.to_compact();
    case 3:
      return year + "/" + padded(day.month(), 2) + "/" + padded(day.day(), 2);
    case 4:
      return year + "年" + month + "月" + in_month + "日";
    case 5:
      return year + "-" + month + "-" + in_month + " 0:00:00";
    default:
      return day.to_string();
  }
}

Cell Dirt::date_or_null(std::optional<Date> day) {
  return day ? Cell(date(*day)) : null_word();
}

std::string Dirt::open_end() {
  return one_of({"9999-9-9", "2099-12-31", "长期", ""});
}

std::string Dirt::year(int year) {
  const std::string text = std::to_string(year);
  switch (random_.below(10)) {
    case 0:
      return text + "年";
    case 1:
      return text + ".0";
    case 2:
      return to_full_width(text);
    default:
      return text;
  }
}

std::string Dirt::month(int year, int month) {
  switch (random_.below(8)) {
    case 0:
      return std::to_string(year) + "-" + padded(month, 2);
    case 1:
      return std::to_string(year) + "年" + std::to_string(month) + "月";
    default:
      return std::to_string(year) + padded(month, 2);
  }
}

std::string Dirt::yuan(std::int64_t fen) {
  const std::string plain = decimal(fen, 2);
  switch (random_.below(10)) {
    case 0:
    case 1:
      return with_thousands(plain);
    case 2:
      return to_full_width(plain);
    case 3:
      return fen % 100 == 0 ? std::to_string(fen / 100) : plain;
    case 4:
      return plain + " ";
    default:
      return plain;
  }
}

std::string Dirt::wan(std::int64_t fen, int places) {
  std::int64_t digits = fen;  // Six places of 万元 are fen.
  for (int dropped = places; dropped < 6; ++dropped) digits /= 10;
  const std::string plain = decimal(digits, places);
  return random_.percent(12) ? with_thousands(plain) : plain;
}

std::string Dirt::count(std::int64_t number) {
  const std::string plain = std::to_string(number);
  switch (random_.below(12)) {
    case 0:
      return to_full_width(plain);
    case 1:
      return plain + ".00";
    case 2:
      return " " + plain;
    default:
      return plain;
  }
}

Cell Dirt::null_word() {
  static const std::vector<Cell> kNullWords{Cell("暂无"), Cell("无"), Cell("—"),  Cell("NULL"),      Cell("/"),
                                            Cell("\\n"),  Cell(""),   Cell("  "), Cell(std::nullopt)};
  return random_.pick(kNullWords);
}

std::string Dirt::yes_no(bool yes) {
  const auto drawn = random_.below(10);
  if (drawn == 0) return yes ? "Y" : "N";
  return drawn == 1 ? std::string(yes ? "是 " : "否 ") : std::string(yes ? "是" : "否");
}

std::string Dirt::one_of(std::initializer_list<const char*> spellings) {
  return *(spellings.begin() + static_cast<std::ptrdiff_t>(random_.below(spellings.size())));
}

}  // namespace zhida::town
