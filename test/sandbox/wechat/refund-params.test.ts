/** What a refund request must look like: types, lengths and characters, each refused with the field that is wrong. */
import { describe, expect, test } from 'vitest';
import { exchange } from '../exchange.ts';
import { authorization, credentialsFor } from './merchant.ts';
import type { Fields } from '../exchange.ts';
import type { PaidOrder, Shop } from './shop.ts';
import { openShop } from './shop.ts';

const REFUNDS = '/v3/refund/domestic/refunds';

async function refused(
  shop: Shop,
  order: PaidOrder,
  change: Fields,
): Promise<{ status: number; json: Fields }> {
  const said = await shop.refund({ ...shop.wish(order, 100), ...change });
  expect(shop.sandbox.refunds()).toEqual([]);
  return said;
}

/** Bodies that are no JSON object cannot be made by the client: they are signed and sent as they are. */
async function sendBytes(shop: Shop, body: Buffer): Promise<{ status: number; json: Fields }> {
  const answer = await exchange({
    method: 'POST',
    url: shop.sandbox.url + REFUNDS,
    headers: {
      accept: 'application/json',
      'user-agent': 'test',
      'content-type': 'application/json',
      authorization: authorization(credentialsFor(shop.merchant, 'POST', REFUNDS, body)),
    },
    body,
  });
  return { status: answer.status, json: JSON.parse(answer.bytes.toString('utf8')) as Fields };
}

describe('out_refund_no', () => {
  const longest = 'A'.repeat(64);

  test.each([
    ['a', 'one character'],
    [longest, '64 bytes'],
    ['RF_2026-09-01|*@', 'every sign that is legal'],
  ])('%s is taken: %s', async (outRefundNo) => {
    const shop = await openShop();
    const order = await shop.pay(1_000);

    const said = await shop.refund(shop.wish(order, 100, { out_refund_no: outRefundNo }));

    expect(said).toMatchObject({ status: 200, json: { out_refund_no: outRefundNo } });
  });

  test.each([
    ['empty', ''],
    ['65 bytes', `${longest}A`],
    ['a blank', 'RF 1'],
    ['a slash', 'RF/1'],
    ['a dot', 'RF.1'],
    ['a hash', 'RF#1'],
    ['Chinese', '退款1'],
    ['full-width digits', 'RF１'],
    ['a line end', 'RF1\n'],
    ['a number', 20260901],
    ['null', null],
    ['missing', undefined],
  ])('%s is refused', async (_, outRefundNo) => {
    const shop = await openShop();
    const order = await shop.pay(1_000);

    const said = await refused(shop, order, { out_refund_no: outRefundNo });

    expect(said).toMatchObject({
      status: 400,
      json: { code: 'PARAM_ERROR', detail: { field: 'out_refund_no', location: 'body' } },
    });
  });
});

describe('reason', () => {
  test.each([
    ['80 bytes of ASCII', 'r'.repeat(80)],
    ['26 characters of Chinese and two of ASCII: 80 bytes', `${'退'.repeat(26)}ab`],
  ])('is taken up to %s', async (_, reason) => {
    const shop = await openShop();

    expect((await shop.refund(shop.wish(await shop.pay(1_000), 100, { reason }))).status).toBe(200);
  });

  test.each([
    ['81 bytes of ASCII', 'r'.repeat(81)],
    ['27 characters of Chinese: 81 bytes', '退'.repeat(27)],
    ['nothing between quotes', ''],
    ['a number', 7],
  ])('of %s is refused', async (_, reason) => {
    const shop = await openShop();

    const said = await refused(shop, await shop.pay(1_000), { reason });

    expect(said).toMatchObject({ status: 400, json: { code: 'PARAM_ERROR', detail: { field: 'reason' } } });
  });
});

describe('amount', () => {
  const amount = (change: Fields): Fields => ({
    amount: { refund: 100, total: 1_000, currency: 'CNY', ...change },
  });

  test.each([
    ['refund 0', { refund: 0 }, 'amount.refund'],
    ['refund below 0', { refund: -1 }, 'amount.refund'],
    ['refund with a fraction', { refund: 1.5 }, 'amount.refund'],
    ['refund as text', { refund: '100' }, 'amount.refund'],
    ['refund beyond 2^53', { refund: 2 ** 53 }, 'amount.refund'],
    ['no refund', { refund: undefined }, 'amount.refund'],
    ['total 0', { total: 0 }, 'amount.total'],
    ['no total', { total: undefined }, 'amount.total'],
    ['dollars', { currency: 'USD' }, 'amount.currency'],
    ['no currency', { currency: undefined }, 'amount.currency'],
  ])('F15 F16: with %s is refused', async (_, change, field) => {
    const shop = await openShop();

    const said = await refused(shop, await shop.pay(1_000), amount(change));

    expect(said).toMatchObject({ status: 400, json: { code: 'PARAM_ERROR', detail: { field } } });
  });

  test.each([undefined, null, 100, '100', [100]])('given as %j is refused', async (given) => {
    const shop = await openShop();

    const said = await refused(shop, await shop.pay(1_000), { amount: given });

    expect(said).toMatchObject({ status: 400, json: { code: 'PARAM_ERROR', detail: { field: 'amount' } } });
  });

  test('that says which account pays is refused: it needs a right that nobody has here', async () => {
    const shop = await openShop();
    const from = [{ account: 'AVAILABLE', amount: 100 }];

    const said = await refused(shop, await shop.pay(1_000), amount({ from }));

    expect(said).toMatchObject({ status: 403, json: { code: 'NO_AUTH' } });
  });

  test('that chooses no account is taken', async () => {
    const shop = await openShop();
    const order = await shop.pay(1_000);

    const said = await shop.refund({ ...shop.wish(order, 100), ...amount({ from: [] }) });

    expect(said.status).toBe(200);
  });
});

describe('the order', () => {
  test('must be named', async () => {
    const shop = await openShop();

    const said = await refused(shop, await shop.pay(1_000), { transaction_id: undefined });

    expect(said).toMatchObject({ status: 400, json: { code: 'PARAM_ERROR' } });
  });

  test.each([
    ['transaction_id', 'x'.repeat(33)],
    ['transaction_id', 42],
    ['out_trade_no', 'short'],
    ['out_trade_no', 'x'.repeat(33)],
  ])('is not looked for when %s is %j', async (field, value) => {
    const shop = await openShop();

    const said = await refused(shop, await shop.pay(1_000), { [field]: value });

    expect(said).toMatchObject({ status: 400, json: { code: 'PARAM_ERROR', detail: { field } } });
  });
});

describe('notify_url', () => {
  test.each([
    ['no address', 'callbacks'],
    ['another scheme', 'ftp://127.0.0.1/x'],
    ['a query', 'http://127.0.0.1/x?a=1'],
    ['257 bytes', `http://127.0.0.1/${'x'.repeat(240)}`],
  ])('with %s is refused', async (_, notifyUrl) => {
    const shop = await openShop();

    const said = await refused(shop, await shop.pay(1_000), { notify_url: notifyUrl });

    expect(said).toMatchObject({
      status: 400,
      json: { code: 'PARAM_ERROR', detail: { field: 'notify_url' } },
    });
  });

  test.each(['http://example.com/x', 'http://169.254.169.254/latest', 'http://127.0.0.1.example.com/x'])(
    'F56: %s is refused, since the sandbox talks to this machine only',
    async (notifyUrl) => {
      const shop = await openShop();

      const said = await refused(shop, await shop.pay(1_000), { notify_url: notifyUrl });

      expect(said).toMatchObject({ status: 400, json: { detail: { field: 'notify_url' } } });
    },
  );
});

describe('the rest', () => {
  test('funds_account knows AVAILABLE only', async () => {
    const shop = await openShop();

    const said = await refused(shop, await shop.pay(1_000), { funds_account: 'UNSETTLED' });

    expect(said).toMatchObject({ status: 400, json: { detail: { field: 'funds_account' } } });
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['half an object', Buffer.from('{"out_refund_no":')],
    ['a list', Buffer.from('[]')],
    ['null', Buffer.from('null')],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['an HTML page', Buffer.from('<html></html>')],
  ])('a body of %s is refused with PARAM_ERROR', async (_, body) => {
    const shop = await openShop();

    const said = await sendBytes(shop, body);

    expect(said).toMatchObject({ status: 400, json: { code: 'PARAM_ERROR' } });
  });

  test('a refused number is free: the corrected request with it is taken', async () => {
    const shop = await openShop();
    const wish = shop.wish(await shop.pay(1_000), 100);

    const wrong = await shop.refund({ ...wish, reason: 'r'.repeat(81) });
    const right = await shop.refund({ ...wish, reason: 'r' });

    expect([wrong.status, right.status]).toEqual([400, 200]);
  });
});
