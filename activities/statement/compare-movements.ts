import { matchMovements } from '../../store/flow-match.ts';
import type { ActivityDeps } from '../deps.ts';

/** Compares what left the account on a day with what is said to be refunded, after a statement of either kind has come. */
export async function compareMovements(
  deps: ActivityDeps,
  day: { readonly accountId: string; readonly billDate: string },
): Promise<void> {
  const { movementWords: words, limits } = deps.channels.get(day.accountId);
  await matchMovements(deps.ingest, {
    accountId: day.accountId,
    billDate: day.billDate,
    words,
    kinds: limits.statementKinds,
    numberWithin: limits.refundNo.uniqueWithin ?? 'account',
    now: deps.clock.now(),
  });
}
