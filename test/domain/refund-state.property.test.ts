import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../domain/refund/observation.ts';
import { hasOpenAttempt } from '../../domain/refund/attempts.ts';
import type { RefundState } from '../../domain/refund/state.ts';
import { advance, isFinal, statusOf } from '../../domain/refund/state.ts';
import {
  AMOUNT,
  anyObservation,
  anyOpenQuestion,
  decidedSet,
  observationSet,
  report,
  toMerchant,
} from './observations.ts';

const RUNS = { numRuns: 500 };
const anySet = fc.oneof(observationSet(anyObservation), decidedSet(anyObservation));

/** A set of observations, and the same evidence in another order with repetitions. */
const reordered = anySet.chain((set) =>
  fc.tuple(
    fc.constant(set),
    fc.shuffledSubarray(set, { minLength: set.length }),
    fc.array(set.length === 0 ? anyObservation : fc.constantFrom(...set), {
      maxLength: set.length === 0 ? 0 : 6,
    }),
  ),
);

function stateOf(observations: readonly Observation[]): RefundState {
  return statusOf(AMOUNT, observations).state;
}

function statusByAdvance(observations: readonly Observation[]): unknown {
  const known = observations.reduce<readonly Observation[]>((sofar, one) => advance(sofar, one), []);
  return statusOf(AMOUNT, known);
}

describe('the state of a refund', () => {
  test('I22 does not depend on the order of the evidence or on repetitions', () => {
    fc.assert(
      fc.property(reordered, ([set, shuffled, again]) => {
        const expected = statusOf(AMOUNT, set);

        expect(statusOf(AMOUNT, shuffled)).toEqual(expected);
        expect(statusOf(AMOUNT, [...shuffled, ...again])).toEqual(expected);
        expect(statusByAdvance([...shuffled, ...again])).toEqual(expected);
        expect(statusByAdvance([...again, ...shuffled])).toEqual(expected);
      }),
      RUNS,
    );
  });

  test('I21 no deadline reaches it: the same story a year later has the same end', () => {
    const shift = fc.integer({ min: -3650, max: 3650 }).map((days) => days * 86_400_000);
    fc.assert(
      fc.property(anySet, shift, (set, shiftMs) => {
        const later = set.map((one) => ({
          ...one,
          at: new Date(Date.parse(one.at) + shiftMs).toISOString(),
        }));

        expect(statusOf(AMOUNT, later)).toEqual(statusOf(AMOUNT, set));
      }),
      RUNS,
    );
  });

  test('says why a person must act, and gives no reason where the state says it all', () => {
    fc.assert(
      fc.property(anySet, (set) => {
        const { state, reason } = statusOf(AMOUNT, set);

        expect(reason !== null).toBe(state === 'needs_action' || state === 'failed');
      }),
      RUNS,
    );
  });
});

describe('I7 unknown', () => {
  test('stays unknown whatever is not the channel’s plain word', () => {
    const silence = fc.oneof(
      anyOpenQuestion,
      anyObservation.filter((one) => one.kind === 'payment_confirmed' || one.kind === 'payment_mismatch'),
    );
    fc.assert(
      fc.property(
        observationSet(anyOpenQuestion).filter(isNotEmpty),
        observationSet(silence),
        (set, more) => {
          expect(stateOf([...set, ...more])).toBe('unknown');
        },
      ),
      RUNS,
    );
  });

  test('becomes failed only with a refusal, a closure, or a decision of two people in the evidence', () => {
    fc.assert(
      fc.property(anySet, (set) => {
        const plainNo = set.some(
          (one) =>
            one.kind === 'attempt_refused' ||
            (one.kind === 'channel_report' && one.status === 'closed') ||
            (one.kind === 'resolved' && one.as === 'not_paid'),
        );

        if (!plainNo) expect(stateOf(set)).not.toBe('failed');
      }),
      RUNS,
    );
  });

  test('I1 never looks unsent or refused while any attempt is without an answer', () => {
    fc.assert(
      fc.property(anySet, (set) => {
        const attempts = set.flatMap((one) => (one.kind === 'attempt_started' ? [one] : []));
        const answers = new Set(
          set.flatMap((one) =>
            one.kind === 'attempt_held' || one.kind === 'attempt_refused' ? [one.attempt] : [],
          ),
        );
        const absences = set.flatMap((one) =>
          one.kind === 'channel_absent' ? [Date.parse(one.at) - one.graceMs] : [],
        );
        const unanswered = attempts.filter(
          (one) =>
            !answers.has(one.attempt) && !absences.some((cut) => cut >= firstStart(attempts, one.attempt)),
        );

        const { state, reason } = statusOf(AMOUNT, set);
        if (unanswered.length > 0) {
          expect(state).not.toBe('requested');
          expect(reason).not.toBe('refused');
        }
      }),
      RUNS,
    );
  });
});

describe('I3 silence', () => {
  const quiet = fc.oneof(
    anyOpenQuestion,
    anyObservation.filter((one) => one.kind === 'channel_absent' || one.kind === 'attempt_held'),
  );

  test('is for a person only after as many attempts as the channel says, each of them over', () => {
    fc.assert(
      fc.property(fc.oneof(anySet, observationSet(quiet)), (set) => {
        if (statusOf(AMOUNT, set).reason !== 'channel_silent') return;
        const begun = set.flatMap((one) =>
          one.kind === 'attempt_started' || one.kind === 'attempt_unknown' ? [one.attempt] : [],
        );
        const limits = set.flatMap((one) =>
          one.kind === 'channel_absent' ? [one.silentAttemptsMax ?? Number.POSITIVE_INFINITY] : [],
        );

        expect(new Set(begun).size).toBeGreaterThanOrEqual(Math.min(...limits));
        expect(hasOpenAttempt(set)).toBe(false);
        expect(set.map((one) => one.kind)).not.toContain('channel_report');
        expect(set.map((one) => one.kind)).not.toContain('statement_line');
      }),
      { numRuns: 2_000 },
    );
  });

  test('is never failure, and never frees the amount', () => {
    fc.assert(
      fc.property(observationSet(quiet, 20), (set) => {
        expect(stateOf(set)).not.toBe('failed');
      }),
      RUNS,
    );
  });
});

describe('I4 success', () => {
  const AFTER_SUCCESS: readonly RefundState[] = ['succeeded', 'settled', 'returned', 'needs_action'];

  test('never goes back to an earlier state, and never becomes failure', () => {
    fc.assert(
      fc.property(anySet, observationSet(anyObservation), (set, more) => {
        const withSuccess = advance(set, report('success', 1));

        expect(AFTER_SUCCESS).toContain(stateOf(withSuccess));
        expect(AFTER_SUCCESS).toContain(stateOf([...withSuccess, ...more]));
      }),
      RUNS,
    );
  });

  test('once reached stays reached along every single step', () => {
    fc.assert(
      fc.property(anySet, (set) => {
        let known: readonly Observation[] = [];
        let reached = false;
        for (const one of set) {
          known = advance(known, one);
          const state = stateOf(known);
          if (reached) expect(AFTER_SUCCESS).toContain(state);
          reached ||= state === 'succeeded' || state === 'settled' || state === 'returned';
        }
      }),
      RUNS,
    );
  });

  test('I6 needs evidence of success: attempts, holds, refusals and absences never make it', () => {
    const noReport = anyObservation.filter(
      (one) => one.kind !== 'channel_report' && one.kind !== 'statement_line' && one.kind !== 'bounced',
    );
    fc.assert(
      fc.property(observationSet(noReport), (set) => {
        const state = stateOf(set);

        expect(['requested', 'unknown', 'needs_action', 'failed']).toContain(state);
        if (isFinal(state)) expect(state).toBe('failed');
      }),
      RUNS,
    );
  });

  test('F66 that was on the merchant’s own account is never a payment to the payer, whatever else comes in', () => {
    fc.assert(
      fc.property(anySet, observationSet(anyObservation), (set, more) => {
        expect(['returned', 'needs_action']).toContain(stateOf([...set, toMerchant('success', 99)]));
        expect(['returned', 'needs_action']).toContain(stateOf([...more, toMerchant('success', 99), ...set]));
      }),
      RUNS,
    );
  });

  test('with a closure, or with another amount, is always for a person', () => {
    fc.assert(
      fc.property(anySet, (set) => {
        const withBoth = [...set, report('success', 100), report('closed', 101)];
        const withOther = [...set, report('success', 100), report('success', 102, AMOUNT + 1n)];

        expect(stateOf(withBoth)).toBe('needs_action');
        expect(statusOf(AMOUNT, withOther)).toEqual({ state: 'needs_action', reason: 'amount_mismatch' });
      }),
      RUNS,
    );
  });
});

function isNotEmpty(set: readonly Observation[]): boolean {
  return set.length > 0;
}

function firstStart(attempts: readonly Observation[], attempt: number): number {
  const starts = attempts.flatMap((one) =>
    one.kind === 'attempt_started' && one.attempt === attempt ? [Date.parse(one.at)] : [],
  );
  return Math.min(...starts);
}
