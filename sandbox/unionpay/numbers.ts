/** The numbers and times that UnionPay gives to trades. */
import { beijingDateOf, beijingTimeOf } from '../../domain/time/plain-date.ts';
import type { PlainDate } from '../../domain/time/plain-date.ts';

const HOUR_MS = 3_600_000;
const TRACE_NUMBERS = 1_000_000;

/** `yyyyMMddHHmmss`. */
export function txnTimeOf(atMs: number): string {
  return beijingTimeOf(new Date(atMs)).replace(/[^0-9]/g, '');
}

/** `MMddHHmmss`: how banks name the moment of a trade. */
export function traceTimeOf(atMs: number): string {
  return txnTimeOf(atMs).slice(4);
}

/** The clearing day, which begins and ends at 23:00. */
export function clearingDateOf(atMs: number): PlainDate {
  return beijingDateOf(new Date(atMs + HOUR_MS));
}

/** `MMdd`. */
export function settleDateOf(date: PlainDate): string {
  return date.slice(5).replace('-', '');
}

/** The newest day of this month and day, up to `latest`; null when there is none. A year is no part of the question. */
export function dateOfSettleDate(text: string, latest: PlainDate): PlainDate | null {
  const [month, day] = [text.slice(0, 2), text.slice(2)];
  const years = [0, 1, 2, 3, 4].map((back) => Number(latest.slice(0, 4)) - back);
  const found = years.find((year) => {
    const date = `${String(year)}-${month}-${day}`;
    return date <= latest && isDay(date);
  });
  return found === undefined ? null : `${String(found)}-${month}-${day}`;
}

function isDay(date: string): boolean {
  const at = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date);
}

/** Gives out trace numbers one after the other, and query numbers made of them: 21 digits, each only once. */
export class TradeNumbers {
  #last: number;

  constructor(first: number) {
    this.#last = first % TRACE_NUMBERS;
  }

  snapshot(): number {
    return this.#last;
  }

  restore(last: number): void {
    this.#last = last;
  }

  next(kind: '44' | '05', atMs: number): { readonly traceNo: string; readonly queryId: string } {
    this.#last = (this.#last + 1) % TRACE_NUMBERS;
    const traceNo = String(this.#last).padStart(6, '0');
    return { traceNo, queryId: `${kind}${txnTimeOf(atMs).slice(2)}${traceNo}8` };
  }
}
