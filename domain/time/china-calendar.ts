/**
 * Which days are business days in mainland China. A year without a published notice is not guessed silently: its
 * days are Monday to Friday, and everything worked out from them is marked provisional.
 */
import { invariant } from '../errors.ts';
import type { HolidayData } from './china-holidays.ts';
import { CHINA_HOLIDAYS } from './china-holidays.ts';
import type { PlainDate } from './plain-date.ts';
import { addDays, daysBetween, weekdayOf } from './plain-date.ts';

/** Why a day is, or is not, a business day. A holiday may fall on a weekend; a make-up day always does. */
export type DayKind = 'weekday' | 'weekend' | 'holiday' | 'make_up_day';

export interface BusinessDate {
  readonly date: PlainDate;
  /** One of the days counted is not certain yet: see {@link BusinessCalendar.isProvisional}. */
  readonly provisional: boolean;
}

export interface BusinessCalendar {
  /** Names the data; kept with every deadline so that the sum can be done again. */
  readonly revision: string;
  kindOf(date: PlainDate): DayKind;
  /** A weekday or a make-up day. */
  isBusinessDay(date: PlainDate): boolean;
  /** The notice that decides about this day is not published (or not part of the data): Monday to Friday is assumed. */
  isProvisional(date: PlainDate): boolean;
  /**
   * The `count`-th business day after `date`; `date` itself is never counted, and 0 gives `date` back.
   * `count` is a whole number from 0 to {@link BUSINESS_DAYS_MAX}.
   */
  addBusinessDays(date: PlainDate, count: number): BusinessDate;
  /** How many business days lie after `from` up to and including `to`; 0 when `to` is not after `from`. */
  businessDaysBetween(from: PlainDate, to: PlainDate): number;
}

/** More than any window needs; keeps a wrong number from running for ever. */
export const BUSINESS_DAYS_MAX = 400;

/**
 * A notice may move days just before its year: that for 2019 made Monday 2018-12-31 a day off and Saturday 2018-12-29 a
 * workday. So the last days of December are certain only once the next year's notice is known.
 */
export const NEW_YEAR_REACH_DAYS = 4;

/** Makes a calendar of holiday data. */
export function businessCalendar(data: HolidayData): BusinessCalendar {
  const years = new Set(data.notices.map((notice) => String(notice.year)));
  const makeUpDays = new Set(data.notices.flatMap((notice) => notice.makeUpDays));
  const holidays = new Set(
    data.notices.flatMap((notice) => notice.holidays.flatMap(([from, to]) => daysOf(from, to))),
  );

  const isPublished = (date: PlainDate): boolean => years.has(date.slice(0, 4));
  const isProvisional = (date: PlainDate): boolean =>
    !isPublished(date) || !isPublished(addDays(date, NEW_YEAR_REACH_DAYS));
  const kindOf = (date: PlainDate): DayKind => {
    if (makeUpDays.has(date)) return 'make_up_day';
    if (holidays.has(date)) return 'holiday';
    const weekday = weekdayOf(date);
    return weekday === 0 || weekday === 6 ? 'weekend' : 'weekday';
  };
  const isBusinessDay = (date: PlainDate): boolean => {
    const kind = kindOf(date);
    return kind === 'weekday' || kind === 'make_up_day';
  };

  return {
    revision: data.revision,
    kindOf,
    isBusinessDay,
    isProvisional,
    addBusinessDays(date, count) {
      invariant(
        Number.isInteger(count) && count >= 0 && count <= BUSINESS_DAYS_MAX,
        `a window has 0 to ${String(BUSINESS_DAYS_MAX)} business days, not ${String(count)}`,
      );
      let day = date;
      let provisional = false;
      for (let left = count; left > 0; ) {
        day = addDays(day, 1);
        provisional ||= isProvisional(day);
        if (isBusinessDay(day)) left -= 1;
      }
      return { date: day, provisional };
    },
    businessDaysBetween(from, to) {
      return daysOf(addDays(from, 1), to).filter(isBusinessDay).length;
    },
  };
}

/** The days from `from` to `to`, both included; none when `to` is before `from`. */
function daysOf(from: PlainDate, to: PlainDate): PlainDate[] {
  const length = Math.max(0, daysBetween(from, to) + 1);
  return Array.from({ length }, (_, index) => addDays(from, index));
}

export interface CertainDays {
  readonly from: PlainDate;
  readonly to: PlainDate;
}

/** The first and the last day that are not provisional; the notices are of years in a row. */
export function certainDays(data: HolidayData): CertainDays {
  const years = data.notices.map((notice) => notice.year);
  const end = `${String(Math.max(...years))}-12-31`;
  return { from: `${String(Math.min(...years))}-01-01`, to: addDays(end, -NEW_YEAR_REACH_DAYS) };
}

/** The calendar of everything published so far. */
export const chinaCalendar: BusinessCalendar = businessCalendar(CHINA_HOLIDAYS);
