/** The way of a refund in the few steps that a payer can tell apart, each with its time. */
import type { Observation } from '../refund/observation.ts';
import type { Refund } from '../refund/refund.ts';
import type { Phase } from './phase.ts';
import type { StepName } from './texts.ts';

export type StepStatus = 'done' | 'current' | 'to_come' | 'stopped';

export interface Step {
  readonly name: StepName;
  readonly at: Date | null;
  readonly status: StepStatus;
}

/** Steps that are behind a refund of this phase; the next one is where it stands. */
const BEHIND: Readonly<Record<Phase, number>> = {
  submitting: 1,
  accepted: 2,
  at_bank: 3,
  paid_out: 3,
  arrived: 4,
  needs_action: 1,
  not_made: 1,
  returned: 3,
};

export function stepsOf(refund: Refund, phase: Phase, observations: readonly Observation[]): readonly Step[] {
  const way: readonly (readonly [StepName, Date | null])[] = [
    ['requested', refund.requestedAt],
    ['accepted', refund.acceptedAt],
    ['paid', refund.succeededAt],
    ['arrived', phase === 'arrived' ? arrivedAt(refund, observations) : null],
  ];
  if (phase === 'needs_action' || phase === 'not_made' || phase === 'returned') {
    const known = way.slice(0, 3).filter(([name, at]) => name === 'requested' || at !== null);
    return [
      ...known.map(([name, at]) => ({ name, at, status: 'done' as const })),
      { name: phase, at: stoppedAt(observations), status: 'stopped' },
    ];
  }
  const behind = BEHIND[phase];
  return way.map(([name, at], index) => ({
    name,
    at: index < behind ? at : null,
    status: index < behind ? 'done' : index === behind ? 'current' : 'to_come',
  }));
}

/** When we learned it from who keeps the account; the channel's own account is credited with its success. */
function arrivedAt(refund: Refund, observations: readonly Observation[]): Date | null {
  const posted = observations.flatMap((one) =>
    one.kind === 'channel_report' && (one.bankLeg === 'arrived' || one.bankLeg === 'returned_to_wallet')
      ? [Date.parse(one.at)]
      : [],
  );
  return posted.length === 0 ? refund.succeededAt : new Date(Math.min(...posted));
}

/** What stopped it is the last thing that was heard. */
function stoppedAt(observations: readonly Observation[]): Date | null {
  const heard = observations.filter(({ kind }) => kind !== 'attempt_started').map(({ at }) => Date.parse(at));
  return heard.length === 0 ? null : new Date(Math.max(...heard));
}
