/** Waits for what is still to come after the last request. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { PlainDate } from '../../domain/time/plain-date.ts';
import { addDays, beijingDateOf } from '../../domain/time/plain-date.ts';
import type { Pool } from '../../store/pool.ts';
import { counted } from '../output.ts';
import type { DemoPlan } from './plan.ts';
import { readStates } from './states.ts';

const LOOK_EVERY_MS = 400;

/** Days by which the last bills have come and been looked at for a second time. */
const BILLS_DAYS = 5;
/** Days by which a slow card is through, and the promise to the payer of a refund in trouble is missed, whatever holidays lie between. */
const TROUBLE_DAYS = 23;

/** The day by which everything of the plan had its time to happen. `origin` is when its month began. */
export function quietDayOf(plan: DemoPlan, origin: Date, lastDay: PlainDate): PlainDate {
  const troubled = plan.refunds.flatMap(({ trouble, requestedAtMs }) =>
    trouble === null ? [] : [requestedAtMs],
  );
  const last = beijingDateOf(new Date(origin.getTime() + Math.max(0, ...troubled)));
  const days = [addDays(lastDay, BILLS_DAYS), addDays(last, TROUBLE_DAYS)];
  return days.reduce((one, other) => (one > other ? one : other));
}

interface Wait {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly plan: DemoPlan;
  /** The day that must pass in any case, so that what should not happen had its time to happen. */
  readonly quietDay: PlainDate;
  /** When to stop waiting, whatever is open; the checks then say what is missing. */
  readonly until: Date;
  readonly signal?: AbortSignal;
}

/**
 * Ends when every refund stands where its plan says, and the last bills and missed promises had their time.
 * @throws the reason of the signal once it is aborted
 */
export async function untilQuiet(wait: Wait, hear: (open: string) => void): Promise<void> {
  const { signal } = wait;
  const later = (): Promise<void> => sleep(LOOK_EVERY_MS, undefined, signal === undefined ? {} : { signal });
  // Of those that have arrived only the last look of all, by the checks, needs to know that they still stand there.
  let waiting = wait.plan.refunds;
  while (wait.clock.now() < wait.until) {
    const left = waiting.length === 0 ? waiting : await stillOpen(wait.pool, waiting).catch(whileAway);
    if (left === null) {
      await later();
      continue;
    }
    waiting = left;
    const open = waiting.length;
    if (open === 0 && beijingDateOf(wait.clock.now()) > wait.quietDay) return;
    hear(
      open === 0
        ? 'every refund stands as planned; the last bills and promises are due'
        : `${counted(open, 'refund')} to hear the channel's last word of`,
    );
    await later();
  }
}

/** A database that is being started again is asked again. */
function whileAway(error: unknown): null {
  if (error instanceof AppError && error.code === 'database_unavailable') return null;
  throw error;
}

/** Those of the refunds that do not stand where their plan says. */
async function stillOpen(pool: Pool, refunds: DemoPlan['refunds']): Promise<DemoPlan['refunds']> {
  const states = await readStates(
    pool,
    refunds.map((refund) => refund.refundNo),
  );
  return refunds.filter((refund) => states.get(refund.refundNo) !== (refund.trouble?.expected ?? 'settled'));
}
