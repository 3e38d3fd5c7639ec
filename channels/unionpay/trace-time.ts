/** UnionPay prints the times of its traces without a year (`MMddHHmmss`): the file's clearing date gives it. */
import { TIME_BYTES, readDay } from '../byte-fields.ts';
import { word } from '../line-words.ts';

const PARTS = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/;
const ZERO = 0x30;

/** `yyyy-MM-dd HH:mm:ss` in the clearing date's year, or in the year beside it around New Year; null for no such time. */
export function timeNear(clearingDate: string, trace: string): string | null {
  return timeIn(yearNear(clearingDate, Number(trace.slice(0, 2))), trace);
}

/** The same for what was before the clearing date, up to a year. */
export function timeBefore(clearingDate: string, trace: string): string | null {
  const isLater = trace.slice(0, 4) > clearingDate.slice(5).replace('-', '');
  return timeIn(yearOf(clearingDate) - (isLater ? 1 : 0), trace);
}

/** {@link timeNear} for the many records of a file, from bytes to bytes. Their days are few: each is worked out once. */
export class TraceTimes {
  readonly #clearingDate: string;
  readonly #days = new Map<number, Buffer>();
  readonly #time = word('0000-00-00 00:00:00');
  #day = -1;

  constructor(clearingDate: string) {
    this.#clearingDate = clearingDate;
  }

  /** The trace time at `from`, in bytes that the next call overwrites; null for no such time. */
  near(bytes: Buffer, from: number): Buffer | null {
    const time = this.#time;
    const month = twoDigits(bytes, from);
    const day = twoDigits(bytes, from + 2);
    if (month < 0 || day < 0) return null;
    if (this.#day !== month * 100 + day) {
      this.#day = month * 100 + day;
      this.#dateOf(month, day).copy(time);
    }
    for (let part = 0; part < 3; part += 1) {
      time[11 + 3 * part] = bytes[from + 4 + 2 * part] ?? 0;
      time[12 + 3 * part] = bytes[from + 5 + 2 * part] ?? 0;
    }
    return readDay(time, 0) === 0 ? null : time;
  }

  #dateOf(month: number, day: number): Buffer {
    const known = this.#days.get(month * 100 + day);
    if (known !== undefined) return known;
    const parts = [yearNear(this.#clearingDate, month), twoPlaces(month), twoPlaces(day)];
    const date = word(parts.join('-'));
    this.#days.set(month * 100 + day, date);
    return date;
  }
}

function timeIn(year: number, trace: string): string | null {
  const parts = PARTS.exec(trace);
  if (parts === null) return null;
  const [, month = '', day = '', hour = '', minute = '', second = ''] = parts;
  const time = `${String(year)}-${month}-${day} ${hour}:${minute}:${second}`;
  return time.length === TIME_BYTES && readDay(word(time), 0) !== 0 ? time : null;
}

function yearNear(clearingDate: string, month: number): number {
  const apart = month - monthOf(clearingDate);
  return yearOf(clearingDate) + (apart > 6 ? -1 : apart < -6 ? 1 : 0);
}

function yearOf(date: string): number {
  return Number(date.slice(0, 4));
}

function monthOf(date: string): number {
  return Number(date.slice(5, 7));
}

/** -1 for what are no two digits. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = (bytes[at] ?? 0) - ZERO;
  const ones = (bytes[at + 1] ?? 0) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

function twoPlaces(value: number): string {
  return String(value).padStart(2, '0');
}
