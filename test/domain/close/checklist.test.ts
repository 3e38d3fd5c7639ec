/** When a day can be closed, and what is said when it cannot. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Accepted, Check, DayFacts, DayStatement } from '../../../domain/close/checklist.ts';
import { CHECKS, NOTHING_ACCEPTED, checklistOf, obstacles } from '../../../domain/close/checklist.ts';

const HOUR_MS = 3_600_000;

const trade: DayStatement = {
  ...{ id: '7', kind: 'trade', part: '', revision: 1, status: 'loaded', sha256: 'ab', lines: 4, setAside: 0 },
  totals: { declared: { refunded: 700n }, computed: { refunded: 700n, refunds: 2n } },
  ...{ matched: true, refunds: { lines: 2, minor: 700n } },
  ...{ refundsMatched: { lines: 1, minor: 300n }, refundsLeftOver: { lines: 1, minor: 400n } },
};

const none = { lines: 0, minor: 0n };
const empty: DayStatement = {
  ...{ id: '8', kind: 'fund_flow', part: '', revision: 1, status: 'empty', sha256: null, lines: 0 },
  ...{ setAside: 0, totals: { declared: {}, computed: {} }, matched: true },
  ...{ refunds: none, refundsMatched: none, refundsLeftOver: none },
};

const AFTER: DayFacts['dayAfter'] = [
  { kind: 'trade', matched: true },
  { kind: 'fund_flow', matched: true },
];

function facts(o: Partial<DayFacts> = {}): DayFacts {
  return {
    accountId: 'wx-1',
    billDate: '2026-11-24',
    now: new Date('2026-11-26T12:00:00+08:00'),
    expected: { kinds: ['trade', 'fund_flow'], readyAfterMs: 10 * HOUR_MS },
    statements: [trade, empty],
    refused: [],
    dayAfter: AFTER,
    openBreaks: [],
    openBreaksCount: 0,
    ...o,
  };
}

const failing = (of: DayFacts, accepted: Accepted = NOTHING_ACCEPTED): Check[] =>
  checklistOf(of, accepted)
    .checks.filter(({ ok }) => !ok)
    .map(({ check }) => check);

const missingInBooks = { id: '31', kind: 'missing_in_books', refundNo: null, line: '7:3' } as const;
const missing = { id: '32', kind: 'missing_at_channel', refundNo: 'R-9', line: null } as const;
const withBreaks = facts({ openBreaks: [missingInBooks, missing], openBreaksCount: 2 });

describe('a day', () => {
  test('on which everything agrees can be closed', () => {
    const checklist = checklistOf(facts(), NOTHING_ACCEPTED);

    expect(checklist.closable).toBe(true);
    expect(checklist.checks.map(({ check }) => check)).toEqual(CHECKS);
    expect(obstacles(checklist)).toEqual([]);
  });

  test.each([
    ['2026-11-25T09:59:59+08:00', false],
    ['2026-11-25T10:00:00+08:00', true],
  ])('is over when its statement can be there: at %s %s', (now, over) => {
    expect(failing(facts({ now: new Date(now) })).includes('day_over')).toBe(!over);
  });

  test('cannot be closed without each statement that the channel makes, and says why it is not there', () => {
    const without = facts({
      statements: [trade],
      refused: [{ kind: 'fund_flow', code: 'statement_truncated' }],
    });

    expect(failing(without)).toEqual(['statement_there']);
    expect(obstacles(checklistOf(without, NOTHING_ACCEPTED))).toEqual([
      'statement_there: the fund_flow statement of 2026-11-24 is not there: what came was refused (statement_truncated)',
    ]);
  });

  test('cannot be closed without the statement of each fund account that is fetched', () => {
    const kinds = ['trade', 'fund_flow', 'fund_flow_operation'] as const;
    const dayAfter = [...AFTER, { kind: 'fund_flow_operation', matched: true } as const];
    const with2 = facts({ dayAfter, expected: { kinds, readyAfterMs: 10 * HOUR_MS } });

    expect(obstacles(checklistOf(with2, NOTHING_ACCEPTED))).toEqual([
      'statement_there: the fund_flow_operation statement of 2026-11-24 is not there',
    ]);
    const third: DayStatement = { ...empty, id: '9', kind: 'fund_flow_operation' };
    const there = { ...with2, statements: [trade, empty, third] };
    expect(failing(there)).toEqual([]);
    expect(obstacles(checklistOf({ ...there, dayAfter: AFTER }, NOTHING_ACCEPTED))).toEqual([
      'statement_final: the fund_flow_operation statement of 2026-11-25 is not there; the money of a refund of 2026-11-24 may stand in it',
    ]);
  });

  test.each<[string, Partial<DayFacts>, Check]>([
    ['is not matched', { statements: [{ ...trade, matched: false }, empty] }, 'statement_matched'],
    ['has no day after it', { dayAfter: [] }, 'statement_final'],
    ['has no trade statement after it', { dayAfter: AFTER.slice(1) }, 'statement_final'],
    ['has no fund flow after it', { dayAfter: AFTER.slice(0, 1) }, 'statement_final'],
    [
      'has an unmatched day after it',
      { dayAfter: AFTER.map((one) => ({ ...one, matched: one.kind !== 'trade' })) },
      'statement_final',
    ],
    [
      'declares another sum',
      { statements: [{ ...trade, totals: { declared: { n: 2n }, computed: {} } }, empty] },
      'totals_agree',
    ],
    [
      'has a line that nobody knows of',
      { statements: [{ ...trade, refunds: { lines: 3, minor: 700n } }, empty] },
      'lines_accounted',
    ],
    [
      'is a fen off',
      { statements: [{ ...trade, refunds: { lines: 2, minor: 701n } }, empty] },
      'lines_accounted',
    ],
  ])('that %s cannot be closed', (_, change, check) => {
    expect(failing(facts(change))).toEqual([check]);
  });
});

test('the day after needs no fund flow where the account has none', () => {
  const expected = { kinds: ['trade'], readyAfterMs: 10 * HOUR_MS } as const;

  expect(failing(facts({ expected, statements: [trade], dayAfter: AFTER.slice(0, 1) }))).toEqual([]);
});

describe('what is accepted', () => {
  const both = new Map([
    ['31', 'made by hand in the console'],
    ['32', 'the channel has a ticket'],
  ]);

  test('an open break stands in the way until it is accepted by its number', () => {
    expect(failing(withBreaks)).toEqual(['no_open_break']);
    expect(obstacles(checklistOf(withBreaks, NOTHING_ACCEPTED))).toEqual([
      'no_open_break: break 31, missing_in_books, line 7:3, is open',
      'no_open_break: break 32, missing_at_channel of refund R-9, is open',
    ]);
    expect(failing(withBreaks, { ...NOTHING_ACCEPTED, breaks: new Map([['31', 'by hand']]) })).toEqual([
      'no_open_break',
    ]);
    expect(checklistOf(withBreaks, { ...NOTHING_ACCEPTED, breaks: both }).closable).toBe(true);
  });

  test('more breaks than are named cannot all be accepted', () => {
    const many = { ...withBreaks, openBreaksCount: 5 };

    expect(failing(many, { ...NOTHING_ACCEPTED, breaks: both })).toEqual(['no_open_break']);
  });

  test('rows set aside are accepted by their statement', () => {
    const aside = facts({ statements: [{ ...trade, setAside: 3 }, empty] });

    expect(failing(aside)).toEqual(['nothing_set_aside']);
    expect(failing(aside, { ...NOTHING_ACCEPTED, setAside: new Map([['7', 'a comment row']]) })).toEqual([]);
  });

  test('something that is not there to be accepted is said, and the day stays open', () => {
    const checklist = checklistOf(facts(), {
      breaks: new Map([['99', 'x']]),
      setAside: new Map([['7', 'x']]),
    });

    expect(checklist.closable).toBe(false);
    expect(obstacles(checklist)).toEqual([
      'accepted: break 99 is not there to be accepted',
      'accepted: rows set aside of statement 7 is not there to be accepted',
    ]);
  });

  test('accepting never makes up for anything else', () => {
    fc.assert(
      fc.property(fc.subarray(['31', '32']), fc.boolean(), fc.boolean(), (ids, there, final) => {
        const of = {
          ...withBreaks,
          statements: there ? [trade, empty] : [empty],
          dayAfter: final ? AFTER : [],
        };
        const accepted = { ...NOTHING_ACCEPTED, breaks: new Map(ids.map((id) => [id, 'why'])) };
        expect(checklistOf(of, accepted).closable).toBe(there && final && ids.length === 2);
      }),
    );
  });
});
