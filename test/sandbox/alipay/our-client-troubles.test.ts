/** Our client under every trouble of the sandbox, over HTTP: what it concludes is what the ledger says. */
import { describe, expect, test } from 'vitest';
import type { RefundOrder } from '../../../channels/channel.ts';
import type { ChannelSandbox } from '../../../sandbox/channel-sandbox.ts';
import type { RefundTrouble } from '../../../sandbox/alipay/troubles.ts';
import { readStream } from '../../channels/statement-reading.ts';
import type { OurShop } from './our-shop.ts';
import { openOurShop } from './our-shop.ts';

const SUCCESS = { outcome: 'reported', report: { status: 'success' } };

/** Asks for a refund of 40.00 out of 100.00 under a trouble. */
async function ask(
  trouble: RefundTrouble | null,
  o: { readonly source?: Parameters<OurShop['order']>[2] } = {},
) {
  const shop = await openOurShop();
  const order = shop.order(10_000n, 4_000n, o.source);
  if (trouble !== null) shop.sandbox.plan.forRefund(order.refundNo, trouble);
  const first = await shop.channel.submitRefund(order);
  return { shop, order, first };
}

function paidOnce({ sandbox }: OurShop, order: RefundOrder): void {
  const { paidOut, balanced, doublePayments, overRefundedPayments } = sandbox.ledger();
  expect(paidOut).toMatchObject([{ refundNo: order.refundNo, amountMinor: order.amountMinor, count: 1 }]);
  expect({ balanced, doublePayments, overRefundedPayments }).toEqual({
    balanced: true,
    doublePayments: 0,
    overRefundedPayments: [],
  });
}

test('a refund to the wallet is done at once, and asking for it again moves nothing', async () => {
  const { shop, order, first } = await ask(null);

  const again = await shop.channel.submitRefund(order);
  const found = await shop.channel.queryRefund(order);

  expect(first).toMatchObject({ outcome: 'reported', report: { landsIn: '支付宝余额' } });
  expect(again).toMatchObject({ outcome: 'unknown', why: 'fund_change N: done before, or pending' });
  expect(found).toMatchObject({ ...SUCCESS, report: { amountMinor: 4_000n } });
  paidOnce(shop, order);
});

test.each([
  ['wallet', 'wallet'],
  ['credit_line', 'credit_line'],
  ['debit_card', 'debit_card'],
  ['credit_card', 'credit_card'],
] as const)('a payment from %s is confirmed as one from there', async (source, fundingSource) => {
  const shop = await openOurShop();
  const order = shop.order(10_000n, 4_000n, source);

  const answer = await shop.channel.queryPayment(order);

  expect(answer).toMatchObject({
    outcome: 'reported',
    payment: { paymentNo: order.paymentNo, capturedMinor: 10_000n, fundingSource, paidAt: order.paidAt },
  });
});

test('a trade that is unknown, and one that nobody paid, are told apart', async () => {
  const shop = await openOurShop();
  shop.sandbox.pay({ paymentNo: 'OPEN-1', amountMinor: 100n, tradeStatus: 'WAIT_BUYER_PAY' });

  const open = await shop.channel.queryPayment({ paymentNo: 'OPEN-1', transactionId: null, paidAt: null });
  const none = await shop.channel.queryPayment({ paymentNo: 'NONE-1', transactionId: null, paidAt: null });

  expect(open).toMatchObject({ outcome: 'unpaid', channelState: 'WAIT_BUYER_PAY' });
  expect(none).toMatchObject({ outcome: 'absent' });
});

describe('the bank leg of a refund to a card', () => {
  test('is pending with an estimate, then arrived, by query and by message', async () => {
    const { shop, order, first } = await ask(null, { source: 'debit_card' });
    expect(first).toMatchObject(SUCCESS);

    const early = await shop.channel.queryRefund(order);
    await shop.turn(72 * 3_600);
    const late = await shop.channel.queryRefund(order);

    expect(early).toMatchObject({
      report: { bankLeg: { status: 'pending', estimateAt: expect.any(Date) as Date } },
    });
    expect(late).toMatchObject({ report: { bankLeg: { status: 'arrived' }, landsIn: '银行卡' } });
    expect(shop.readings).toMatchObject([
      { verdict: 'refund', eventType: 'trade/TRADE_SUCCESS' },
      {
        verdict: 'refund',
        eventType: 'alipay.trade.refund.depositback.completed',
        report: { refundNo: order.refundNo, bankLeg: { status: 'arrived' } },
      },
    ]);
  });

  test('F40 that fails ends on the wallet: success, and another destination', async () => {
    const { shop, order } = await ask({ kind: 'dback_failed' }, { source: 'credit_card' });

    await shop.turn(120 * 3_600);

    expect(await shop.channel.queryRefund(order)).toMatchObject({
      report: { status: 'success', bankLeg: { status: 'returned_to_wallet' }, landsIn: '支付宝余额' },
    });
    expect(shop.readings.at(-1)).toMatchObject({ report: { bankLeg: { status: 'returned_to_wallet' } } });
    expect(shop.sandbox.refunds()).toMatchObject([{ depositBack: 'F' }]);
    paidOnce(shop, order);
  });

  test('that is slow stays pending for days', async () => {
    const { shop, order } = await ask({ kind: 'dback_slow', days: 9 }, { source: 'debit_card' });

    await shop.turn(8 * 86_400);
    expect(await shop.channel.queryRefund(order)).toMatchObject({
      report: { bankLeg: { status: 'pending' } },
    });

    await shop.turn(86_400);
    expect(await shop.channel.queryRefund(order)).toMatchObject({
      report: { bankLeg: { status: 'arrived' } },
    });
  });

  test('of which a message says P is pending, and its message is taken', async () => {
    const { shop } = await ask({ kind: 'dback_told_pending' }, { source: 'debit_card' });

    await shop.turn(60);

    expect(shop.readings.map((one) => one.verdict)).toEqual(['refund', 'refund']);
    expect(shop.readings).toContainEqual(
      expect.objectContaining({
        report: expect.objectContaining({
          bankLeg: expect.objectContaining({ status: 'pending' }) as unknown,
        }) as unknown,
      }),
    );
  });

  test('that is lost stays pending for ever, without a message', async () => {
    const { shop, order } = await ask({ kind: 'dback_lost' }, { source: 'debit_card' });

    await shop.turn(60 * 86_400);

    expect(shop.readings).toMatchObject([{ eventType: 'trade/TRADE_SUCCESS' }]);
    expect(await shop.channel.queryRefund(order)).toMatchObject({
      report: { status: 'success', bankLeg: { status: 'pending' } },
    });
  });
});

describe('answers that say nothing leave the outcome open, and the money moves once', () => {
  test.each<RefundTrouble>([
    { kind: 'lost_answer' },
    { kind: 'lost_answer', how: 'half' },
    { kind: 'error_5xx' },
    { kind: 'error_5xx', status: 503 },
    { kind: 'system_error' },
    { kind: 'system_error', code: 'aop.unknow-error' },
    { kind: 'wrong_signature' },
    { kind: 'unsigned' },
  ])('%j: taken', async (trouble) => {
    const { shop, order, first } = await ask(trouble);

    expect(first.outcome).toBe('unknown');
    expect(await shop.channel.queryRefund(order)).toMatchObject(SUCCESS);
    expect((await shop.channel.submitRefund(order)).outcome).toBe('unknown');
    paidOnce(shop, order);
  });

  test.each<RefundTrouble>([
    { kind: 'lost_answer', accepted: false },
    { kind: 'error_5xx', accepted: false },
    { kind: 'system_error', accepted: false },
    { kind: 'system_error', code: 'aop.unknow-error', accepted: false },
  ])('%j: not taken', async (trouble) => {
    const { shop, order, first } = await ask(trouble);

    expect(first.outcome).toBe('unknown');
    expect(await shop.channel.queryRefund(order)).toMatchObject({ outcome: 'absent' });
    expect(await shop.channel.submitRefund(order)).toMatchObject(SUCCESS);
    paidOnce(shop, order);
  });

  test('a query that stays silent is no failure', async () => {
    const { shop, order } = await ask({ kind: 'silent_query', times: 2 });

    const answers = [];
    for (let turn = 0; turn < 3; turn += 1) answers.push((await shop.channel.queryRefund(order)).outcome);

    expect(answers).toEqual(['absent', 'absent', 'reported']);
    paidOnce(shop, order);
  });

  test('fund_change N at first is no success; the money moves later', async () => {
    const { shop, order, first } = await ask({ kind: 'fund_change_n', seconds: 180 });

    expect(first.outcome).toBe('unknown');
    expect(await shop.channel.queryRefund(order)).toMatchObject({ outcome: 'absent' });
    expect(shop.sandbox.ledger().paidOut).toEqual([]);
    await shop.turn(180);
    expect(await shop.channel.queryRefund(order)).toMatchObject(SUCCESS);
    paidOnce(shop, order);
  });

  test('one that is stuck is never done, and one that is late is done after two weeks', async () => {
    const stuck = await ask({ kind: 'stuck' });
    const late = await ask({ kind: 'late_success' });

    await stuck.shop.turn(100 * 86_400);
    await late.shop.turn(14 * 86_400);

    expect(await stuck.shop.channel.queryRefund(stuck.order)).toMatchObject({ outcome: 'absent' });
    expect(stuck.shop.sandbox.ledger().paidOut).toEqual([]);
    expect(await late.shop.channel.queryRefund(late.order)).toMatchObject(SUCCESS);
  });

  test('a query that names another amount is reported as it stands', async () => {
    const { shop, order } = await ask({ kind: 'other_amount', fen: 5 });

    expect(await shop.channel.queryRefund(order)).toMatchObject({ report: { amountMinor: 4_005n } });
  });

  test('a slow answer is an answer', async () => {
    const { first } = await ask({ kind: 'slow', ms: 300 });

    expect(first).toMatchObject(SUCCESS);
  });
});

describe('refusals', () => {
  test('F12 a short balance holds the refund until the merchant is topped up', async () => {
    const { shop, order, first } = await ask({ kind: 'not_enough' });
    expect(first).toMatchObject({ outcome: 'held', reason: 'short_balance' });
    expect(await shop.channel.submitRefund(order)).toMatchObject({ outcome: 'held' });

    shop.sandbox.topUp(1n);

    expect(await shop.channel.submitRefund(order)).toMatchObject(SUCCESS);
  });

  test('a balance that is really short is refused in the same words', async () => {
    const shop = await openOurShop({ balanceMinor: 0n });
    const one = shop.order(10_000n, 10_000n);
    shop.sandbox.withdraw(9_000n);

    expect(await shop.channel.submitRefund(one)).toMatchObject({
      outcome: 'held',
      channelCode: 'ACQ.SELLER_BALANCE_NOT_ENOUGH',
    });
  });

  test.each<[RefundTrouble, object]>([
    [{ kind: 'buyer_error' }, { outcome: 'held', reason: 'payer_account_closed' }],
    [{ kind: 'frequency_limited' }, { outcome: 'held', reason: 'rate_limited' }],
    [{ kind: 'refused' }, { outcome: 'held', reason: 'blocked', channelCode: 'ACQ.TRADE_NOT_ALLOW_REFUND' }],
    [{ kind: 'refused', code: 'ACQ.TRADE_STATUS_ERROR' }, { outcome: 'refused' }],
  ])('%j', async (trouble, expected) => {
    const { shop, first } = await ask(trouble);

    expect(first).toMatchObject(expected);
    expect(shop.sandbox.ledger().paidOut).toEqual([]);
  });
});

describe('notices', () => {
  async function settled(trouble: RefundTrouble) {
    const { shop } = await ask(trouble);
    await shop.turn(120);
    return shop;
  }

  test('F34 that are lost never come', async () => {
    const shop = await settled({ kind: 'callback_lost' });

    expect(shop.readings).toEqual([]);
  });

  test('F29 come twice under one id', async () => {
    const shop = await settled({ kind: 'callback_twice' });

    const ids = shop.readings.map((one) => (one.verdict === 'refused' ? '' : one.noticeId));
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  test('F32 come out of order: an older one of the same trade is about no refund', async () => {
    const shop = await settled({ kind: 'callback_out_of_order' });

    expect(shop.readings).toMatchObject([{ verdict: 'refund' }, { verdict: 'unhandled' }]);
  });

  test.each<[RefundTrouble, string]>([
    [{ kind: 'callback_forged' }, 'callback_signature_invalid'],
    [{ kind: 'callback_foreign' }, 'callback_account_differs'],
  ])('F35 %j is refused, and the true one is believed', async (trouble, code) => {
    const shop = await settled(trouble);

    expect(shop.readings).toMatchObject([{ verdict: 'refused', code }, { verdict: 'refund' }]);
    const forged = shop.sandbox
      .deliveries()
      .filter(({ flavour }) => flavour === 'forged' || flavour === 'foreign');
    expect(forged).toMatchObject([{ taken: false }]);
  });
});

test('F69 a refund made by hand in the console is told in the words that all channels share', async () => {
  const shop = await openOurShop();
  const { paymentNo } = shop.order(10_000n, 1n);
  const neutral: ChannelSandbox<RefundTrouble> = shop.sandbox;

  neutral.refundByHand({ paymentNo, amountMinor: 2_500n });
  await shop.turn(60);

  expect(neutral.ledger().paidOut).toMatchObject([{ amountMinor: 2_500n, origin: 'console', count: 1 }]);
  expect(neutral.deliveries()).toMatchObject([{ flavour: 'true', taken: true }]);
  // Its notice names the trade instead of a number: it is about no refund of ours.
  expect(shop.readings).toMatchObject([{ verdict: 'unhandled' }]);
});

describe('statements', () => {
  async function statementOf(shop: OurShop, kind: 'trade' | 'fund_flow', day: string) {
    const found = await shop.channel.requestStatement(kind, day);
    if (found.outcome !== 'ready') return { outcome: found.outcome, lines: [], summary: null };
    const { bytes, reader } = shop.channel.openStatement(kind, await found.ticket.download());
    return { outcome: found.outcome, ...(await readStream(reader, bytes)) };
  }

  test('of a day are there the morning after, with totals that agree', async () => {
    const { shop, order } = await ask(null);
    expect((await shop.channel.requestStatement('trade', '2026-08-31')).outcome).toBe('creating');

    await shop.turnTo('2026-09-02T09:00:00+08:00');
    const trade = await statementOf(shop, 'trade', '2026-09-01');
    const flow = await statementOf(shop, 'fund_flow', '2026-09-01');

    expect(trade.summary).toMatchObject({
      kind: 'trade',
      lines: 2,
      refundLines: 1,
      quarantinedCount: 0,
      totals: { agree: true, declared: { payments: 1n, refunds: 1n, net_minor: 6_000n } },
      merchantNos: [shop.sandbox.merchantNo],
      firstDate: '2026-09-01',
    });
    expect(trade.lines.find((line) => line.line_type === 'refund')).toMatchObject({
      refund_no: order.refundNo,
      payment_no: order.paymentNo,
      transaction_id: order.transactionId,
      amount_minor: '4000',
      fee_e5: '-24000',
      occurred_at: '2026-09-01 10:00:00+08',
    });
    expect(flow.summary).toMatchObject({ kind: 'fund_flow', lines: 4, totals: { agree: true } });
    expect(flow.lines.find((line) => line.refund_no === order.refundNo)).toMatchObject({
      line_type: 'out',
      amount_minor: '4000',
    });
  });

  test.each<[RefundTrouble, readonly string[]]>([
    [{ kind: 'line_missing' }, []],
    [{ kind: 'amount_differs', fen: 7 }, ['4007']],
    [{ kind: 'bill_reissued' }, []],
    [{ kind: 'bill_reissued', first: 'differs' }, ['4001']],
  ])('%j: what a bill says is what it was planned to say', async (trouble, first) => {
    const { shop } = await ask(trouble);
    const amounts = async () => {
      const { lines, summary } = await statementOf(shop, 'trade', '2026-09-01');
      expect(summary?.totals.agree).toBe(true);
      return lines.filter((line) => line.line_type === 'refund').map((line) => line.amount_minor);
    };

    await shop.turnTo('2026-09-02T10:00:00+08:00');
    expect(await amounts()).toEqual(first);
    await shop.turnTo('2026-09-03T10:00:00+08:00');
    expect(await amounts()).toEqual(trouble.kind === 'bill_reissued' ? ['4000'] : first);
  });

  test('F41 that are late are not there yet, and then they are', async () => {
    const { shop } = await ask(null);
    shop.sandbox.plan.forDay(shop.sandbox.merchantNo, '2026-09-01', { kind: 'bill_late', hours: 5 });

    await shop.turnTo('2026-09-02T13:59:00+08:00');
    expect(await shop.channel.requestStatement('trade', '2026-09-01')).toMatchObject({ outcome: 'creating' });
    await shop.turnTo('2026-09-02T14:00:00+08:00');
    expect(await shop.channel.requestStatement('trade', '2026-09-01')).toMatchObject({ outcome: 'ready' });
  });
});
