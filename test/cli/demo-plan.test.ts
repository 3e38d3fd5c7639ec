/** What the demo's month is decided to be, before it begins. */
import { describe, expect, test } from 'vitest';
import { DEMO_CHANNELS } from '../../cli/demo/channels.ts';
import type { DemoPlan } from '../../cli/demo/plan.ts';
import { DAY_MS, planMonth, refundsMin } from '../../cli/demo/plan.ts';
import { quietDayOf } from '../../cli/demo/until-quiet.ts';
import { planArrival } from '../../domain/time/arrival-window.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import { addDays, beijingDateOf, daysBetween } from '../../domain/time/plain-date.ts';

const ORIGIN = new Date('2026-09-01T00:00:00+08:00');
const LAST_DAY = '2026-09-30';
const SEEDS = [20_260_901, ...Array.from({ length: 40 }, (_, n) => n)];

const month = (refunds: number, seed: number): DemoPlan =>
  planMonth({ refunds, seed, days: 30, channels: DEMO_CHANNELS });
const dayOf = (ms: number): number => Math.floor(ms / DAY_MS);

describe.each([refundsMin(DEMO_CHANNELS), 120, 360])('a month of %i refunds', (refunds) => {
  test.each(SEEDS)(
    'has two late statements of each channel, none that could be re-issued as well: seed %i',
    (seed) => {
      const plan = month(refunds, seed);
      for (const { channel } of DEMO_CHANNELS) {
        const late = plan.lateStatements.filter((one) => one.channel === channel).map(({ day }) => day);
        const reissued = plan.refunds
          .filter((one) => one.payment.channel === channel && one.trouble?.name === 'bill_reissued')
          .map(({ requestedAtMs }) => dayOf(requestedAtMs));
        expect(reissued.length).toBeGreaterThan(0);
        expect(new Set(late).size).toBe(2);
        for (const day of late)
          for (const other of reissued) expect(day < other - 1 || day > other + 5).toBe(true);
      }
    },
  );

  test.each(SEEDS)(
    'is not over before its last trouble had 23 days and its last bill five: seed %i',
    (seed) => {
      const plan = month(refunds, seed);
      const troubled = plan.refunds.filter(({ trouble }) => trouble !== null);
      const last = Math.max(...troubled.map(({ requestedAtMs }) => requestedAtMs));
      const quietDay = quietDayOf(plan, ORIGIN, LAST_DAY);

      expect(daysBetween(beijingDateOf(new Date(ORIGIN.getTime() + last)), quietDay)).toBeGreaterThanOrEqual(
        23,
      );
      expect(daysBetween(LAST_DAY, quietDay)).toBeGreaterThanOrEqual(5);
    },
  );
});

test('in the month that everybody sees, refunds that nothing befalls are asked for on each late day', () => {
  const { lateStatements, refunds } = month(360, 20_260_901);
  const plain = refunds.filter(({ trouble }) => trouble === null);

  for (const { channel, day } of lateStatements)
    expect(
      plain.filter((one) => one.payment.channel === channel && dayOf(one.requestedAtMs) === day),
    ).not.toEqual([]);
});

test.each(SEEDS)('of 360 refunds those in trouble are of the first half of the month: seed %i', (seed) => {
  const plan = month(360, seed);
  const last = Math.max(
    ...plan.refunds.map(({ trouble, requestedAtMs }) => (trouble === null ? 0 : requestedAtMs)),
  );

  expect(dayOf(last)).toBeLessThan(16);
});

test.each(SEEDS)(
  'of a refund that belongs on the overdue list the promise is missed before the month is over: seed %i',
  (seed) => {
    const plan = month(360, seed);
    const over = quietDayOf(plan, ORIGIN, LAST_DAY);
    const listed = plan.refunds.filter(({ trouble }) => trouble?.overdue === 'always');

    expect(listed.length).toBeGreaterThan(10);
    for (const { payment, requestedAtMs } of listed) {
      const { promiseAt } = planArrival({
        channel: payment.channel,
        // The longest of its channel, whatever it is paid from.
        fundingSource: 'unknown',
        acceptedAt: new Date(ORIGIN.getTime() + requestedAtMs),
        calendar: chinaCalendar,
      });
      expect(beijingDateOf(promiseAt) <= over).toBe(true);
    }
  },
);

test('a month without trouble is over once its bills are there', () => {
  const plan = { ...month(360, 1), refunds: [] };

  expect(quietDayOf(plan, ORIGIN, LAST_DAY)).toBe(addDays(LAST_DAY, 5));
});
