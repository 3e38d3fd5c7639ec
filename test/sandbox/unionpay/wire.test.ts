/** The two wire formats and the signatures of both ways, by a merchant that knows the documents only. */
import { describe, expect, test } from 'vitest';
import { makeMerchantKeys } from '../../../sandbox/unionpay/keys.ts';
import type { Fields } from './merchant.ts';
import { fieldsOf, post, signedBy } from './merchant.ts';
import type { Shop } from './shop.ts';
import { KEYS, openShop, urlOf } from './shop.ts';

const OTHER = makeMerchantKeys(KEYS.channel, new Date(), '777290058110099');

function asked(shop: Shop, change: Fields = {}): Fields {
  return { accessType: '0', merId: KEYS.merchant.merId, ...shop.wish(shop.pay(1_000), 400), ...change };
}

async function sent(shop: Shop, asked: Fields): Promise<Fields> {
  const body = new URLSearchParams(asked).toString();
  const { text } = await post({ url: urlOf(shop.sandbox, 'backTransReq'), body });
  const fields = fieldsOf(text);
  expect(shop.faultOf(fields)).toBeNull();
  return fields;
}

describe('an answer', () => {
  test('is not encoded, and holds a certificate in several lines that the root vouches for', async () => {
    const shop = await openShop();
    const reqReserved = 'a b=c+d/{e=1&f=2}';
    const wish = shop.wish(shop.pay(1_000), 400, { reqReserved });

    const { status, headers, text } = await shop.callRaw('backTransReq', wish);

    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/plain/);
    expect(text).toContain(`reqReserved=${reqReserved}&`);
    expect(text).toContain('signPubKeyCert=-----BEGIN CERTIFICATE-----\r\n');
    expect(text).not.toMatch(/%[0-9A-F]{2}/);
  });

  test('to a refund that was taken has the documented fields, and says accepted only', async () => {
    const shop = await openShop();
    const payment = shop.pay(1_000);
    const wish = shop.wish(payment, 400);

    const said = await shop.refund(wish);

    expect(said).toEqual({
      ...{ version: '5.1.0', encoding: 'UTF-8', signMethod: '01', accessType: '0' },
      ...{ txnType: '04', txnSubType: '00', bizType: '000201', currencyCode: '156', txnAmt: '400' },
      ...{ merId: KEYS.merchant.merId, orderId: wish.orderId, txnTime: '20260901100000' },
      ...{ origQryId: payment.transactionId, respCode: '00', respMsg: '成功[0000000]' },
      queryId: expect.stringMatching(/^05260901100000[0-9]{6}8$/) as unknown,
      signPubKeyCert: expect.stringContaining('BEGIN CERTIFICATE') as unknown,
      signature: expect.stringMatching(/^[0-9A-Za-z+/]{342}==$/) as unknown,
    });
    expect(shop.sandbox.refunds()).toMatchObject([
      { status: '05', hasEnded: false, queryId: said['queryId'] },
    ]);
  });

  test('of refusal is signed, too, names what is wrong and has a number of seven digits', async () => {
    const shop = await openShop();

    const said = await shop.refund(shop.wish(shop.pay(1_000), 400, { orderId: 'short' }));

    expect(said).toMatchObject({ respCode: '10', orderId: 'short' });
    expect(said['respMsg']).toMatch(/orderId\[[0-9]{7}\]$/);
  });
});

describe('a request', () => {
  test('that is signed as documented is taken, empty fields or not', async () => {
    const shop = await openShop();

    const said = await sent(shop, {
      ...signedBy(KEYS.merchant, asked(shop, { termId: '' })),
      riskRateInfo: '',
    });

    expect(said['respCode']).toBe('00');
  });

  test.each<[string, string, (fields: Fields) => Fields]>([
    ['a changed amount', '11', (fields) => ({ ...signedBy(KEYS.merchant, fields), txnAmt: '401' })],
    ['a field more', '11', (fields) => ({ ...signedBy(KEYS.merchant, fields), termId: '12345678' })],
    ['a stranger’s key', '11', (fields) => signedBy({ ...OTHER, certId: KEYS.merchant.certId }, fields)],
    ['another certificate', '11', (fields) => signedBy(OTHER, fields)],
    ['no signature', '11', (fields) => ({ ...signedBy(KEYS.merchant, fields), signature: '' })],
    [
      'a signature that is none',
      '11',
      (fields) => ({ ...signedBy(KEYS.merchant, fields), signature: '签名' }),
    ],
    ['no certId', '13', (fields) => ({ ...signedBy(KEYS.merchant, fields), certId: '' })],
    ['an unknown merchant', '31', (fields) => signedBy(OTHER, { ...fields, merId: OTHER.merId })],
    ['the old version', '10', (fields) => signedBy(KEYS.merchant, { ...fields, version: '5.0.0' })],
    [
      'a secret key for a signature',
      '10',
      (fields) => signedBy(KEYS.merchant, { ...fields, signMethod: '11' }),
    ],
    ['another encoding', '10', (fields) => signedBy(KEYS.merchant, { ...fields, encoding: 'GBK' })],
    ['an acquirer', '32', (fields) => signedBy(KEYS.merchant, { ...fields, accessType: '1' })],
  ])('with %s is answered %s, and nothing is recorded', async (_what, respCode, change) => {
    const shop = await openShop();

    const said = await sent(shop, change(asked(shop)));

    expect(said['respCode']).toBe(respCode);
    expect(shop.sandbox.refunds()).toEqual([]);
    expect(shop.sandbox.ledger().postings).toBe(3);
  });

  test.each<[string, string | Buffer, string]>([
    ['JSON', '{"txnType":"04"}', 'application/json'],
    ['nothing', '', 'application/x-www-form-urlencoded'],
    ['a name twice', 'merId=1&merId=2', 'application/x-www-form-urlencoded'],
    ['a value without a name', '=1', 'application/x-www-form-urlencoded'],
    ['bytes that are no UTF-8', Buffer.from([0x61, 0x3d, 0xff]), 'application/x-www-form-urlencoded'],
    [
      'a hundred and one fields',
      Array.from({ length: 101 }, (_, no) => `f${String(no)}=1`).join('&'),
      'application/x-www-form-urlencoded',
    ],
  ])('of %s is no request: 10', async (_what, body, type) => {
    const shop = await openShop();

    const { status, text } = await post({ url: urlOf(shop.sandbox, 'backTransReq'), body, type });

    expect(status).toBe(200);
    expect(fieldsOf(text)['respCode']).toBe('10');
    expect(shop.faultOf(fieldsOf(text))).toBeNull();
  });

  test.each([
    ['GET', '/gateway/api/queryTrans.do', 404],
    ['POST', '/gateway/api/frontTransReq.do', 404],
    ['POST', '/%zz', 400],
  ])('%s %s leads nowhere', async (method, path, status) => {
    const shop = await openShop();

    expect((await post({ url: shop.sandbox.url + path, body: '', method })).status).toBe(status);
  });

  test('above 64 KiB is not read', async () => {
    const shop = await openShop();
    const body = `reqReserved=${'x'.repeat(70_000)}`;

    const { status } = await post({ url: urlOf(shop.sandbox, 'backTransReq'), body });

    expect(status).toBe(413);
  });

  test('of one merchant knows nothing of another’s trades', async () => {
    const shop = await openShop({ others: [OTHER] });
    const payment = shop.pay(1_000);
    const wish = shop.wish(payment, 400);
    await shop.refund(wish);

    const taken = await shop.refund(shop.wish(payment, 100), { as: OTHER });
    const seen = await shop.query(wish, { as: OTHER });
    const same = await shop.refund(
      shop.wish(shop.pay(500, { merchantNo: OTHER.merId }), 500, { orderId: wish.orderId }),
      { as: OTHER },
    );

    expect([taken['respCode'], seen['respCode'], same['respCode']]).toEqual(['35', '34', '00']);
  });
});
