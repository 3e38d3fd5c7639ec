import { describe, expect, test } from 'vitest';
import { hasOpenAttempt } from '../../domain/refund/attempts.ts';
import type { HoldReason, Observation } from '../../domain/refund/observation.ts';
import type { RefundState, StateReason } from '../../domain/refund/state.ts';
import { mayBeSent } from '../../domain/refund/submission.ts';
import { advance, isFinal, REFUND_STATES, reservesAmount, statusOf } from '../../domain/refund/state.ts';
import {
  AMOUNT,
  absent,
  at,
  bounced,
  held,
  line,
  lost,
  paymentConfirmed,
  paymentMismatch,
  refused,
  report,
  sentBack,
  started,
  toMerchant,
  undone,
  resolved,
} from './observations.ts';

function status(...observations: Observation[]): [RefundState, StateReason] {
  const { state, reason } = statusOf(AMOUNT, observations);
  return [state, reason];
}

describe('the plain path', () => {
  test('nothing observed is requested', () => {
    expect(status()).toEqual(['requested', null]);
  });

  test('an attempt on its way is unknown: after a crash nobody can say whether it left', () => {
    expect(status(started(1))).toEqual(['unknown', null]);
  });

  test('accepted is processing, done is succeeded, done and in the statement is settled', () => {
    expect(status(started(1), report('processing'))).toEqual(['processing', null]);
    expect(status(started(1), report('processing'), report('success'))).toEqual(['succeeded', null]);
    expect(status(started(1), report('processing'), report('success'), line())).toEqual(['settled', null]);
  });

  test('a line that proves completion needs no report; one that proves acceptance is only processing', () => {
    expect(status(started(1), line('acceptance'))).toEqual(['processing', null]);
    expect(status(started(1), line('completion'))).toEqual(['settled', null]);
    expect(status(started(1), line('clearing'))).toEqual(['settled', null]);
  });
});

describe('no trustworthy answer', () => {
  test('F1 F4 a lost answer is unknown until the channel is found to know the refund', () => {
    expect(status(started(1), lost(1))).toEqual(['unknown', null]);
    expect(status(started(1), lost(1), report('processing'))).toEqual(['processing', null]);
    expect(status(started(1), lost(1), report('success'))).toEqual(['succeeded', null]);
  });

  test('F7 I7 an absence inside the grace period settles nothing', () => {
    expect(status(started(1, 0), lost(1, 1), absent(4, 5))).toEqual(['unknown', null]);
  });

  test('an absence after the grace period makes the attempt void: it may be sent again', () => {
    expect(status(started(1, 0), lost(1, 1), absent(6, 5))).toEqual(['requested', null]);
  });

  test('an absence is no word about an attempt that began later', () => {
    expect(status(started(1, 0), lost(1, 1), absent(6, 5), started(2, 7))).toEqual(['unknown', null]);
    expect(status(started(2, 7), absent(6, 5))).toEqual(['unknown', null]);
  });

  test('F7 found after it was said to be absent, it is found', () => {
    expect(status(started(1, 0), absent(6, 5), report('success'))).toEqual(['succeeded', null]);
  });

  test('I7 a refusal of the second attempt does not answer the first', () => {
    expect(status(started(1), lost(1), started(2), refused(2))).toEqual(['unknown', null]);
  });

  test('I7 a hold of the second attempt does not answer the first', () => {
    expect(status(started(1), lost(1), started(2), held(2, 'short_balance'))).toEqual(['unknown', null]);
  });

  test('an attempt of which only the end is known counts from that end', () => {
    expect(hasOpenAttempt([lost(1, 3), absent(7, 5)])).toBe(true);
    expect(hasOpenAttempt([lost(1, 2), absent(7, 5)])).toBe(false);
  });
});

describe('a refusal', () => {
  test('of the only attempt is failed', () => {
    expect(status(started(1), refused(1))).toEqual(['failed', 'refused']);
  });

  test('of a later attempt is failed once the earlier one is known to be void', () => {
    expect(status(started(1, 0), lost(1, 1), absent(6, 5), started(2, 7), refused(2, 7))).toEqual([
      'failed',
      'refused',
    ]);
  });

  test.each(['processing', 'success'] as const)(
    'contradicted by a report of %s is for a person: the refund had failed and its amount was free',
    (word) => {
      expect(status(started(1), refused(1), report(word))).toEqual(['needs_action', 'conflict_of_evidence']);
    },
  );

  test('F67 contradicted by a statement line is for a person', () => {
    expect(status(started(1), refused(1), line())).toEqual(['needs_action', 'conflict_of_evidence']);
    expect(status(started(1), refused(1), line('completion'))).toEqual([
      'needs_action',
      'conflict_of_evidence',
    ]);
  });

  test('of a resend is no contradiction: the attempt whose answer was lost explains the success', () => {
    expect(status(started(1), lost(1), started(2), refused(2), report('processing'))).toEqual([
      'processing',
      null,
    ]);
    expect(status(started(1), lost(1), started(2), refused(2), report('success'))).toEqual([
      'succeeded',
      null,
    ]);
  });
});

describe('the word that nothing was done under a number', () => {
  test('makes an attempt without an answer void after the grace, so that the same number is sent again', () => {
    expect(status(started(1, 0), lost(1, 1), undone(4))).toEqual(['unknown', null]);
    expect(status(started(1, 0), lost(1, 1), undone(6))).toEqual(['requested', null]);
  });

  test('after an acceptance says to send the same number again later, instead of a wait without end', () => {
    const now = status(started(1, 0), report('processing', 1), undone(60));
    expect(now).toEqual(['needs_action', 'try_later']);
    expect(mayBeSent({ state: 'needs_action', reason: 'try_later' })).toBe(true);
    expect(status(started(1, 0), report('processing', 1), absent(60))).toEqual(['processing', null]);
  });

  test('contradicts no acceptance that came after it: the number was sent again and taken', () => {
    expect(status(started(1, 0), lost(1, 1), undone(6), started(2, 7), report('processing', 8))).toEqual([
      'processing',
      null,
    ]);
  });

  test('is a plain word: however often it comes, no attempt counts as silent', () => {
    const nights = Array.from({ length: 8 }, (_, night) => night);
    const turnedAway = nights.flatMap((night) => [
      started(night + 1, night * 10),
      lost(night + 1, night * 10 + 1),
      undone(night * 10 + 8),
    ]);
    expect(status(...turnedAway, absent(100, 5, 6))).toEqual(['requested', null]);
  });

  test.each<[string, Observation, RefundState]>([
    ['success', report('success', 90), 'succeeded'],
    ['a cleared line', line('clearing'), 'settled'],
    ['a line', line('acceptance'), 'processing'],
    ['the word closed', report('closed', 90), 'failed'],
  ])('gives way to %s', (_what, word, state) => {
    expect(status(started(1, 0), report('processing', 1), undone(60), word)[0]).toBe(state);
  });
});

describe('a hold', () => {
  test.each<[HoldReason, RefundState, StateReason]>([
    ['rate_limited', 'requested', null],
    ['short_balance', 'needs_action', 'short_balance'],
    ['payer_account_closed', 'needs_action', 'payer_account_closed'],
    ['account_config', 'needs_action', 'account_config'],
    ['blocked', 'needs_action', 'blocked'],
  ])('for %s is %s', (reason, state, stateReason) => {
    expect(status(started(1), held(1, reason))).toEqual([state, stateReason]);
  });

  test('is replaced by what a later attempt is told', () => {
    const first = [started(1), held(1, 'short_balance')];

    expect(status(...first, started(2), held(2, 'rate_limited'))).toEqual(['requested', null]);
    expect(status(...first, started(2), report('processing'))).toEqual(['processing', null]);
    expect(status(...first, started(2))).toEqual(['unknown', null]);
  });
});

describe('closed and abnormal', () => {
  test('closed is failed, abnormal is for a person', () => {
    expect(status(started(1), report('processing'), report('closed'))).toEqual(['failed', 'closed']);
    expect(status(started(1), report('processing'), report('abnormal'))).toEqual([
      'needs_action',
      'abnormal',
    ]);
  });

  test('closed and successful at once is a conflict, in both orders', () => {
    expect(status(report('closed', 1), report('success', 2))).toEqual([
      'needs_action',
      'conflict_of_evidence',
    ]);
    expect(status(report('success', 1), report('closed', 2))).toEqual([
      'needs_action',
      'conflict_of_evidence',
    ]);
  });

  test('abnormal that was mended has succeeded', () => {
    expect(status(report('abnormal', 1), report('success', 2))).toEqual(['succeeded', null]);
  });
});

describe('another amount than asked for', () => {
  test.each([
    ['a report', report('success', 10, AMOUNT + 1n)],
    ['a report of processing', report('processing', 10, AMOUNT - 1n)],
    ['a statement line', line('acceptance', 7, AMOUNT - 1n)],
  ])('in %s is for a person', (_name, observation) => {
    expect(status(started(1), observation)).toEqual(['needs_action', 'amount_mismatch']);
    expect(status(started(1), report('success', 11), observation)).toEqual([
      'needs_action',
      'amount_mismatch',
    ]);
  });

  test('is no mismatch when the report names none', () => {
    expect(status(started(1), report('success', 10, null))).toEqual(['succeeded', null]);
  });
});

describe('the payment behind it', () => {
  test('that differs stops the refund before anything is sent', () => {
    expect(status(paymentMismatch(1))).toEqual(['needs_action', 'payment_mismatch']);
  });

  test('mended later goes on; broken later stops', () => {
    expect(status(paymentMismatch(1), paymentConfirmed(2))).toEqual(['requested', null]);
    expect(status(paymentConfirmed(1), paymentMismatch(2))).toEqual(['needs_action', 'payment_mismatch']);
  });

  test('with both words at the same instant counts as different', () => {
    expect(status(paymentConfirmed(1), paymentMismatch(1))).toEqual(['needs_action', 'payment_mismatch']);
    expect(status(paymentMismatch(1), paymentConfirmed(1))).toEqual(['needs_action', 'payment_mismatch']);
  });

  test.each([
    [['captured_minor'], 'amount_mismatch'],
    [['payment_no', 'refunded_so_far_minor'], 'amount_mismatch'],
    [['payment_no'], 'payment_mismatch'],
  ] as const)('that a notice contradicts in %j is for a person, whatever else was said', (fields, reason) => {
    const told: Observation = {
      ...{ kind: 'payment_mismatch', source: 'callback', ref: 'n1', at: at(20), fields },
      code: 'callback_contradicts_books',
    } as const;

    for (const before of [
      [],
      [started(1)],
      [report('processing')],
      [report('success')],
      [report('success'), line()],
    ])
      expect(status(...before, told, paymentConfirmed(30))).toEqual(['needs_action', reason]);
    expect(status(started(1), told, resolved('paid', [started(1), told]))).toEqual(['succeeded', null]);
  });

  test('does not undo what the channel has done', () => {
    expect(status(report('success'), paymentMismatch(20))).toEqual(['succeeded', null]);
  });
});

describe('money that came back', () => {
  test('after success is returned', () => {
    expect(status(report('success'), line(), bounced())).toEqual(['returned', null]);
    expect(status(report('success'), line(), sentBack())).toEqual(['returned', null]);
    expect(status(sentBack(), report('success'))).toEqual(['returned', null]);
  });

  test('on the merchant’s own account is returned: the channel has done it, and the payer was not paid', () => {
    expect(status(started(1), toMerchant())).toEqual(['returned', null]);
    expect(status(report('abnormal'), report('processing', 20), toMerchant())).toEqual(['returned', null]);
    expect(status(toMerchant(), line())).toEqual(['returned', null]);
  });

  test('on its way to the merchant’s own account it is not there yet', () => {
    expect(status(toMerchant('processing'))).toEqual(['processing', null]);
    expect(status(toMerchant('abnormal'))).toEqual(['needs_action', 'abnormal']);
    expect(status(toMerchant('processing'), report('success'))).toEqual(['succeeded', null]);
  });

  test('with a closure it is a contradiction, wherever it went', () => {
    expect(status(report('closed'), toMerchant())).toEqual(['needs_action', 'conflict_of_evidence']);
  });
});

describe('what a state means to the rest of the house', () => {
  test('only a final word ends the workflow, and only failure frees the amount', () => {
    expect(REFUND_STATES.filter((state) => isFinal(state))).toEqual([
      'succeeded',
      'settled',
      'failed',
      'returned',
    ]);
    expect(REFUND_STATES.filter((state) => !reservesAmount({ state, reason: null }))).toEqual(['failed']);
  });
});

describe('advance', () => {
  test('adds evidence once, whoever brings it and however often', () => {
    const once = advance([], report('success'));

    expect(advance(once, { ...report('success'), at: at(99) })).toBe(once);
    expect(advance(once, { ...report('success'), source: 'callback' })).toHaveLength(2);
  });

  test('does not change what it was given', () => {
    const known: readonly Observation[] = Object.freeze([started(1)]);

    expect(advance(known, lost(1))).toHaveLength(2);
    expect(known).toHaveLength(1);
  });
});

describe('what was given back of the payment so far', () => {
  const soFar = (refundedSoFarMinor: string): Observation =>
    ({ ...report('success', 10, null), refundedSoFarMinor }) as Observation;

  test('may be this refund or more, with others of the same payment', () => {
    expect(status(soFar(AMOUNT.toString()))).toEqual(['succeeded', null]);
    expect(status(soFar((AMOUNT + 5_000n).toString()))).toEqual(['succeeded', null]);
  });

  test('F33 contradicts the refund when it is less', () => {
    expect(status(soFar((AMOUNT - 1n).toString()))).toEqual(['needs_action', 'amount_mismatch']);
  });
});
