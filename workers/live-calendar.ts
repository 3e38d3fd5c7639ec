/** The calendar of a process: what the code has and what was imported, read again every while, so that no restart is needed. */
import type { Logger } from 'pino';
import type { BusinessCalendar } from '../domain/time/china-calendar.ts';
import { businessCalendar } from '../domain/time/china-calendar.ts';
import { CHINA_HOLIDAYS } from '../domain/time/china-holidays.ts';
import { withNotices } from '../domain/time/imported-notices.ts';
import { currentNotices } from '../store/holiday-notices.ts';
import type { Pool } from '../store/pool.ts';

/** How long a process may count with the calendar of before. */
const REFRESH_EVERY_MS = 30_000;

export interface LiveCalendar extends BusinessCalendar {
  /** Stops reading. */
  stop(): Promise<void>;
}

/** @throws AppError `database_unavailable` */
export async function openCalendar(o: {
  readonly pool: Pool;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  readonly refreshEveryMs?: number;
}): Promise<LiveCalendar> {
  const read = async (): Promise<BusinessCalendar> =>
    businessCalendar(withNotices(CHINA_HOLIDAYS, await currentNotices(o.pool)));
  let current = await read();
  let stopped = false;
  let timer: NodeJS.Timeout;
  let reading: Promise<void> = Promise.resolve();
  const refresh = async (): Promise<void> => {
    try {
      const next = await read();
      if (next.revision !== current.revision)
        o.log.info({ calendar: next.revision }, 'the calendar has changed');
      current = next;
    } catch (error) {
      o.log.warn({ err: error }, 'the calendar could not be read again; the one known goes on');
    }
    if (!stopped) start();
  };
  const start = (): void => {
    timer = setTimeout(() => {
      reading = refresh();
    }, o.refreshEveryMs ?? REFRESH_EVERY_MS).unref();
  };
  start();
  return {
    get revision() {
      return current.revision;
    },
    kindOf: (date) => current.kindOf(date),
    isBusinessDay: (date) => current.isBusinessDay(date),
    isProvisional: (date) => current.isProvisional(date),
    addBusinessDays: (date, count) => current.addBusinessDays(date, count),
    businessDaysBetween: (from, to) => current.businessDaysBetween(from, to),
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await reading;
    },
  };
}
