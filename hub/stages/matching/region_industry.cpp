#include "stages/matching/region_industry.h"

#include <algorithm>
#include <array>

namespace zhida::matching {
namespace {

struct Section {
  char letter;
  int first, last;  // Divisions: the first two digits of a code.
};

// GB/T 4754-2017, table of contents.
constexpr std::array kSections = {
    Section{'A', 1, 5},   Section{'B', 6, 12},  Section{'C', 13, 43}, Section{'D', 44, 46}, Section{'E', 47, 50},
    Section{'F', 51, 52}, Section{'G', 53, 60}, Section{'H', 61, 62}, Section{'I', 63, 65}, Section{'J', 66, 69},
    Section{'K', 70, 70}, Section{'L', 71, 72}, Section{'M', 73, 75}, Section{'N', 76, 79}, Section{'O', 80, 82},
    Section{'P', 83, 83}, Section{'Q', 84, 85}, Section{'R', 86, 90}, Section{'S', 91, 96}, Section{'T', 97, 97}};

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

char section_of(std::string_view code) {
  if (code.empty()) return 0;
  if (is_letter(code[0])) {
    const char letter = static_cast<char>(code[0] & ~0x20);
    return letter <= kSections.back().letter ? letter : 0;
  }
  if (code.size() < 2 || !is_digit(code[0]) || !is_digit(code[1])) return 0;
  const int division = (code[0] - '0') * 10 + (code[1] - '0');
  for (const auto& section : kSections)
    if (division >= section.first && division <= section.last) return section.letter;
  return 0;
}

std::string_view digits_of(std::string_view code) {
  if (!code.empty() && is_letter(code[0])) code.remove_prefix(1);
  return code;
}

}  // namespace

bool industry_below(std::string_view code, std::string_view above) {
  if (above.empty() || code.empty()) return false;
  const auto wanted = digits_of(above);
  if (wanted.empty()) return section_of(code) == section_of(above);
  return digits_of(code).starts_with(wanted);
}

bool region_below(std::string_view code, std::string_view above) {
  while (above.size() > 2 && above.ends_with("00")) above.remove_suffix(2);
  return !above.empty() && code.starts_with(above);
}

bool is_industry_code(std::string_view code) {
  const auto digits = digits_of(code);
  if (digits.size() > 4 || digits.size() == 1 || !std::ranges::all_of(digits, is_digit)) return false;
  return !code.empty() && section_of(code) != 0;
}

bool is_region_code(std::string_view code) {
  return code.size() == 6 && std::ranges::all_of(code, is_digit);
}

}  // namespace zhida::matching
