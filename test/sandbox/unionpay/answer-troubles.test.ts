/** Questions and their answers; and every trouble of an answer, as it really happens over HTTP. */
import { describe, expect, test } from 'vitest';
import type { RefundTrouble } from '../../../sandbox/unionpay/troubles.ts';
import type { Fields } from './merchant.ts';
import { fieldsOf } from './merchant.ts';
import type { Shop } from './shop.ts';
import { DAY, openShop } from './shop.ts';

const TEN_MINUTES = 600;

/** A refund of 400 fen whose trouble is planned, not yet sent. */
async function troubled(...troubles: readonly RefundTrouble[]): Promise<{ shop: Shop; wish: Fields }> {
  const shop = await openShop();
  const wish = shop.wish(shop.pay(1_000), 400);
  shop.plan(wish.orderId, ...troubles);
  return { shop, wish };
}

/** What was done of the first trouble. */
function applied(shop: Shop): readonly string[] {
  return shop.sandbox.plan.list()[0]?.applied.map(({ what }) => what) ?? [];
}

describe('a question', () => {
  test('about a refund under way and done has the documented fields', async () => {
    const { shop, wish } = await troubled();
    const taken = await shop.refund(wish);

    const before = await shop.query(wish);
    await shop.turn(TEN_MINUTES);
    const after = await shop.query(wish);

    expect(before).toMatchObject({ respCode: '00', origRespCode: '05' });
    expect(before).not.toHaveProperty('settleDate');
    expect(after).toMatchObject({
      ...{ respCode: '00', respMsg: '成功[0000000]', origRespCode: '00', origRespMsg: '成功[0000000]' },
      ...{ txnType: '04', txnSubType: '00', orderId: wish['orderId'], txnTime: wish['txnTime'] },
      ...{ queryId: taken['queryId'], origQryId: wish['origQryId'], traceTime: '0901100000' },
      ...{ txnAmt: '400', currencyCode: '156', settleAmt: '400', settleCurrencyCode: '156' },
      ...{ settleDate: '0901', payCardType: '01', issuerIdentifyMode: '0' },
      traceNo: expect.stringMatching(/^[0-9]{6}$/) as unknown,
      accNo: expect.stringMatching(/^[0-9]{6}\*{6}[0-9]{4}$/) as unknown,
    });
    // Banks find the trade by the digits in the middle of UnionPay's number.
    expect(after['queryId']?.slice(14, 20)).toBe(after['traceNo']);
  });

  test('about what is done after 23:00 names the next clearing day', async () => {
    const shop = await openShop({ start: new Date('2026-12-31T22:59:59+08:00') });
    const wish = shop.wish(shop.pay(1_000), 400);
    await shop.refund(wish);
    await shop.turn(TEN_MINUTES);

    expect(await shop.query(wish)).toMatchObject({ traceTime: '1231225959', settleDate: '0101' });
  });

  test('about a payment has what it takes to give it back', async () => {
    const shop = await openShop();
    const payment = shop.pay(1_000, { source: 'credit_card' });

    expect(await shop.query({ orderId: payment.paymentNo, txnTime: payment.txnTime })).toMatchObject({
      ...{ origRespCode: '00', txnType: '01', txnSubType: '01', txnAmt: '1000', payCardType: '02' },
      ...{ queryId: payment.transactionId, settleDate: '0901' },
    });
  });

  test.each<[string, (wish: Fields) => Fields, string]>([
    ['with another time', () => ({ txnTime: '20260901100001' }), '34'],
    ['with a number of nobody', () => ({ orderId: 'NOBODY00' }), '34'],
    ['without a time', () => ({ txnTime: '' }), '13'],
    ['without a number', () => ({ orderId: '' }), '13'],
  ])('%s is answered by its code', async (_what, change, respCode) => {
    const { shop, wish } = await troubled();
    await shop.refund(wish);

    const said = await shop.query({ ...wish, ...change(wish) });

    expect(said['respCode']).toBe(respCode);
    expect(said).not.toHaveProperty('origRespCode');
  });
});

describe('an answer that never comes', () => {
  test.each(['cut', 'half', 'hang'] as const)('(%s) leaves a refund that was taken', async (how) => {
    const { shop, wish } = await troubled({ kind: 'lost_answer', how });

    await expect(shop.callRaw('backTransReq', wish, { timeoutMs: 300 })).rejects.toThrow();

    expect(shop.sandbox.refunds()).toHaveLength(1);
    expect((await shop.query(wish))['origRespCode']).toBe('05');
    expect((await shop.refund(wish))['respCode']).toBe('12');
  });

  test('to a request that never arrived leaves nothing, and the same number is taken later', async () => {
    const { shop, wish } = await troubled({ kind: 'lost_answer', accepted: false, times: 2 });

    await expect(shop.callRaw('backTransReq', wish)).rejects.toThrow();
    await expect(shop.callRaw('backTransReq', wish)).rejects.toThrow();

    expect((await shop.query(wish))['respCode']).toBe('34');
    expect((await shop.refund(wish))['respCode']).toBe('00');
    expect(applied(shop)).toHaveLength(2);
  });
});

describe('an answer that says nothing', () => {
  test.each([
    [500, true, '05'],
    [503, true, '05'],
    [500, false, undefined],
  ])('HTTP %s, taken: %s', async (status, accepted, state) => {
    const { shop, wish } = await troubled({ kind: 'error_5xx', status, accepted });

    const answer = await shop.callRaw('backTransReq', wish);

    expect(answer.status).toBe(status);
    expect(fieldsOf(answer.text)).not.toHaveProperty('respCode');
    expect((await shop.query(wish))['origRespCode']).toBe(state);
  });

  test.each(['03', '04', '05', '06', '99'] as const)('%s, and then it is done all the same', async (code) => {
    const { shop, wish } = await troubled({ kind: 'unknown_code', code });

    const said = await shop.refund(wish);
    await shop.turn(TEN_MINUTES);

    expect(said['respCode']).toBe(code);
    expect((await shop.query(wish))['origRespCode']).toBe('00');
  });

  test('03 to a request that was not taken', async () => {
    const { shop, wish } = await troubled({ kind: 'unknown_code', code: '03', accepted: false });

    const codes = [(await shop.refund(wish))['respCode'], (await shop.query(wish))['respCode']];

    expect([...codes, (await shop.refund(wish))['respCode']]).toEqual(['03', '34', '00']);
  });
});

describe('an answer that must not be believed', () => {
  test.each([
    ['signature', 'the signature is of other fields'],
    ['certificate', 'the certificate is of another issuer'],
  ] as const)('for its %s: on a refund and on a question', async (how, fault) => {
    const { shop, wish } = await troubled(
      { kind: 'wrong_signature', how },
      { kind: 'wrong_signature', how, on: 'query' },
    );

    const refund = fieldsOf((await shop.callRaw('backTransReq', wish)).text);
    const first = fieldsOf((await shop.callRaw('queryTrans', question(wish))).text);

    expect([shop.faultOf(refund), shop.faultOf(first)]).toEqual([fault, fault]);
    expect((await shop.query(wish))['origRespCode']).toBe('05');
  });

  test('for its amount: answers name more than was asked for, the ledger does not', async () => {
    const { shop, wish } = await troubled({ kind: 'other_amount', fen: 7 });

    const taken = await shop.refund(wish);
    await shop.turn(TEN_MINUTES);

    expect([taken['txnAmt'], (await shop.query(wish))['txnAmt']]).toEqual(['407', '407']);
    expect(shop.sandbox.ledger().paidOut).toMatchObject([{ amountMinor: 400n, payerMinor: 400n }]);
  });

  function question({ orderId = '', txnTime = '' }: Fields): Fields {
    return { txnType: '00', txnSubType: '00', bizType: '000000', orderId, txnTime };
  }
});

test.each(['create', 'query'] as const)('F86: a slow answer to %s takes its time', async (on) => {
  const { shop, wish } = await troubled({ kind: 'slow', ms: 250, on });
  if (on === 'query') await shop.refund(wish);
  const begun = performance.now();

  await (on === 'create' ? shop.refund(wish) : shop.query(wish));

  expect(performance.now() - begun).toBeGreaterThanOrEqual(249);
});

describe('questions in vain', () => {
  test('F7: a refund that was taken is not seen for a while', async () => {
    const { shop, wish } = await troubled({ kind: 'silent_query', times: 3 });
    await shop.refund(wish);

    const codes = [];
    for (let asked = 0; asked < 4; asked += 1) codes.push((await shop.query(wish))['respCode']);

    expect(codes).toEqual(['34', '34', '34', '00']);
  });

  test.each(['03', '04', '06'] as const)(
    'a refund that is done is said to be %s for a while',
    async (code) => {
      const { shop, wish } = await troubled({ kind: 'silent_query', code });
      await shop.refund(wish);
      await shop.turn(TEN_MINUTES);

      const codes = [(await shop.query(wish))['origRespCode'], (await shop.query(wish))['origRespCode']];

      expect(codes).toEqual([code, '00']);
    },
  );

  test('F11: too many questions are refused', async () => {
    const { shop, wish } = await troubled({ kind: 'query_limited', times: 2 });
    await shop.refund(wish);

    const codes = [];
    for (let asked = 0; asked < 3; asked += 1) codes.push((await shop.query(wish))['respCode']);

    expect(codes).toEqual(['37', '37', '00']);
  });
});

describe('a refusal', () => {
  test.each([
    [{ kind: 'try_later', times: 2 }, '02'],
    [{ kind: 'try_later', code: '39', times: 2 }, '39'],
    [{ kind: 'refused', times: 2 }, '63'],
    [{ kind: 'refused', code: '61', times: 2 }, '61'],
    [{ kind: 'not_enough', times: 2 }, '33'],
    [{ kind: 'not_enough', code: '02', times: 2 }, '02'],
  ] as const)('for now, %o, takes nothing and lets the same number in later', async (trouble, code) => {
    const { shop, wish } = await troubled(trouble);

    const codes = [];
    for (let sent = 0; sent < 3; sent += 1) codes.push((await shop.refund(wish))['respCode']);

    expect(codes).toEqual([code, code, '00']);
    expect(shop.sandbox.refunds()).toHaveLength(1);
  });

  test('F12: for want of money lasts until somebody tops up', async () => {
    const { shop, wish } = await troubled({ kind: 'not_enough' });
    const codes = [];
    for (let sent = 0; sent < 3; sent += 1) codes.push((await shop.refund(wish))['respCode']);

    shop.sandbox.topUp(1n);

    expect([...codes, (await shop.refund(wish))['respCode']]).toEqual(['33', '33', '33', '00']);
  });

  test('for good stays one', async () => {
    const { shop, wish } = await troubled({ kind: 'refused', code: '30' });
    const codes = [];
    for (let sent = 0; sent < 3; sent += 1) codes.push((await shop.refund(wish))['respCode']);

    expect(codes).toEqual(['30', '30', '30']);
    expect(shop.sandbox.refunds()).toEqual([]);
  });
});

describe('how a refund ends', () => {
  test('F10: taken, and then the bank says no: the money is the merchant’s again', async () => {
    const { shop, wish } = await troubled({ kind: 'accepted_then_failed', code: '61' });
    const had = shop.sandbox.ledger().balances;

    await shop.refund(wish);
    const between = (await shop.query(wish))['origRespCode'];
    await shop.turn(TEN_MINUTES);

    expect([between, (await shop.query(wish))['origRespCode']]).toEqual(['05', '61']);
    const { balances, paidOut } = shop.sandbox.ledger();
    expect(paidOut).toEqual([]);
    const merchant = `merchant:${shop.sandbox.merchantNo}`;
    expect([balances[merchant], balances[`in_transit:${shop.sandbox.merchantNo}`]]).toEqual([
      had[merchant],
      0n,
    ]);
  });

  test('done with a flaw is A6, and paid', async () => {
    const { shop, wish } = await troubled({ kind: 'flawed' });
    await shop.refund(wish);
    await shop.turn(TEN_MINUTES);

    expect((await shop.query(wish))['origRespCode']).toBe('A6');
    expect(shop.sandbox.ledger().paidOut).toHaveLength(1);
  });

  test('F6: success after fourteen days, or never', async () => {
    const { shop, wish } = await troubled({ kind: 'late_success' });
    const stuck = shop.wish(shop.pay(1_000), 400);
    shop.plan(stuck.orderId, { kind: 'stuck' });
    await shop.refund(wish);
    await shop.refund(stuck);
    const states = async (): Promise<unknown> => [
      (await shop.query(wish))['origRespCode'],
      (await shop.query(stuck))['origRespCode'],
    ];

    await shop.turn(14 * DAY - 1);
    const before = await states();
    await shop.turn(1);
    const after = await states();
    await shop.turn(300 * DAY);

    expect([before, after, await states()]).toEqual([
      ['05', '05'],
      ['00', '05'],
      ['00', '05'],
    ]);
  });

  test('F66: done, and sent back by the bank days later: no answer ever says so, the ledger does', async () => {
    const { shop, wish } = await troubled({ kind: 'bank_returned', days: 2 });
    const merchant = `merchant:${shop.sandbox.merchantNo}`;
    const had = shop.sandbox.ledger().balances[merchant];

    await shop.refund(wish);
    await shop.turn(2 * DAY);
    const paid = shop.sandbox.ledger().balances[merchant];
    await shop.turn(TEN_MINUTES);

    expect((await shop.query(wish))['origRespCode']).toBe('00');
    expect(paid).toBe((had ?? 0n) - 398n);
    const { balances, balanced, doublePayments } = shop.sandbox.ledger();
    expect([balances[merchant], balanced, doublePayments]).toEqual([had, true, 0]);
  });
});
