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
  /** The first step of another way than the one that the money was sent on. */
  readonly branch?: true;
}

type OnItsWay = Exclude<Phase, 'needs_action' | 'not_made' | 'returned' | Otherwise>;
type Otherwise = 'to_be_paid_otherwise' | 'paid_otherwise';

/** Steps that are behind a refund of this phase; the next one is where it stands. */
const BEHIND: Readonly<Record<OnItsWay, number>> = {
  submitting: 1,
  accepted: 2,
  at_bank: 3,
  paid_out: 3,
  arrived: 4,
};

export function stepsOf(refund: Refund, phase: Phase, observations: readonly Observation[]): readonly Step[] {
  const way: readonly (readonly [StepName, Date | null])[] = [
    ['requested', refund.requestedAt],
    ['accepted', refund.acceptedAt],
    ['paid', refund.succeededAt],
    ['arrived', phase === 'arrived' ? arrivedAt(refund, observations) : null],
  ];
  const known = way.slice(0, 3).filter(([name, at]) => name === 'requested' || at !== null);
  const behindIt = known.map(([name, at]) => done(name, at));
  switch (phase) {
    case 'needs_action':
    case 'not_made':
    case 'returned':
      return [...behindIt, { name: phase, at: stoppedAt(observations), status: 'stopped' }];
    case 'to_be_paid_otherwise':
    case 'paid_otherwise':
      return [...behindIt, ...anotherWay(observations)];
    default:
      return withRedirection(
        way.map(([name, at], index) => {
          const status = index < BEHIND[phase] ? 'done' : index === BEHIND[phase] ? 'current' : 'to_come';
          return { name, at: status === 'done' ? at : null, status };
        }),
        observations,
      );
  }
}

function done(name: StepName, at: Date | null): Step {
  return { name, at, status: 'done' };
}

/** What ended the channel's way, and the merchant's own from there. */
function anotherWay(observations: readonly Observation[]): readonly Step[] {
  const bounced = timeOf(observations, 'bounced');
  const approved = timeOf(observations, 'fallback_approved');
  const paid = observations.find((one) => one.kind === 'fallback_paid');
  const end: Step = { name: bounced === null ? 'not_made' : 'returned', at: bounced, status: 'stopped' };
  const parting: Step = { name: 'to_be_paid_otherwise', at: approved, status: 'done', branch: true };
  return paid === undefined
    ? [end, { ...parting, status: 'current' }, { name: 'paid_otherwise', at: null, status: 'to_come' }]
    : [end, parting, done('paid_otherwise', new Date(paid.paidAt))];
}

/** A refund that the channel called abnormal goes on from where two people sent it instead. */
function withRedirection(steps: readonly Step[], observations: readonly Observation[]): readonly Step[] {
  const at = timeOf(observations, 'redirect_started');
  if (at === null) return steps;
  const place = 1 + steps.findIndex(({ name }) => name === 'accepted');
  return steps.toSpliced(place, 0, { name: 'redirected', at, status: 'done', branch: true });
}

/** When the last thing of this kind happened. */
function timeOf(observations: readonly Observation[], kind: Observation['kind']): Date | null {
  const times = observations.filter((one) => one.kind === kind).map(({ at }) => Date.parse(at));
  return times.length === 0 ? null : new Date(Math.max(...times));
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

/** What stopped it: that it came back, or else the last thing that was heard. */
function stoppedAt(observations: readonly Observation[]): Date | null {
  const bounced = timeOf(observations, 'bounced');
  if (bounced !== null) return bounced;
  const heard = observations.filter(({ kind }) => kind !== 'attempt_started').map(({ at }) => Date.parse(at));
  return heard.length === 0 ? null : new Date(Math.max(...heard));
}
