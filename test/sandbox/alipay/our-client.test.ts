/**
 * Our own client against the sandbox, over HTTP: two programs that share no protocol code and were both written from the
 * channel's documents. Whatever trouble is planned, the client must come to the outcome that is true.
 */
import { describe, expect, test } from 'vitest';
import { loadAlipayAccount } from '../../../channels/alipay/account.ts';
import { alipayChannel } from '../../../channels/alipay/alipay-channel.ts';
import type { CallbackReading, Channel, RefundOrder } from '../../../channels/channel.ts';
import { alipayAccountFiles } from '../../../sandbox/alipay/account-files.ts';
import type { KeyMode } from '../../../sandbox/alipay/keys.ts';
import type { RefundTrouble } from '../../../sandbox/alipay/troubles.ts';
import type { NewPayment } from '../../../sandbox/channel-sandbox.ts';
import type { StatementKind } from '../../../domain/statement/statement.ts';
import type { Reading } from '../../channels/statement-reading.ts';
import { readStream } from '../../channels/statement-reading.ts';
import type { Receiver } from '../notice-receiver.ts';
import { receiveAnswering } from '../notice-receiver.ts';
import type { Shop } from './shop.ts';
import { openShop } from './shop.ts';

interface Counter {
  readonly shop: Shop;
  readonly channel: Channel;
  readonly receiver: Receiver;
  /** A payment and the refund of a part of it, both in our client's words. */
  readonly order: (source?: NewPayment['source'], trouble?: RefundTrouble) => RefundOrder;
}

const PAID_AT = new Date('2026-09-01T01:00:00.000Z');

async function openCounter(keyMode: KeyMode = 'public_key'): Promise<Counter> {
  const receiver = await receiveAnswering([200, 'success']);
  const shop = await openShop({ notifyUrl: receiver.url, gatewayUrl: receiver.url, keyMode });
  const options = { accountId: 'ali-1', apiBase: shop.sandbox.url, notifyUrl: receiver.url };
  const { files, entry } = alipayAccountFiles(shop.keys, options, keyMode);
  const account = loadAlipayAccount({ ...entry, merchant_id: 'shop' }, (path) => String(files[path]));
  const channel = alipayChannel(account, {
    clock: { now: () => shop.sandbox.clock().now, wallNow: () => new Date(), toWallMs: (ms) => ms },
  });
  let sales = 0;
  return {
    ...{ shop, channel, receiver },
    order: (source = 'wallet', trouble) => {
      sales += 1;
      const refundNo = `RF${String(sales).padStart(4, '0')}`;
      if (trouble !== undefined) shop.sandbox.plan.forRefund(refundNo, trouble);
      const payment = { paymentNo: `ORD${String(sales)}`, amountMinor: 10_000n, source, paidAt: PAID_AT };
      const { transactionId } = shop.sandbox.pay(payment);
      return {
        ...{ refundNo, transactionId, paymentNo: payment.paymentNo, paidAt: PAID_AT },
        ...{ requestedAt: PAID_AT, amountMinor: 3_333n, capturedMinor: 10_000n, currency: 'CNY' },
        reason: '尺码不符 a+b&c=d',
      };
    },
  };
}

async function readNotices({ channel, receiver }: Counter): Promise<readonly CallbackReading[]> {
  return Promise.all(
    receiver.received.map(({ headers, body }) =>
      channel.readCallback({ headers: { 'content-type': headers['content-type'] }, body }),
    ),
  );
}

async function readBill({ channel }: Counter, kind: StatementKind, day: string): Promise<Reading> {
  const offer = await channel.requestStatement(kind, day);
  if (offer.outcome !== 'ready') throw new Error(`the bill is ${offer.outcome}`);
  const { reader, bytes } = channel.openStatement(kind, await offer.ticket.download());
  return readStream(reader, bytes);
}

describe.each<KeyMode>(['public_key', 'certificate'])('in %s mode', (keyMode) => {
  test('a refund is done, found, told, and printed, each time with the same facts', async () => {
    const counter = await openCounter(keyMode);
    const order = counter.order();

    const paid = await counter.channel.queryPayment(order);
    const submitted = await counter.channel.submitRefund(order);
    const queried = await counter.channel.queryRefund(order);
    await counter.shop.turn(60);
    const notices = await readNotices(counter);
    await counter.shop.turnTo('2026-09-02T10:00:00+08:00');
    const bill = await readBill(counter, 'trade', '2026-09-01');

    expect(paid).toMatchObject({
      outcome: 'reported',
      payment: { capturedMinor: 10_000n, paidAt: PAID_AT, fundingSource: 'wallet', currency: 'CNY' },
    });
    const report = { status: 'success', refundNo: order.refundNo, transactionId: order.transactionId };
    const at = new Date('2026-09-01T02:00:00.000Z');
    expect(submitted).toMatchObject({ outcome: 'reported', report: { ...report, succeededAt: at } });
    expect(queried).toMatchObject({
      outcome: 'reported',
      report: { ...report, succeededAt: at, amountMinor: 3_333n, landsIn: '支付宝余额' },
    });
    expect(notices).toMatchObject([{ verdict: 'refund', report: { ...report, succeededAt: at } }]);
    expect(bill.lines.filter((line) => line.line_type === 'refund')).toMatchObject([
      { refund_no: order.refundNo, transaction_id: order.transactionId, amount_minor: '3333' },
    ]);
    expect(bill.summary).toMatchObject({
      merchantNos: [counter.shop.keys.merchant.sellerId],
      totals: { agree: true },
      quarantinedCount: 0,
    });
  });
});
