/** Notices on both roads: what is in them, who signed them, when they come again, and the troubles that befall them. */
import { describe, expect, test } from 'vitest';
import type { Fields } from '../exchange.ts';
import type { Notice, Receiver } from '../notice-receiver.ts';
import { receiveAnswering } from '../notice-receiver.ts';
import { isRsa2, pairs } from './merchant.ts';
import type { Shop, Wish } from './shop.ts';
import { DAY, KEYS, openShop } from './shop.ts';

const MINUTE = 60;
const HOUR = 3_600;

interface Setting {
  readonly shop: Shop;
  readonly receiver: Receiver;
  readonly gateway: Receiver;
}

async function setUp(): Promise<Setting> {
  const receiver = await receiveAnswering([200, 'success']);
  const gateway = await receiveAnswering([200, 'success']);
  const shop = await openShop({ notifyUrl: receiver.url, gatewayUrl: gateway.url });
  return { shop, receiver, gateway };
}

async function refundWith(
  { shop }: Setting,
  troubles: readonly Fields[] = [],
  o: { yuan?: string; source?: string; payment?: Fields } = {},
): Promise<Wish> {
  const trade = await shop.pay(1_000, { source: o.source ?? 'wallet', ...o.payment });
  const wish = shop.wish(trade, o.yuan ?? '4.00');
  for (const trouble of troubles) await shop.plan(wish, trouble);
  await shop.refund(wish);
  return wish;
}

function fieldsOf({ body }: Notice): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(body.toString('utf8')));
}

function isGenuine(fields: Readonly<Record<string, string>>, ...without: readonly string[]): boolean {
  return isRsa2(pairs(fields, 'sign', ...without), fields['sign'] ?? '', KEYS.channel.publicKeyPem);
}

async function triesOf({ shop }: Setting, wish: Wish): Promise<readonly Fields[]> {
  return (await shop.control('GET', `/callbacks?refund_no=${wish.out_request_no}`))['callbacks'] as Fields[];
}

describe("the trade's notice", () => {
  test('comes again after a part: signed, with the marks of the refund, and the trade stays open', async () => {
    const set = await setUp();
    const wish = await refundWith(set);
    await set.shop.turn(10);

    const [notice, ...more] = set.receiver.received;
    const fields = fieldsOf(notice ?? { method: '', path: '', headers: {}, body: Buffer.alloc(0) });

    expect(more).toEqual([]);
    expect(notice).toMatchObject({ method: 'POST', path: '/notify' });
    expect(notice?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    expect(isGenuine(fields, 'sign_type')).toBe(true);
    expect(fields).toMatchObject({
      ...{ notify_type: 'trade_status_sync', charset: 'utf-8', version: '1.0', sign_type: 'RSA2' },
      ...{ app_id: KEYS.merchant.appId, auth_app_id: KEYS.merchant.appId },
      ...{ seller_id: KEYS.merchant.sellerId, trade_no: wish.trade_no, out_biz_no: wish.out_request_no },
      ...{ trade_status: 'TRADE_SUCCESS', total_amount: '10.00', refund_fee: '4.00' },
      ...{ gmt_refund: '2026-09-01 10:00:00.000', gmt_payment: '2026-09-01 10:00:00' },
    });
    expect(fields).not.toHaveProperty('gmt_close');
    expect(JSON.parse(fields['fund_bill_list'] ?? '')).toEqual([
      { amount: '10.00', fundChannel: 'ALIPAYACCOUNT' },
    ]);
  });

  test('after the whole says that the trade is closed, and names the total', async () => {
    const set = await setUp();
    const trade = await set.shop.pay(1_000);
    for (const yuan of ['4.00', '6.00']) {
      await set.shop.refund(set.shop.wish(trade, yuan));
      await set.shop.turn(10);
    }

    const told = set.receiver.received.map(fieldsOf);

    expect(told.map((one) => [one['trade_status'], one['refund_fee'], one['gmt_close']])).toEqual([
      ['TRADE_SUCCESS', '4.00', undefined],
      ['TRADE_CLOSED', '10.00', '2026-09-01 10:00:10'],
    ]);
    expect(new Set(told.map((one) => one['notify_id'])).size).toBe(2);
  });

  test('goes to the address of the payment where that has one', async () => {
    const set = await setUp();
    const own = await receiveAnswering([200, 'success']);
    await refundWith(set, [], { payment: { notify_url: own.url } });
    await set.shop.turn(10);

    expect([own.received.length, set.receiver.received.length]).toEqual([1, 0]);
  });

  test('of a refund by hand names the trade instead of a number', async () => {
    const set = await setUp();
    const trade = await set.shop.pay(1_000);
    await set.shop.control('POST', '/refunds-by-hand', {
      payment_no: trade.payment_no,
      amount_minor: '400',
    });
    await set.shop.turn(10);

    expect(set.receiver.received.map(fieldsOf)).toMatchObject([{ out_biz_no: trade.transaction_id }]);
  });

  test('of a refund that is done later comes then', async () => {
    const set = await setUp();
    await refundWith(set, [{ kind: 'late_success', days: 2 }]);
    await set.shop.turn(2 * DAY);
    const before = set.receiver.received.length;
    await set.shop.turn(10);

    expect([before, set.receiver.received.length]).toEqual([0, 1]);
  });

  test('of one that was refused never comes', async () => {
    const set = await setUp();
    await refundWith(set, [{ kind: 'buyer_error' }]);
    await set.shop.turn(2 * DAY);

    expect(set.receiver.received).toEqual([]);
  });

  test('strangers’ hosts get none: an address that is not on this machine is refused', async () => {
    const { shop } = await setUp();
    const body = { payment_no: 'P', amount_minor: '1', notify_url: 'http://example.com/' };

    const { status, json } = await shop.tryControl('POST', '/payments', body);

    expect({ status, message: json['message'] }).toMatchObject({
      status: 422,
      message: expect.stringContaining('notify_url') as unknown,
    });
  });
});

describe('the message about the way to the bank', () => {
  test.each([
    [[], 'S'],
    [[{ kind: 'dback_failed' }], 'F'],
  ])('with %j goes to the gateway of the application and says %s', async (troubles, status) => {
    const set = await setUp();
    const wish = await refundWith(set, troubles, { source: 'debit_card' });
    await set.shop.turn(6 * DAY);

    const [fields = {}, ...more] = set.gateway.received.map(fieldsOf);
    const content = JSON.parse(fields['biz_content'] ?? '') as Fields;

    expect(more).toEqual([]);
    expect(set.receiver.received).toHaveLength(1);
    // Here the kind of signature is signed, too.
    expect([isGenuine(fields), isGenuine(fields, 'sign_type')]).toEqual([true, false]);
    expect(fields).toMatchObject({
      ...{ msg_method: 'alipay.trade.refund.depositback.completed', version: '1.1', sign_type: 'RSA2' },
      ...{ app_id: KEYS.merchant.appId, charset: 'utf-8' },
      utc_timestamp: expect.stringMatching(/^\d{13}$/) as unknown,
    });
    expect(content).toEqual({
      ...{ trade_no: wish.trade_no, out_trade_no: content['out_trade_no'], dback_status: status },
      out_request_no: wish.out_request_no,
      ...(status === 'S' ? { dback_amount: '4.00' } : {}),
      bank_ack_time: expect.stringMatching(/^2026-09-0\d /) as unknown,
      est_bank_receipt_time: expect.stringMatching(/^2026-09-0\d /) as unknown,
    });
  });

  test('with dback_told_pending comes twice: P when the bank has it in hand, S when it has spoken', async () => {
    const set = await setUp();
    await refundWith(set, [{ kind: 'dback_told_pending' }], { source: 'debit_card' });
    await set.shop.turn(6 * DAY);

    const told = set.gateway.received.map(fieldsOf);
    const [first, second] = told.map((one) => JSON.parse(one['biz_content'] ?? '') as Fields);

    expect([first?.['dback_status'], second?.['dback_status'], told.length]).toEqual(['P', 'S', 2]);
    expect(first).not.toHaveProperty('dback_amount');
    expect(first).not.toHaveProperty('bank_ack_time');
    expect(new Set(told.map((one) => one['notify_id'])).size).toBe(2);
    expect(told.map((one) => isGenuine(one))).toEqual([true, true]);
  });

  test('comes to nobody who did not ask for it, and never when it got lost', async () => {
    const set = await setUp();
    const trade = await set.shop.pay(1_000, { source: 'debit_card' });
    const wish = set.shop.wish(trade, '1.00', { query_options: [] });
    await set.shop.call('alipay.trade.refund', wish);
    await refundWith(set, [{ kind: 'dback_lost' }], { source: 'debit_card' });
    await refundWith(set);
    await set.shop.turn(60 * DAY);

    expect(set.gateway.received).toEqual([]);
    expect(set.receiver.received).toHaveLength(3);
  });
});

describe('what is not taken', () => {
  test('comes again after 4, 10, 10 minutes, 1, 2, 6 and 15 hours, under the same id, and then never', async () => {
    const set = await setUp();
    set.receiver.answers([200, 'fail']);
    const wish = await refundWith(set);
    await set.shop.turn(3 * DAY);

    const tries = await triesOf(set, wish);
    const at = tries.map((one) => Date.parse(String(one['at'])) / 1000);
    const waits = at.slice(1).map((one, index) => one - (at[index] ?? 0));

    expect(waits).toEqual([
      ...[4, 10, 10].map((minutes) => minutes * MINUTE),
      ...[1, 2, 6, 15].map((hours) => hours * HOUR),
    ]);
    expect(new Set(tries.map((one) => one['notice_id'])).size).toBe(1);
    expect(new Set(set.receiver.received.map(({ body }) => body.toString())).size).toBe(1);
    expect(tries.every((one) => one['taken'] === false)).toBe(true);
  });

  test.each([
    ['SUCCESS', [200, 'SUCCESS'] as const],
    ['a line end behind the word', [200, 'success\n'] as const],
    ['nothing', [200, ''] as const],
    ['the word with 201', [201, 'success'] as const],
    ['500', 500],
    ['302', 302],
    ['a broken connection', null],
  ])('%s is no answer that takes it', async (_, reply) => {
    const set = await setUp();
    set.receiver.answers(reply);
    await refundWith(set);
    await set.shop.turn(4 * MINUTE);
    set.receiver.answers([200, 'success']);
    await set.shop.turn(2 * DAY);

    expect(set.receiver.received).toHaveLength(2);
  });
});

describe('trouble', () => {
  test('callback_lost: neither road brings anything', async () => {
    const set = await setUp();
    const wish = await refundWith(set, [{ kind: 'callback_lost' }], { source: 'debit_card' });
    await set.shop.turn(30 * DAY);

    expect([...set.receiver.received, ...set.gateway.received]).toEqual([]);
    await set.shop.control('POST', '/callbacks/resend', { refund_no: wish.out_request_no });
    await set.shop.turn(1);
    expect(set.gateway.received).toHaveLength(1);
  });

  test('callback_twice: what was taken comes again, the same to the byte', async () => {
    const set = await setUp();
    const wish = await refundWith(set, [{ kind: 'callback_twice', times: 3 }]);
    await set.shop.turn(10);

    expect((await triesOf(set, wish)).map((one) => one['flavour'])).toEqual([
      'true',
      'again',
      'again',
      'again',
    ]);
    expect(new Set(set.receiver.received.map(({ body }) => body.toString())).size).toBe(1);
  });

  test('callback_out_of_order: the notice of the payment follows, genuine and without marks of a refund', async () => {
    const set = await setUp();
    await refundWith(set, [{ kind: 'callback_out_of_order' }]);
    await set.shop.turn(10);

    const [, stale = {}] = set.receiver.received.map(fieldsOf);

    expect(isGenuine(stale, 'sign_type')).toBe(true);
    expect(stale).toMatchObject({ trade_status: 'TRADE_SUCCESS' });
    expect(stale).not.toHaveProperty('refund_fee');
    expect(stale).not.toHaveProperty('out_biz_no');
  });

  test('callback_forged: before the true one comes one that a stranger signed', async () => {
    const set = await setUp();
    set.receiver.answers((no) => (no === 1 ? [401, ''] : [200, 'success']));
    const wish = await refundWith(set, [{ kind: 'callback_forged' }, { kind: 'late_success', days: 1 }]);
    await set.shop.turn(2 * DAY);

    const told = set.receiver.received.map(fieldsOf);
    const { troubles } = await set.shop.control('GET', `/troubles?refund_no=${wish.out_request_no}`);

    expect(told.map((one) => isGenuine(one, 'sign_type'))).toEqual([false, true]);
    expect(told[0]).toMatchObject({ out_biz_no: wish.out_request_no, refund_fee: '4.00' });
    expect(troubles).toMatchObject([
      { applied: [{ what: 'a forged notice is sent' }, { what: 'refused by the receiver' }] },
      {},
    ]);
  });

  test('callback_foreign: before the true one comes a genuine one of another application', async () => {
    const set = await setUp();
    const wish = await refundWith(set, [{ kind: 'callback_foreign' }]);
    await set.shop.turn(10);

    const told = set.receiver.received.map(fieldsOf);
    const { troubles } = await set.shop.control('GET', `/troubles?refund_no=${wish.out_request_no}`);

    expect(told.map((one) => isGenuine(one, 'sign_type'))).toEqual([true, true]);
    expect(told.map((one) => one['app_id'] === KEYS.merchant.appId)).toEqual([false, true]);
    expect(troubles).toMatchObject([{ applied: [{}, { what: 'BELIEVED by the receiver' }] }]);
  });
});

test('a refund without an end has no notice to send again', async () => {
  const set = await setUp();
  const wish = await refundWith(set, [{ kind: 'stuck' }]);

  const answer = await set.shop.tryControl('POST', '/callbacks/resend', { refund_no: wish.out_request_no });

  expect(answer.status).toBe(404);
});
