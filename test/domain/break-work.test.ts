/** What people may do with a break, and what the rules would suggest. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BREAK_KINDS } from '../../domain/statement/break.ts';
import {
  BREAK_RULES,
  WRITE_OFF_CODES,
  atStakeMinor,
  isParked,
  mayParkUntil,
  mayResolveAlone,
  mayWriteOff,
} from '../../domain/statement/break-work.ts';
import type { KeyAgreements, Side } from '../../domain/statement/sides.ts';
import { compareSides, couldBeOne, isOneSlip } from '../../domain/statement/sides.ts';
import type { BreakFacts, Candidate } from '../../domain/statement/suggestion.ts';
import { suggestionFor } from '../../domain/statement/suggestion.ts';

const NOW = new Date('2026-11-24T02:00:00Z');

describe('at stake', () => {
  test.each([
    ['amount_differs', 500n, 480n, 20n],
    ['amount_differs', 480n, 500n, 20n],
    ['fee_differs', 6n, 5n, 1n],
    ['missing_in_books', 500n, null, 500n],
    ['missing_at_channel', null, 234n, 234n],
    ['duplicate_line', 500n, 500n, 500n],
    ['ambiguous', 300n, null, 300n],
    ['state_conflict', 500n, 500n, 0n],
    ['returned', 500n, 500n, 0n],
    ['late', 500n, 500n, 0n],
  ] as const)('%s of %s against %s leaves %s unexplained', (kind, amountMinor, expectedMinor, stake) => {
    expect(atStakeMinor({ kind, amountMinor, expectedMinor })).toBe(stake);
  });

  test('decides who may end it: up to the limit one person, up to the limit of the reason two', () => {
    const of = (amountMinor: bigint) =>
      ({ kind: 'missing_in_books', amountMinor, expectedMinor: null }) as const;

    expect(mayResolveAlone(of(BREAK_RULES.resolveAloneMaxMinor))).toBe(true);
    expect(mayResolveAlone(of(BREAK_RULES.resolveAloneMaxMinor + 1n))).toBe(false);
    for (const code of WRITE_OFF_CODES) {
      const max = BREAK_RULES.writeOffMaxMinor[code];
      expect(mayWriteOff(of(max ?? 10n ** 12n), code)).toBe(true);
      if (max !== null) expect(mayWriteOff(of(max + 1n), code)).toBe(false);
    }
  });
});

test('a break rests from tomorrow on, for sixty days at most, and is back on its day', () => {
  const today = '2026-11-24';
  expect(
    ['2026-11-24', '2026-11-25', '2027-01-23', '2027-01-24'].map((day) => mayParkUntil(day, today)),
  ).toEqual([...[false, true, true, false]]);
  expect([null, '2026-11-23', '2026-11-24', '2026-11-25'].map((day) => isParked(day, today))).toEqual([
    ...[false, false, false, true],
  ]);
});

describe('a slip of the hand', () => {
  test.each([
    ['50300001', '50300002', true],
    ['50300001', '5030001', true],
    ['50300001', '503000011', true],
    ['50300012', '50300021', true],
    ['50300012', '05300021', false],
    ['50300001', '50300122', false],
    ['5030', '5031', false],
    ['50300001', '503000', false],
  ])('%s and %s: %s', (one, other, expected) => {
    expect(isOneSlip(one, other)).toBe(expected);
    expect(isOneSlip(other, one)).toBe(expected);
  });

  test('any one character typed wrong, left out or doubled is one', () => {
    const number = fc.stringMatching(/^[0-9]{8,20}$/);
    fc.assert(
      fc.property(number, fc.nat(), fc.constantFrom('wrong', 'out', 'double'), (text, seed, how) => {
        const at = seed % text.length;
        const [head, tail] = [text.slice(0, at), text.slice(at + 1)];
        const slip = {
          wrong: `${head}x${tail}`,
          out: head + tail,
          double: `${head}${text[at] ?? ''}${text[at] ?? ''}${tail}`,
        }[how];
        expect(isOneSlip(text, slip)).toBe(true);
        expect(isOneSlip(slip, text)).toBe(true);
      }),
    );
  });
});

const side = (o: Partial<Side> = {}): Side => ({
  ...{ refundNo: 'RF-100001', channelRefundNo: '50300001', transactionId: '42000001', paymentNo: 'ORD-1' },
  ...{ amountMinor: 500n, currency: 'CNY', at: NOW },
  ...o,
});

describe('two sides', () => {
  test('are compared key by key', () => {
    const line = side({
      refundNo: null,
      channelRefundNo: '50300002',
      amountMinor: 501n,
      at: new Date(NOW.getTime() + 4 * 86_400_000),
    });

    expect(compareSides(side(), line)).toEqual({
      ...{ refund_no: 'absent', channel_refund_no: 'close', transaction_id: 'agrees', payment_no: 'agrees' },
      ...{ amount: 'differs', time: 'differs' },
    });
  });

  test('could be one where the amount is the same and a number speaks for it, never for an amount or a time alone', () => {
    const could = (o: Partial<Side>): boolean => couldBeOne(compareSides(side(), side(o)));

    expect(could({ refundNo: null, channelRefundNo: null })).toBe(true);
    expect(could({ refundNo: null, transactionId: null, channelRefundNo: '50300002' })).toBe(true);
    expect(could({ refundNo: null, transactionId: null, channelRefundNo: null })).toBe(false);
    expect(could({ amountMinor: 501n })).toBe(false);
    expect(could({ transactionId: 'another one' })).toBe(false);
    expect(could({ at: new Date('2026-12-24T02:00:00Z') })).toBe(false);
  });
});

const AGREE: KeyAgreements = {
  refund_no: 'absent',
  channel_refund_no: 'absent',
  transaction_id: 'agrees',
  payment_no: 'absent',
  amount: 'agrees',
  time: 'agrees',
};

const candidate = (o: Partial<Candidate> = {}): Candidate => ({
  refundNo: 'RF-1',
  breakId: '7',
  keys: AGREE,
  taken: false,
  ...o,
});

const facts = (o: Partial<BreakFacts>): BreakFacts => ({
  ...{
    kind: 'missing_in_books',
    amountMinor: 500n,
    expectedMinor: null,
    refund: null,
    candidates: [],
    now: NOW,
  },
  ...o,
});

describe('suggested', () => {
  const late = { state: 'processing', promiseAt: new Date(NOW.getTime() - 1) } as const;
  const early = { state: 'processing', promiseAt: new Date('2026-11-26T16:00:00Z') } as const;

  test.each<[string, Partial<BreakFacts>, object]>([
    [
      'one refund fits by transaction and amount',
      { candidates: [candidate()] },
      { act: 'force_match', refundNo: 'RF-1', breakId: '7', code: 'number_missing' },
    ],
    [
      'its number has a slip',
      { candidates: [candidate({ keys: { ...AGREE, channel_refund_no: 'close' } })] },
      { act: 'force_match', code: 'number_mistyped' },
    ],
    [
      'two fit: nobody guesses',
      { candidates: [candidate(), candidate({ refundNo: 'RF-2' })] },
      { act: 'look' },
    ],
    [
      'the other of two has a line',
      { kind: 'ambiguous', candidates: [candidate({ taken: true }), candidate({ refundNo: 'RF-2' })] },
      { act: 'force_match', refundNo: 'RF-2', code: 'candidate_chosen' },
    ],
    [
      'another amount is no fit',
      { candidates: [candidate({ keys: { ...AGREE, amount: 'differs' } })] },
      { act: 'look' },
    ],
    ['nobody’s line', {}, { act: 'look' }],
    [
      'a movement of the account that a refund fits: it can be given to none',
      { movement: true, candidates: [candidate()] },
      { act: 'look' },
    ],
    ['printed twice', { kind: 'duplicate_line' }, { act: 'resolve', code: 'printed_twice' }],
    [
      'missing, and its window is open',
      { kind: 'missing_at_channel', refund: early },
      { act: 'wait', until: '2026-11-27' },
    ],
    ['missing, and its window is over', { kind: 'missing_at_channel', refund: late }, { act: 'ask_channel' }],
    [
      'missing, and a loose line fits',
      { kind: 'missing_at_channel', refund: late, candidates: [candidate()] },
      { act: 'force_match', breakId: '7' },
    ],
    ['a fen apart', { kind: 'amount_differs', expectedMinor: 501n }, { act: 'write_off', code: 'rounding' }],
    ['more apart', { kind: 'amount_differs', expectedMinor: 700n }, { act: 'ask_channel' }],
    [
      'a number that differs by a slip',
      {
        kind: 'number_differs',
        named: candidate({ keys: { ...AGREE, transaction_id: 'close', refund_no: 'agrees' } }),
      },
      { act: 'force_match', refundNo: 'RF-1', breakId: '7', code: 'number_mistyped' },
    ],
    [
      'only our number of the payment differs',
      { kind: 'number_differs', named: candidate({ keys: { ...AGREE, payment_no: 'differs' } }) },
      { act: 'force_match', code: 'number_mistyped' },
    ],
    [
      'another transaction altogether',
      { kind: 'number_differs', named: candidate({ keys: { ...AGREE, transaction_id: 'differs' } }) },
      { act: 'ask_channel' },
    ],
    [
      'a slip, and another amount',
      {
        kind: 'number_differs',
        named: candidate({ keys: { ...AGREE, transaction_id: 'close', amount: 'differs' } }),
      },
      { act: 'ask_channel' },
    ],
    [
      'the other number is another refund of ours',
      {
        ...{ kind: 'number_differs', named: candidate({ keys: { ...AGREE, channel_refund_no: 'differs' } }) },
        candidates: [candidate({ refundNo: 'RF-2', keys: { ...AGREE, channel_refund_no: 'agrees' } })],
      },
      { act: 'look' },
    ],
    ['a fee', { kind: 'fee_differs', expectedMinor: 700n }, { act: 'write_off', code: 'fee' }],
    [
      'a conflict that evidence has ended',
      { kind: 'state_conflict', refund: { state: 'settled', promiseAt: null } },
      { act: 'resolve', code: 'reviewed' },
    ],
    [
      'a conflict that stands',
      { kind: 'state_conflict', refund: { state: 'failed', promiseAt: null } },
      { act: 'look' },
    ],
    ['came back', { kind: 'returned', refund: { state: 'returned', promiseAt: null } }, { act: 'look' }],
    ['late', { kind: 'late' }, { act: 'resolve', code: 'reviewed' }],
  ])('%s', (_, given, suggestion) => {
    expect(suggestionFor(facts(given))).toMatchObject(suggestion);
  });

  test('is something for every kind, with its reason, and never what the limits forbid', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...BREAK_KINDS),
        fc.bigInt(0n, 10n ** 9n),
        fc.bigInt(0n, 10n ** 9n),
        (kind, amountMinor, expectedMinor) => {
          const given = facts({ kind, amountMinor, expectedMinor });
          const one = suggestionFor(given);
          expect(one.why).not.toBe('');
          if (one.act === 'write_off') expect(mayWriteOff(given, one.code)).toBe(true);
        },
      ),
    );
  });
});
