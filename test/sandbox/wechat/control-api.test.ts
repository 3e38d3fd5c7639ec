/** The unsigned side for people and programs: what it lists, what it takes, and how clearly it says what is wrong. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exchange } from '../exchange.ts';
import { newMerchant } from './merchant.ts';
import type { Fields } from '../exchange.ts';
import { openShop } from './shop.ts';

const ORDER = { payment_no: 'ORDER-1', amount_minor: '1000' };

describe('making orders', () => {
  test('gives back the order with everything that a refund needs, amounts as text', async () => {
    const shop = await openShop();

    const { status, json } = await shop.tryControl('POST', '/payments', { ...ORDER, coupon_minor: '300' });

    expect(status).toBe(201);
    expect(json).toMatchObject({
      ...ORDER,
      merchant_no: shop.merchant.mchid,
      appid: shop.merchant.appid,
      coupon_minor: '300',
      payer_minor: '700',
      fee_minor: '4',
      source: 'wallet',
      trade_state: 'SUCCESS',
      paid_at: '2026-09-01T02:00:00.000Z',
      refund_count: 0,
    });
  });

  test.each<[string, Fields, string]>([
    ['no number', { amount_minor: '1' }, 'payment_no'],
    ['a short number', { ...ORDER, payment_no: 'A1' }, 'payment_no'],
    ['a number with a blank', { ...ORDER, payment_no: 'ORDER 1' }, 'payment_no'],
    ['an amount as a number', { ...ORDER, amount_minor: 1_000 }, 'amount_minor must be string'],
    ['an amount of nothing', { ...ORDER, amount_minor: '0' }, 'amount_minor'],
    ['an amount in yuan', { ...ORDER, amount_minor: '10.00' }, 'amount_minor'],
    ['an amount beyond 2^53', { ...ORDER, amount_minor: '9999999999999999' }, 'amount'],
    ['a coupon that pays it all', { ...ORDER, coupon_minor: '1000' }, 'coupon'],
    ['an unknown source', { ...ORDER, source: 'gold' }, '"wallet","debit_card","credit_card"'],
    ['a day without a time', { ...ORDER, paid_at: '2026-09-01' }, 'paid_at'],
    ['a payment of tomorrow', { ...ORDER, paid_at: '2026-09-02T00:00:00+08:00' }, 'paid_at'],
    ['a merchant from elsewhere', { ...ORDER, merchant_no: '1999' }, '1999 is no merchant'],
    ['a field that is mistyped', { ...ORDER, goods_nmae: 'x' }, 'has no field "goods_nmae"'],
    ['a state that is none', { ...ORDER, trade_state: 'PAID' }, 'trade_state'],
  ])('with %s is refused, and the message says so', async (_, body, words) => {
    const shop = await openShop();

    const { status, json } = await shop.tryControl('POST', '/payments', body);

    expect(status).toBe(422);
    expect(json['message']).toContain(words);
    expect((await shop.control('GET', '/payments'))['payments']).toEqual([]);
  });

  test('twice with one number is refused, and the first stays', async () => {
    const shop = await openShop();
    await shop.control('POST', '/payments', ORDER);

    const again = await shop.tryControl('POST', '/payments', { ...ORDER, amount_minor: '2000' });

    expect(again).toMatchObject({
      status: 422,
      json: { message: expect.stringContaining('exists') as unknown },
    });
    const { payments } = await shop.control('GET', '/payments?payment_no=ORDER-1');
    expect(payments).toMatchObject([{ amount_minor: '1000' }]);
  });

  test('several faults are told at once', async () => {
    const shop = await openShop();

    const { json } = await shop.tryControl('POST', '/payments', { amount_minor: 1, source: 'x', y: 1 });

    expect(json['code']).toBe('request_invalid');
    for (const word of ['payment_no', 'amount_minor', 'source', '"y"'])
      expect(json['message']).toContain(word);
  });
});

describe('looking around', () => {
  test('the index names the merchants, the time and every address, and each address answers', async () => {
    const other = newMerchant('1900000110');
    const shop = await openShop({ others: [other] });

    const index = await shop.control('GET', '');

    expect(index).toMatchObject({
      channel: 'wechat',
      now: '2026-09-01T02:00:00.000Z',
      merchants: [
        {
          merchant_no: shop.merchant.mchid,
          certificate_serial: shop.merchant.serial,
          balance_minor: '100000000',
        },
        { merchant_no: other.mchid, notify_url: null },
      ],
    });
    for (const { method, url } of index['routes'] as { method: string; url: string }[]) {
      const { status } = await shop.tryControl(
        method,
        url.slice('/sandbox'.length),
        method === 'GET' ? undefined : {},
      );
      expect(status, `${method} ${url}`).not.toBe(404);
    }
  });

  test('lists can be asked for one refund, and unknown filters are told', async () => {
    const shop = await openShop();
    const [one, other] = [shop.wish(await shop.pay(100), 100), shop.wish(await shop.pay(100), 100)];
    await shop.refund(one);
    await shop.refund(other);

    const { refunds } = await shop.control('GET', `/refunds?refund_no=${other.out_refund_no}`);
    const mistyped = await shop.tryControl('GET', '/refunds?out_refund_no=1');

    expect(refunds).toMatchObject([{ refund_no: other.out_refund_no, attempts: 1, origin: 'api' }]);
    expect(mistyped).toMatchObject({
      status: 422,
      json: { message: expect.stringContaining('out_refund_no') as unknown },
    });
  });

  test('postings can be asked for one merchant', async () => {
    const other = newMerchant('1900000110');
    const shop = await openShop({ others: [other], balanceMinor: 7n });

    const { postings } = await shop.control('GET', `/postings?merchant_no=${other.mchid}`);

    expect(postings).toMatchObject([
      { no: 2, kind: 'opening', at: null, from: 'outside', to: `merchant:${other.mchid}`, amount_minor: '7' },
    ]);
  });

  test.each([
    ['GET', '/nothing'],
    ['PUT', '/payments'],
    ['DELETE', '/ledger'],
  ])('%s %s is 404 and says where the list is', async (method, path) => {
    const shop = await openShop();

    const { status, json } = await shop.tryControl(method, path);

    expect(status).toBe(404);
    expect(json).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('GET /sandbox') as unknown,
    });
  });
});

describe('bodies', () => {
  test('are JSON whatever the content type says, as curl sends them', async () => {
    const shop = await openShop();
    const url = `${shop.sandbox.url}/sandbox/payments`;
    const body = Buffer.from(JSON.stringify(ORDER));
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };

    expect((await exchange({ method: 'POST', url, headers, body })).status).toBe(201);
  });

  test('that are no JSON objects are refused with 4xx and a message, never with 500', async () => {
    const shop = await openShop();
    const paths = [
      '/payments',
      '/troubles',
      '/refunds-by-hand',
      '/top-up',
      '/withdraw',
      '/callbacks/resend',
      '/keys',
      '/clock',
    ];
    const bytes = fc.oneof(
      fc.json().map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
    );

    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), bytes, async (path, body) => {
        const answer = await exchange({
          method: 'POST',
          url: `${shop.sandbox.url}/sandbox${path}`,
          headers: {},
          body,
        });

        const said = JSON.parse(answer.bytes.toString('utf8')) as Fields;
        expect(answer.status).toBe(422);
        expect(said).toMatchObject({
          code: 'request_invalid',
          message: expect.stringMatching(/.+/) as unknown,
        });
      }),
      { numRuns: 100 },
    );
  });
});

describe('the balance', () => {
  test.each([
    ['/top-up', { amount_minor: '0' }],
    ['/top-up', { amount_minor: '-1' }],
    ['/top-up', { amount_minor: '1', merchant_no: '1999' }],
    ['/withdraw', { amount_minor: '1001' }],
    ['/withdraw', {}],
    ['/refunds-by-hand', { payment_no: 'ORDER-1', amount_minor: '0' }],
  ])('%s with %j is refused and moves nothing', async (path, body) => {
    const shop = await openShop({ balanceMinor: 1_000n });
    const before = await shop.control('GET', '/ledger');

    const { status } = await shop.tryControl('POST', path, body);

    expect(status).toBe(422);
    expect(await shop.control('GET', '/ledger')).toEqual(before);
  });

  test('goes up and down by what is put in and taken out', async () => {
    const shop = await openShop({ balanceMinor: 1_000n });

    const up = await shop.control('POST', '/top-up', { amount_minor: '234' });
    const down = await shop.control('POST', '/withdraw', { amount_minor: '1234' });

    expect([up, down]).toEqual([{ balance_minor: '1234' }, { balance_minor: '0' }]);
  });
});
