/** Planning trouble and turning the clock over the control API: what is taken, what is refused, and what it does. */
import { describe, expect, test } from 'vitest';
import type { Fields } from '../exchange.ts';
import { DAY, openShop } from './shop.ts';

describe('planning trouble', () => {
  test.each<[string, Fields, string]>([
    ['nothing', {}, 'trouble'],
    ['no kind', { refund_no: 'R', trouble: {} }, 'kind'],
    ['an unknown kind', { refund_no: 'R', trouble: { kind: 'flood' } }, 'kind'],
    ['a name that every object has', { refund_no: 'R', trouble: { kind: 'toString' } }, 'kind'],
    ['a field of another kind', { refund_no: 'R', trouble: { kind: 'closed', times: 1 } }, 'times'],
    ['a field out of range', { refund_no: 'R', trouble: { kind: 'probe', times: 0 } }, 'times'],
    ['a field of the wrong type', { refund_no: 'R', trouble: { kind: 'slow', ms: '9' } }, 'ms'],
    ['5xx that is none', { refund_no: 'R', trouble: { kind: 'error_5xx', status: 404 } }, 'status'],
    ['no refund', { trouble: { kind: 'closed' } }, 'refund_no or next'],
    ['two addressees', { next: 1, refund_no: 'R', trouble: { kind: 'closed' } }, 'either'],
    ['next of none', { next: 0, trouble: { kind: 'closed' } }, 'next'],
    ['a day for a refund', { bill_date: '2026-09-01', trouble: { kind: 'closed' } }, 'refund_no'],
    ['a refund for a day', { refund_no: 'R', trouble: { kind: 'bill_late' } }, 'bill_date'],
    ['a day that is none', { bill_date: '2026-02-30', trouble: { kind: 'bill_late' } }, '2026-02-30'],
    [
      'a stranger',
      { merchant_no: '1', bill_date: '2026-09-01', trouble: { kind: 'bill_late' } },
      'no merchant',
    ],
  ])('with %s is refused, and nothing is planned', async (_, body, words) => {
    const shop = await openShop();

    const { status, json } = await shop.tryControl('POST', '/troubles', body);

    expect(status).toBe(422);
    expect(json['message']).toContain(words);
    expect((await shop.control('GET', '/troubles'))['troubles']).toEqual([]);
  });

  test.each([
    'frequency_limited',
    'not_enough',
    'refused',
    'abnormal',
    'closed',
    'late_success',
    'stuck',
    'callback_forged',
  ])('%s for a refund that was accepted is refused: it would never happen', async (kind) => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 100);
    await shop.refund(wish);

    const late = await shop.tryControl('POST', '/troubles', {
      refund_no: wish.out_refund_no,
      trouble: { kind },
    });

    expect(late).toMatchObject({
      status: 422,
      json: { message: expect.stringContaining('too late') as unknown },
    });
  });

  test.each(['callback_lost', 'callback_twice', 'callback_out_of_order', 'callback_probe'])(
    '%s may be planned until the refund has ended, and not after',
    async (kind) => {
      const shop = await openShop();
      const wish = shop.wish(await shop.pay(1_000), 100);
      await shop.refund(wish);
      const body = { refund_no: wish.out_refund_no, trouble: { kind } };

      const inTime = await shop.tryControl('POST', '/troubles', body);
      await shop.turn(300);
      const late = await shop.tryControl('POST', '/troubles', body);

      expect([inTime.status, late.status]).toEqual([201, 422]);
    },
  );

  test('all of it can be forgotten, and what happened stays as it is', async () => {
    const shop = await openShop();
    const [met, unmet] = [shop.wish(await shop.pay(1_000), 100), shop.wish(await shop.pay(1_000), 100)];
    await shop.plan(met.out_refund_no, { kind: 'closed' });
    await shop.plan(unmet.out_refund_no, { kind: 'closed' });
    await shop.control('POST', '/troubles', { next: 2, trouble: { kind: 'error_5xx' } });
    await shop.refund(met);

    const forgotten = await shop.control('DELETE', '/troubles');
    await shop.refund(unmet);
    await shop.turn(300);

    expect(forgotten).toEqual({ forgotten: 4 });
    expect((await shop.control('GET', '/troubles'))['troubles']).toEqual([]);
    expect((await shop.query(met.out_refund_no)).json['status']).toBe('CLOSED');
    expect((await shop.query(unmet.out_refund_no)).json['status']).toBe('SUCCESS');
  });
});

describe('the clock', () => {
  test('stands still until it is turned, by a span or to an instant', async () => {
    const shop = await openShop();

    const first = await shop.control('GET', '/clock');
    const span = await shop.control('POST', '/clock', { advance_seconds: 90 });
    const instant = await shop.control('POST', '/clock', { to: '2026-09-03T00:00:00+08:00' });

    expect(first).toEqual({ now: '2026-09-01T02:00:00.000Z', rate: 0, turnable: true });
    expect(span['now']).toBe('2026-09-01T02:01:30.000Z');
    expect(instant['now']).toBe('2026-09-02T16:00:00.000Z');
    expect(await shop.control('GET', '/clock')).toEqual(instant);
  });

  test.each<[string, Fields]>([
    ['nothing', {}],
    ['both', { to: '2026-09-03T00:00:00+08:00', advance_seconds: 1 }],
    ['a past instant', { to: '2026-08-31T00:00:00+08:00' }],
    ['401 days', { advance_seconds: 401 * DAY }],
    ['no time at all', { advance_seconds: 0 }],
    ['a step back', { advance_seconds: -1 }],
    ['half a second', { advance_seconds: 0.5 }],
    ['an instant without a zone', { to: '2026-09-03 00:00' }],
  ])('is not turned by %s', async (_, body) => {
    const shop = await openShop();

    const { status } = await shop.tryControl('POST', '/clock', body);

    expect(status).toBe(422);
    expect((await shop.control('GET', '/clock'))['now']).toBe('2026-09-01T02:00:00.000Z');
  });

  test('turned far ahead, everything on the way happens at its own instant and in its order', async () => {
    const shop = await openShop();
    for (let index = 0; index < 12; index += 1) {
      const source = ['wallet', 'debit_card', 'credit_card'][index % 3];
      await shop.refund(shop.wish(await shop.pay(1_000, { source }), 1_000));
    }

    await shop.turn(10 * DAY);

    const { postings } = await shop.control('GET', '/postings');
    const paid = (postings as Fields[]).filter((one) => one['kind'] === 'refund_paid');
    const instants = paid.map((one) => String(one['at']));
    expect(paid).toHaveLength(12);
    expect(instants).toEqual(instants.toSorted());
    const ends = shop.sandbox.refunds().map(({ endsAt }) => endsAt?.toISOString() ?? '');
    expect(instants).toEqual(ends.toSorted());
  });
});
