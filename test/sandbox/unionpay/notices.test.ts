/** Notices: forms that UnionPay signs, sent when a refund ends, again along the ladder until they are taken. */
import { describe, expect, test } from 'vitest';
import type { RefundTrouble } from '../../../sandbox/unionpay/troubles.ts';
import type { Receiver } from '../notice-receiver.ts';
import { receiveAnswering } from '../notice-receiver.ts';
import type { Fields } from './merchant.ts';
import type { Shop } from './shop.ts';
import { DAY, KEYS, openShop } from './shop.ts';

const TEN_MINUTES = 600;

interface Noticed {
  readonly shop: Shop;
  readonly receiver: Receiver;
  readonly wish: Fields & { readonly orderId: string };
}

/** A refund that was taken, and somebody who answers its notices with 200 unless told otherwise. */
async function noticed(...troubles: readonly RefundTrouble[]): Promise<Noticed> {
  const receiver = await receiveAnswering(200);
  const shop = await openShop({ backUrl: receiver.url });
  const wish = shop.wish(shop.pay(1_000), 400, { reqReserved: 'YT0xJmI9Mg==' });
  shop.plan(wish.orderId, ...troubles);
  await shop.refund(wish);
  return { shop, receiver, wish };
}

/** The fields of each notice, decoded once. */
function formsOf({ received }: Receiver): readonly Fields[] {
  return received.map(({ body }) => Object.fromEntries(new URLSearchParams(body.toString('utf8'))));
}

function codesOf(receiver: Receiver): readonly (string | undefined)[] {
  return formsOf(receiver).map((fields) => fields['respCode']);
}

function tries({ sandbox }: Shop): readonly (readonly [string, number, number | null, boolean])[] {
  return sandbox.deliveries().map((one) => [one.flavour, one.attempt, one.status, one.taken]);
}

describe('a notice', () => {
  test('is a signed form with the documented fields, some of them empty', async () => {
    const { shop, receiver, wish } = await noticed();

    await shop.turn(TEN_MINUTES);

    const [fields = {}, ...more] = formsOf(receiver);
    expect(more).toEqual([]);
    expect(receiver.received[0]?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    expect(shop.faultOf(fields)).toBeNull();
    expect(fields).toMatchObject({
      ...{ version: '5.1.0', encoding: 'UTF-8', signMethod: '01', accessType: '0' },
      ...{ txnType: '04', txnSubType: '00', bizType: '000201', merId: KEYS.merchant.merId },
      ...{ orderId: wish.orderId, txnTime: wish['txnTime'], txnAmt: '400', currencyCode: '156' },
      ...{ origQryId: wish['origQryId'], respCode: '00', respMsg: '成功[0000000]' },
      ...{ settleDate: '0901', settleAmt: '400', settleCurrencyCode: '156', payCardType: '01' },
      ...{ reqReserved: 'YT0xJmI9Mg==', exchangeRate: '', exchangeDate: '' },
      queryId: shop.sandbox.refunds()[0]?.queryId,
    });
  });

  test('comes when the refund has ended, and not before', async () => {
    const { shop, receiver } = await noticed();
    const endsAt = shop.sandbox.refunds()[0]?.endsAt ?? new Date(0);

    await shop.sandbox.turnClock(new Date(endsAt.getTime() - 1));
    const early = receiver.received.length;
    await shop.sandbox.turnClock(endsAt);

    expect([early, receiver.received.length]).toEqual([0, 1]);
  });

  test.each([
    [{ kind: 'accepted_then_failed' }, ['63']],
    [{ kind: 'accepted_then_failed', code: '61' }, ['61']],
    [{ kind: 'flawed' }, ['A6']],
    [{ kind: 'stuck' }, []],
    [{ kind: 'callback_lost' }, []],
  ] as const)('of a refund with %o says %o', async (trouble, codes) => {
    const { shop, receiver } = await noticed(trouble);

    await shop.turn(30 * DAY);

    expect(codesOf(receiver)).toEqual(codes);
  });

  test.each([
    [200, true],
    [302, true],
    [204, false],
    [500, false],
    [null, false],
  ])('that is answered %s counts as taken: %s', async (status, taken) => {
    const { shop, receiver } = await noticed();
    receiver.answers(status);

    await shop.turn(TEN_MINUTES);

    expect(shop.sandbox.deliveries()[0]).toMatchObject({ status, taken });
  });

  test('that nobody takes comes five times, after 1, 2, 4 and 15 minutes, and then never', async () => {
    const { shop, receiver } = await noticed();
    receiver.answers(500);

    await shop.turn(DAY);

    const at = shop.sandbox.deliveries().map((one) => one.at.getTime() / 1000);
    expect(at.slice(1).map((seconds, no) => seconds - (at[no] ?? 0))).toEqual([60, 120, 240, 900]);
    expect(new Set(receiver.received.map(({ body }) => body.toString())).size).toBe(1);
  });

  test('that is taken at the third try does not come again', async () => {
    const { shop, receiver } = await noticed();
    receiver.answers((no) => (no === 3 ? 200 : 503));

    await shop.turn(DAY);

    expect(tries(shop)).toEqual([
      ['true', 1, 503, false],
      ['true', 2, 503, false],
      ['true', 3, 200, true],
    ]);
  });

  test('can be sent once more by hand, and not before there is one', async () => {
    const { shop, receiver, wish } = await noticed();

    expect(() => shop.sandbox.resendCallback(wish.orderId)).toThrow('has no notice');
    await shop.turn(TEN_MINUTES);
    shop.sandbox.resendCallback(wish.orderId);
    await shop.sandbox.runDue();

    expect(tries(shop)).toEqual([
      ['true', 1, 200, true],
      ['again', 1, 200, true],
    ]);
    expect(receiver.received[1]?.body).toEqual(receiver.received[0]?.body);
  });
});

describe('trouble', () => {
  test('F29: a notice that was taken comes fifteen times more, to the byte', async () => {
    const { shop, receiver } = await noticed({ kind: 'callback_twice', times: 15 });

    await shop.turn(2 * TEN_MINUTES);

    expect(receiver.received).toHaveLength(16);
    expect(new Set(receiver.received.map(({ body }) => body.toString())).size).toBe(1);
  });

  test('F32: after the newest an older notice says that nothing is known yet, rightly signed', async () => {
    const { shop, receiver } = await noticed({ kind: 'callback_out_of_order' });

    await shop.turn(2 * TEN_MINUTES);

    expect(codesOf(receiver)).toEqual(['00', '05']);
    expect(formsOf(receiver).map((fields) => shop.faultOf(fields))).toEqual([null, null]);
  });

  test.each([
    ['certificate', 'the certificate is of another issuer'],
    ['signature', 'the signature is of other fields'],
  ] as const)('F35: a forged notice of success comes first, and only its %s tells', async (how, fault) => {
    const { shop, receiver } = await noticed(
      { kind: 'callback_forged', how },
      { kind: 'accepted_then_failed' },
    );

    await shop.turn(2 * TEN_MINUTES);

    expect(codesOf(receiver)).toEqual(['00', '63']);
    expect(formsOf(receiver).map((fields) => shop.faultOf(fields))).toEqual([fault, null]);
  });

  test('who believed a forgery is on the record', async () => {
    const believed = await noticed({ kind: 'callback_forged' });
    await believed.shop.turn(TEN_MINUTES);
    const refused = await noticed({ kind: 'callback_forged' });
    refused.receiver.answers((no) => (no === 1 ? 401 : 200));
    await refused.shop.turn(TEN_MINUTES);

    const last = ({ sandbox }: Shop): unknown => sandbox.plan.list()[0]?.applied.at(-1)?.what;
    expect([last(believed.shop), last(refused.shop)]).toEqual([
      'BELIEVED by the receiver',
      'refused by the receiver',
    ]);
  });

  test('F33: an amount that was never asked for stands in the notice, too', async () => {
    const { shop, receiver } = await noticed({ kind: 'other_amount', fen: 3 });

    await shop.turn(TEN_MINUTES);

    expect(formsOf(receiver).map((fields) => fields['txnAmt'])).toEqual(['403']);
  });
});
