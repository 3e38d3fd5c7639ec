import { flagOverdue as flagRows } from '../../store/overdue.ts';
import type { ActivityDeps } from '../deps.ts';
import { atBoundary } from '../failures.ts';

export interface SweepResult {
  /** Refunds about which the channel gave an answer. */
  readonly asked: number;
  readonly raised: number;
  readonly lifted: number;
}

/** Raises and lifts overdue flags in one set-based step, as of the slot's own instant. */
export function flagOverdue(deps: ActivityDeps) {
  return (slot: string): Promise<Omit<SweepResult, 'asked'>> =>
    atBoundary(() => flagRows(deps.pool, new Date(slot)));
}
