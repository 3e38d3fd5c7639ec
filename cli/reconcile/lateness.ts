/** How late a refund is at the instant of judgement, in business days. */
import { daysLate } from '../../domain/time/arrival-window.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import { beijingDateOf } from '../../domain/time/plain-date.ts';
import type { Window } from './rows.ts';

/** A list of late refunds has few promises: most end with a day. */
const REMEMBERED_MAX = 10_000;

export class Lateness {
  readonly #asOf: Date;
  readonly #isAsOfProvisional: boolean;
  readonly #known = new Map<number, number>();

  constructor(asOf: Date) {
    this.#asOf = asOf;
    this.#isAsOfProvisional = chinaCalendar.isProvisional(beijingDateOf(asOf));
  }

  days({ promiseAt }: Window): number {
    const key = promiseAt.getTime();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const days = daysLate(promiseAt, this.#asOf, chinaCalendar);
    if (this.#known.size < REMEMBERED_MAX) this.#known.set(key, days);
    return days;
  }

  /** Whether the window or the count of days rests on a year without a published calendar. */
  isProvisional({ provisional }: Window): boolean {
    return provisional || this.#isAsOfProvisional;
  }
}
