/** The shop's own promise: whole business days, in editions that never change what a payer was told. */
import { describe, expect, test } from 'vitest';
import type { ChannelName } from '../../domain/refund/refund.ts';
import { CHANNEL_NAMES } from '../../domain/refund/refund.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import { beijingInstant } from '../../domain/time/plain-date.ts';
import { shopPromise } from '../../domain/time/shop-promise.ts';

function promised(channel: ChannelName, requested: string, accepted: string | null = requested) {
  return shopPromise({
    channel,
    requestedAt: new Date(requested),
    acceptedAt: accepted === null ? null : new Date(accepted),
    calendar: chinaCalendar,
  });
}

describe("the shop's promise", () => {
  test.each<[ChannelName, number, number, string]>([
    // Tuesday 24 November 2026: the day after its last business day, at 00:00.
    ['wechat', 1, 3, '2026-11-28'],
    ['unionpay', 3, 5, '2026-12-02'],
    ['alipay', 1, 7, '2026-12-04'],
  ])('of a refund by %s is %i to %i business days', (channel, min, max, day) => {
    const promise = promised(channel, '2026-11-24T10:00:00+08:00');
    expect(promise.businessDays).toEqual({ min, max });
    expect(promise.by).toEqual(beijingInstant(day));
    expect(promise.provisional).toBe(false);
  });

  test('is never longer than the overall promise of 1 to 7 business days', () => {
    for (const channel of CHANNEL_NAMES) {
      const { min, max } = promised(channel, '2026-11-24T10:00:00+08:00').businessDays;
      expect(min).toBeGreaterThanOrEqual(1);
      expect(max).toBeLessThanOrEqual(7);
    }
  });

  test('counts over holidays, works on make-up days, and is marked where the holidays are not published', () => {
    expect(promised('wechat', '2026-02-13T10:00:00+08:00').by).toEqual(beijingInstant('2026-02-26'));
    expect(promised('wechat', '2026-12-30T10:00:00+08:00').provisional).toBe(true);
  });

  test("counts from the channel's acceptance, and from the request while that is unknown", () => {
    const asked = '2026-11-24T10:00:00+08:00';
    expect(promised('wechat', asked, '2026-11-25T10:00:00+08:00').by).toEqual(beijingInstant('2026-12-01'));
    expect(promised('wechat', asked, null).by).toEqual(beijingInstant('2026-11-28'));
  });

  test('F60 a UnionPay refund after 23:00 counts to the next clearing day', () => {
    expect(promised('unionpay', '2026-11-24T22:59:59+08:00').by).toEqual(beijingInstant('2026-12-02'));
    expect(promised('unionpay', '2026-11-24T23:00:00+08:00').by).toEqual(beijingInstant('2026-12-03'));
  });

  test('names its edition, also for a request before the first one', () => {
    expect(promised('wechat', '2026-11-24T10:00:00+08:00').version).toBe('2026-01');
    expect(promised('wechat', '2025-06-03T10:00:00+08:00').version).toBe('2026-01');
  });
});
