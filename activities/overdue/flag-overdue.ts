import { UNASKED_AT_MOST_MS } from '../../domain/overdue/levels.ts';
import { flagOverdue as flagRows } from '../../store/overdue.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';
import { withHeartbeats } from '../heartbeats.ts';

export interface SweepResult {
  /** Refunds about which the channel gave an answer. */
  readonly asked: number;
  readonly raised: number;
  readonly lifted: number;
}

/**
 * Raises and lifts overdue flags in sets, as of the slot's own instant. What the channel could not be asked about since it
 * became due waits for the sweeps after this one, for a day at most.
 */
export function flagOverdue(deps: ActivityDeps) {
  return (slot: string): Promise<Omit<SweepResult, 'asked'>> =>
    atBoundary(() =>
      withHeartbeats(() => flagRows(deps.pool, new Date(slot), { unaskedAtMostMs: UNASKED_AT_MOST_MS })),
    );
}
