/** How long a payment can be given back: counted in months of the calendar, to the second. */
import { beijingDateOf, beijingInstant, beijingTimeOf } from '../../domain/time/plain-date.ts';

/** A month that lacks the day ends with its last: from 31 March eleven months lead to 28 February. */
export function isWithinMonths(fromMs: number, months: number, atMs: number): boolean {
  const from = new Date(fromMs);
  const [year = 0, month = 0, day = 0] = beijingDateOf(from).split('-').map(Number);
  const lastOfMonth = new Date(Date.UTC(year, month - 1 + months + 1, 0));
  const last =
    lastOfMonth.toISOString().slice(0, 8) + String(Math.min(day, lastOfMonth.getUTCDate())).padStart(2, '0');
  return atMs <= beijingInstant(last, beijingTimeOf(from).slice(11)).getTime();
}
