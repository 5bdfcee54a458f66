#include "stages/casework/deadlines.h"

#include "base/assert.h"

namespace zhida::casework {

Date publicity_last_day(Date start, int days, DayUnit unit, bool counts_first_day, const Calendar& calendar) {
  ZHIDA_ASSERT(days >= 1);
  if (unit == DayUnit::calendar) return start.plus_days(counts_first_day ? days - 1 : days);
  if (!counts_first_day) return calendar.plus_working_days(start, days);
  const Date first = calendar.is_working_day(start) ? start : calendar.plus_working_days(start, 1);
  return days == 1 ? first : calendar.plus_working_days(first, days - 1);
}

Date deadline(Date began, int working_days, const Calendar& calendar) {
  ZHIDA_ASSERT(working_days >= 1);
  return calendar.plus_working_days(began, working_days);
}

}  // namespace zhida::casework
