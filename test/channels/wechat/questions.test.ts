import { afterAll, assert, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fundingSource } from '../../../channels/wechat/reports.ts';
import { MCHID, ORDER, openDesk } from './pay-desk.ts';
import type { Desk, Script } from './pay-desk.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());
beforeEach(() => {
  desk.received.length = 0;
});

function fault(status: number, code: string): Script {
  return { status, body: { code, message: '说明' }, sign: null };
}

const FOUND = {
  refund_id: '50300807092021020105990201735',
  out_refund_no: ORDER.refundNo,
  transaction_id: ORDER.transactionId,
  out_trade_no: ORDER.paymentNo,
  user_received_account: '支付用户零钱',
  create_time: '2026-11-24T10:30:01+08:00',
  success_time: '2026-11-24T10:31:00+08:00',
  status: 'SUCCESS',
  amount: { total: 12_345, refund: 2_345, payer_refund: 2_345 },
};

describe('asking about a refund', () => {
  test('encodes the number in the path and signs the encoded path', async () => {
    const refundNo = 'RF|2026*11@24';
    desk.answer({ body: { ...FOUND, out_refund_no: refundNo } });

    const answer = await desk.channel().queryRefund({ ...ORDER, refundNo });

    expect(desk.received[0]?.target).toBe('/v3/refund/domestic/refunds/RF%7C2026*11%4024');
    expect(desk.received[0]?.signatureHolds).toBe(true);
    expect(answer.outcome).toBe('reported');
  });

  test.each([
    ['SUCCESS', 'success'],
    ['PROCESSING', 'processing'],
    ['CLOSED', 'closed'],
    ['ABNORMAL', 'abnormal'],
  ])('%s is %s', async (word, status) => {
    desk.answer({ body: { ...FOUND, status: word } });

    expect(await desk.channel().queryRefund(ORDER)).toMatchObject({
      outcome: 'reported',
      report: { status },
    });
  });

  test.each([
    ['OPERATION', 'operation'],
    ['ECNY_BASIC', 'other'],
    ['BASIC', undefined],
    ['UNSETTLED', undefined],
    ['AVAILABLE', undefined],
    ['A_NEW_ONE', undefined],
  ])('one paid from %s is paid from the fund account %s', async (word, fundAccount) => {
    desk.answer({ body: { ...FOUND, funds_account: word } });

    const answer = await desk.channel().queryRefund(ORDER);

    assert(answer.outcome === 'reported');
    expect(answer.report.fundAccount).toBe(fundAccount);
  });

  test('an answer about another number is not believed', async () => {
    desk.answer({ body: { ...FOUND, out_refund_no: 'RF2' } });

    expect((await desk.channel().queryRefund(ORDER)).outcome).toBe('unknown');
  });

  test('F33: another amount is reported as it is, for the books to see', async () => {
    desk.answer({ body: { ...FOUND, amount: { total: 12_345, refund: 2_344 } } });

    expect(await desk.channel().queryRefund(ORDER)).toMatchObject({ report: { amountMinor: 2_344n } });
  });

  test.each([
    [404, 'RESOURCE_NOT_EXISTS', 'absent'],
    [404, 'REFUNDNOTEXIST', 'absent'],
    [500, 'SYSTEM_ERROR', 'unknown'],
    [404, 'MCH_NOT_EXISTS', 'held account_config'],
    [401, 'SIGN_ERROR', 'held account_config'],
    [403, 'NO_AUTH', 'held account_config'],
    [400, 'PARAM_ERROR', 'held account_config'],
    [400, 'INVALID_REQUEST', 'held account_config'],
    [403, 'REQUEST_BLOCKED', 'held blocked'],
    [429, 'FREQUENCY_LIMITED', 'held rate_limited'],
    [400, 'SOMETHING_NEW', 'held blocked'],
  ] as const)('I7: %d %s answers with %s, and never with a refusal', async (status, code, meaning) => {
    desk.answer(fault(status, code));

    const answer = await desk.channel().queryRefund(ORDER);

    expect(answer.outcome === 'held' ? `held ${answer.reason}` : answer.outcome).toBe(meaning);
  });
});

const PAID = {
  mchid: MCHID,
  out_trade_no: ORDER.paymentNo,
  transaction_id: ORDER.transactionId,
  trade_state: 'SUCCESS',
  bank_type: 'CMB_CREDIT',
  success_time: '2026-11-01T10:51:45+08:00',
  amount: { total: 12_345, currency: 'CNY' },
};

describe('asking about a payment', () => {
  test.each([
    [ORDER.transactionId, `/v3/pay/transactions/id/${String(ORDER.transactionId)}?mchid=${MCHID}`],
    [null, `/v3/pay/transactions/out-trade-no/${ORDER.paymentNo}?mchid=${MCHID}`],
  ])('known by %s it is asked for at %s', async (transactionId, target) => {
    desk.answer({ body: PAID });

    await desk.channel().queryPayment({ ...ORDER, transactionId });

    expect(desk.received[0]?.target).toBe(target);
    expect(desk.received[0]?.signatureHolds).toBe(true);
  });

  test.each(['SUCCESS', 'REFUND'])('%s was paid, whatever went back since', async (state) => {
    desk.answer({ body: { ...PAID, trade_state: state } });

    expect(await desk.channel().queryPayment(ORDER)).toMatchObject({
      outcome: 'reported',
      payment: {
        paymentNo: ORDER.paymentNo,
        transactionId: ORDER.transactionId,
        capturedMinor: 12_345n,
        currency: 'CNY',
        paidAt: new Date('2026-11-01T02:51:45Z'),
        fundingSource: 'credit_card',
      },
    });
  });

  test.each(['NOTPAY', 'CLOSED', 'REVOKED', 'USERPAYING', 'PAYERROR'])('%s was not paid', async (state) => {
    desk.answer({ body: { ...PAID, trade_state: state } });

    expect(await desk.channel().queryPayment(ORDER)).toMatchObject({
      outcome: 'unpaid',
      channelState: state,
    });
  });

  test.each([['amount'], ['success_time'], ['transaction_id']])(
    'a paid order without %s says nothing that can be relied on',
    async (field) => {
      desk.answer({ body: { ...PAID, [field]: undefined } });

      expect((await desk.channel().queryPayment(ORDER)).outcome).toBe('unknown');
    },
  );

  test('an order that is not there is absent', async () => {
    desk.answer(fault(404, 'ORDER_NOT_EXIST'));

    expect((await desk.channel().queryPayment(ORDER)).outcome).toBe('absent');
  });

  test.each([
    ['CFT', 'wallet'],
    ['ICBC_DEBIT', 'debit_card'],
    ['CMB_CREDIT', 'credit_card'],
    ['OTHERS', 'unknown'],
    ['', 'unknown'],
  ])('bank type %s is paid from %s', (bankType, source) => {
    expect(fundingSource(bankType)).toBe(source);
  });
});

const DAY = '2026-11-23';
const HASH = '79bb0f45fc4c42234a918000b2668d689e2bde04';

describe('asking for a statement', () => {
  test.each([
    ['trade', `/v3/bill/tradebill?bill_date=${DAY}&bill_type=ALL&tar_type=GZIP`],
    ['fund_flow', `/v3/bill/fundflowbill?bill_date=${DAY}&account_type=BASIC&tar_type=GZIP`],
    ['fund_flow_operation', `/v3/bill/fundflowbill?bill_date=${DAY}&account_type=OPERATION&tar_type=GZIP`],
    ['fund_flow_fees', `/v3/bill/fundflowbill?bill_date=${DAY}&account_type=FEES&tar_type=GZIP`],
  ] as const)('the %s statement is at %s', async (kind, target) => {
    desk.answer({
      body: { hash_type: 'SHA1', hash_value: HASH.toUpperCase(), download_url: `${desk.url}/bill` },
    });

    const answer = await desk.channel().requestStatement(kind, DAY);

    expect(desk.received[0]?.target).toBe(target);
    expect(answer).toMatchObject({ outcome: 'ready', ticket: { hash: { algorithm: 'sha1', hex: HASH } } });
  });

  test('each fund account of the account has a statement of its own; without a word, one', () => {
    const expected = (fundAccounts: readonly ('basic' | 'operation' | 'fees')[]): readonly string[] =>
      desk.channel({ fundAccounts }).limits.statementKinds;

    expect(desk.channel().limits.statementKinds).toEqual(['trade', 'fund_flow']);
    expect(expected(['basic', 'fees'])).toEqual(['trade', 'fund_flow', 'fund_flow_fees']);
    expect(expected(['basic', 'operation', 'fees'])).toEqual([
      ...['trade', 'fund_flow', 'fund_flow_operation', 'fund_flow_fees'],
    ]);
  });

  test('F41: nothing happened, or it is being made', async () => {
    desk.answer(fault(400, 'NO_STATEMENT_EXIST'), fault(400, 'STATEMENT_CREATING'));
    const channel = desk.channel();

    expect(await channel.requestStatement('trade', DAY)).toEqual({ outcome: 'empty' });
    expect(await channel.requestStatement('trade', DAY)).toEqual({ outcome: 'creating' });
  });

  test.each([
    [404, 'RESOURCE_NOT_EXISTS', 'unknown'],
    [500, 'SYSTEM_ERROR', 'unknown'],
    [500, 'NO_STATEMENT_EXIST', 'unknown'],
    [503, 'STATEMENT_CREATING', 'unknown'],
    [429, 'FREQUENCY_LIMITED', 'held'],
    [403, 'NO_AUTH', 'held'],
  ])('F41: %d %s is %s, never an empty day', async (status, code, outcome) => {
    desk.answer(fault(status, code));

    expect((await desk.channel().requestStatement('trade', DAY)).outcome).toBe(outcome);
  });

  test('a hash of another kind is not relied on', async () => {
    desk.answer({ body: { hash_type: 'MD5', hash_value: 'x', download_url: `${desk.url}/bill` } });

    expect((await desk.channel().requestStatement('trade', DAY)).outcome).toBe('unknown');
  });

  async function ticketFor(url: string, after: Script = { body: '' }) {
    desk.answer({ body: { hash_type: 'SHA1', hash_value: HASH, download_url: url } }, after);
    const answer = await desk.channel().requestStatement('trade', DAY);
    if (answer.outcome !== 'ready') throw new Error(`unexpected ${answer.outcome}`);
    return answer.ticket;
  }

  test('the file is fetched at once with a signed request, its query string included, and comes as it is', async () => {
    const ticket = await ticketFor(`${desk.url}/v3/billdownload/file?token=a%2Bb`, {
      body: 'bytes',
      sign: null,
    });

    const parts: Buffer[] = [];
    for await (const part of await ticket.download()) parts.push(part);

    expect(Buffer.concat(parts).toString()).toBe('bytes');
    expect(desk.received.at(-1)).toMatchObject({
      target: '/v3/billdownload/file?token=a%2Bb',
      signatureHolds: true,
    });
  });

  test.each([
    ['another host', 'https://evil.example/v3/billdownload/file'],
    ['an address inside the machine', 'http://169.254.169.254/latest'],
    ['another port', 'http://127.0.0.1:1/v3/billdownload/file'],
    ['credentials', 'CREDENTIALS'],
    ['another protocol', 'ftp://127.0.0.1/file'],
  ])('F56: a download address with %s is refused', async (_what, address) => {
    const url = address === 'CREDENTIALS' ? desk.url.replace('//', '//user:secret@') : address;
    const ticket = await ticketFor(url);

    await expect(ticket.download()).rejects.toMatchObject({ code: 'statement_host_refused' });
  });

  test.each([
    [301, 'statement_host_refused'],
    [403, 'channel_unreachable'],
    [500, 'channel_unreachable'],
  ])('F56: a download that answers %d is %s', async (status, code) => {
    const ticket = await ticketFor(`${desk.url}/bill`, { status, body: 'x', sign: null });

    await expect(ticket.download()).rejects.toMatchObject({ code });
  });
});
