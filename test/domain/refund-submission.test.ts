import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasOpenAttempt, newestAttemptAt } from '../../domain/refund/attempts.ts';
import type { HoldReason, Observation } from '../../domain/refund/observation.ts';
import type { StateReason } from '../../domain/refund/state.ts';
import { REFUND_STATES, statusOf } from '../../domain/refund/state.ts';
import {
  mayBeSent,
  stepAfterAsking,
  submissionStep,
  waitAfterHold,
  waitBeforeAsking,
} from '../../domain/refund/submission.ts';
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
  undone,
} from './observations.ts';

const MINUTE_MS = 60_000;
const RUNS = { numRuns: 500 };

function stepOf(...known: Observation[]): string {
  return submissionStep(statusOf(AMOUNT, known), known);
}

describe('the wait before the channel is asked about an attempt without an answer', () => {
  const limits = { pollLadderMs: [2, 4, 8, 60].map((count) => count * 1_000), absenceGraceMs: 30_000 };
  const wait = (passedMs: number, o = limits): number => waitBeforeAsking(new Date(0), new Date(passedMs), o);

  test.each([
    [0, 2_000],
    [1_999, 1],
    [2_000, 4_000],
    [6_500, 7_500],
    // When the channel's word counts that it knows no such refund.
    [14_000, 16_000],
    [30_000, 44_000],
    [74_000, 60_000],
    [900_000, 60_000],
  ])('is after %i ms the time to the next rung: %i ms', (passedMs, waitMs) => {
    expect(wait(passedMs)).toBe(waitMs);
  });

  test('is the grace where that comes before the first rung, or where there is no ladder', () => {
    expect(wait(0, { ...limits, absenceGraceMs: 500 })).toBe(500);
    expect(wait(0, { pollLadderMs: [], absenceGraceMs: 500 })).toBe(500);
    expect(wait(700, { pollLadderMs: [], absenceGraceMs: 500 })).toBe(500);
  });

  test('counts from the end of the newest attempt, or from its beginning when nobody saw the end', () => {
    expect(newestAttemptAt([])).toBeNull();
    expect(newestAttemptAt([paymentConfirmed(1)])).toBeNull();
    expect(newestAttemptAt([lost(1), started(1)])?.toISOString()).toBe(lost(1).at);
    expect(newestAttemptAt([started(2), lost(1), started(1)])?.toISOString()).toBe(started(2).at);
  });
});

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

  test('I1 is never to send what a statement has named, or the channel after it last said that it did nothing', () => {
    fc.assert(
      fc.property(observationSet(anyObservation), (known) => {
        const onStatement = known.some((one) => one.kind === 'statement_line');
        const named = lastAt(known, (one) => one.kind === 'channel_report');
        const turnedAway = lastAt(known, (one) => one.kind === 'channel_absent' && one.notDone !== undefined);

        if (onStatement || (named !== null && (turnedAway === null || turnedAway <= named)))
          expect(stepOf(...known)).toBe('none');
      }),
      RUNS,
    );
  });

  test('I1 sends the same number again when the channel, having taken it, says that it did nothing under it', () => {
    expect(stepOf(started(1, 0), report('processing', 1), undone(60))).toBe('send');
    expect(stepOf(started(1, 0), report('success', 1), undone(60))).toBe('none');
    expect(stepOf(started(1, 0), report('closed', 1), undone(60))).toBe('none');
  });
});

/** When the newest of the observations that fit came; null where there is none. */
function lastAt(known: readonly Observation[], fits: (one: Observation) => boolean): number | null {
  const instants = known.filter(fits).map(({ at }) => Date.parse(at));
  return instants.length === 0 ? null : Math.max(...instants);
}

/** `count` attempts, each lost and then unknown to the channel, whose limit is written down with its word. */
function silence(count: number, limit: number, from = 1): Observation[] {
  return Array.from({ length: count }, (_one, index) => from + index).flatMap((attempt) => [
    started(attempt, attempt * 10),
    lost(attempt, attempt * 10 + 1),
    absent(attempt * 10 + 6, 5, limit),
  ]);
}

function stepAfter(...known: Observation[]): string {
  return stepAfterAsking(statusOf(AMOUNT, known), known);
}

describe('attempts that end without a word', () => {
  const SILENT = { state: 'needs_action', reason: 'channel_silent' };

  test('are followed by another one under the same number, up to the limit of the channel', () => {
    expect(statusOf(AMOUNT, silence(2, 3))).toEqual({ state: 'requested', reason: null });
    expect(stepAfter(...silence(2, 3))).toBe('send');
  });

  test('I3 are for a person to find out about when the limit is reached', () => {
    expect(statusOf(AMOUNT, silence(3, 3))).toEqual(SILENT);
    expect(stepAfter(...silence(3, 3))).toBe('none');
  });

  test('are sent once more when a person asks for it, and once only', () => {
    expect(stepOf(...silence(3, 3))).toBe('send');
    expect(statusOf(AMOUNT, silence(4, 3))).toEqual(SILENT);
    expect(stepAfter(...silence(4, 3))).toBe('none');
  });

  test('F2 go on for ever at a channel that always says yes or no in the end', () => {
    const forever = silence(9, 3).map((one) =>
      one.kind === 'channel_absent' ? absent(Number(one.ref.slice(1))) : one,
    );

    expect(statusOf(AMOUNT, forever)).toEqual({ state: 'requested', reason: null });
    expect(stepAfter(...forever)).toBe('send');
  });

  test('I7 leave the refund unknown while the last of them may still be on its way', () => {
    const known = [...silence(3, 3), started(4, 50)];

    expect(statusOf(AMOUNT, known)).toEqual({ state: 'unknown', reason: null });
    expect(stepAfter(...known)).toBe('ask');
  });

  test('are counted anew after a plain word about one of them', () => {
    expect(stepAfter(...silence(3, 4), held(4, 'rate_limited', 45), ...silence(3, 4, 5))).toBe('send');
    expect(statusOf(AMOUNT, [...silence(3, 4), held(4, 'rate_limited', 45), ...silence(4, 4, 5)])).toEqual(
      SILENT,
    );
  });

  test.each<[string, Observation, string]>([
    ['the channel has it after all', report('processing', 100), 'processing'],
    ['it succeeded after all', report('success', 100), 'succeeded'],
    ['it was closed', report('closed', 100), 'failed'],
    ['a line of the statement names it', line('clearing'), 'settled'],
  ])('say nothing any more when %s', (_what, evidence, state) => {
    expect(statusOf(AMOUNT, [...silence(6, 3), evidence]).state).toBe(state);
  });

  test('I3 I7 no more than the limit of them leave by themselves, whatever else is known', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 4 }), (limit, asked) => {
        let known: readonly Observation[] = [];
        let sent = 0;
        const walk = (first: string): void => {
          for (let step = first; step === 'send'; step = stepAfter(...known)) {
            sent += 1;
            known = [...known, ...silence(1, limit, sent)];
          }
        };
        walk(stepOf(...known));
        for (let person = 0; person < asked; person += 1) walk(stepOf(...known));

        expect(sent).toBe(limit + asked);
        expect(statusOf(AMOUNT, known)).toEqual(SILENT);
      }),
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
