import { findDue as findDueRows } from '../../store/overdue.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import type { RefundRef } from '../refund/refund-ref.ts';
import { replanOutdated } from './replan.ts';

/** Refunds asked about in one activity. */
const PAGE_SIZE = 100;

/**
 * One page of refunds whose promise has passed without evidence, in the order of their ids. The first page begins with
 * planning again what was planned from older windows or an older calendar: here, so that the sweep's history stays the
 * same, and nobody is found late by a promise that holds no longer.
 */
export function findDue(deps: ActivityDeps) {
  return (page: {
    slot: string;
    after: string | null;
  }): Promise<{ refunds: readonly RefundRef[]; next: string | null }> =>
    atBoundary(async () => {
      if (page.after === null) await replanOutdated(deps);
      const due = await findDueRows(deps.pool, {
        now: new Date(page.slot),
        limit: PAGE_SIZE,
        ...(page.after === null ? {} : { after: page.after }),
      });
      const refunds = due.map(({ refundId, merchantId, refundNo }) => ({ refundId, merchantId, refundNo }));
      return { refunds, next: due.length === PAGE_SIZE ? (refunds.at(-1)?.refundId ?? null) : null };
    });
}
