// Deadlines and the publicity period: pure.
#pragma once
#include "base/clock.h"
#include "base/time.h"
#include "domain/policy_handling.h"

namespace zhida::casework {

/// The last day of a publicity period of `days` days that begins on `start`. With the first day counted, five working
/// days from Tuesday 2023-02-21 end on Monday 2023-02-27. A start on a day off counts from the next working day.
/// `days` ≥ 1.
Date publicity_last_day(Date start, int days, DayUnit unit, bool counts_first_day, const Calendar& calendar);

/// The last day to act for somebody who has `working_days` (≥ 1), not counting the day it began.
Date deadline(Date began, int working_days, const Calendar& calendar);

}  // namespace zhida::casework
