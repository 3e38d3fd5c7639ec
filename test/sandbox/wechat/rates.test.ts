/** How often a merchant may call: 150 good and 6 failing refund calls a second, 300 queries, each merchant for itself. */
import { describe, expect, test } from 'vitest';
import { RateLimits } from '../../../sandbox/wechat/rates.ts';
import { newMerchant } from './merchant.ts';
import { openShop } from './shop.ts';

/** Holds the wall clock of a sandbox still, so that all calls of a test fall into one second, however slow the machine. */
function stillWall(): () => number {
  const heldMs = Date.now();
  return () => heldMs - Date.now();
}

describe('over HTTP', () => {
  test('F11: the seventh failing refund call of a second is 429, and so is a good one then', async () => {
    const shop = await openShop({ wallShift: stillWall(), rates: {} });
    const order = await shop.pay(1_000);
    const bad = Array.from({ length: 6 }, () => shop.wish(order, 2_000));

    const refused = await Promise.all(bad.map((wish) => shop.refund(wish)));
    const good = await shop.refund(shop.wish(order, 100));

    expect(refused.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 400]);
    expect(good).toMatchObject({ status: 429, json: { code: 'FREQUENCY_LIMITED' } });
    expect(shop.sandbox.refunds()).toEqual([]);
  });

  test('F11: accepted refund calls have a limit of their own, repeats count, and a limited number is free', async () => {
    const shop = await openShop({ wallShift: stillWall(), rates: { refundsPerSecond: 3 } });
    const wish = shop.wish(await shop.pay(1_000), 100);
    const late = shop.wish(await shop.pay(1_000), 100);

    const told: number[] = [];
    for (const one of [wish, wish, wish, late]) told.push((await shop.refund(one)).status);

    expect(told).toEqual([200, 200, 200, 429]);
    expect((await shop.query(late.out_refund_no)).status).toBe(404);
  });

  test('queries have a limit of their own', async () => {
    const shop = await openShop({ wallShift: stillWall(), rates: { queriesPerSecond: 2 } });
    const wish = shop.wish(await shop.pay(1_000), 100);
    await shop.refund(wish);

    const told: number[] = [];
    for (let round = 0; round < 3; round += 1) told.push((await shop.query(wish.out_refund_no)).status);

    expect(told).toEqual([200, 200, 429]);
  });

  test('one merchant does not use up the calls of another', async () => {
    const other = newMerchant('1900000110');
    const shop = await openShop({ wallShift: stillWall(), rates: { queriesPerSecond: 1 }, others: [other] });

    await shop.query('RF-x');
    const own = await shop.query('RF-x');
    const theirs = await shop.query('RF-x', { as: other });

    expect([own.status, theirs.status]).toEqual([429, 404]);
  });
});

describe('the window', () => {
  const limitsAt = (now: { ms: number }): RateLimits =>
    new RateLimits({ refundsPerSecond: 150, failuresPerSecond: 6, queriesPerSecond: 300 }, () => now.ms);
  const callUntilLimited = (limits: RateLimits, kind: 'refundsPerSecond' | 'failuresPerSecond'): number => {
    for (let calls = 0; ; calls += 1) {
      try {
        limits.check('m', kind);
      } catch {
        return calls;
      }
      limits.count('m', kind);
    }
  };

  test.each([
    ['refundsPerSecond', 150],
    ['failuresPerSecond', 6],
  ] as const)('%s lets %i calls through, and as many again a second later', (kind, limit) => {
    const now = { ms: 1_000 };
    const limits = limitsAt(now);

    const first = callUntilLimited(limits, kind);
    now.ms += 999;
    const within = callUntilLimited(limits, kind);
    now.ms += 1;
    const after = callUntilLimited(limits, kind);

    expect([first, within, after]).toEqual([limit, 0, limit]);
  });

  test('slides: each call is free again a second after itself, not at the full second', () => {
    const now = { ms: 0 };
    const limits = limitsAt(now);
    for (let call = 0; call < 6; call += 1) {
      limits.count('m', 'failuresPerSecond');
      now.ms += 100;
    }

    now.ms = 1_000;
    const one = callUntilLimited(limits, 'failuresPerSecond');
    now.ms = 1_250;
    const two = callUntilLimited(limits, 'failuresPerSecond');

    expect([one, two]).toEqual([1, 2]);
  });

  test('kinds are counted apart', () => {
    const limits = limitsAt({ ms: 0 });

    callUntilLimited(limits, 'failuresPerSecond');

    expect(callUntilLimited(limits, 'refundsPerSecond')).toBe(150);
  });
});
