/**
 * The refund's path as a worker walks it, by the real rules. Every `yield` is a place where the process may be killed,
 * stand still or be overtaken: before and after each commit, before and after each call.
 */
import type { Observation } from '../../domain/refund/observation.ts';
import { reportFacts } from '../../domain/refund/report.ts';
import { isFinal } from '../../domain/refund/state.ts';
import type { SimBooks, SimRefund } from './sim-books.ts';
import type { SimAnswer, SimChannel } from './sim-channel.ts';
import { GRACE_MS, HOUR_MS, SILENT_ATTEMPTS_MAX } from './sim-channel.ts';
import type { Rules } from './sim-rules.ts';

/** Where the worker stands; `waitMs` is how long it means to rest there. */
export interface Halt {
  readonly at: string;
  readonly waitMs: number;
}

export interface Desk {
  readonly books: SimBooks;
  readonly channel: SimChannel;
  readonly rules: Rules;
  readonly now: () => Date;
  /** Told of every order just before it leaves, to check what must be true then. */
  readonly onOrder: (refund: SimRefund, sentAs: string) => void;
}

/** What the channel's word that it knows no such refund is worth. */
const ABSENCE = { graceMs: GRACE_MS, silentAttemptsMax: SILENT_ATTEMPTS_MAX };

export type Walk = Generator<Halt, void, undefined>;

function halt(at: string, waitMs = 0): Halt {
  return { at, waitMs };
}

/** Carries a refund until the channel's final word, or until only a person can go on. */
export function* carry(desk: Desk, refund: SimRefund): Walk {
  while (!isFinal(refund.status.state)) {
    if (isWithChannel(refund)) {
      yield halt('before a poll', HOUR_MS);
      yield* ask(desk, refund);
    } else if (desk.rules.submissionStep(refund.status, refund.known) === 'none') return;
    else if (!(yield* submit(desk, refund))) return;
  }
}

function isWithChannel({ status }: SimRefund): boolean {
  return status.state === 'processing' || (status.state === 'needs_action' && status.reason === 'abnormal');
}

/** One submission; false when the channel holds the refund for a person. */
function* submit(desk: Desk, refund: SimRefund): Generator<Halt, boolean, undefined> {
  const { books, channel, rules, now } = desk;
  if (rules.submissionStep(refund.status, refund.known) === 'ask') {
    yield* ask(desk, refund);
    const next = rules.stepAfterAsking(refund.status, refund.known);
    if (next === 'none' && refund.status.reason === 'channel_silent') return false;
    if (next !== 'send') {
      yield halt('still unknown', GRACE_MS);
      return true;
    }
  }
  const attempt = refund.known.filter((one) => one.kind === 'attempt_started').length + 1;
  const ref = `attempt-${String(attempt)}`;
  const base = { source: 'submit', ref } as const;
  const begin = (): void => {
    books.commit(refund, { ...base, kind: 'attempt_started', attempt, at: now().toISOString() });
  };
  yield halt('before the attempt is committed');
  if (rules.commitsFirst) begin();
  yield halt('before the order is sent');
  const refundNo = rules.numberOf(refund.refundNo, attempt);
  desk.onOrder(refund, refundNo);
  const answer = channel.submit({
    ...{ refundNo, paymentNo: 'P1', transactionId: null, paidAt: null, requestedAt: new Date(0) },
    ...{ amountMinor: refund.amountMinor, capturedMinor: books.capturedMinor, currency: 'CNY', reason: null },
  });
  yield halt('after the order was sent');
  if (!rules.commitsFirst) begin();
  books.commit(refund, toEvidence(answer, base, attempt, now()));
  yield halt('after the answer was committed');
  if (answer.outcome === 'unknown') yield halt('no answer', GRACE_MS);
  if (answer.outcome !== 'held') return true;
  const waitMs = rules.waitAfterHold(answer.reason, null);
  if (waitMs === null) return false;
  yield halt(`held: ${answer.reason}`, waitMs);
  return true;
}

function* ask(desk: Desk, refund: SimRefund): Walk {
  yield halt('before the question');
  const said = desk.channel.query(refund.refundNo);
  const at = desk.now().toISOString();
  yield halt('after the question');
  if (said === 'unknown') return;
  desk.books.commit(
    refund,
    said === 'absent'
      ? { kind: 'channel_absent', source: 'query', ref: `absent/${at}`, at, ...ABSENCE }
      : { ...reportFacts(said), source: 'query', ref: said.status, at },
  );
}

function toEvidence(
  answer: SimAnswer,
  base: { readonly source: 'submit'; readonly ref: string },
  attempt: number,
  now: Date,
): Observation {
  const at = now.toISOString();
  switch (answer.outcome) {
    case 'reported':
      return { ...reportFacts(answer.report), ...base, at };
    case 'held':
      return { ...base, at, kind: 'attempt_held', attempt, reason: answer.reason, channelCode: 'HELD' };
    case 'refused':
      return { ...base, at, kind: 'attempt_refused', attempt, channelCode: 'REFUSED' };
    case 'unknown':
      return { ...base, at, kind: 'attempt_unknown', attempt, why: 'lost' };
  }
}
