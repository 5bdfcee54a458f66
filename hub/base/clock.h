#pragma once
#include <atomic>
#include <set>
#include <string>

#include "base/time.h"

namespace zhida {

/// The business clock: stamps seals, deadlines and freshness. TLS, retries and time-outs use real time instead.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;  ///< Any thread. Never goes back.
  Date today() const { return Date::of(now()); }
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
};

/// A clock that tests own.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start) : now_millis_(to_millis(start)) {}
  Instant now() const override { return from_millis(now_millis_.load()); }
  void set(Instant moment) { now_millis_.store(to_millis(moment)); }
  void advance(std::chrono::milliseconds by) { now_millis_.fetch_add(by.count()); }

 private:
  std::atomic<std::int64_t> now_millis_;
};

/// `clock: external`: a file holding one RFC 3339 line, written by whoever drives the time (write_file_atomically). All
/// processes of a demo read the same file. An unreadable or older content leaves the last value.
class FileClock final : public Clock {
 public:
  static Result<FileClock*> create(const std::string& path);  ///< Error when there is no valid time yet. Caller owns.
  Instant now() const override;

 private:
  FileClock(std::string path, Instant start) : path_(std::move(path)), last_millis_(to_millis(start)) {}
  std::string path_;
  mutable std::atomic<std::int64_t> last_millis_;
};

/// Working days by the State Council's notices (holidays and make-up days). Loaded from mappings/codes/workdays.csv.
/// A year that is not loaded counts Monday to Friday as working days and is reported by covers().
class Calendar {
 public:
  /// Lines `date,weekday,is_workday,...` with a header. Error `calendar_malformed` names the line.
  static Result<Calendar> parse(std::string_view csv);
  bool is_working_day(Date day) const;
  bool covers(int year) const { return years_.contains(year); }
  /// The count-th working day after `from` (count ≥ 1), or before it (count ≤ -1); 0 gives `from` itself.
  Date plus_working_days(Date from, int count) const;
  /// Working days in [from, to], both included; 0 when to < from.
  int working_days_between(Date from, Date to) const;

 private:
  std::set<Date> holidays_;     // Weekdays that are not worked.
  std::set<Date> makeup_days_;  // Weekend days that are worked.
  std::set<int> years_;
};

}  // namespace zhida
