/** When a bill can be had, for how long, by whom; packed or not; and what is said when there is none. */
import { describe, expect, test } from 'vitest';
import { gunzipSync } from 'node:zlib';
import { exchange } from '../exchange.ts';
import { newMerchant } from './merchant.ts';
import { askForBill, fetchBill } from './plain-bill.ts';
import { DAY, openShop } from './shop.ts';

const DAY_ONE = 'bill_date=2026-09-01';
const NEXT_TEN = '2026-09-02T10:00:00+08:00';
const MINUTE_MS = 60_000;

describe.each(['tradebill', 'fundflowbill'])('the %s', (kind) => {
  test('F41: is being made until ten of the next morning', async () => {
    const shop = await openShop();
    await shop.pay(100);

    const told: unknown[] = [];
    for (const instant of ['2026-09-01T23:59:59+08:00', '2026-09-02T09:59:59+08:00', NEXT_TEN]) {
      await shop.turnTo(instant);
      const { status, json } = await askForBill(shop, DAY_ONE, kind);
      told.push(status === 200 ? 200 : json['code']);
    }

    expect(told).toEqual(['STATEMENT_CREATING', 'STATEMENT_CREATING', 200]);
  });

  test('of a day on which nothing happened does not exist, and that is final', async () => {
    const shop = await openShop();
    await shop.turnTo(NEXT_TEN);

    const first = await askForBill(shop, DAY_ONE, kind);
    await shop.turn(DAY);
    const again = await askForBill(shop, DAY_ONE, kind);

    expect(first).toMatchObject({ status: 400, json: { code: 'NO_STATEMENT_EXIST' } });
    expect(again.json['code']).toBe('NO_STATEMENT_EXIST');
  });

  test('is kept for three months', async () => {
    const shop = await openShop();
    await shop.pay(100);

    await shop.turnTo('2026-12-01T12:00:00+08:00');
    const kept = await askForBill(shop, DAY_ONE, kind);
    await shop.turn(3 * DAY);
    const gone = await askForBill(shop, DAY_ONE, kind);

    expect(kept.status).toBe(200);
    expect(gone).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST' } });
  });

  test.each([
    'bill_date=2026-9-1',
    'bill_date=20260901',
    'bill_date=2026-02-30',
    'bill_date=',
    '',
    'bill_date=x',
  ])('is not asked for with "%s"', async (query) => {
    const shop = await openShop();

    const said = await askForBill(shop, query, kind);

    expect(said).toMatchObject({
      status: 400,
      json: { code: 'PARAM_ERROR', detail: { field: 'bill_date', location: 'query' } },
    });
  });

  test('of tomorrow is refused', async () => {
    const shop = await openShop();

    expect(await askForBill(shop, 'bill_date=2026-09-02', kind)).toMatchObject({
      status: 400,
      json: { code: 'PARAM_ERROR' },
    });
  });

  test('packed by gzip holds the same bytes, and the hash is of the unpacked ones', async () => {
    const shop = await openShop();
    await shop.pay(100);
    await shop.turnTo(NEXT_TEN);

    const plain = await fetchBill(shop, DAY_ONE, kind);
    const packed = await fetchBill(shop, `${DAY_ONE}&tar_type=GZIP`, kind);

    expect(packed.text).toBe(plain.text);
    expect(packed.sha1).toBe(plain.sha1);
  });

  test('knows no other packing', async () => {
    const shop = await openShop();

    expect(await askForBill(shop, `${DAY_ONE}&tar_type=ZIP`, kind)).toMatchObject({
      status: 400,
      json: { code: 'PARAM_ERROR', detail: { field: 'tar_type' } },
    });
  });
});

describe('kinds of bill', () => {
  test.each([
    ['tradebill', 'bill_type=RECHARGE_REFUND', 400, 'NO_STATEMENT_EXIST'],
    ['tradebill', 'bill_type=ALL_SPECIAL', 403, 'NO_AUTH'],
    ['tradebill', 'bill_type=SUC_SPECIAL', 403, 'NO_AUTH'],
    ['tradebill', 'bill_type=REF_SPECIAL', 403, 'NO_AUTH'],
    ['tradebill', 'bill_type=all', 400, 'PARAM_ERROR'],
    ['fundflowbill', 'account_type=OPERATION', 400, 'NO_STATEMENT_EXIST'],
    ['fundflowbill', 'account_type=FEES', 400, 'NO_STATEMENT_EXIST'],
    ['fundflowbill', 'account_type=ALL', 400, 'PARAM_ERROR'],
  ])('%s with %s is answered %i %s', async (kind, query, status, code) => {
    const shop = await openShop();
    await shop.pay(100);
    await shop.turnTo(NEXT_TEN);

    expect(await askForBill(shop, `${DAY_ONE}&${query}`, kind)).toMatchObject({ status, json: { code } });
  });

  test('a day with refunds only has no bill of payments, and the other way round', async () => {
    const shop = await openShop();
    const order = await shop.pay(100);
    await shop.turn(DAY);
    await shop.refund(shop.wish(order, 100));
    await shop.turn(2 * DAY);

    const told: unknown[] = [];
    for (const query of [
      'bill_date=2026-09-01&bill_type=REFUND',
      'bill_date=2026-09-02&bill_type=SUCCESS',
      'bill_date=2026-09-02&bill_type=REFUND',
    ]) {
      told.push((await askForBill(shop, query)).json['code'] ?? 'there');
    }

    expect(told).toEqual(['NO_STATEMENT_EXIST', 'NO_STATEMENT_EXIST', 'there']);
  });
});

describe('the download', () => {
  test('must be signed, over the address with its token; its answer is not', async () => {
    const shop = await openShop();
    await shop.pay(100);
    await shop.turnTo(NEXT_TEN);
    const { json } = await askForBill(shop, DAY_ONE);
    const url = String(json['download_url']);

    const unsigned = await exchange({
      method: 'GET',
      url,
      headers: { accept: '*/*', 'user-agent': 'test' },
    });
    const signed = await shop.callRaw('GET', url);

    expect(url.startsWith(`${shop.sandbox.url}/v3/billdownload/file?token=`)).toBe(true);
    expect(unsigned.status).toBe(401);
    expect(signed.status).toBe(200);
    expect(signed.headers['content-type']).toBe('application/octet-stream');
    expect(Object.keys(signed.headers).filter((name) => name.startsWith('wechatpay-'))).toEqual([]);
  });

  test('F56: an address lives for five minutes of the wall, whatever the business clock says', async () => {
    let shiftMs = 0;
    const shop = await openShop({ wallShift: () => shiftMs });
    await shop.pay(100);
    await shop.turnTo(NEXT_TEN);
    const url = String((await askForBill(shop, DAY_ONE)).json['download_url']);

    await shop.turn(DAY);
    shiftMs = 5 * MINUTE_MS - 10_000;
    const inTime = await shop.callRaw('GET', url);
    const anew = String((await askForBill(shop, DAY_ONE)).json['download_url']);
    shiftMs = 0;

    expect(inTime.status).toBe(200);
    expect(anew).not.toBe(url);
  });

  test('F56: an address that is over, unknown or of another merchant is 404', async () => {
    let shiftMs = 0;
    const other = newMerchant('1900000110');
    const shop = await openShop({ wallShift: () => shiftMs, others: [other] });
    await shop.pay(100);
    await shop.turnTo(NEXT_TEN);
    shiftMs = -2 * MINUTE_MS;
    const url = String((await askForBill(shop, DAY_ONE)).json['download_url']);

    const theirs = await shop.callRaw('GET', url, { as: other });
    const unknown = await shop.callRaw('GET', `${url}x`);
    shiftMs = 3 * MINUTE_MS + 1_000;
    const over = await shop.callRaw('GET', url);

    expect([theirs.status, unknown.status, over.status]).toEqual([404, 404, 404]);
  });

  test('may be repeated while the address lives', async () => {
    const shop = await openShop();
    await shop.pay(100);
    await shop.turnTo(NEXT_TEN);
    const { json } = await askForBill(shop, `${DAY_ONE}&tar_type=GZIP`);
    const url = String(json['download_url']);

    const [one, other] = [await shop.callRaw('GET', url), await shop.callRaw('GET', url)];

    expect(other.bytes.equals(one.bytes)).toBe(true);
    expect(gunzipSync(one.bytes).length).toBeGreaterThan(100);
  });
});

test('F59: the bill of one merchant shows nothing of another', async () => {
  const other = newMerchant('1900000110');
  const shop = await openShop({ others: [other] });
  const own = await shop.pay(100);
  await shop.pay(200, { merchant_no: other.mchid });
  await shop.turnTo(NEXT_TEN);

  const bill = await fetchBill(shop, DAY_ONE);

  expect(bill.lines).toMatchObject([{ 商户号: shop.merchant.mchid, 商户订单号: own.payment_no }]);
});
