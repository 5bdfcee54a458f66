#include "base/time.h"

#include <cstdio>

namespace zhida {
namespace {

using std::chrono::floor;
using std::chrono::hours;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr hours kChina{8};

/// Reads exactly `count` digits at `at`; -1 where one is missing.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

Error malformed_time(std::string_view text) {
  return refuse("time_malformed", "\"" + std::string(text.substr(0, 40)) + "\" is not a time in the form expected.");
}

}  // namespace

Result<Date> Date::from_ymd(int year, int month, int day) {
  const year_month_day ymd{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                           std::chrono::day{static_cast<unsigned>(day)}};
  if (year < 1000 || year > 9999 || month < 1 || day < 1 || !ymd.ok())
    return refuse("date_malformed", "There is no day " + std::to_string(year) + "-" + std::to_string(month) + "-" +
                                        std::to_string(day) + ".");
  return Date(sys_days(ymd));
}

Result<Date> Date::parse(std::string_view iso) {
  const int y = digits(iso, 0, 4);
  const int m = digits(iso, 5, 2);
  const int d = digits(iso, 8, 2);
  if (iso.size() != 10 || y < 0 || m < 0 || d < 0 || iso[4] != '-' || iso[7] != '-')
    return refuse("date_malformed", "\"" + std::string(iso.substr(0, 40)) + "\" is not a date of the form YYYY-MM-DD.");
  return from_ymd(y, m, d);
}

Date Date::of(Instant moment) {
  return Date(floor<std::chrono::days>(moment + kChina));
}

int Date::year() const {
  return static_cast<int>(year_month_day(days_).year());
}
int Date::month() const {
  return static_cast<int>(static_cast<unsigned>(year_month_day(days_).month()));
}
int Date::day() const {
  return static_cast<int>(static_cast<unsigned>(year_month_day(days_).day()));
}

std::string Date::to_string() const {
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", year(), month(), day());
  return text;
}

std::string Date::to_compact() const {
  char text[32];
  std::snprintf(text, sizeof text, "%04d%02d%02d", year(), month(), day());
  return text;
}

Date Date::plus_months(int months) const {
  auto ymd = year_month_day(days_) + std::chrono::months(months);
  if (!ymd.ok()) ymd = ymd.year() / ymd.month() / std::chrono::last;
  return Date(sys_days(ymd));
}

Instant Date::begins() const {
  return Instant(days_) - kChina;
}

std::string to_rfc3339(Instant moment) {
  const auto local = moment + kChina;
  const auto day = floor<std::chrono::days>(local);
  const auto in_day = std::chrono::hh_mm_ss(local - day);
  char text[40];
  std::snprintf(text, sizeof text, "%sT%02d:%02d:%02d.%03d+08:00", Date(day).to_string().c_str(),
                static_cast<int>(in_day.hours().count()), static_cast<int>(in_day.minutes().count()),
                static_cast<int>(in_day.seconds().count()), static_cast<int>(in_day.subseconds().count()));
  return text;
}

Result<Instant> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || text.size() > 40 || (text[10] != 'T' && text[10] != 't')) return malformed_time(text);
  const auto day = Date::parse(text.substr(0, 10));
  const int h = digits(text, 11, 2);
  const int m = digits(text, 14, 2);
  const int s = digits(text, 17, 2);
  if (!day || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59 || text[13] != ':' || text[16] != ':')
    return malformed_time(text);
  std::size_t at = 19;
  std::int64_t millis = 0;
  if (text[at] == '.') {
    std::int64_t scale = 100;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      millis += scale * (text[at] - '0');
    if (text[at - 1] == '.') return malformed_time(text);
  }
  std::int64_t offset_minutes = 0;
  const auto zone = text.substr(at);
  if (zone != "Z" && zone != "z") {
    const int zh = digits(zone, 1, 2);
    const int zm = digits(zone, 4, 2);
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || zh < 0 || zh > 23 || zm < 0 ||
        zm > 59)
      return malformed_time(text);
    offset_minutes = (zone[0] == '-' ? -1 : 1) * (zh * 60 + zm);
  }
  return Instant(day.value().days()) + std::chrono::hours(h) + std::chrono::minutes(m) + std::chrono::seconds(s) +
         std::chrono::milliseconds(millis) - std::chrono::minutes(offset_minutes);
}

std::string to_generalized_time(Instant moment) {
  const auto day = floor<std::chrono::days>(moment);
  const auto in_day = std::chrono::hh_mm_ss(floor<std::chrono::seconds>(moment) - day);
  char text[32];
  std::snprintf(text, sizeof text, "%s%02d%02d%02dZ", Date(day).to_compact().c_str(),
                static_cast<int>(in_day.hours().count()), static_cast<int>(in_day.minutes().count()),
                static_cast<int>(in_day.seconds().count()));
  return text;
}

Result<Instant> parse_generalized_time(std::string_view text) {
  if (text.size() != 15 || text[14] != 'Z') return malformed_time(text);
  const auto day = Date::from_ymd(digits(text, 0, 4), digits(text, 4, 2), digits(text, 6, 2));
  const int h = digits(text, 8, 2);
  const int m = digits(text, 10, 2);
  const int s = digits(text, 12, 2);
  if (!day || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59) return malformed_time(text);
  return Instant(day.value().days()) + std::chrono::hours(h) + std::chrono::minutes(m) + std::chrono::seconds(s);
}

}  // namespace zhida
