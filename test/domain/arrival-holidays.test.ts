/** F60 F62: promises over the holidays of 2024 to 2026, beside a count by a second reading of the notices. */
import { describe, expect, test } from 'vitest';
import type { ChannelName, FundingSource } from '../../domain/refund/refund.ts';
import { planArrival } from '../../domain/time/arrival-window.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import { addDays, beijingInstant } from '../../domain/time/plain-date.ts';
import { SPECIAL_DAYS, workedDayAfter } from './published-days.ts';

/** Promise and alarm in business days, and how the day of acceptance is found. */
const CARDS: readonly {
  readonly channel: ChannelName;
  readonly source: FundingSource;
  readonly promise: number;
  readonly alarm: number;
  /** The last second of a day counts to the day after where clearing ends earlier than the day. */
  readonly lateCountsTo: 0 | 1;
}[] = [
  { channel: 'wechat', source: 'debit_card', promise: 3, alarm: 5, lateCountsTo: 0 },
  { channel: 'wechat', source: 'credit_card', promise: 3, alarm: 7, lateCountsTo: 0 },
  { channel: 'alipay', source: 'debit_card', promise: 7, alarm: 10, lateCountsTo: 0 },
  { channel: 'alipay', source: 'credit_card', promise: 10, alarm: 15, lateCountsTo: 0 },
  { channel: 'unionpay', source: 'debit_card', promise: 5, alarm: 10, lateCountsTo: 1 },
  { channel: 'unionpay', source: 'credit_card', promise: 7, alarm: 15, lateCountsTo: 1 },
];

/** Every day off and every make-up workday, and the day before each of them. */
const DAYS = [...new Set(SPECIAL_DAYS.flatMap((day) => [addDays(day, -1), day]))];

/** The day at whose end the `count`-th business day after `day` is over. */
const endOf = (day: string, count: number): Date => beijingInstant(addDays(workedDayAfter(day, count), 1));

function plan(channel: ChannelName, source: FundingSource, acceptedAt: Date) {
  return planArrival({ channel, fundingSource: source, acceptedAt, calendar: chinaCalendar });
}

test('the notices of 2024 to 2026 name 75 days on which Monday to Friday does not hold', () => {
  expect(SPECIAL_DAYS).toHaveLength(75);
});

describe.each(CARDS)('F62 a $source at $channel', ({ channel, source, promise, alarm, lateCountsTo }) => {
  test.each(DAYS)('accepted on %s, at its first and its last second', (day) => {
    const first = plan(channel, source, beijingInstant(day, '00:00:00'));
    const last = plan(channel, source, beijingInstant(day, '23:59:59'));
    const lastDay = addDays(day, lateCountsTo);

    expect([first.promiseAt, first.alarmAt]).toEqual([endOf(day, promise), endOf(day, alarm)]);
    expect([last.promiseAt, last.alarmAt]).toEqual([endOf(lastDay, promise), endOf(lastDay, alarm)]);
  });
});

describe('F60 F62 a debit card accepted by WeChat Pay on the eve of a long holiday', () => {
  // Counted by hand from the notices. The second after the eve is the first of the holiday: the same days are counted.
  test.each([
    ['Spring Festival 2024, Sunday the 18th is worked', '2024-02-09', '2024-02-21', '2024-02-23'],
    ['Labour Day 2024', '2024-04-30', '2024-05-09', '2024-05-11'],
    ['National Day 2024, Saturday the 12th is worked', '2024-09-30', '2024-10-11', '2024-10-13'],
    ['Spring Festival 2025, Saturday the 8th is worked', '2025-01-27', '2025-02-08', '2025-02-11'],
    ['Labour Day 2025', '2025-04-30', '2025-05-09', '2025-05-13'],
    ['National Day 2025, Saturday the 11th is worked', '2025-09-30', '2025-10-12', '2025-10-15'],
    ['Spring Festival 2026, Saturday the 28th is worked', '2026-02-14', '2026-02-27', '2026-03-01'],
    ['Labour Day 2026, Saturday the 9th is worked', '2026-04-30', '2026-05-09', '2026-05-12'],
    ['National Day 2026, Saturday the 10th is worked', '2026-09-30', '2026-10-11', '2026-10-14'],
  ])('%s', (_holiday, eve, promiseDay, alarmDay) => {
    const ends = { promiseAt: beijingInstant(promiseDay), alarmAt: beijingInstant(alarmDay) };

    for (const acceptedAt of [
      beijingInstant(eve, '00:00:00'),
      beijingInstant(eve, '23:59:59'),
      beijingInstant(addDays(eve, 1), '00:00:00'),
      beijingInstant(addDays(eve, 1), '23:59:59'),
    ])
      expect(plan('wechat', 'debit_card', acceptedAt)).toMatchObject(ends);
  });
});
