#include "adapter_api/transports/days.h"

#include <vector>

#include "platform/text/encoding.h"

namespace zhida::transports {
namespace {

constexpr int kYearMin = 1990;
constexpr int kYearMax = 2098;

// Numbers in the order in which they stand. A run of digits is cut after its first four where more follow, and then
// after each two, so that 20190904 reads as 2019, 9, 4.
std::vector<int> numbers_of(std::string_view text) {
  std::vector<int> numbers;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      digits = 0;
      continue;
    }
    const std::size_t width = numbers.size() <= 1 ? 4 : 2;
    if (digits == 0 || digits == width) {
      numbers.push_back(0);
      digits = 0;
    }
    numbers.back() = numbers.back() * 10 + (c - '0');
    ++digits;
  }
  return numbers;
}

bool sane_year(int year) {
  return year >= kYearMin && year <= kYearMax;
}

}  // namespace

std::optional<Date> read_day(std::string_view text) {
  const auto numbers = numbers_of(text::plain(text));
  if (numbers.size() < 3 || !sane_year(numbers[0])) return std::nullopt;
  const auto day = Date::from_ymd(numbers[0], numbers[1], numbers[2]);
  return day ? std::optional(day.value()) : std::nullopt;
}

std::optional<Date> read_month_end(std::string_view text) {
  const auto numbers = numbers_of(text::plain(text));
  if (numbers.size() < 2 || !sane_year(numbers[0])) return std::nullopt;
  const auto first = Date::from_ymd(numbers[0], numbers[1], 1);
  return first ? std::optional(first.value().plus_months(1).plus_days(-1)) : std::nullopt;
}

std::optional<Date> read_year_end(std::string_view text) {
  const auto numbers = numbers_of(text::plain(text));
  if (numbers.empty() || !sane_year(numbers[0])) return std::nullopt;
  return Date::from_ymd(numbers[0], 12, 31).value();
}

std::string trimmed_cell(const Columns& columns, const std::string& column) {
  const auto found = columns.find(column);
  if (found == columns.end() || !found->second) return {};
  return std::string(text::trim(*found->second));
}

std::string code_form(std::string_view text) {
  std::string code;
  for (const char c : text::plain(text)) {
    if (c == '-' || c == ' ' || c == '\t') continue;
    code += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return code;
}

}  // namespace zhida::transports
