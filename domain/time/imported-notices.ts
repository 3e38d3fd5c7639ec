/** Holiday notices that come from outside the code: what is wrong with one, and the calendar's data with them. */
import { AppError } from '../errors.ts';
import { NEW_YEAR_REACH_DAYS } from './china-calendar.ts';
import type { HolidayData, HolidayNotice } from './china-holidays.ts';
import type { PlainDate } from './plain-date.ts';
import { addDays, daysBetween, parsePlainDate, weekdayOf } from './plain-date.ts';

export interface ImportedNotice extends HolidayNotice {
  /** Of this year's notice, from 1 on: the highest one counts. */
  readonly revision: number;
}

/** Longer than any days off in a row there ever were (2023: eight). */
const DAYS_OFF_MAX = 15;

/** Days off in every year, by the State Council's own rules on holidays. */
const ALWAYS_OFF = ['01-01', '05-01', '10-01'] as const;

/**
 * The data with the imported notices, each in place of what the code has of its year. The revision names all of them:
 * `cn-2024-2026.1+2027.1`. Given the highest revision of each year only.
 */
export function withNotices(own: HolidayData, imported: readonly ImportedNotice[]): HolidayData {
  if (imported.length === 0) return own;
  const byYear = new Map<number, HolidayNotice>(own.notices.map((notice) => [notice.year, notice]));
  const inOrder = imported.toSorted((one, other) => one.year - other.year);
  for (const notice of inOrder) byYear.set(notice.year, notice);
  return {
    revision: [own.revision, ...inOrder.map((one) => `${String(one.year)}.${String(one.revision)}`)].join(
      '+',
    ),
    notices: [...byYear.values()].toSorted((one, other) => one.year - other.year),
  };
}

/** Everything that is wrong with a notice, one sentence each; `known` is the data that it would be added to. */
export function noticeFaults(notice: ImportedNotice, known: HolidayData): readonly string[] {
  const faults: string[] = [];
  const years = known.notices.map(({ year }) => year);
  const [first, last] = [Math.min(...years), Math.max(...years)];
  if (notice.year < first || notice.year > last + 1)
    faults.push(`year: must be ${String(first)} to ${String(last + 1)}: there may be no gap`);
  if (notice.source.trim() === '' || notice.source.length > 200) faults.push('source: 1 to 200 characters');
  if (!Number.isInteger(notice.revision) || notice.revision < 1 || notice.revision > 999)
    faults.push('revision: must be a whole number from 1 to 999');
  if (!isDay(notice.issuedOn)) faults.push(`issued_on: ${shown(notice.issuedOn)} is no day`);
  const off = daysOff(notice, faults);
  for (const day of ALWAYS_OFF)
    if (!off.has(`${String(notice.year)}-${day}`))
      faults.push(`holidays: ${String(notice.year)}-${day} is a day off in every year`);
  makeUpFaults(notice, off, faults);
  return faults;
}

function daysOff(notice: ImportedNotice, faults: string[]): ReadonlySet<PlainDate> {
  const off = new Set<PlainDate>();
  for (const [index, [from, to]] of notice.holidays.entries()) {
    const where = `holidays.${String(index)}`;
    if (!isOfYear(from, notice.year) || !isOfYear(to, notice.year)) {
      faults.push(`${where}: ${shown(from)} to ${shown(to)}: both must be days of ${String(notice.year)}`);
      continue;
    }
    const days = daysBetween(from, to) + 1;
    if (days < 1 || days > DAYS_OFF_MAX) {
      faults.push(`${where}: ${from} to ${to}: must be 1 to ${String(DAYS_OFF_MAX)} days`);
      continue;
    }
    for (let day = 0; day < days; day += 1) {
      const date = addDays(from, day);
      if (off.has(date)) faults.push(`${where}: ${date} is a day off already`);
      off.add(date);
    }
  }
  return off;
}

function makeUpFaults(notice: ImportedNotice, off: ReadonlySet<PlainDate>, faults: string[]): void {
  const seen = new Set<PlainDate>();
  for (const [index, date] of notice.makeUpDays.entries()) {
    const where = `make_up_days.${String(index)}`;
    if (!isOfYear(date, notice.year)) {
      faults.push(`${where}: ${shown(date)} is no day of ${String(notice.year)}`);
      continue;
    }
    if (weekdayOf(date) % 6 !== 0) faults.push(`${where}: ${date} is no Saturday or Sunday`);
    if (off.has(date)) faults.push(`${where}: ${date} is a day off as well`);
    if (seen.has(date)) faults.push(`${where}: ${date} stands there twice`);
    seen.add(date);
  }
}

/** Of the year, or of the last days before it, which a notice may move as well. */
function isOfYear(date: string, year: number): boolean {
  if (!isDay(date)) return false;
  const from = addDays(`${String(year)}-01-01`, -NEW_YEAR_REACH_DAYS);
  return date >= from && date <= `${String(year)}-12-31`;
}

function isDay(text: string): boolean {
  try {
    parsePlainDate(text);
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 20));
}
