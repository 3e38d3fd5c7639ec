import type { DuePlace } from '../../store/overdue.ts';
import { findDue as findDueRows } from '../../store/overdue.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import { withHeartbeats } from '../heartbeats.ts';
import type { RefundRef } from '../refund/refund-ref.ts';
import { replanOutdated } from './replan.ts';

/** Refunds asked about in one activity. */
const PAGE_SIZE = 100;

/**
 * One page of refunds whose deadline has passed without evidence, the longest due first. The first page begins with
 * planning again what was planned from older windows or an older calendar: here, so that the sweep's history stays the
 * same, and nobody is found late by a promise that holds no longer.
 */
export function findDue(deps: ActivityDeps) {
  return (page: {
    slot: string;
    after: string | null;
  }): Promise<{ refunds: readonly RefundRef[]; next: string | null }> =>
    atBoundary(() => withHeartbeats(() => onePage(deps, page)));
}

async function onePage(
  deps: ActivityDeps,
  page: { slot: string; after: string | null },
): Promise<{ refunds: readonly RefundRef[]; next: string | null }> {
  if (page.after === null) await replanOutdated(deps);
  const due = await findDueRows(deps.pool, {
    now: new Date(page.slot),
    limit: PAGE_SIZE,
    ...placeIn(page.after),
  });
  const refunds = due.map(({ refundId, merchantId, refundNo }) => ({ refundId, merchantId, refundNo }));
  return { refunds, next: due.length === PAGE_SIZE ? cursorOf(due.at(-1)?.place) : null };
}

function cursorOf(place: DuePlace | undefined): string | null {
  return place === undefined ? null : `${place.refundId} ${place.dueAt}`;
}

/** A cursor of a version before this one has no instant: the walk begins anew, and asks again at worst. */
function placeIn(cursor: string | null): { after?: DuePlace } {
  const [, refundId, dueAt] = /^(\d+) (.+)$/.exec(cursor ?? '') ?? [];
  return refundId === undefined || dueAt === undefined ? {} : { after: { refundId, dueAt } };
}
