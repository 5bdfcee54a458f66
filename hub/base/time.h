#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace zhida {

using namespace std::chrono_literals;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z. Stored in databases as that integer.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

/// A calendar day in China (UTC+8, no daylight saving). Stored in databases as `YYYY-MM-DD`.
class Date {
 public:
  constexpr Date() = default;
  constexpr explicit Date(std::chrono::sys_days days) : days_(days) {}
  static Result<Date> from_ymd(int year, int month, int day);  ///< Error `date_malformed` for days that do not exist.
  static Result<Date> parse(std::string_view iso);             ///< Only `YYYY-MM-DD`. Error `date_malformed`.
  static Date of(Instant moment);                              ///< The day it is in China.

  constexpr std::chrono::sys_days days() const { return days_; }
  int year() const;
  int month() const;
  int day() const;
  std::string to_string() const;   ///< `2025-11-03`
  std::string to_compact() const;  ///< `20251103`
  Date plus_days(int days) const { return Date(days_ + std::chrono::days(days)); }
  /// The same day `months` later, or the last day of that month where there is no such day.
  Date plus_months(int months) const;
  Instant begins() const;  ///< 00:00 in China.

  friend constexpr auto operator<=>(Date, Date) = default;

 private:
  std::chrono::sys_days days_{};
};

inline std::int64_t to_millis(Instant moment) {
  return moment.time_since_epoch().count();
}
inline Instant from_millis(std::int64_t millis) {
  return Instant(std::chrono::milliseconds(millis));
}

std::string to_rfc3339(Instant moment);                         ///< `2025-11-03T09:00:00.000+08:00`
Result<Instant> parse_rfc3339(std::string_view text);           ///< Offset needed. Error `time_malformed`.
std::string to_generalized_time(Instant moment);                ///< `20251103010000Z`: UTC, whole seconds.
Result<Instant> parse_generalized_time(std::string_view text);  ///< Exactly 15 characters. Error `time_malformed`.

}  // namespace zhida
