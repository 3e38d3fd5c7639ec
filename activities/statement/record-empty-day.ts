import { recordEmptyStatement } from '../../store/statements.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import { compareMovements } from './compare-movements.ts';
import type { StatementDay, StatementDayResult } from './statement-day.ts';

/** The channel says that nothing happened on that day: final, and recorded, so that no gap is suspected. */
export function recordEmptyDay(deps: ActivityDeps) {
  return (day: StatementDay): Promise<StatementDayResult> =>
    atBoundary(async () => {
      await recordEmptyStatement(deps.ingest, { ...day, now: deps.clock.now() });
      await compareMovements(deps, day);
      return { outcome: 'empty' };
    });
}
