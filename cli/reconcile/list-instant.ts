/** Instants of a refund list: RFC 3339, whose offset is never guessed. */
import { beijingInstant } from '../../domain/time/plain-date.ts';

const RFC_3339 =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,9}))?(?:([Zz])|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))$/;

const MINUTE_MS = 60_000;
const BEIJING_OFFSET_MS = 8 * 60 * MINUTE_MS;

/** Channels that can be reconciled did not exist before; an earlier year is a mistake in the export. */
const YEAR_MIN = '2000';

/** Days that were seen before: a list has millions of times and few days. */
const midnights = new Map<string, number | null>();
const DAYS_KEPT_MAX = 10_000;

/** Ms since 1970 of an RFC 3339 text; null when it is none, or names a day that there is not. */
export function readInstant(text: string): number | null {
  const parts = RFC_3339.exec(text);
  if (parts === null) return null;
  const [, day = '', hours, minutes, seconds, fraction = '', zulu, sign, offsetHours, offsetMinutes] = parts;
  const midnight = midnightOf(day);
  if (midnight === null) return null;
  const intoDayMs = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
  const offset = zulu === undefined ? Number(offsetHours) * 60 + Number(offsetMinutes) : 0;
  const offsetMs = (sign === '-' ? -offset : offset) * MINUTE_MS;
  return midnight + intoDayMs + Number(fraction.padEnd(3, '0').slice(0, 3)) - offsetMs;
}

/** Midnight of the day in UTC. */
function midnightOf(day: string): number | null {
  const known = midnights.get(day);
  if (known !== undefined) return known;
  const midnight = day < YEAR_MIN ? null : realMidnight(day);
  if (midnights.size < DAYS_KEPT_MAX) midnights.set(day, midnight);
  return midnight;
}

function realMidnight(day: string): number | null {
  try {
    return beijingInstant(day).getTime() + BEIJING_OFFSET_MS;
  } catch {
    return null;
  }
}
