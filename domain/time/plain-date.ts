/**
 * Calendar dates of mainland China. China has one zone, +08:00, and no daylight saving since 1991, so a date is got
 * from an instant by adding eight hours: no zone database, no `Intl`, and never the zone of the host.
 */
import { AppError } from '../errors.ts';

/** A day in Beijing as `yyyy-mm-dd`. Such texts sort as the days do. */
export type PlainDate = string;

const DAY_MS = 86_400_000;
const BEIJING_OFFSET_MS = 8 * 3_600_000;

/**
 * Checks that the text is a real day of the years 1970 to 9999 and returns it.
 * @throws AppError `date_invalid`
 */
export function parsePlainDate(text: string): PlainDate {
  dayNumber(text);
  return text;
}

/** The day that it is in Beijing at this instant. */
export function beijingDateOf(instant: Date): PlainDate {
  return dateOfDay(Math.floor((instant.getTime() + BEIJING_OFFSET_MS) / DAY_MS));
}

/**
 * The instant at which it is `time` (`HH:mm:ss`, `00:00:00` to `23:59:59`) on `date` in Beijing.
 * @throws AppError `date_invalid`
 */
export function beijingInstant(date: PlainDate, time = '00:00:00'): Date {
  const parts = /^([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])$/.exec(time);
  if (parts === null) throw new AppError('date_invalid', { time: time.slice(0, 20) });
  const [, hours = '', minutes = '', seconds = ''] = parts;
  const intoDayMs = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return new Date(dayNumber(date) * DAY_MS + intoDayMs - BEIJING_OFFSET_MS);
}

/** The Beijing time of an instant as Chinese channels write it: `yyyy-MM-dd HH:mm:ss`. */
export function beijingTimeOf(instant: Date): string {
  return new Date(instant.getTime() + BEIJING_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}

/** Reads `yyyy-MM-dd HH:mm:ss` Beijing time, fractions of a second let pass; null for anything else. */
export function readBeijingTime(text: string): Date | null {
  const parts = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.\d{1,3})?$/.exec(text);
  if (parts === null) return null;
  try {
    return beijingInstant(parts[1] ?? '', parts[2] ?? '');
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

/** The day `days` later; earlier when negative. @throws AppError `date_invalid` */
export function addDays(date: PlainDate, days: number): PlainDate {
  return dateOfDay(dayNumber(date) + days);
}

/** How many days `to` is after `from`; negative when it is before. @throws AppError `date_invalid` */
export function daysBetween(from: PlainDate, to: PlainDate): number {
  return dayNumber(to) - dayNumber(from);
}

/** 0 is Sunday, 6 is Saturday. @throws AppError `date_invalid` */
export function weekdayOf(date: PlainDate): number {
  // Day 0, 1970-01-01, was a Thursday.
  return (dayNumber(date) + 4) % 7;
}

/** Days since 1970-01-01. A text that does not print back as itself (2025-02-30) is no day. */
function dayNumber(date: PlainDate): number {
  const parts = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(date);
  if (parts === null) throw new AppError('date_invalid', { date: date.slice(0, 20) });
  const [, year = '', month = '', day = ''] = parts;
  const days = Date.UTC(Number(year), Number(month) - 1, Number(day)) / DAY_MS;
  if (days < 0 || dateOfDay(days) !== date) throw new AppError('date_invalid', { date });
  return days;
}

function dateOfDay(days: number): PlainDate {
  return new Date(days * DAY_MS).toISOString().slice(0, 10);
}
