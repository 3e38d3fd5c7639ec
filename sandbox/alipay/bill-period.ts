/** Which day or month a bill is of, and from when it can be had. */
import { AppError } from '../../domain/errors.ts';
import type { PlainDate } from '../../domain/time/plain-date.ts';
import { addDays, beijingInstant, parsePlainDate } from '../../domain/time/plain-date.ts';

/** Bills of a day are there at nine of the next one; those of a month at nine of the third. */
const READY_AT = '09:00:00';
const MONTH_READY_DAYS = 2;
/** Nothing older was ever kept. */
const FIRST_DAY = '2016-01-01';

export interface BillPeriod {
  /** `2026-09-01`, or `2026-09` for a month. */
  readonly name: string;
  readonly firstDay: PlainDate;
  /** The day after its last. */
  readonly endDay: PlainDate;
  readonly fromMs: number;
  readonly toMs: number;
  readonly readyAtMs: number;
}

/** Null when it is none, or before all bills. */
export function billPeriod(name: string): BillPeriod | null {
  const isMonth = /^\d{4}-\d{2}$/.test(name);
  const firstDay = dateOf(isMonth ? `${name}-01` : name);
  if (firstDay === null || firstDay < FIRST_DAY) return null;
  const endDay = isMonth ? firstOfNextMonth(firstDay) : addDays(firstDay, 1);
  return {
    ...{ name, firstDay, endDay },
    fromMs: beijingInstant(firstDay).getTime(),
    toMs: beijingInstant(endDay).getTime(),
    readyAtMs: beijingInstant(isMonth ? addDays(endDay, MONTH_READY_DAYS) : endDay, READY_AT).getTime(),
  };
}

function firstOfNextMonth(firstDay: PlainDate): PlainDate {
  return `${addDays(firstDay, 31).slice(0, 7)}-01`;
}

function dateOf(text: string): PlainDate | null {
  try {
    return parsePlainDate(text);
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
