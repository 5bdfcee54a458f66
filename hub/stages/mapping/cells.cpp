#include "stages/mapping/cells.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>

namespace zhida::mapping {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Error unreadable(const char* code, std::string_view cell, const char* wanted) {
  return refuse(code, "\"" + std::string(cell.substr(0, 80)) + "\" is not " + wanted + ".");
}

/// Takes between least and most digits from the front; -1 where there are fewer.
int take_number(std::string_view& rest, std::size_t least, std::size_t most) {
  std::size_t count = 0;
  int value = 0;
  while (count < rest.size() && count < most && is_digit(rest[count])) value = value * 10 + (rest[count++] - '0');
  if (count < least) return -1;
  rest.remove_prefix(count);
  return value;
}

bool take(std::string_view& rest, std::string_view what) {
  if (!rest.starts_with(what)) return false;
  rest.remove_prefix(what.size());
  return true;
}

struct Moment {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

/// ` 0:00`, `T09:30:00`, ` 9:30:00.000+08:00`; true when all of it was read.
bool read_time(std::string_view rest, Moment& moment) {
  if (rest.empty()) return true;
  if (!take(rest, "T")) {
    while (take(rest, " ")) {
    }
  }
  if (rest.empty()) return true;
  moment.hour = take_number(rest, 1, 2);
  if (!take(rest, ":")) return false;
  moment.minute = take_number(rest, 1, 2);
  if (take(rest, ":")) moment.second = take_number(rest, 1, 2);
  if (moment.hour < 0 || moment.hour > 23 || moment.minute < 0 || moment.minute > 59 || moment.second < 0 ||
      moment.second > 60)
    return false;
  if (take(rest, ".") && take_number(rest, 1, 9) < 0) return false;
  // Sources write local time; an offset is accepted only where it says the same.
  return rest.empty() || rest == "+08:00" || rest == "+0800";
}

std::optional<Moment> read_moment(std::string_view cell) {
  Moment moment;
  std::string_view rest = cell;
  const bool compact = rest.size() >= 8 && std::all_of(rest.begin(), rest.begin() + 8, is_digit);
  if (compact) {
    moment.year = take_number(rest, 4, 4);
    moment.month = take_number(rest, 2, 2);
    moment.day = take_number(rest, 2, 2);
    if (rest.size() == 6 && std::all_of(rest.begin(), rest.end(), is_digit)) {
      moment.hour = take_number(rest, 2, 2);
      moment.minute = take_number(rest, 2, 2);
      moment.second = take_number(rest, 2, 2);
      if (moment.hour > 23 || moment.minute > 59 || moment.second > 60) return std::nullopt;
      return moment;
    }
  } else {
    moment.year = take_number(rest, 4, 4);
    std::string_view separator;
    if (take(rest, "年")) {
      moment.month = take_number(rest, 1, 2);
      if (!take(rest, "月")) return std::nullopt;
      moment.day = take_number(rest, 1, 2);
      take(rest, "日");
    } else {
      if (rest.empty() || (rest.front() != '-' && rest.front() != '/' && rest.front() != '.')) return std::nullopt;
      separator = rest.substr(0, 1);
      rest.remove_prefix(1);
      moment.month = take_number(rest, 1, 2);
      if (!take(rest, separator)) return std::nullopt;
      moment.day = take_number(rest, 1, 2);
    }
  }
  if (moment.year < 0 || moment.month < 0 || moment.day < 0 || !read_time(rest, moment)) return std::nullopt;
  return moment;
}

bool is_sentinel_word(std::string_view cell) {
  static constexpr std::array<std::string_view, 9> kWords{"长期",       "长期有效",   "永久",   "永久有效", "无期限",
                                                          "无固定期限", "无处罚期限", "无限期", "0"};
  return std::find(kWords.begin(), kWords.end(), cell) != kWords.end();
}

bool is_sentinel_day(const Moment& m) {
  return m.year >= 9000 || (m.year == 2099 && m.month == 12 && m.day == 31) ||
         (m.year == 1900 && m.month == 1 && m.day == 1) || (m.year == 1 && m.month == 1 && m.day == 1);
}

/// Cuts a unit in words from the end of an amount; gives its fen, 0 where there is none.
std::int64_t take_unit(std::string_view& cell) {
  struct Unit {
    std::string_view word;
    std::int64_t fen;
  };
  static constexpr std::array<Unit, 10> kUnits{{{"亿元人民币", 10'000'000'000},
                                                {"亿元", 10'000'000'000},
                                                {"亿", 10'000'000'000},
                                                {"万元人民币", 1'000'000},
                                                {"万人民币", 1'000'000},
                                                {"万元", 1'000'000},
                                                {"万", 1'000'000},
                                                {"元人民币", 100},
                                                {"人民币元", 100},
                                                {"元", 100}}};
  for (const auto& unit : kUnits) {
    if (cell.ends_with(unit.word)) {
      cell.remove_suffix(unit.word.size());
      while (cell.ends_with(' ')) cell.remove_suffix(1);
      return unit.fen;
    }
  }
  return 0;
}

}  // namespace

Result<std::optional<Date>> read_date(std::string_view cell) {
  if (is_sentinel_word(cell)) return std::optional<Date>();
  const auto moment = read_moment(cell);
  if (!moment) return unreadable("date_unreadable", cell, "a date");
  if (is_sentinel_day(*moment)) return std::optional<Date>();
  const auto day = Date::from_ymd(moment->year, moment->month, moment->day);
  if (!day) return unreadable("date_unreadable", cell, "a day of the calendar");
  return std::optional<Date>(day.value());
}

Result<std::int64_t> read_year(std::string_view cell) {
  std::string_view rest = cell;
  const int year = take_number(rest, 4, 4);
  if (rest == "年" || rest == "年度" || rest == ".0" || rest == ".00") rest = {};
  if (!rest.empty() || year < 1900 || year > 2100) return unreadable("year_unreadable", cell, "a year");
  return static_cast<std::int64_t>(year);
}

Result<std::string> read_month(std::string_view cell) {
  std::string_view rest = cell;
  const int year = take_number(rest, 4, 4);
  int month = -1;
  if (take(rest, "年")) {
    month = take_number(rest, 1, 2);
    if (!take(rest, "月")) month = -1;
  } else if (take(rest, "-") || take(rest, "/") || take(rest, ".")) {
    month = take_number(rest, 1, 2);
  } else {
    month = take_number(rest, 2, 2);
  }
  if (!rest.empty()) {
    // A day of the month: one province delivers the period as a date.
    const auto moment = read_moment(cell);
    month = moment && Date::from_ymd(moment->year, moment->month, moment->day) ? moment->month : -1;
  }
  if (year < 1900 || year > 2100 || month < 1 || month > 12) return unreadable("month_unreadable", cell, "a month");
  std::array<char, 8> out;
  std::snprintf(out.data(), out.size(), "%04d%02d", year, month);
  return std::string(out.data(), 6);
}

Result<std::string> read_timestamp(std::string_view cell) {
  const auto moment = read_moment(cell);
  if (!moment || !Date::from_ymd(moment->year, moment->month, moment->day))
    return unreadable("time_unreadable", cell, "a time");
  std::array<char, 48> out;
  const int length = std::snprintf(out.data(), out.size(), "%04d-%02d-%02dT%02d:%02d:%02d", moment->year, moment->month,
                                   moment->day, moment->hour, moment->minute, moment->second);
  return std::string(out.data(), static_cast<std::size_t>(length));
}

Result<std::string> read_decimal(std::string_view cell) {
  std::string_view rest = cell;
  std::string out;
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
    if (rest.front() == '-') out = "-";
    rest.remove_prefix(1);
  }
  const auto point = rest.find('.');
  const auto whole = rest.substr(0, point);
  const auto commas = static_cast<std::size_t>(std::count(whole.begin(), whole.end(), ','));
  const auto fail = [&] { return unreadable("number_unreadable", cell, "a number"); };
  if (commas == 0) {
    out += rest;
  } else if (commas == 1 && point == std::string_view::npos && whole.size() - whole.find(',') == 7) {
    const auto comma = whole.find(',');
    out += whole.substr(0, comma);
    out += '.';
    out += whole.substr(comma + 1);
  } else {
    std::size_t group = 0;
    bool first = true;
    for (std::size_t i = 0; i <= whole.size(); ++i) {
      if (i < whole.size() && whole[i] != ',') {
        ++group;
        out += whole[i];
        continue;
      }
      if (first ? group < 1 || group > 3 : group != 3) return fail();
      first = false;
      group = 0;
    }
    if (point != std::string_view::npos) out += rest.substr(point);
  }
  const std::size_t begin = out.starts_with('-') ? 1 : 0;
  if (out.size() == begin) return fail();
  bool seen_point = false;
  bool seen_digit = false;
  for (std::size_t i = begin; i < out.size(); ++i) {
    if (out[i] == '.' && !seen_point && seen_digit && i + 1 < out.size()) {
      seen_point = true;
    } else if (is_digit(out[i])) {
      seen_digit = true;
    } else {
      return fail();
    }
  }
  return out;
}

Result<std::int64_t> read_scaled(std::string_view cell, std::int64_t times, std::optional<Rounding> rounding) {
  const std::string decimal = TRY(read_decimal(cell));
  const auto value = rounding ? Money::parse_decimal(decimal, times, *rounding) : Money::parse_decimal(decimal, times);
  if (value) return value.value().fen();
  if (value.error().code == "money_fraction_of_fen")
    return refuse("number_fraction", "\"" + std::string(cell.substr(0, 80)) + "\" has more decimals than are kept.");
  return unreadable("number_unreadable", cell, "a number that fits");
}

Result<std::int64_t> read_integer(std::string_view cell, std::optional<Rounding> rounding) {
  return read_scaled(cell, 1, rounding);
}

Result<std::int64_t> read_money(std::string_view cell, std::int64_t fen_per_unit, std::optional<Rounding> rounding) {
  std::string_view rest = cell;
  if (rest.starts_with("¥") || rest.starts_with("￥")) rest.remove_prefix(rest.starts_with("¥") ? 2 : 3);
  if (rest.starts_with("人民币")) rest.remove_prefix(9);
  const std::int64_t written = take_unit(rest);
  const std::string decimal = TRY(read_decimal(rest));
  const std::int64_t unit = written != 0 ? written : fen_per_unit;
  const auto value = rounding ? Money::parse_decimal(decimal, unit, *rounding) : Money::parse_decimal(decimal, unit);
  if (!value) return value.error();
  return value.value().fen();
}

std::optional<std::int64_t> fen_of_unit(std::string_view unit) {
  if (unit == "分") return 1;
  if (unit == "角") return 10;
  if (unit == "元" || unit == "人民币元" || unit == "YUAN") return 100;
  if (unit == "千元") return 100'000;
  if (unit == "万元" || unit == "万") return 1'000'000;
  if (unit == "亿元") return 10'000'000'000;
  return std::nullopt;
}

}  // namespace zhida::mapping
