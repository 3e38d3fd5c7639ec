/** What the observations of a refund come to, gathered without regard to order: what the rules of `state.ts` decide by. */
import { hasOpenAttempt, lastHold, silentForTooLong } from './attempts.ts';
import type { AttemptHeld, ChannelReport, Observation } from './observation.ts';
import { observationKey } from './observation.ts';

export interface Facts {
  readonly success: boolean;
  readonly closed: boolean;
  readonly abnormal: boolean;
  readonly known: boolean;
  /** The channel said that it did nothing under a number that it had taken before. */
  readonly undone: boolean;
  readonly lineSeen: boolean;
  /** The money came back, or went to the merchant's own account: the channel succeeded, and the payer was not paid. */
  readonly returned: boolean;
  readonly amountDiffers: boolean;
  /** Refused in plain words, and no other attempt that the channel could have taken: the refund had failed. */
  readonly refusedForGood: boolean;
  readonly openAttempt: boolean;
  /** As many attempts as the channel's limit allows have ended without a word, and it knows of none of them. */
  readonly silent: boolean;
  readonly held: AttemptHeld | undefined;
  readonly paymentMismatch: boolean;
  /** A notice about this refund names another order than the books. */
  readonly orderDiffers: boolean;
  readonly decidedNotPaid: boolean;
  /** It was sent, or the channel spoke of it, after people had decided that it was not paid or is paid another way. */
  readonly movedSince: boolean;
  /** Over a limit, and not released. */
  readonly overLimit: boolean;
  readonly fallback: 'fallback_approved' | 'paid_otherwise' | null;
}

/**
 * The facts, with what two people decided about them. `paid` answers all that they had before them: contradictions, other
 * amounts, earlier decisions. `not_paid` answers questions only: it is a contradiction where anything says that it was
 * paid, an earlier decision included, so success never becomes failure (I4).
 */
export function factsOf(amountMinor: bigint, observations: readonly Observation[]): Facts {
  const decisions = observations.filter((one) => one.kind === 'resolved');
  const paid = decisions.filter(({ as }) => as === 'paid');
  const answered = new Set(paid.flatMap(({ knew }) => knew));
  const open = observations.filter((one) => !answered.has(observationKey(one)));
  const facts = gather(amountMinor, open);
  const notPaid = decisions.filter((one) => one.as === 'not_paid' && open.includes(one));
  const fallbacks = observations.filter((one) => one.kind === 'fallback_approved');
  const weighed = new Set([...notPaid, ...fallbacks].flatMap(({ knew }) => knew));
  const agreeing = observations.some(
    (one) => one.kind === 'statement_line' && BigInt(one.amountMinor) === amountMinor,
  );
  return {
    ...facts,
    success: facts.success || paid.length > 0,
    lineSeen: facts.lineSeen || agreeing,
    decidedNotPaid: notPaid.length > 0,
    movedSince: open.some((one) => isMovement(one) && !weighed.has(observationKey(one))),
  };
}

function isMovement(one: Observation): boolean {
  if (one.kind === 'channel_report') return one.status !== 'closed';
  return one.kind === 'attempt_started' || one.kind === 'statement_line';
}

function gather(amountMinor: bigint, observations: readonly Observation[]): Facts {
  const has = (kind: Observation['kind']): boolean => observations.some((one) => one.kind === kind);
  const reports = observations.filter((one) => one.kind === 'channel_report');
  const lines = observations.filter((one) => one.kind === 'statement_line');
  const openAttempt = hasOpenAttempt(observations);
  const redirected = answeredByRedirect(observations, reports);
  const contradicted = observations.flatMap((one) =>
    one.kind === 'payment_mismatch' && one.code !== undefined ? one.fields : [],
  );
  const stated = [...reports.map((one) => one.amountMinor), ...lines.map((one) => one.amountMinor)];
  return {
    success:
      reports.some((one) => one.status === 'success') || lines.some((one) => one.proves !== 'acceptance'),
    closed: reports.some((one) => one.status === 'closed'),
    abnormal: reports.some((one) => one.status === 'abnormal' && !redirected.has(observationKey(one))),
    known: reports.length > 0 || lines.length > 0,
    undone: lines.length === 0 && reports.length > 0 && notDoneAt(observations) > latest(reports),
    lineSeen: lines.length > 0,
    returned:
      has('bounced') || reports.some((one) => one.status === 'success' && one.returnedToMerchant === true),
    amountDiffers:
      contradicted.some((field) => field.endsWith('_minor')) ||
      reports.some((one) => one.bankAmountMinor !== undefined && BigInt(one.bankAmountMinor) > amountMinor) ||
      stated.some((minor) => minor !== undefined && BigInt(minor) !== amountMinor) ||
      reports.some(
        (one) => one.refundedSoFarMinor !== undefined && BigInt(one.refundedSoFarMinor) < amountMinor,
      ),
    refusedForGood: !openAttempt && observations.some((one) => one.kind === 'attempt_refused'),
    openAttempt,
    silent: !openAttempt && silentForTooLong(observations),
    held: lastHold(observations),
    orderDiffers: contradicted.length > 0,
    paymentMismatch: latestPaymentWord(observations) === 'payment_mismatch',
    decidedNotPaid: false,
    movedSince: false,
    overLimit: has('over_limit') && !has('released'),
    fallback: has('fallback_paid') ? 'paid_otherwise' : has('fallback_approved') ? 'fallback_approved' : null,
  };
}

/** Keys of words "abnormal" that a redirection has answered: it knew them, and the channel has said something else since. */
export function answeredByRedirect(
  observations: readonly Observation[],
  reports: readonly ChannelReport[],
): ReadonlySet<string> {
  const taken = observations.filter(
    (one) =>
      one.kind === 'redirect_started' &&
      reports.some((report) => report.status !== 'abnormal' && !one.knew.includes(observationKey(report))),
  );
  return new Set(taken.flatMap((one) => (one.kind === 'redirect_started' ? one.knew : [])));
}

/** When the channel last said that it did nothing under this number; never, where it did not say so. */
function notDoneAt(observations: readonly Observation[]): number {
  return latest(observations.filter((one) => one.kind === 'channel_absent' && one.notDone !== undefined));
}

function latest(observations: readonly Observation[]): number {
  return Math.max(...observations.map(({ at }) => Date.parse(at)));
}

/** The newest word of the channel about the payment itself; at equal times the mismatch wins (nothing is sent). */
function latestPaymentWord(observations: readonly Observation[]): Observation['kind'] | undefined {
  let newest: Observation | undefined;
  for (const one of observations) {
    if (one.kind !== 'payment_mismatch' && one.kind !== 'payment_confirmed') continue;
    const later = newest === undefined ? 1 : Date.parse(one.at) - Date.parse(newest.at);
    if (later > 0 || (later === 0 && one.kind === 'payment_mismatch')) newest = one;
  }
  return newest?.kind;
}
