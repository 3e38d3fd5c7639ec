/** Amounts, times and words read from the bytes of a statement, without making a string of them. */

export const COMMA = 0x2c;
export const LF = 0x0a;
export const CR = 0x0d;

const DOT = 0x2e;
const MINUS = 0x2d;
const ZERO = 0x30;

/** What {@link readDecimal} answers for text that is no amount. Larger than any amount it reads. */
export const UNREADABLE = Number.MAX_SAFE_INTEGER;

/** Digits, scaled, that an amount may have: 10^15 is below 2^53, so such a number is exact. */
const DIGITS_MAX = 15;

/**
 * Reads `-12.34` in units of the last of `decimals` decimals, exactly: -1234. More decimals only if they are zeros.
 * @returns {@link UNREADABLE} for anything else: blanks, thousands separators, exponents, more than 15 digits
 */
export function readDecimal(bytes: Buffer, from: number, to: number, decimals: number): number {
  let at = from;
  const negative = at < to && bytes[at] === MINUS;
  if (negative) at += 1;

  const wholeFrom = at;
  let value = 0;
  while (at < to) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    at += 1;
  }
  if (at === wholeFrom || at - wholeFrom > DIGITS_MAX - decimals) return UNREADABLE;

  let left = decimals;
  if (at < to) {
    if (bytes[at] !== DOT || at + 1 === to) return UNREADABLE;
    for (at += 1; at < to; at += 1) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) return UNREADABLE;
      if (left > 0) {
        value = value * 10 + digit;
        left -= 1;
      } else if (digit !== 0) return UNREADABLE;
    }
  }
  for (; left > 0; left -= 1) value *= 10;
  return negative ? 0 - value : value;
}

/** Bytes of `yyyy-MM-dd HH:mm:ss`. */
export const TIME_BYTES = 19;

const DAYS_IN_MONTH = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The day of the time `yyyy-MM-dd HH:mm:ss` at `from` as a number such as 20250630.
 * @returns 0 when there is no real day or time of day
 */
export function readDay(bytes: Buffer, from: number): number {
  const year = twoDigits(bytes, from) * 100 + twoDigits(bytes, from + 2);
  const month = twoDigits(bytes, from + 5);
  const day = twoDigits(bytes, from + 8);
  const separated =
    bytes[from + 4] === MINUS &&
    bytes[from + 7] === MINUS &&
    bytes[from + 10] === 0x20 &&
    bytes[from + 13] === 0x3a &&
    bytes[from + 16] === 0x3a;
  if (!separated || !isDay(year, month, day)) return 0;
  const hour = twoDigits(bytes, from + 11);
  const minute = twoDigits(bytes, from + 14);
  const second = twoDigits(bytes, from + 17);
  const timely = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
  return timely ? year * 10_000 + month * 100 + day : 0;
}

function isDay(year: number, month: number, day: number): boolean {
  if (!(year >= 2000 && month >= 1 && month <= 12 && day >= 1)) return false;
  if (month === 2 && day === 29) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (DAYS_IN_MONTH[month] ?? 0);
}

/** Far below zero when one of the two is no digit, so that no sum with it is a valid part. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = (bytes[at] ?? 0) - ZERO;
  const ones = (bytes[at + 1] ?? 0) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1_000_000;
}

/** Whether the field is exactly `word`. */
export function fieldIs(bytes: Buffer, from: number, to: number, word: Buffer): boolean {
  if (to - from !== word.length) return false;
  for (let i = 0; i < word.length; i += 1) if (bytes[from + i] !== word[i]) return false;
  return true;
}

/** 20250630 as `2025-06-30`; null for 0. */
export function dayText(day: number): string | null {
  if (day === 0) return null;
  const digits = String(day);
  return `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
}
