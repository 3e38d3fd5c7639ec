/**
 * A second reading of the holiday notices, written the other way round: not the ranges of days off, but each weekday that
 * is off and each weekend day that is worked.
 */
import { addDays, weekdayOf } from '../../domain/time/plain-date.ts';

export const PUBLISHED = [
  {
    year: 2024,
    weekdaysOff:
      '01-01 02-12 02-13 02-14 02-15 02-16 04-04 04-05 05-01 05-02 05-03 06-10 09-16 09-17 10-01 10-02 10-03 10-04 10-07',
    weekendsWorked: '02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12',
    // 366 days less 104 weekend days less 11 statutory days.
    businessDays: 251,
  },
  {
    year: 2025,
    weekdaysOff:
      '01-01 01-28 01-29 01-30 01-31 02-03 02-04 04-04 05-01 05-02 05-05 06-02 10-01 10-02 10-03 10-06 10-07 10-08',
    weekendsWorked: '01-26 02-08 04-27 09-28 10-11',
    // 365 days less 104 weekend days less 13 statutory days.
    businessDays: 248,
  },
  {
    year: 2026,
    weekdaysOff:
      '01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25 10-01 10-02 10-05 10-06 10-07',
    weekendsWorked: '01-04 02-14 02-28 05-09 09-20 10-10',
    businessDays: 248,
  },
];

/** Every day of the published years on which Monday to Friday does not hold, in order. */
export const SPECIAL_DAYS: readonly string[] = PUBLISHED.flatMap(({ year, weekdaysOff, weekendsWorked }) =>
  `${weekdaysOff} ${weekendsWorked}`.split(' ').map((day) => `${String(year)}-${day}`),
).toSorted();

const SPECIAL = new Set(SPECIAL_DAYS);

export function isWeekday(day: string): boolean {
  return weekdayOf(day) !== 0 && weekdayOf(day) !== 6;
}

/** By this reading alone: a weekday that is not off, or a weekend day that is worked. */
function isWorked(day: string): boolean {
  return isWeekday(day) !== SPECIAL.has(day);
}

/** The `count`-th worked day after `day`, by walking. */
export function workedDayAfter(day: string, count: number): string {
  let end = day;
  for (let left = count; left > 0; ) {
    end = addDays(end, 1);
    if (isWorked(end)) left -= 1;
  }
  return end;
}
