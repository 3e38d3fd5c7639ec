/** A genuine answer about something else than was asked is no answer: what it says of money is never taken over. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MCHID, ORDER, openDesk } from './pay-desk.ts';
import type { Desk } from './pay-desk.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());
beforeEach(() => {
  desk.received.length = 0;
});

const OTHER_TRANSACTION = '4200000000000000000000000001';

const REFUND = {
  refund_id: '50300807092021020105990201735',
  out_refund_no: ORDER.refundNo,
  transaction_id: ORDER.transactionId,
  out_trade_no: ORDER.paymentNo,
  create_time: '2026-11-24T10:30:01+08:00',
  success_time: '2026-11-24T10:31:00+08:00',
  status: 'SUCCESS',
  amount: { total: 12_345, refund: 2_345, payer_total: 12_345, payer_refund: 2_345, currency: 'CNY' },
};

const KNOWN_BY_OUR_NUMBER = { ...ORDER, transactionId: null };

describe('I1 I5: a genuine answer to a refund that was put', () => {
  test.each<[string, object]>([
    ['another refund', { out_refund_no: `${ORDER.refundNo}0` }],
    ['the same number in other letters', { out_refund_no: ORDER.refundNo.toLowerCase() }],
    ['one fen more', { amount: { ...REFUND.amount, refund: 2_346 } }],
    ['one fen less', { amount: { ...REFUND.amount, refund: 2_344 } }],
    ['another payment of the channel', { transaction_id: OTHER_TRANSACTION }],
    ['another currency', { amount: { ...REFUND.amount, currency: 'USD' } }],
  ])('about %s is not believed', async (_what, changed) => {
    desk.answer({ body: { ...REFUND, ...changed } });

    const answer = await desk.channel().submitRefund(ORDER);

    expect(answer).toMatchObject({ outcome: 'unknown', responseId: 'REQ-1' });
    expect(answer).not.toHaveProperty('report');
  });

  test('about another payment of ours is not believed, where only our number was named', async () => {
    desk.answer({ body: { ...REFUND, out_trade_no: 'ORD20261101000018' } });

    expect((await desk.channel().submitRefund(KNOWN_BY_OUR_NUMBER)).outcome).toBe('unknown');
  });

  test('without the numbers of its payment is believed: they are only an echo', async () => {
    desk.answer({ body: { ...REFUND, transaction_id: undefined, out_trade_no: undefined } });
    const channel = desk.channel();

    expect(await channel.submitRefund(ORDER)).toMatchObject({ report: { transactionId: null } });
    expect((await channel.submitRefund(KNOWN_BY_OUR_NUMBER)).outcome).toBe('reported');
  });

  test('tells the channel’s number of a payment that was known by ours only', async () => {
    desk.answer({ body: REFUND });

    expect(await desk.channel().submitRefund(KNOWN_BY_OUR_NUMBER)).toMatchObject({
      outcome: 'reported',
      report: { transactionId: ORDER.transactionId },
    });
  });
});

describe('I5: a genuine answer to a question about a refund', () => {
  test.each<[string, object]>([
    ['another refund', { out_refund_no: 'RF20261124000000000002' }],
    ['another payment of the channel', { transaction_id: OTHER_TRANSACTION }],
    ['another currency', { amount: { ...REFUND.amount, currency: 'HKD' } }],
  ])('about %s is not believed', async (_what, changed) => {
    desk.answer({ body: { ...REFUND, ...changed } });

    expect((await desk.channel().queryRefund(ORDER)).outcome).toBe('unknown');
  });

  test('about another payment of ours is not believed, where only our number is known', async () => {
    desk.answer({ body: { ...REFUND, out_trade_no: 'ORD20261101000018' } });

    expect((await desk.channel().queryRefund(KNOWN_BY_OUR_NUMBER)).outcome).toBe('unknown');
  });

  test.each([2_344, 2_346, 1, 12_345])(
    'F33: with %d fen instead of 2345 is reported as it is, so that the books stop over it',
    async (refund) => {
      desk.answer({ body: { ...REFUND, amount: { ...REFUND.amount, refund } } });

      expect(await desk.channel().queryRefund(ORDER)).toMatchObject({
        outcome: 'reported',
        report: { amountMinor: BigInt(refund) },
      });
    },
  );
});

const PAID = {
  appid: 'wx8888888888888888',
  mchid: MCHID,
  out_trade_no: ORDER.paymentNo,
  transaction_id: ORDER.transactionId,
  trade_type: 'JSAPI',
  trade_state: 'SUCCESS',
  trade_state_desc: '支付成功',
  bank_type: 'CMB_CREDIT',
  success_time: '2026-11-01T10:51:45+08:00',
  payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
  amount: { total: 12_345, payer_total: 11_345, currency: 'CNY', payer_currency: 'CNY' },
};

describe('a genuine answer to a question about a payment', () => {
  test('asked for by the channel’s number, about another one is not believed', async () => {
    desk.answer({ body: { ...PAID, transaction_id: OTHER_TRANSACTION } });

    expect((await desk.channel().queryPayment(ORDER)).outcome).toBe('unknown');
  });

  test('asked for by our number, about another one is not believed', async () => {
    desk.answer({ body: { ...PAID, out_trade_no: 'ORD20261101000018' } });

    expect((await desk.channel().queryPayment(KNOWN_BY_OUR_NUMBER)).outcome).toBe('unknown');
  });

  test('of another merchant is not believed', async () => {
    desk.answer({ body: { ...PAID, mchid: '1900000999' } });

    expect((await desk.channel().queryPayment(ORDER)).outcome).toBe('unknown');
  });

  test('asked for by the channel’s number, tells our number as the channel has it, for the books to compare', async () => {
    desk.answer({ body: { ...PAID, out_trade_no: 'ORD-OF-ANOTHER-PAYER' } });

    expect(await desk.channel().queryPayment(ORDER)).toMatchObject({
      outcome: 'reported',
      payment: { paymentNo: 'ORD-OF-ANOTHER-PAYER' },
    });
  });

  test('F16: in another currency tells it, for the books to refuse', async () => {
    desk.answer({ body: { ...PAID, amount: { ...PAID.amount, currency: 'USD' } } });

    expect(await desk.channel().queryPayment(ORDER)).toMatchObject({ payment: { currency: 'USD' } });
  });

  test('captured is the total of the order, not what the payer paid after a coupon', async () => {
    desk.answer({ body: PAID });

    expect(await desk.channel().queryPayment(ORDER)).toMatchObject({ payment: { capturedMinor: 12_345n } });
  });

  test('partly refunded before, it is still a paid order of the whole amount', async () => {
    desk.answer({ body: { ...PAID, trade_state: 'REFUND' } });

    expect(await desk.channel().queryPayment(ORDER)).toMatchObject({
      outcome: 'reported',
      payment: { capturedMinor: 12_345n, fundingSource: 'credit_card' },
    });
  });

  test('not paid yet, it has neither number nor amount nor time, and is told apart from an unreadable one', async () => {
    const order = { mchid: MCHID, out_trade_no: ORDER.paymentNo, trade_state: 'NOTPAY' };
    desk.answer({ body: order });

    expect(await desk.channel().queryPayment(KNOWN_BY_OUR_NUMBER)).toEqual({
      outcome: 'unpaid',
      channelState: 'NOTPAY',
      responseId: 'REQ-1',
    });
  });

  test.each<[string, object]>([
    ['no state', { trade_state: undefined }],
    ['an amount in yuan text', { amount: { total: '123.45' } }],
    ['a fraction of a fen', { amount: { total: 12_345.5 } }],
    ['a negative amount', { amount: { total: -1 } }],
    ['an amount beyond what JSON holds exactly', { amount: { total: 2 ** 53 } }],
    ['a time that is none', { success_time: 'yesterday' }],
    ['no number of ours', { out_trade_no: '' }],
  ])('with %s is not relied on', async (_what, changed) => {
    desk.answer({ body: { ...PAID, ...changed } });

    expect((await desk.channel().queryPayment(ORDER)).outcome).toBe('unknown');
  });

  test.each([
    [404, 'RESOURCE_NOT_EXISTS', 'absent'],
    [404, 'ORDER_NOT_EXIST', 'absent'],
    [500, 'SYSTEM_ERROR', 'unknown'],
    [500, 'ORDER_NOT_EXIST', 'unknown'],
    [429, 'FREQUENCY_LIMITED', 'held rate_limited'],
    [401, 'SIGN_ERROR', 'held account_config'],
    [403, 'NO_AUTH', 'held account_config'],
    [404, 'MCH_NOT_EXISTS', 'held account_config'],
    [400, 'SOMETHING_NEW', 'held blocked'],
  ])('F14: refused with %d %s it is %s, and the payment stays as it was', async (status, code, meaning) => {
    desk.answer({ status, body: { code, message: '说明' }, sign: null });

    const answer = await desk.channel().queryPayment(ORDER);

    expect(answer.outcome === 'held' ? `held ${answer.reason}` : answer.outcome).toBe(meaning);
  });
});
