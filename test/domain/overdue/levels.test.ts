/** When which level of lateness is earned: by the instants of the plan, and by nothing else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Deadlines } from '../../../domain/overdue/levels.ts';
import { earnedLevel, levelName, OVERDUE_LEVELS } from '../../../domain/overdue/levels.ts';
import type { ChannelName, FundingSource } from '../../../domain/refund/refund.ts';
import { CHANNEL_NAMES } from '../../../domain/refund/refund.ts';
import { planArrival } from '../../../domain/time/arrival-window.ts';
import { chinaCalendar } from '../../../domain/time/china-calendar.ts';
import { addDays, beijingDateOf, beijingInstant } from '../../../domain/time/plain-date.ts';

const SOURCES: readonly FundingSource[] = ['wallet', 'credit_line', 'debit_card', 'credit_card', 'unknown'];

const at = (text: string): Date => new Date(`${text.replace(' ', 'T')}+08:00`);

const PLAN: Deadlines = {
  promiseAt: at('2026-11-24 00:00:00'),
  alarmAt: at('2026-11-26 00:00:00'),
  escalateAt: at('2026-12-01 00:00:00'),
};

describe('a level', () => {
  test.each([
    ['2026-11-23 23:59:59', 0],
    ['2026-11-24 00:00:00', 1],
    ['2026-11-25 23:59:59', 1],
    ['2026-11-26 00:00:00', 2],
    ['2026-11-30 23:59:59', 2],
    ['2026-12-01 00:00:00', 3],
    ['2036-12-01 00:00:00', 3],
  ] as const)('at %s is %i: a deadline is passed at its very instant', (now, level) => {
    expect(earnedLevel(PLAN, at(now))).toBe(level);
  });

  test('is not earned before there is a plan, and the third not from a plan that has none', () => {
    const far = at('2036-01-01 00:00:00');

    expect(earnedLevel({ promiseAt: null, alarmAt: null, escalateAt: null }, far)).toBe(0);
    expect(earnedLevel({ ...PLAN, escalateAt: null }, far)).toBe(2);
  });

  test('has a name, and no flag has none', () => {
    expect([0, 1, 2, 3].map(levelName)).toEqual([null, 'promise_missed', 'alarm', 'escalated']);
    expect(OVERDUE_LEVELS.map(({ level }) => level)).toEqual([1, 2, 3]);
  });
});

describe('the third level', () => {
  test.each<[string, ChannelName, FundingSource, string, string]>([
    // The alarm ends with Tuesday 1 December 2026: Friday the 4th is the third business day after it.
    ['a debit card at WeChat Pay', 'wechat', 'debit_card', '2026-11-24 10:00:00', '2026-12-05 00:00:00'],
    // The alarm is on Wednesday at 10:00: Thursday, Friday, Monday.
    ['a wallet at WeChat Pay', 'wechat', 'wallet', '2026-11-24 10:00:00', '2026-12-01 00:00:00'],
    // Taken before the long National Day holiday; the alarm ends with Wednesday 21 October.
    ['a debit card at UnionPay', 'unionpay', 'debit_card', '2026-09-30 10:00:00', '2026-10-24 00:00:00'],
    // The alarm is on 16 February 2026, in the holiday; work begins on the 24th.
    ['a wallet over Spring Festival', 'alipay', 'wallet', '2026-02-15 10:00:00', '2026-02-27 00:00:00'],
  ])(
    'of %s is earned three business days after the alarm',
    (_what, channel, fundingSource, from, escalate) => {
      const plan = planArrival({ channel, fundingSource, acceptedAt: at(from), calendar: chinaCalendar });

      expect(plan.escalateAt).toEqual(at(escalate));
    },
  );

  test('comes after the alarm by three business days and no less, for every channel, source and day', () => {
    const instant = fc
      .integer({ min: Date.parse('2024-01-01T00:00:00Z'), max: Date.parse('2026-12-31T00:00:00Z') })
      .map((ms) => new Date(ms));
    const estimate = fc.option(fc.integer({ min: 0, max: 40 * 86_400_000 }));
    fc.assert(
      fc.property(
        fc.constantFrom(...CHANNEL_NAMES),
        fc.constantFrom(...SOURCES),
        instant,
        estimate,
        (channel, fundingSource, acceptedAt, afterMs) => {
          const estimateAt = afterMs === null ? null : new Date(acceptedAt.getTime() + afterMs);
          const plan = planArrival({
            channel,
            fundingSource,
            acceptedAt,
            estimateAt,
            calendar: chinaCalendar,
          });
          const alarmDay = beijingDateOf(new Date(plan.alarmAt.getTime() - 1));
          const lastDay = addDays(beijingDateOf(plan.escalateAt), -1);

          expect(plan.escalateAt).toEqual(beijingInstant(beijingDateOf(plan.escalateAt)));
          expect(chinaCalendar.businessDaysBetween(alarmDay, lastDay)).toBe(3);
          expect(plan.escalateAt.getTime()).toBeGreaterThan(plan.alarmAt.getTime());
        },
      ),
    );
  });
});

test('time raises a level and never lowers it, and no level is passed over by the order of the deadlines', () => {
  const ordered = fc
    .array(fc.integer({ min: 0, max: 1_000 }), { minLength: 3, maxLength: 3 })
    .map((ms) => ms.toSorted((one, other) => one - other).map((one) => new Date(one)));
  fc.assert(
    fc.property(ordered, fc.nat({ max: 1_000 }), fc.nat({ max: 1_000 }), (plan, one, other) => {
      const [promiseAt = null, alarmAt = null, escalateAt = null] = plan;
      const levelAt = (ms: number): number => earnedLevel({ promiseAt, alarmAt, escalateAt }, new Date(ms));

      expect(levelAt(Math.max(one, other))).toBeGreaterThanOrEqual(levelAt(Math.min(one, other)));
      expect(levelAt(one)).toBe(plan.filter((deadline) => deadline.getTime() <= one).length);
    }),
  );
});
