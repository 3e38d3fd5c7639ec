/** F41: which statements should be here and are not, and from when on that is said. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ExpectingAccount } from '../../domain/statement/gaps.ts';
import { GAP_LOOK_BACK_DAYS, gapKey, statementGaps } from '../../domain/statement/gaps.ts';
import { addDays } from '../../domain/time/plain-date.ts';

const HOUR_MS = 3_600_000;

const wechat: ExpectingAccount = {
  ...{ id: 'wx', kinds: ['trade', 'fund_flow'], readyAfterMs: 10 * HOUR_MS, since: '2026-11-20' },
};
const NOTHING = { there: new Set<string>(), refused: new Map<string, string>() };

const there = (...names: readonly [kind: 'trade' | 'fund_flow', day: string][]): typeof NOTHING => ({
  ...NOTHING,
  there: new Set(names.map(([kind, billDate]) => gapKey({ accountId: 'wx', kind, billDate }))),
});

const days = (now: string, account = wechat, has = NOTHING): string[] =>
  statementGaps(new Date(now), [account], has).map(({ kind, billDate }) => `${billDate} ${kind}`);

describe('a statement that should be here', () => {
  test.each([
    ['2026-11-21T21:59:59+08:00', 0],
    ['2026-11-21T22:00:00+08:00', 2],
  ])('is a gap twelve hours after its time, and not before: %s', (now, gaps) => {
    expect(days(now)).toHaveLength(gaps);
  });

  test('is named by account, kind and day, with its time and why what came was refused', () => {
    const refused = new Map([
      [gapKey({ accountId: 'wx', kind: 'fund_flow', billDate: '2026-11-20' }), 'statement_truncated'],
    ]);
    const has = { ...there(['trade', '2026-11-20']), refused };

    expect(statementGaps(new Date('2026-11-22T00:00:00+08:00'), [wechat], has)).toEqual([
      {
        ...{ accountId: 'wx', kind: 'fund_flow', billDate: '2026-11-20', refusedCode: 'statement_truncated' },
        dueAt: new Date('2026-11-21T10:00:00+08:00'),
        alertAt: new Date('2026-11-21T22:00:00+08:00'),
      },
    ]);
  });

  test('is expected from the first day of the account on, and of no account that has none', () => {
    expect(days('2026-11-23T00:00:00+08:00')).toEqual([
      ...['2026-11-20 trade', '2026-11-20 fund_flow', '2026-11-21 trade', '2026-11-21 fund_flow'],
    ]);
    expect(days('2026-11-23T00:00:00+08:00', { ...wechat, since: null })).toEqual([]);
  });

  test('is one for each fund account of which statements are fetched', () => {
    const kinds = ['trade', 'fund_flow', 'fund_flow_operation'] as const;
    const has = there(['trade', '2026-11-20'], ['fund_flow', '2026-11-20']);

    expect(days('2026-11-22T00:00:00+08:00', { ...wechat, kinds }, has)).toEqual([
      '2026-11-20 fund_flow_operation',
    ]);
  });

  test('is not asked for any more when the channel has it no longer', () => {
    const old = { ...wechat, kinds: ['trade'], since: '2020-01-01' } as const;
    expect(days('2026-11-23T23:00:00+08:00', old)).toHaveLength(GAP_LOOK_BACK_DAYS);
  });

  test('is a gap exactly while it is not there', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat({ max: 20 }), { maxLength: 20 }), (missing) => {
        const all = Array.from({ length: 21 }, (_, n) => addDays('2026-10-01', n));
        const has = there(
          ...all.flatMap(
            (day, n) => (missing.includes(n) ? [] : [['trade', day] as const]) as ['trade', string][],
          ),
        );
        const account = { ...wechat, kinds: ['trade'], since: '2026-10-01' } as const;
        expect(days('2026-10-23T00:00:00+08:00', account, has)).toEqual(
          all.filter((_, n) => missing.includes(n)).map((day) => `${day} trade`),
        );
      }),
    );
  });
});
