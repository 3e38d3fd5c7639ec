/**
 * What two people decide about a refund, on proof from outside: it answers what they had before them, and nothing that
 * comes later. Searched over every set of up to three pieces of evidence.
 */
import { describe, expect, test } from 'vitest';
import type { Observation, Resolution } from '../../domain/refund/observation.ts';
import { observationKey } from '../../domain/refund/observation.ts';
import { statusOf } from '../../domain/refund/state.ts';
import {
  AMOUNT,
  absent,
  bounced,
  held,
  line,
  lost,
  paymentMismatch,
  refused,
  report,
  resolved,
  started,
} from './observations.ts';

const WORDS: readonly Observation[] = [
  started(1),
  started(2, 20),
  lost(1),
  held(1, 'blocked'),
  refused(1),
  absent(10),
  report('processing', 11),
  report('success', 12),
  report('closed', 13),
  report('abnormal', 14),
  report('success', 15, AMOUNT - 1n),
  line('acceptance', 1),
  line('completion', 2),
  line('acceptance', 4, 1n),
  bounced(),
  paymentMismatch(1),
];

/** Every set of at most three words. */
const SETS: readonly (readonly Observation[])[] = WORDS.reduce<(readonly Observation[])[]>(
  (sets, word) => [...sets, ...sets.filter((set) => set.length < 3).map((set) => [...set, word])],
  [[]],
);

const names = (set: readonly Observation[]): string => set.map(observationKey).join(' ');

function after(set: readonly Observation[], as: Resolution, ...later: readonly Observation[]) {
  return statusOf(AMOUNT, [...set, resolved(as, set), ...later]);
}

const saysPaid = (one: Observation): boolean =>
  (one.kind === 'channel_report' && one.status === 'success') ||
  (one.kind === 'statement_line' && one.proves !== 'acceptance');

const otherAmount = (one: Observation): boolean =>
  'amountMinor' in one && one.amountMinor !== AMOUNT.toString();

describe('a refund that two people decided was paid', () => {
  test('is paid, whatever they had before them', () => {
    const open = SETS.filter((set) => !['succeeded', 'settled'].includes(after(set, 'paid').state));

    expect(open.map(names)).toEqual([]);
  });

  test('is settled only where the statement shows its amount', () => {
    const wrong = SETS.filter((set) => {
      const shown = set.some((one) => one.kind === 'statement_line' && !otherAmount(one));
      return (after(set, 'paid').state === 'settled') !== shown;
    });

    expect(wrong.map(names)).toEqual([]);
  });

  test.each([
    ['the channel closes it', report('closed', 50), 'conflict_of_evidence'],
    ['an attempt is refused', refused(9, 50), 'conflict_of_evidence'],
    ['the channel names another amount', report('success', 50, 1n), 'amount_mismatch'],
  ] as const)('is for people again when afterwards %s', (_what, word, reason) => {
    const wrong = SETS.filter((set) => {
      const status = after(set, 'paid', word);
      return status.state !== 'needs_action' || status.reason !== reason;
    });

    expect(wrong.map(names)).toEqual([]);
  });

  test('is returned when it comes back afterwards', () => {
    expect(SETS.filter((set) => after(set, 'paid', bounced(5_000)).state !== 'returned')).toEqual([]);
  });
});

describe('a refund that two people decided was never paid', () => {
  test('I2 I4: has failed, unless anything says that it was paid: then it stays for people, or came back', () => {
    const wrong = SETS.filter((set) => {
      const { state, reason } = after(set, 'not_paid');
      if (set.some(otherAmount)) return state !== 'needs_action';
      if (set.some(saysPaid)) return state !== 'needs_action' || reason !== 'conflict_of_evidence';
      if (set.some((one) => one.kind === 'bounced')) return state !== 'returned';
      return state !== 'failed' || reason !== 'decided_not_paid';
    });

    expect(wrong.map(names)).toEqual([]);
  });

  test.each([
    ['the channel says success', report('success', 50)],
    ['the channel says that it has it in hand', report('processing', 50)],
    ['its statement shows it', line('completion', 50)],
    ['it is sent', started(9, 50)],
  ] as const)('I2: is for people again, its amount reserved, when afterwards %s', (_what, word) => {
    const wrong = SETS.filter((set) => ['failed', 'requested'].includes(after(set, 'not_paid', word).state));

    expect(wrong.map(names)).toEqual([]);
  });

  test('stays so when the channel closes it as well', () => {
    const { state } = after([started(1), lost(1)], 'not_paid', report('closed', 50));

    expect(state).toBe('failed');
  });
});

describe('two decisions', () => {
  const set = [started(1), lost(1)];

  test('that say otherwise are a contradiction, also where the later knew of the one before', () => {
    const paid = resolved('paid', set, 4_000);
    const conflict = { state: 'needs_action', reason: 'conflict_of_evidence' };

    expect(statusOf(AMOUNT, [...set, paid, resolved('not_paid', set, 4_001)])).toEqual(conflict);
    expect(statusOf(AMOUNT, [...set, paid, resolved('not_paid', [...set, paid], 4_001)])).toEqual(conflict);
  });

  test('of which the later says paid and knew of the earlier: it was paid', () => {
    const notPaid = resolved('not_paid', set, 4_000);
    const paid = resolved('paid', [...set, notPaid], 4_001);

    expect(statusOf(AMOUNT, [...set, notPaid, paid]).state).toBe('succeeded');
    expect(statusOf(AMOUNT, [...set, notPaid, resolved('paid', set, 4_001)]).state).toBe('needs_action');
  });
});
