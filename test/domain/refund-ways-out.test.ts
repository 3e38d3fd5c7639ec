/**
 * Ways out for a refund that its channel cannot bring to the payer, and the limits above which two people release one:
 * searched over every set of up to three pieces of evidence.
 */
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../domain/refund/observation.ts';
import { observationKey } from '../../domain/refund/observation.ts';
import { reservesAmount, statusOf } from '../../domain/refund/state.ts';
import { mayBeSent } from '../../domain/refund/submission.ts';
import {
  AMOUNT,
  absent,
  bounced,
  fallbackApproved,
  fallbackPaid,
  held,
  line,
  lost,
  overLimit,
  redirected,
  refused,
  released,
  report,
  resolved,
  started,
} from './observations.ts';

const WORDS: readonly Observation[] = [
  started(1),
  lost(1),
  held(1, 'payer_account_closed'),
  refused(1),
  absent(10),
  report('processing', 11),
  report('success', 12),
  report('closed', 13),
  report('abnormal', 14),
  line('acceptance', 1),
  bounced(),
];

/** Every set of at most three words. */
const SETS: readonly (readonly Observation[])[] = WORDS.reduce<(readonly Observation[])[]>(
  (sets, word) => [...sets, ...sets.filter((set) => set.length < 3).map((set) => [...set, word])],
  [[]],
);

const names = (set: readonly Observation[]): string => set.map(observationKey).join(' ');
const status = (...known: readonly Observation[]) => statusOf(AMOUNT, known);
const CONFLICT = { state: 'needs_action', reason: 'conflict_of_evidence' };

describe('an abnormal refund that two people send elsewhere', () => {
  const abnormal = [started(1), report('processing', 2), report('abnormal', 14)];
  const sent = redirected('payer_card', abnormal);

  test('stays for people until the channel has said that it goes on', () => {
    expect(status(...abnormal, sent)).toEqual({ state: 'needs_action', reason: 'abnormal' });
    expect(status(...abnormal, sent, report('processing', 21))).toEqual({
      state: 'processing',
      reason: null,
    });
  });

  test('succeeds, or is closed, by the word of the channel alone', () => {
    expect(status(...abnormal, sent, report('success', 22)).state).toBe('succeeded');
    expect(status(...abnormal, sent, report('closed', 22)).state).toBe('failed');
  });

  test('is for people again when the new destination is dead as well', () => {
    const again = [...abnormal, sent, report('processing', 21), report('abnormal', 30)];

    expect(status(...again)).toEqual({ state: 'needs_action', reason: 'abnormal' });
    expect(status(...again, redirected('merchant_account', again, 31), report('processing', 32)).state).toBe(
      'processing',
    );
  });

  test('is not moved by a refusal of the new destination, or by an answer that was lost', () => {
    const ended = (end: 'refused' | 'unknown'): Observation => ({
      ...{
        kind: 'redirect_ended',
        source: 'submit',
        ref: 'approval/20',
        at: sent.at,
        end,
        why: 'PARAM_ERROR',
      },
    });

    expect(status(...abnormal, sent, ended('refused')).reason).toBe('abnormal');
    expect(status(...abnormal, sent, ended('unknown')).reason).toBe('abnormal');
  });

  test('changes no other state, whatever was known of it', () => {
    const changed = SETS.filter((set) => {
      const before = status(...set);
      return (
        before.reason !== 'abnormal' && status(...set, redirected('payer_card', set)).state !== before.state
      );
    });

    expect(changed.map(names)).toEqual([]);
  });
});

describe('a payer who is paid another way', () => {
  /** Where it can be decided at all. */
  const closed = SETS.filter((set) => ['failed', 'returned'].includes(status(...set).state));

  test('I2 keeps the amount of the refund reserved, so that it cannot be given back twice', () => {
    const free = closed.filter((set) => !reservesAmount(status(...set, fallbackApproved(set))));

    expect(free.map(names)).toEqual([]);
  });

  test('I3 ends all sending under the number, also of a refund that was only held', () => {
    const ended = [...closed, [started(1), held(1, 'payer_account_closed')]];

    expect(ended.filter((set) => mayBeSent(status(...set, fallbackApproved(set)))).map(names)).toEqual([]);
  });

  test('leaves what failed failed and what came back returned, and says whether they have it', () => {
    const wrong = closed.filter((set) => {
      const { state } = status(...set);
      const approved = status(...set, fallbackApproved(set));
      const paid = status(...set, fallbackApproved(set), fallbackPaid());
      return (
        approved.state !== state ||
        approved.reason !== 'fallback_approved' ||
        paid.state !== state ||
        paid.reason !== 'paid_otherwise'
      );
    });

    expect(wrong.map(names)).toEqual([]);
  });

  test.each([
    ['the channel says success', report('success', 4_000)],
    ['it is sent', started(9, 4_000)],
    ['its statement shows it', line('completion', 9)],
  ] as const)('I2 is for people again when afterwards %s', (_what, word) => {
    const failed = [started(1), refused(1)];

    expect(status(...failed, fallbackApproved(failed), fallbackPaid(), word)).toEqual(CONFLICT);
  });

  test('may follow a decision that the channel never paid', () => {
    const open = [started(1), held(1, 'payer_account_closed')];
    const decided = [...open, resolved('not_paid', open, 3_000)];

    expect(status(...decided, fallbackApproved(decided))).toEqual({
      state: 'failed',
      reason: 'fallback_approved',
    });
  });
});

describe('a refund over a limit', () => {
  test('waits for two people and is sent by nobody', () => {
    const waiting = status(overLimit());

    expect(waiting).toEqual({ state: 'needs_action', reason: 'over_limit' });
    expect(mayBeSent(waiting)).toBe(false);
    expect(reservesAmount(waiting)).toBe(true);
  });

  test('goes its way like any other once it is released', () => {
    const changed = SETS.filter((set) => {
      const { state, reason } = status(...set);
      const over = status(...set, overLimit(), released());
      return over.state !== state || over.reason !== reason;
    });

    expect(changed.map(names)).toEqual([]);
  });

  test('hides nothing that the channel has said', () => {
    const hidden = SETS.filter((set) => {
      const { state } = status(...set);
      return !['requested', 'needs_action'].includes(state) && status(...set, overLimit()).state !== state;
    });

    expect(hidden.map(names)).toEqual([]);
  });

  test('fails when two people decide that it is not to be paid', () => {
    expect(status(overLimit(), resolved('not_paid', [overLimit()], 5))).toEqual({
      state: 'failed',
      reason: 'decided_not_paid',
    });
  });
});
