import { UNASKED_AT_MOST_MS } from '../../domain/overdue/levels.ts';
import { flagOverdue as flagRows } from '../../store/overdue.ts';
import { noteSweep } from '../../store/sweeps.ts';
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
    atBoundary(() => withHeartbeats(() => flagAsOf(deps, new Date(slot))));
}

/** The last step of a sweep: that it got here is noted, so that somebody can say when none does. */
async function flagAsOf({ pool, clock }: ActivityDeps, slot: Date): Promise<Omit<SweepResult, 'asked'>> {
  const flags = await flagRows(pool, slot, { unaskedAtMostMs: UNASKED_AT_MOST_MS });
  await noteSweep(pool, { slot, finishedAt: clock.now() });
  return flags;
}
