import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChannelName, FundingSource } from '../../domain/refund/refund.ts';
import type { ArrivalBasis } from '../../domain/time/arrival-basis.ts';
import type { ArrivalPlan } from '../../domain/time/arrival-window.ts';
import { clearingDayOf, daysLate, planArrival } from '../../domain/time/arrival-window.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import { beijingInstant } from '../../domain/time/plain-date.ts';
import { zoneCases } from './zone-cases.ts';

const SOURCES: readonly FundingSource[] = ['wallet', 'debit_card', 'credit_card', 'unknown'];

describe('a wallet', () => {
  test('is promised in 20 minutes and looked into after 24 hours, holiday or not', () => {
    const plan = planned('wallet', '2026-02-17T12:00:00Z');

    expect(plan.promiseAt.toISOString()).toBe('2026-02-17T12:20:00.000Z');
    expect(plan.alarmAt.toISOString()).toBe('2026-02-18T12:00:00.000Z');
    expect(plan.provisional).toBe(false);
  });

  test('needs no calendar, so a year without one does not make it provisional', () => {
    expect(planned('wallet', '2027-05-01T00:00:00Z').provisional).toBe(false);
  });
});

describe('a bank card', () => {
  test.each<[string, FundingSource, string, string, string]>([
    // Accepted on Tuesday 24 November 2026: Friday ends the third business day.
    ['on a plain Tuesday', 'debit_card', '2026-11-24T10:00:00+08:00', '2026-11-28', '2026-12-02'],
    ['on a plain Tuesday', 'credit_card', '2026-11-24T10:00:00+08:00', '2026-11-28', '2026-12-04'],
    ['on a Friday', 'debit_card', '2026-11-20T10:00:00+08:00', '2026-11-26', '2026-11-28'],
    ['on a Saturday', 'debit_card', '2026-11-21T10:00:00+08:00', '2026-11-26', '2026-11-28'],
    // Friday 13 February 2026: the 14th is worked, then nothing until the 24th, and the 28th is worked.
    ['on the eve of Spring Festival', 'debit_card', '2026-02-13T10:00:00+08:00', '2026-02-26', '2026-02-28'],
    ['on the eve of Spring Festival', 'credit_card', '2026-02-13T10:00:00+08:00', '2026-02-26', '2026-03-03'],
    [
      'in the middle of Spring Festival',
      'debit_card',
      '2026-02-18T10:00:00+08:00',
      '2026-02-27',
      '2026-03-01',
    ],
    ['before National Day', 'debit_card', '2026-09-30T10:00:00+08:00', '2026-10-11', '2026-10-14'],
  ])('F62 accepted %s, %s', (_when, source, acceptedAt, promiseDay, alarmDay) => {
    const plan = planned(source, acceptedAt);

    expect(plan.promiseAt).toEqual(beijingInstant(promiseDay));
    expect(plan.alarmAt).toEqual(beijingInstant(alarmDay));
  });

  test('F60 one second before midnight and midnight itself are different days of acceptance', () => {
    const before = planned('debit_card', '2026-11-24T23:59:59+08:00');
    const after = planned('debit_card', '2026-11-25T00:00:00+08:00');

    expect(before.promiseAt).toEqual(beijingInstant('2026-11-28'));
    expect(after.promiseAt).toEqual(beijingInstant('2026-12-01'));
  });

  test('F62 reaching into a year without holidays is marked, reaching to its eve is not', () => {
    expect(planned('debit_card', '2026-12-29T10:00:00+08:00').provisional).toBe(true);
    expect(planned('credit_card', '2026-12-16T10:00:00+08:00').provisional).toBe(false);
  });

  test('is provisional when only the alarm reaches there', () => {
    const plan = planned('credit_card', '2026-12-22T10:00:00+08:00');

    expect(plan.promiseAt).toEqual(beijingInstant('2026-12-26'));
    expect(plan.provisional).toBe(true);
  });
});

describe('at each channel', () => {
  // Accepted on Tuesday 24 November 2026 at 10:00; days end at midnight in Beijing.
  test.each<[ChannelName, FundingSource, string, string]>([
    ['wechat', 'wallet', '2026-11-24 10:20', '2026-11-25 10:00'],
    ['wechat', 'debit_card', '2026-11-28 00:00', '2026-12-02 00:00'],
    ['wechat', 'credit_card', '2026-11-28 00:00', '2026-12-04 00:00'],
    ['alipay', 'wallet', '2026-11-24 11:00', '2026-11-25 10:00'],
    ['alipay', 'credit_line', '2026-11-24 11:00', '2026-11-25 10:00'],
    ['alipay', 'debit_card', '2026-12-04 00:00', '2026-12-09 00:00'],
    ['alipay', 'credit_card', '2026-12-09 00:00', '2026-12-16 00:00'],
    ['alipay', 'unknown', '2026-12-09 00:00', '2026-12-16 00:00'],
    ['unionpay', 'debit_card', '2026-12-02 00:00', '2026-12-09 00:00'],
    ['unionpay', 'credit_card', '2026-12-04 00:00', '2026-12-16 00:00'],
    ['unionpay', 'unknown', '2026-12-04 00:00', '2026-12-16 00:00'],
    // A source that the channel does not have says nothing.
    ['unionpay', 'wallet', '2026-12-04 00:00', '2026-12-16 00:00'],
  ])('%s %s is promised by %s and looked into from %s on', (channel, source, promise, alarm) => {
    const plan = planned(source, '2026-11-24T10:00:00+08:00', channel);

    expect(plan.promiseAt).toEqual(new Date(`${promise.replace(' ', 'T')}:00+08:00`));
    expect(plan.alarmAt).toEqual(new Date(`${alarm.replace(' ', 'T')}:00+08:00`));
  });

  test('F60 UnionPay’s day ends at 23:00: a refund from then on counts from the next day', () => {
    const before = planned('debit_card', '2026-11-24T22:59:59+08:00', 'unionpay');
    const after = planned('debit_card', '2026-11-24T23:00:00+08:00', 'unionpay');

    expect(before.promiseAt).toEqual(beijingInstant('2026-12-02'));
    expect(after.promiseAt).toEqual(beijingInstant('2026-12-03'));
  });

  test.each<[ChannelName, string, string]>([
    ['wechat', '2026-11-24T23:59:59.999+08:00', '2026-11-24'],
    ['wechat', '2026-11-25T00:00:00+08:00', '2026-11-25'],
    ['alipay', '2026-11-24T23:59:59.999+08:00', '2026-11-24'],
    ['alipay', '2026-11-25T00:00:00+08:00', '2026-11-25'],
    ['unionpay', '2026-11-24T22:59:59.999+08:00', '2026-11-24'],
    ['unionpay', '2026-11-24T23:00:00+08:00', '2026-11-25'],
  ])('%s counts %s to %s', (channel, at, day) => {
    expect(clearingDayOf(channel, new Date(at))).toBe(day);
  });
});

describe('an estimate of the channel for this very refund', () => {
  // Alipay names the time at which the bank will have posted it.
  const estimateAt = new Date('2026-11-26T18:00:00+08:00');
  const accepted = { channel: 'alipay', acceptedAt: new Date('2026-11-24T10:00:00+08:00') } as const;

  test.each<[FundingSource, string, string]>([
    ['debit_card', '2026-11-29T18:00:00+08:00', '2026-12-03T00:00:00+08:00'],
    // A credit card shows it in a later bill: the alarm waits the fifteen business days of the table.
    ['credit_card', '2026-12-16T00:00:00+08:00', '2026-12-19T00:00:00+08:00'],
    ['unknown', '2026-12-16T00:00:00+08:00', '2026-12-19T00:00:00+08:00'],
  ])(
    'of a %s goes before the table: a day more is promised, alarm at %s',
    (fundingSource, alarm, escalate) => {
      const plan = planArrival({ ...accepted, fundingSource, estimateAt, calendar: chinaCalendar });

      expect(plan).toEqual({
        promiseAt: new Date('2026-11-27T18:00:00+08:00'),
        alarmAt: new Date(alarm),
        escalateAt: new Date(escalate),
        windowVersion: planned('debit_card', accepted.acceptedAt).windowVersion,
        calendarRevision: chinaCalendar.revision,
        provisional: false,
        basis: 'estimate',
      });
    },
  );

  test('that lies behind the alarm of the table moves the alarm with it: never before the promise', () => {
    const late = new Date('2026-12-20T18:00:00+08:00');
    const plan = planArrival({
      ...accepted,
      fundingSource: 'credit_card',
      estimateAt: late,
      calendar: chinaCalendar,
    });

    expect(plan.alarmAt).toEqual(plan.promiseAt);
  });

  test('needs no calendar, so a year without one does not make it provisional', () => {
    const late = new Date('2027-05-01T18:00:00+08:00');

    expect(
      planArrival({ ...accepted, fundingSource: 'debit_card', estimateAt: late, calendar: chinaCalendar })
        .provisional,
    ).toBe(false);
  });

  test('that there is not leaves the table', () => {
    const plan = planArrival({
      ...accepted,
      fundingSource: 'debit_card',
      estimateAt: null,
      calendar: chinaCalendar,
    });

    expect(plan).toEqual(planned('debit_card', accepted.acceptedAt, 'alipay'));
  });
});

describe('where the figure came from', () => {
  test.each<[ChannelName, FundingSource, ArrivalBasis]>([
    ['wechat', 'wallet', 'source'],
    ['wechat', 'credit_card', 'source'],
    ['alipay', 'credit_line', 'source'],
    ['unionpay', 'debit_card', 'source'],
    ['wechat', 'unknown', 'channel_default'],
    ['alipay', 'unknown', 'channel_default'],
    // Sources that the channel has no row for.
    ['unionpay', 'wallet', 'channel_default'],
    ['wechat', 'credit_line', 'channel_default'],
  ])('%s, %s: %s', (channel, source, basis) => {
    expect(planned(source, '2026-11-24T10:00:00+08:00', channel).basis).toBe(basis);
  });

  test.each<FundingSource>(['debit_card', 'credit_card', 'unknown'])(
    'is the estimate where the channel gave one, whatever the source: %s',
    (fundingSource) => {
      const acceptedAt = new Date('2026-11-24T10:00:00+08:00');
      const estimateAt = new Date('2026-11-26T18:00:00+08:00');
      const plan = planArrival({
        ...{ channel: 'alipay', fundingSource, acceptedAt, estimateAt },
        calendar: chinaCalendar,
      });

      expect(plan.basis).toBe('estimate');
    },
  );
});

describe('a card of a bank that takes longer', () => {
  const accepted = {
    channel: 'unionpay',
    fundingSource: 'debit_card',
    calendar: chinaCalendar,
    acceptedAt: new Date('2026-11-02T10:00:00+08:00'),
  } as const;

  test.each(['622202******0403', '中国工商银行储蓄卡0403', 'ICBC 0403'])(
    'has the window of its bank: %s',
    (landsIn) => {
      expect(planArrival({ ...accepted, landsIn })).toMatchObject({
        basis: 'bank',
        // Ten business days after Monday the 2nd.
        promiseAt: new Date('2026-11-17T00:00:00+08:00'),
        alarmAt: new Date('2026-11-24T00:00:00+08:00'),
      });
    },
  );

  test.each(['622848******0403', '中国农业银行储蓄卡0403', '', null])(
    'is not taken for one where nothing says so: %s',
    (landsIn) => {
      expect(planArrival({ ...accepted, landsIn })).toEqual(planArrival(accepted));
    },
  );

  test('has the window of what was paid from at a channel that says nothing of banks', () => {
    const wechat = { ...accepted, channel: 'wechat' } as const;
    expect(planArrival({ ...wechat, landsIn: '工商银行借记卡0403' }).basis).toBe('source');
  });

  test('has the estimate of the channel, where there is one', () => {
    const estimateAt = new Date('2026-11-04T10:00:00+08:00');
    expect(planArrival({ ...accepted, landsIn: '622202******0403', estimateAt }).basis).toBe('estimate');
  });
});

describe('every window', () => {
  const acceptance = fc
    .integer({ min: Date.parse('2024-01-01T00:00:00Z'), max: Date.parse('2027-12-31T00:00:00Z') })
    .map((ms) => new Date(ms));

  test('comes after acceptance, and the alarm not before the promise', () => {
    fc.assert(
      fc.property(acceptance, fc.constantFrom(...SOURCES), (acceptedAt, source) => {
        const plan = planned(source, acceptedAt);

        expect(plan.promiseAt.getTime()).toBeGreaterThan(acceptedAt.getTime());
        expect(plan.alarmAt.getTime()).toBeGreaterThanOrEqual(plan.promiseAt.getTime());
      }),
    );
  });

  test('of an unknown source is at least as wide as any other', () => {
    fc.assert(
      fc.property(acceptance, fc.constantFrom(...SOURCES), (acceptedAt, source) => {
        const [known, unknown] = [planned(source, acceptedAt), planned('unknown', acceptedAt)];

        expect(unknown.promiseAt.getTime()).toBeGreaterThanOrEqual(known.promiseAt.getTime());
        expect(unknown.alarmAt.getTime()).toBeGreaterThanOrEqual(known.alarmAt.getTime());
      }),
    );
  });

  test('does not end earlier when acceptance is later', () => {
    fc.assert(
      fc.property(acceptance, acceptance, fc.constantFrom(...SOURCES), (one, other, source) => {
        const [early, late] = one.getTime() <= other.getTime() ? [one, other] : [other, one];

        expect(planned(source, early).promiseAt.getTime()).toBeLessThanOrEqual(
          planned(source, late).promiseAt.getTime(),
        );
      }),
    );
  });

  test('names the versions that it was worked out from', () => {
    const plan = planned('debit_card', '2026-11-24T10:00:00+08:00');

    expect(plan.calendarRevision).toBe(chinaCalendar.revision);
    expect(plan.windowVersion).toMatch(/^[0-9]{4}-[0-9]{2}\.[0-9]+$/);
  });
});

describe('days late', () => {
  // Promised for the end of Wednesday 25 November 2026.
  const promiseAt = beijingInstant('2026-11-26');

  test.each([
    ['2026-11-25T23:59:59+08:00', 0],
    ['2026-11-26T00:00:00+08:00', 1],
    ['2026-11-27T23:59:59+08:00', 2],
    ['2026-11-28T12:00:00+08:00', 2],
    ['2026-11-30T00:00:00+08:00', 3],
    ['2026-11-01T00:00:00+08:00', 0],
  ])('at %s are %i', (now, days) => {
    expect(daysLate(promiseAt, new Date(now), chinaCalendar)).toBe(days);
  });

  test('of a wallet count from the day of the promise itself', () => {
    const plan = planned('wallet', '2026-11-24T10:00:00+08:00');

    expect(daysLate(plan.promiseAt, new Date('2026-11-24T18:00:00+08:00'), chinaCalendar)).toBe(0);
    expect(daysLate(plan.promiseAt, new Date('2026-11-25T00:00:00+08:00'), chinaCalendar)).toBe(1);
  });

  test('F62 do not grow during a holiday', () => {
    const promised = planned('debit_card', '2026-02-10T10:00:00+08:00').promiseAt;

    expect(promised).toEqual(beijingInstant('2026-02-14'));
    expect(daysLate(promised, beijingInstant('2026-02-14', '12:00:00'), chinaCalendar)).toBe(1);
    expect(daysLate(promised, beijingInstant('2026-02-23', '12:00:00'), chinaCalendar)).toBe(1);
    expect(daysLate(promised, beijingInstant('2026-02-24', '12:00:00'), chinaCalendar)).toBe(2);
  });

  test('F85 never shrink as time goes on, and are 0 before the promise', () => {
    const hours = fc.integer({ min: -2000, max: 2000 });
    fc.assert(
      fc.property(hours, hours, (one, other) => {
        const [early, late] = [Math.min(one, other), Math.max(one, other)].map((hour) =>
          daysLate(promiseAt, new Date(promiseAt.getTime() + hour * 3_600_000), chinaCalendar),
        ) as [number, number];

        expect(early).toBeLessThanOrEqual(late);
        if (one < 0) expect(Math.min(early, late)).toBe(0);
      }),
    );
  });
});

describe('the zone of the host', () => {
  test.each(['America/Los_Angeles', 'UTC', 'Asia/Shanghai', 'Pacific/Kiritimati', 'America/New_York'])(
    'F61 I21 %s changes nothing',
    (zone) => {
      expect(probe(zone)).toEqual(JSON.parse(JSON.stringify(zoneCases())));
    },
    30_000,
  );

  test('F61 is asked about on every day of the published years, at both its ends', () => {
    expect(zoneCases()).toHaveLength(2 * (366 + 365 + 365));
  });
});

function probe(zone: string): unknown {
  const file = fileURLToPath(new URL('./zone-probe.ts', import.meta.url));
  const output = execFileSync(process.execPath, ['--import', 'tsx', file], {
    env: { ...process.env, TZ: zone },
    encoding: 'utf8',
  });
  return JSON.parse(output);
}

function planned(
  fundingSource: FundingSource,
  acceptedAt: string | Date,
  channel: ChannelName = 'wechat',
): ArrivalPlan {
  return planArrival({
    channel,
    fundingSource,
    acceptedAt: new Date(acceptedAt),
    calendar: chinaCalendar,
  });
}
