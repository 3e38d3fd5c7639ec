/**
 * Our own client against the sandbox, over HTTP: two programs that share no protocol code and were both written from the
 * channel's documents. The whole path in both key modes, the rules, and what troubles do not reach.
 */
import { describe, expect, test } from 'vitest';
import type { RefundOrder } from '../../../channels/channel.ts';
import type { KeyMode } from '../../../sandbox/alipay/keys.ts';
import type { StatementKind } from '../../../domain/statement/statement.ts';
import type { Reading } from '../../channels/statement-reading.ts';
import { readStream } from '../../channels/statement-reading.ts';
import type { OurShop } from './our-shop.ts';
import { openOurShop } from './our-shop.ts';

async function readBill({ channel }: OurShop, kind: StatementKind, day: string): Promise<Reading> {
  const offer = await channel.requestStatement(kind, day);
  if (offer.outcome !== 'ready') throw new Error(`the bill is ${offer.outcome}`);
  const { reader, bytes } = channel.openStatement(kind, await offer.ticket.download());
  return readStream(reader, bytes);
}

describe.each<KeyMode>(['public_key', 'certificate'])('in %s mode', (mode) => {
  test('a refund is done, found, told, and printed, each time with the same facts', async () => {
    const shop = await openOurShop({ mode });
    const order = shop.order(10_000n, 3_333n);

    const paid = await shop.channel.queryPayment(order);
    const submitted = await shop.channel.submitRefund(order);
    const queried = await shop.channel.queryRefund(order);
    await shop.turn(60);
    const notices = [...shop.readings];
    await shop.turnTo('2026-09-02T10:00:00+08:00');
    const bill = await readBill(shop, 'trade', '2026-09-01');

    expect(paid).toMatchObject({
      outcome: 'reported',
      payment: { capturedMinor: 10_000n, paidAt: order.paidAt, fundingSource: 'wallet', currency: 'CNY' },
    });
    const at = new Date('2026-09-01T02:00:00.000Z');
    const { refundNo, transactionId } = order;
    const report = { status: 'success', refundNo, transactionId, succeededAt: at };
    expect(submitted).toMatchObject({ outcome: 'reported', report });
    expect(queried).toMatchObject({
      outcome: 'reported',
      report: { ...report, amountMinor: 3_333n, landsIn: '支付宝余额' },
    });
    expect(notices).toMatchObject([{ verdict: 'refund', report }]);
    expect(bill.lines.filter((line) => line.line_type === 'refund')).toMatchObject([
      { refund_no: refundNo, transaction_id: transactionId, amount_minor: '3333' },
    ]);
    expect(bill.summary).toMatchObject({ totals: { agree: true }, quarantinedCount: 0 });
  });
});

test('sent again and again under one number while answers get lost, the refund is paid once', async () => {
  const shop = await openOurShop();
  const order = shop.order(10_000n, 3_333n);
  shop.sandbox.plan.forRefund(order.refundNo, { kind: 'lost_answer', times: 2 });

  const said = [];
  for (let attempt = 0; attempt < 4; attempt += 1) said.push(await shop.channel.submitRefund(order));

  expect(said.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
  expect(await shop.channel.queryRefund(order)).toMatchObject({ outcome: 'reported' });
  expect(shop.sandbox.ledger()).toMatchObject({ doublePayments: 0, paidOut: [{ count: 1 }] });
});

test('the rules are refused for good in the words of the channel, or put off', async () => {
  const shop = await openOurShop();
  const order = shop.order(10_000n, 3_333n);
  await shop.channel.submitRefund(order);
  const next = { ...order, refundNo: 'NEXT' };

  const early = await shop.channel.submitRefund(next);
  await shop.turn(3);
  const over = await shop.channel.submitRefund({ ...next, amountMinor: 6_668n });
  const other = await shop.channel.submitRefund({ ...order, amountMinor: 3_334n });
  const unknown = await shop.channel.submitRefund({ ...next, paymentNo: 'X', transactionId: null });

  expect(early).toMatchObject({ outcome: 'held', reason: 'rate_limited' });
  expect(over).toMatchObject({ outcome: 'refused', channelCode: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL' });
  expect(other).toMatchObject({ outcome: 'unknown', why: 'ACQ.DISCORDANT_REPEAT_REQUEST' });
  expect(unknown).toMatchObject({ outcome: 'refused', channelCode: 'ACQ.TRADE_NOT_EXIST' });
});

test('with a discount, the refund lands where the payer paid from, and nowhere else', async () => {
  const shop = await openOurShop();
  const order = shop.order(10_000n, 3_333n);
  const { transactionId, paymentNo } = shop.sandbox.pay({
    ...{ paymentNo: 'DISCOUNT', amountMinor: 10_000n, discountMinor: 2_000n, source: 'credit_line' },
  });

  const paid = await shop.channel.queryPayment({ ...order, paymentNo, transactionId });
  const done = await shop.channel.submitRefund({ ...order, paymentNo, transactionId });

  expect(paid).toMatchObject({ payment: { fundingSource: 'credit_line', capturedMinor: 10_000n } });
  expect(done).toMatchObject({ report: { landsIn: '花呗' } });
});

test('a payment that was given back in full was made all the same', async () => {
  const shop = await openOurShop();
  const order = shop.order(10_000n, 10_000n);
  await shop.channel.submitRefund(order);

  expect(await shop.channel.queryPayment(order)).toMatchObject({ outcome: 'reported' });
});

test('bills of a busy day are read whole: each refund once, no row aside, all sums agree', async () => {
  const shop = await openOurShop();
  const orders: RefundOrder[] = [];
  for (let index = 0; index < 20; index += 1) {
    const order = shop.order(10_000n, 3_333n, index % 2 === 0 ? 'wallet' : 'debit_card');
    orders.push(order);
    await shop.channel.submitRefund(order);
  }
  await shop.turnTo('2026-09-02T10:00:00+08:00');

  const trade = await readBill(shop, 'trade', '2026-09-01');
  const account = await readBill(shop, 'fund_flow', '2026-09-01');

  const numbers = orders.map(({ refundNo }) => refundNo);
  const printed = trade.lines.filter((line) => line.line_type === 'refund');
  expect(printed.map((line) => line.refund_no)).toEqual(numbers);
  expect(new Set(printed.map((line) => line.amount_minor))).toEqual(new Set(['3333']));
  const spent = account.lines.filter((line) => line.refund_no !== null && line.refund_no !== '');
  expect(new Set(spent.map((line) => line.refund_no))).toEqual(new Set(numbers));
  for (const { summary } of [trade, account]) {
    expect(summary).toMatchObject({ totals: { agree: true }, quarantinedCount: 0 });
  }
});
