import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fundingSource } from '../../../channels/alipay/reports.ts';
import { ORDER, openDesk } from './gateway-desk.ts';
import type { Desk } from './gateway-desk.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());

const FOUND = {
  code: '10000',
  msg: 'Success',
  trade_no: ORDER.transactionId,
  out_trade_no: ORDER.paymentNo,
  out_request_no: ORDER.refundNo,
  total_amount: '299.00',
  refund_amount: '99.00',
  refund_status: 'REFUND_SUCCESS',
  gmt_refund_pay: '2026-11-24 10:30:02',
};

describe('asking about a refund', () => {
  test('names trade and request and asks for what only options bring', async () => {
    desk.answer({ node: FOUND });

    await desk.channel().queryRefund(ORDER);

    expect(desk.received.at(-1)?.content).toEqual({
      trade_no: ORDER.transactionId,
      out_request_no: ORDER.refundNo,
      query_options: ['refund_detail_item_list', 'gmt_refund_pay', 'deposit_back_info'],
    });
  });

  test('REFUND_SUCCESS is success, with the amount of this refund', async () => {
    desk.answer({ node: FOUND });

    expect(await desk.channel().queryRefund(ORDER)).toMatchObject({
      outcome: 'reported',
      report: {
        status: 'success',
        transactionId: ORDER.transactionId,
        amountMinor: 9_900n,
        channelRefundNo: null,
        payerAmountMinor: null,
        acceptedAt: new Date('2026-11-24T10:30:02+08:00'),
        succeededAt: new Date('2026-11-24T10:30:02+08:00'),
      },
    });
  });

  test('an id that was used for another sum shows by the amount', async () => {
    desk.answer({ node: { ...FOUND, refund_amount: '98.99' } });

    expect(await desk.channel().queryRefund(ORDER)).toMatchObject({ report: { amountMinor: 9_899n } });
  });

  test.each([
    ['silence', { ...FOUND, refund_status: undefined, refund_amount: undefined }],
    ['another word', { ...FOUND, refund_status: 'REFUND_PROCESSING' }],
  ])('%s is "no such refund yet", never failed', async (_what, node) => {
    desk.answer({ node });

    expect((await desk.channel().queryRefund(ORDER)).outcome).toBe('absent');
  });

  test.each([
    ['another request', { out_request_no: 'RF2' }],
    ['another trade', { trade_no: '2099' }],
  ])('an answer about %s is not believed', async (_what, changed) => {
    desk.answer({ node: { ...FOUND, ...changed } });

    expect((await desk.channel().queryRefund(ORDER)).outcome).toBe('unknown');
  });

  test.each([
    ['ACQ.TRADE_NOT_EXIST', 'absent'],
    ['ACQ.SYSTEM_ERROR', 'unknown'],
    ['ACQ.INVALID_PARAMETER', 'held'],
    ['aop.unknow-error', 'unknown'],
    ['ACQ.NEVER_SEEN', 'held'],
  ])('%s answers a question with %s', async (subCode, outcome) => {
    desk.answer({ node: { code: '40004', msg: 'Business Failed', sub_code: subCode } });

    expect((await desk.channel().queryRefund(ORDER)).outcome).toBe(outcome);
  });

  test.each([
    ['P', 'pending'],
    ['S', 'arrived'],
    ['F', 'returned_to_wallet'],
  ])(
    'F40: dback_status %s means that the bank’s part is %s, and the refund is a success all the same',
    async (word, leg) => {
      desk.answer({
        node: { ...FOUND, deposit_back_info: { has_deposit_back: 'true', dback_status: word } },
      });

      const answer = await desk.channel().queryRefund(ORDER);

      expect(answer).toMatchObject({ report: { status: 'success', bankLeg: { status: leg } } });
      if (word === 'F') expect(answer).toMatchObject({ report: { landsIn: '支付宝余额' } });
    },
  );

  test('a wallet refund has no bank on its way', async () => {
    desk.answer({ node: { ...FOUND, deposit_back_info: { has_deposit_back: 'false' } } });

    const answer = await desk.channel().queryRefund(ORDER);

    expect(answer).toMatchObject({ report: { status: 'success', bankLeg: { status: 'none' } } });
  });
});

const TRADE = {
  code: '10000',
  msg: 'Success',
  trade_no: ORDER.transactionId,
  out_trade_no: ORDER.paymentNo,
  trade_status: 'TRADE_SUCCESS',
  total_amount: '299.00',
  send_pay_date: '2026-11-01 09:12:09',
  fund_bill_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: '299.00' }],
};

describe('asking about a payment', () => {
  test.each(['TRADE_SUCCESS', 'TRADE_FINISHED', 'TRADE_CLOSED'])(
    '%s with a time of payment was paid',
    async (status) => {
      desk.answer({ node: { ...TRADE, trade_status: status } });

      expect(await desk.channel().queryPayment(ORDER)).toMatchObject({
        outcome: 'reported',
        payment: {
          paymentNo: ORDER.paymentNo,
          transactionId: ORDER.transactionId,
          capturedMinor: 29_900n,
          currency: 'CNY',
          paidAt: new Date('2026-11-01T01:12:09Z'),
          fundingSource: 'wallet',
        },
      });
    },
  );

  test.each([
    ['WAIT_BUYER_PAY', TRADE.send_pay_date],
    ['TRADE_CLOSED', undefined],
  ])('%s, paid at %s, was not paid', async (status, paid) => {
    desk.answer({ node: { ...TRADE, trade_status: status, send_pay_date: paid } });

    expect(await desk.channel().queryPayment(ORDER)).toMatchObject({
      outcome: 'unpaid',
      channelState: status,
    });
  });

  test('a trade that is not there is absent', async () => {
    desk.answer({ node: { code: '40004', msg: 'Business Failed', sub_code: 'ACQ.TRADE_NOT_EXIST' } });

    expect((await desk.channel().queryPayment(ORDER)).outcome).toBe('absent');
  });

  test.each([
    [[{ fund_channel: 'PCREDIT' }], 'credit_line'],
    [[{ fund_channel: 'BANKCARD', fund_type: 'CREDIT_CARD' }], 'credit_card'],
    [[{ fund_channel: 'BANKCARD', fund_type: 'DEBIT_CARD' }], 'debit_card'],
    [
      [{ fund_channel: 'ALIPAYACCOUNT' }, { fund_channel: 'BANKCARD', fund_type: 'DEBIT_CARD' }],
      'debit_card',
    ],
    [[{ fund_channel: 'COUPON' }, { fund_channel: 'PCREDIT' }], 'credit_line'],
    [[{ fund_channel: 'FINANCEACCOUNT' }], 'wallet'],
    [[{ fund_channel: 'SOMETHING_NEW' }, { fund_channel: 'ALIPAYACCOUNT' }], 'unknown'],
    [[], 'unknown'],
  ] as const)('out of %j the slowest source decides: %s', (items, source) => {
    expect(fundingSource(items)).toBe(source);
  });
});

describe('asking for a statement', () => {
  const day = '2026-11-23';

  test.each([
    ['trade', 'trade'],
    ['fund_flow', 'signcustomer'],
  ] as const)('the %s statement is the file %s', async (kind, type) => {
    desk.answer({ node: { code: '10000', msg: 'Success', bill_download_url: `${desk.url}/bill` } });

    const answer = await desk.channel().requestStatement(kind, day);

    expect(answer.outcome).toBe('ready');
    expect(desk.received.at(-1)?.content).toEqual({ bill_type: type, bill_date: day });
  });

  test.each(['isp.bill_not_exist', 'BILL_NOT_EXIST', 'isv.bill_not_exist'])(
    'F41: %s is "not made yet, or nothing happened"',
    async (subCode) => {
      desk.answer({ node: { code: '40004', msg: 'Business Failed', sub_code: subCode } });

      expect(await desk.channel().requestStatement('trade', day)).toEqual({
        outcome: 'creating',
        orEmpty: true,
      });
    },
  );

  test.each([
    ['another host', 'http://evil.example/bill'],
    ['an address inside the machine', 'http://169.254.169.254/latest'],
    ['credentials in the address', 'CREDENTIALS'],
    ['another protocol', 'ftp://dwbillcenter.alipay.com/bill'],
  ])('F56: a download address with %s is refused', async (_what, address) => {
    const url = address === 'CREDENTIALS' ? desk.url.replace('//', '//user:secret@') : address;
    desk.answer({ node: { code: '10000', msg: 'Success', bill_download_url: url } });

    const answer = await desk.channel().requestStatement('trade', day);

    if (answer.outcome !== 'ready') throw new Error(`unexpected ${answer.outcome}`);
    await expect(answer.ticket.download()).rejects.toMatchObject({ code: 'statement_host_refused' });
  });

  test.each([
    [302, 'statement_host_refused'],
    [403, 'channel_unreachable'],
    [500, 'channel_unreachable'],
  ])('F56: a download that answers %d is %s', async (status, code) => {
    desk.answer(
      { node: { code: '10000', msg: 'Success', bill_download_url: `${desk.url}/bill` } },
      { status, body: 'x' },
    );

    const answer = await desk.channel().requestStatement('trade', day);

    if (answer.outcome !== 'ready') throw new Error(`unexpected ${answer.outcome}`);
    await expect(answer.ticket.download()).rejects.toMatchObject({ code });
  });

  test('a download streams the bytes as they are', async () => {
    desk.answer(
      { node: { code: '10000', msg: 'Success', bill_download_url: `${desk.url}/bill` } },
      { body: 'PK and so on' },
    );

    const answer = await desk.channel().requestStatement('trade', day);

    if (answer.outcome !== 'ready') throw new Error(`unexpected ${answer.outcome}`);
    const parts: Buffer[] = [];
    for await (const part of await answer.ticket.download()) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe('PK and so on');
  });
});
