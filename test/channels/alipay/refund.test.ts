import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { APP_ID, ORDER, openDesk, signAsAlipay } from './gateway-desk.ts';
import type { Desk, Script } from './gateway-desk.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.stop());
beforeEach(() => {
  desk.received.length = 0;
});

const DONE = {
  code: '10000',
  msg: 'Success',
  trade_no: ORDER.transactionId,
  out_trade_no: ORDER.paymentNo,
  buyer_logon_id: '138******21',
  refund_fee: '199.00',
  fund_change: 'Y',
  gmt_refund_pay: '2026-11-24 10:30:02',
};

function refused(subCode: string, code = '40004'): Script {
  return { node: { code, msg: 'Business Failed', sub_code: subCode, sub_msg: '说明' } };
}

describe('a refund put to Alipay', () => {
  test('is signed over all its parameters, with Beijing time, whatever is in the reason', async () => {
    desk.answer({ node: DONE });

    await desk.channel().submitRefund(ORDER);

    const [call] = desk.received;
    expect(call?.signatureHolds).toBe(true);
    expect(call?.parameters).toMatchObject({
      app_id: APP_ID,
      method: 'alipay.trade.refund',
      charset: 'utf-8',
      sign_type: 'RSA2',
      version: '1.0',
      timestamp: '2026-11-24 10:30:00',
    });
    expect(call?.content).toMatchObject({
      trade_no: ORDER.transactionId,
      refund_amount: '99.00',
      out_request_no: ORDER.refundNo,
      refund_reason: ORDER.reason,
    });
    expect(call?.content['query_options']).toContain('deposit_back_info');
  });

  test('names the trade by our number where the channel’s is not known', async () => {
    desk.answer({ node: { ...DONE, trade_no: 'T1' } });

    await desk.channel().submitRefund({ ...ORDER, transactionId: null });

    expect(desk.received[0]?.content['out_trade_no']).toBe(ORDER.paymentNo);
    expect(desk.received[0]?.content).not.toHaveProperty('trade_no');
  });

  test('is done when fund_change is Y, and never takes the trade’s total for its own amount', async () => {
    desk.answer({ node: DONE });

    const answer = await desk.channel().submitRefund(ORDER);

    expect(answer).toMatchObject({
      outcome: 'reported',
      report: {
        status: 'success',
        refundNo: ORDER.refundNo,
        transactionId: ORDER.transactionId,
        amountMinor: null,
        succeededAt: new Date('2026-11-24T02:30:02Z'),
      },
    });
  });

  test.each([['N'], [undefined]])(
    'F8 I7: 10000 with fund_change %s is not success but unknown',
    async (change) => {
      desk.answer({ node: { ...DONE, fund_change: change } });

      expect((await desk.channel().submitRefund(ORDER)).outcome).toBe('unknown');
    },
  );

  test.each(['trade_no', 'out_trade_no'])('an answer about another %s is not believed', async (field) => {
    desk.answer({ node: { ...DONE, [field]: '2099' } });

    expect((await desk.channel().submitRefund(ORDER)).outcome).toBe('unknown');
  });

  test('tells where the money lands and that the bank is still on the way', async () => {
    desk.answer({
      node: {
        ...DONE,
        refund_detail_item_list: [{ fund_channel: 'BANKCARD', amount: '99.00', fund_type: 'DEBIT_CARD' }],
        deposit_back_info: {
          has_deposit_back: 'true',
          dback_status: 'P',
          est_bank_receipt_time: '2026-11-26 12:00:00',
        },
      },
    });

    expect(await desk.channel().submitRefund(ORDER)).toMatchObject({
      report: {
        landsIn: '银行卡',
        bankLeg: { status: 'pending', estimateAt: new Date('2026-11-26T04:00:00Z') },
      },
    });
  });

  test.each(['BANKCARD', 'BANKACCOUNT'])(
    'takes the way to the bank as under way when the answer names %s and says nothing of the bank yet',
    async (channel) => {
      const items = [
        { fund_channel: 'MDISCOUNT', amount: '1.00' },
        { fund_channel: channel, amount: '98.00' },
      ];
      desk.answer({ node: { ...DONE, refund_detail_item_list: items } });

      expect(await desk.channel().submitRefund(ORDER)).toMatchObject({
        report: { bankLeg: { status: 'pending', estimateAt: null } },
      });
    },
  );

  test('of a refund to the wallet knows no bank', async () => {
    desk.answer({
      node: { ...DONE, refund_detail_item_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: '99.00' }] },
    });

    expect(await desk.channel().submitRefund(ORDER)).toMatchObject({
      outcome: 'reported',
      report: { status: 'success', bankLeg: { status: 'none' } },
    });
  });

  test('tolerates new fields and refuses wrong types', async () => {
    desk.answer({ node: { ...DONE, brand_new: { deep: [1] } } }, { node: { ...DONE, refund_fee: 199 } });
    const channel = desk.channel();

    expect((await channel.submitRefund(ORDER)).outcome).toBe('reported');
    expect((await channel.submitRefund(ORDER)).outcome).toBe('unknown');
  });
});

describe('an answer that cannot be trusted', () => {
  const node = JSON.stringify(DONE);
  const name = 'alipay_trade_refund_response';
  // As the gateway may write it: escaped slashes, blanks.
  const spaced = node.replaceAll(',', ', ').replace('{', '{ "url":"a\\/b", ');
  const turned = JSON.stringify(Object.fromEntries(Object.entries(DONE).toReversed()));
  const untrusted: [string, Script][] = [
    ['F1 no answer at all', 'silence'],
    ['F5 half an answer', 'half'],
    ['F3 a server fault', { status: 502, body: '<html>bad gateway</html>' }],
    ['a redirect', { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } }],
    ['no JSON', { body: '<html>maintenance</html>' }],
    ['F4 no signature on a success', { body: `{"${name}":${node}}` }],
    ['F4 a signature over other text', { body: `{"${name}":${node},"sign":"${signAsAlipay('{}')}"}` }],
    [
      'text changed after signing',
      { body: `{"${name}":${node.replace('99', '98')},"sign":"${signAsAlipay(node)}"}` },
    ],
    [
      'the node of another method',
      { body: `{"alipay_trade_pay_response":${node},"sign":"${signAsAlipay(node)}"}` },
    ],
    ['the node twice', { body: `{"${name}":${node},"${name}":${node},"sign":"${signAsAlipay(node)}"}` }],
    [
      'an unsigned refusal for good',
      { body: `{"error_response":{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST"}}` },
    ],
    ['a node without a code', { node: { msg: 'Success' } }],
    [
      'F4 a signature over the JSON parsed and written anew',
      { body: `{"${name}":${spaced},"sign":"${signAsAlipay(JSON.stringify(JSON.parse(spaced)))}"}` },
    ],
    [
      'F4 a node whose members stand in another order than they were signed in',
      { body: `{"${name}":${turned},"sign":"${signAsAlipay(node)}"}` },
    ],
  ];

  test.each(untrusted)('I7: %s leaves the outcome unknown', async (_what, script) => {
    desk.answer(script);

    expect((await desk.channel().submitRefund(ORDER)).outcome).toBe('unknown');
  });

  test('the signature may stand before the node, and the node be written in any way, as long as it is signed so', async () => {
    desk.answer({ body: `{"sign":"${signAsAlipay(spaced)}", "${name}" : ${spaced}}` });

    expect((await desk.channel().submitRefund(ORDER)).outcome).toBe('reported');
  });

  test('a refusal of the gateway itself comes unsigned and holds the refund without ending it', async () => {
    desk.answer({
      body: '{"error_response":{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-signature"}}',
    });

    expect(await desk.channel().submitRefund(ORDER)).toMatchObject({
      outcome: 'held',
      reason: 'account_config',
      channelCode: 'isv.invalid-signature',
    });
  });
});

/** Codes whose prefix decides, and codes without a row; those with one are in the contract of all channels. */
const PREFIXED = [
  ['aop.unknow-error', '20000', 'unknown'],
  ['isp.unknow-error', '20000', 'unknown'],
  ['aop.invalid-auth-token', '20001', 'unknown'],
  ['', '20001', 'held account_config'],
  ['isv.missing-method', '40001', 'held account_config'],
  ['isv.invalid-parameter', '40002', 'held account_config'],
  ['', '40003', 'held account_config'],
  ['isv.app-call-limited', '40005', 'held rate_limited'],
  ['isv.insufficient-isv-permissions', '40006', 'held account_config'],
  ['ACQ.SOMETHING_NEW', '40004', 'held blocked'],
  ['', '59999', 'unknown'],
] as const;

describe('a code', () => {
  test.each(PREFIXED)('%s under %s means %s', async (subCode, code, meaning) => {
    desk.answer(refused(subCode, code));

    const answer = await desk.channel().submitRefund(ORDER);

    const found = answer.outcome === 'held' ? `held ${answer.reason}` : answer.outcome;
    expect(found).toBe(meaning);
  });
});
