import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HoldReason, Observation } from '../../domain/refund/observation.ts';
import type { StateReason } from '../../domain/refund/state.ts';
import { REFUND_STATES, hasOpenAttempt, statusOf } from '../../domain/refund/state.ts';
import { mayBeSent, submissionStep, waitAfterHold } from '../../domain/refund/submission.ts';
import {
  AMOUNT,
  absent,
  anyObservation,
  bounced,
  held,
  line,
  lost,
  observationSet,
  paymentConfirmed,
  paymentMismatch,
  refused,
  report,
  started,
} from './observations.ts';

const MINUTE_MS = 60_000;
const RUNS = { numRuns: 500 };

function stepOf(...known: Observation[]): string {
  return submissionStep(statusOf(AMOUNT, known), known);
}

describe('the next step of a submission', () => {
  test('is to send what was never sent', () => {
    expect(stepOf()).toBe('send');
    expect(stepOf(paymentConfirmed(1))).toBe('send');
  });

  test('F1 F26 is to ask while an attempt may be on its way', () => {
    expect(stepOf(started(1))).toBe('ask');
    expect(stepOf(started(1), lost(1))).toBe('ask');
    expect(stepOf(started(1), lost(1), absent(5, 5))).toBe('ask');
  });

  test('F2 is to send again once the channel plainly does not know it', () => {
    expect(stepOf(started(1), lost(1), absent(6, 5))).toBe('send');
  });

  test('is to ask again when that second attempt is lost as well', () => {
    expect(stepOf(started(1), lost(1), absent(6, 5), started(2, 7))).toBe('ask');
  });

  test.each<[string, Observation[]]>([
    ['the channel has it', [report('processing')]],
    ['it succeeded', [report('success')]],
    ['it is in the statement', [line()]],
    ['it is abnormal', [report('abnormal')]],
    ['it was closed', [report('closed')]],
    ['it was refused', [started(1), refused(1)]],
    ['it came back', [bounced()]],
    ['its payment differs', [paymentMismatch(1)]],
    ['another amount was named', [report('processing', 1, 1n)]],
    ['the evidence contradicts itself', [report('success'), report('closed')]],
  ])('is none when %s', (_why, known) => {
    expect(stepOf(...known)).toBe('none');
  });

  test('I1 is never to send while the outcome of an attempt is open', () => {
    fc.assert(
      fc.property(observationSet(anyObservation), (known) => {
        if (hasOpenAttempt(known)) expect(stepOf(...known)).not.toBe('send');
      }),
      RUNS,
    );
  });

  test('I1 is never to send what the channel or a statement has named in any way', () => {
    fc.assert(
      fc.property(observationSet(anyObservation), (known) => {
        const named = known.some((one) => one.kind === 'channel_report' || one.kind === 'statement_line');

        if (named) expect(stepOf(...known)).toBe('none');
      }),
      RUNS,
    );
  });
});

const ONE_MINUTE: readonly HoldReason[] = ['rate_limited'];
const HALF_AN_HOUR: readonly HoldReason[] = ['try_later', 'short_balance'];
const A_PERSON: readonly HoldReason[] = [
  'payer_account_closed',
  'account_config',
  'blocked',
  'channel_silent',
];

describe('a hold', () => {
  test.each([...ONE_MINUTE, ...HALF_AN_HOUR, ...A_PERSON])('because of %s may be sent again', (reason) => {
    expect(stepOf(started(1), held(1, reason))).toBe('send');
  });

  test.each(ONE_MINUTE)('because of %s is tried again after a minute', (reason) => {
    expect(waitAfterHold(reason, null)).toBe(MINUTE_MS);
  });

  test.each(HALF_AN_HOUR)('because of %s is tried again after half an hour', (reason) => {
    expect(waitAfterHold(reason, null)).toBe(30 * MINUTE_MS);
  });

  test.each(A_PERSON)('because of %s waits for a person, whatever the channel says of time', (reason) => {
    expect(waitAfterHold(reason, null)).toBeNull();
    expect(waitAfterHold(reason, 5_000)).toBeNull();
  });

  test('that passes is tried again when the channel says; a top-up takes its time', () => {
    expect(waitAfterHold('rate_limited', 5_000)).toBe(5_000);
    expect(waitAfterHold('try_later', 5_000)).toBe(5_000);
    expect(waitAfterHold('short_balance', 5_000)).toBe(30 * MINUTE_MS);
  });
});

test('only requested, unknown and held refunds may be sent at all', () => {
  const reasons: readonly StateReason[] = [null, 'abnormal', 'amount_mismatch', 'conflict_of_evidence'];
  const more: readonly StateReason[] = ['payment_mismatch', 'closed', 'refused'];
  const sendable = REFUND_STATES.flatMap((state) =>
    [...reasons, ...more].flatMap((reason) => (mayBeSent({ state, reason }) ? [state] : [])),
  );

  expect([...new Set(sendable)]).toEqual(['requested', 'unknown']);
});
