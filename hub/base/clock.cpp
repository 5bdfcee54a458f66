#include "base/clock.h"

#include <algorithm>

#include "base/bytes.h"

namespace zhida {
namespace {

bool is_weekend(Date day) {
  const auto weekday = std::chrono::weekday(day.days());
  return weekday == std::chrono::Saturday || weekday == std::chrono::Sunday;
}

Result<Instant> read_clock(const std::string& path) {
  auto text = TRY(read_file(path, 200));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return parse_rfc3339(text);
}

}  // namespace

Instant SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

Result<FileClock*> FileClock::create(const std::string& path) {
  const auto first = TRY(read_clock(path));
  return new FileClock(path, first);
}

Instant FileClock::now() const {
  std::int64_t last = last_millis_.load();
  if (const auto read = read_clock(path_)) {
    const std::int64_t current = to_millis(read.value());
    while (current > last && !last_millis_.compare_exchange_weak(last, current)) {
    }
    last = std::max(last, current);
  }
  return from_millis(last);
}

Result<Calendar> Calendar::parse(std::string_view csv) {
  Calendar calendar;
  int line_number = 0;
  while (!csv.empty()) {
    ++line_number;
    const auto end = csv.find('\n');
    auto line = csv.substr(0, end);
    csv = end == std::string_view::npos ? std::string_view{} : csv.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || line.front() == '#' || line.starts_with("date")) continue;
    const auto day = Date::parse(line.substr(0, 10));
    if (!day || line.size() < 14 || line[10] != ',' || line[12] != ',' || (line[13] != '0' && line[13] != '1'))
      return refuse("calendar_malformed",
                    "Working-day table, line " + std::to_string(line_number) + ": expected date,weekday,is_workday.");
    const bool works = line[13] == '1';
    if (works && is_weekend(day.value())) calendar.makeup_days_.insert(day.value());
    if (!works && !is_weekend(day.value())) calendar.holidays_.insert(day.value());
    calendar.years_.insert(day.value().year());
  }
  return calendar;
}

bool Calendar::is_working_day(Date day) const {
  return is_weekend(day) ? makeup_days_.contains(day) : !holidays_.contains(day);
}

Date Calendar::plus_working_days(Date from, int count) const {
  const int step = count < 0 ? -1 : 1;
  Date day = from;
  while (count != 0) {
    day = day.plus_days(step);
    if (is_working_day(day)) count -= step;
  }
  return day;
}

int Calendar::working_days_between(Date from, Date to) const {
  int days = 0;
  for (Date day = from; day <= to; day = day.plus_days(1)) days += is_working_day(day) ? 1 : 0;
  return days;
}

}  // namespace zhida
