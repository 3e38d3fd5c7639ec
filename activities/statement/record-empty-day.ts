import { recordEmptyStatement } from '../../store/statements.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import { withHeartbeats } from '../heartbeats.ts';
import { followStatement } from './follow-statement.ts';
import type { StatementDay, StatementDayResult } from './statement-day.ts';

/**
 * The channel says that nothing happened on that day: final, and recorded, so that no gap is suspected. It is followed as a
 * loaded statement is: a refund of the day before that is in neither is missing now.
 */
export function recordEmptyDay(deps: ActivityDeps) {
  return (day: StatementDay): Promise<StatementDayResult> =>
    atBoundary(() => withHeartbeats(() => recordAndLook(deps, day)));
}

async function recordAndLook(deps: ActivityDeps, day: StatementDay): Promise<StatementDayResult> {
  const now = deps.clock.now();
  await recordEmptyStatement(deps.ingest, { ...day, now });
  const { accountId, billDate, kind } = day;
  await followStatement(deps, { accountId, billDate, now, showsRefunds: kind === 'trade' });
  return { outcome: 'empty' };
}
