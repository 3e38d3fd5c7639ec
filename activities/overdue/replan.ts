/**
 * A new table of windows or a new calendar moves what was promised: open refunds that were planned from older ones are
 * planned again before anybody is judged late. Flags that were raised stay; only evidence lifts them.
 */
import { WINDOW_VERSION } from '../../domain/time/arrival-window.ts';
import type { OutdatedRefund } from '../../store/outdated-plans.ts';
import { findOutdated, replan } from '../../store/outdated-plans.ts';
import type { ActivityDeps } from '../deps.ts';
import { planOf } from '../refund/arrival.ts';

/** Refunds planned again in one statement. */
const PAGE_SIZE = 2_000;

/** Pages in one sweep, a million refunds: more wait for the next one. */
const PAGES_MAX = 500;

/** Returns how many refunds were planned again; none when everything is of today's tables. */
export async function replanOutdated(deps: ActivityDeps): Promise<number> {
  const now = { windowVersion: WINDOW_VERSION, calendarRevision: deps.calendar.revision };
  let count = 0;
  let after: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const outdated: OutdatedRefund[] = await findOutdated(deps.pool, now, { after, limit: PAGE_SIZE });
    const plans = outdated.map((refund) => ({ refund, plan: planOf(deps.calendar, refund) }));
    if (plans.length > 0) count += await replan(deps.pool, plans, deps.clock.now());
    after = outdated.at(-1)?.id ?? null;
    if (outdated.length < PAGE_SIZE) break;
  }
  return count;
}
