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
import { DAY, openShop } from './shop.ts';

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

/** What the client makes of the answer to a submission and of the first question after it. */
async function outcomesOf(counter: Counter, order: RefundOrder): Promise<readonly unknown[]> {
  const submitted = await counter.channel.submitRefund(order);
  const queried = await counter.channel.queryRefund(order);
  return [submitted, queried].map((answer) =>
    answer.outcome === 'held' || answer.outcome === 'refused'
      ? [answer.outcome, answer.channelCode]
      : answer.outcome,
  );
}

describe('whatever befalls the answer, the client says what it knows and no more', () => {
  test.each<[RefundTrouble, readonly [submitted: unknown, queried: unknown]]>([
    [{ kind: 'lost_answer' }, ['unknown', 'reported']],
    [{ kind: 'lost_answer', how: 'half' }, ['unknown', 'reported']],
    [{ kind: 'lost_answer', accepted: false }, ['unknown', 'absent']],
    [{ kind: 'error_5xx' }, ['unknown', 'reported']],
    [{ kind: 'error_5xx', accepted: false }, ['unknown', 'absent']],
    [{ kind: 'system_error' }, ['unknown', 'reported']],
    [{ kind: 'system_error', accepted: false }, ['unknown', 'absent']],
    [{ kind: 'system_error', code: 'aop.unknow-error' }, ['unknown', 'reported']],
    [{ kind: 'slow', ms: 100 }, ['reported', 'reported']],
    [{ kind: 'wrong_signature' }, ['unknown', 'reported']],
    [{ kind: 'wrong_signature', on: 'query' }, ['reported', 'unknown']],
    [{ kind: 'unsigned' }, ['unknown', 'reported']],
    [{ kind: 'unsigned', on: 'query' }, ['reported', 'unknown']],
    [{ kind: 'fund_change_n' }, ['unknown', 'reported']],
    [{ kind: 'fund_change_n', seconds: 60 }, ['unknown', 'absent']],
    [{ kind: 'silent_query' }, ['reported', 'absent']],
    [{ kind: 'late_success' }, ['unknown', 'absent']],
    [{ kind: 'stuck' }, ['unknown', 'absent']],
    [{ kind: 'frequency_limited' }, [['held', 'isv.app-call-limited'], 'absent']],
    [{ kind: 'not_enough' }, [['held', 'ACQ.SELLER_BALANCE_NOT_ENOUGH'], 'absent']],
    [{ kind: 'buyer_error' }, [['held', 'ACQ.BUYER_ERROR'], 'absent']],
    [{ kind: 'refused' }, [['held', 'ACQ.TRADE_NOT_ALLOW_REFUND'], 'absent']],
    [{ kind: 'refused', code: 'ACQ.REFUND_FEE_ERROR' }, [['refused', 'ACQ.REFUND_FEE_ERROR'], 'absent']],
  ])('%j', async (trouble, expected) => {
    const counter = await openCounter();

    expect(await outcomesOf(counter, counter.order('wallet', trouble))).toEqual(expected);
  });

  test('another amount is reported as it was told, for others to compare', async () => {
    const counter = await openCounter();
    const order = counter.order('wallet', { kind: 'other_amount', fen: 7 });
    await counter.channel.submitRefund(order);

    expect(await counter.channel.queryRefund(order)).toMatchObject({ report: { amountMinor: 3_340n } });
  });

  test('sent again and again under one number, the refund is paid once', async () => {
    const counter = await openCounter();
    const order = counter.order('wallet', { kind: 'lost_answer', times: 2 });

    const said = [];
    for (let attempt = 0; attempt < 4; attempt += 1) said.push(await counter.channel.submitRefund(order));

    expect(said.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
    expect(await counter.channel.queryRefund(order)).toMatchObject({ outcome: 'reported' });
    expect(counter.shop.sandbox.ledger()).toMatchObject({ doublePayments: 0, paidOut: [{ count: 1 }] });
  });
});

describe('the rules', () => {
  test('are refused for good in the words of the channel, or put off', async () => {
    const counter = await openCounter();
    const order = counter.order();
    await counter.channel.submitRefund(order);
    const next = { ...order, refundNo: 'NEXT' };

    const early = await counter.channel.submitRefund(next);
    await counter.shop.turn(3);
    const over = await counter.channel.submitRefund({ ...next, amountMinor: 6_668n });
    const other = await counter.channel.submitRefund({ ...order, amountMinor: 3_334n });
    const unknown = await counter.channel.submitRefund({ ...next, paymentNo: 'X', transactionId: null });

    expect(early).toMatchObject({ outcome: 'held', reason: 'rate_limited' });
    expect(over).toMatchObject({ outcome: 'refused', channelCode: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL' });
    expect(other).toMatchObject({ outcome: 'unknown', why: 'ACQ.DISCORDANT_REPEAT_REQUEST' });
    expect(unknown).toMatchObject({ outcome: 'refused', channelCode: 'ACQ.TRADE_NOT_EXIST' });
  });
});

describe('payments', () => {
  test.each<NewPayment['source']>(['wallet', 'credit_line', 'debit_card', 'credit_card'])(
    'from %s are known by their source',
    async (source) => {
      const counter = await openCounter();

      expect(await counter.channel.queryPayment(counter.order(source))).toMatchObject({
        payment: { fundingSource: source, capturedMinor: 10_000n },
      });
    },
  );

  test('with a discount come back to where the payer paid from, and nowhere else', async () => {
    const counter = await openCounter();
    const order = counter.order();
    const trade = counter.shop.sandbox.pay({
      ...{ paymentNo: 'DISCOUNT', amountMinor: 10_000n, discountMinor: 2_000n, source: 'credit_line' },
    });
    const { transactionId } = trade;

    const paid = await counter.channel.queryPayment({ ...order, paymentNo: 'DISCOUNT', transactionId });
    const done = await counter.channel.submitRefund({ ...order, paymentNo: 'DISCOUNT', transactionId });

    expect(paid).toMatchObject({ payment: { fundingSource: 'credit_line', capturedMinor: 10_000n } });
    expect(done).toMatchObject({ report: { landsIn: '花呗' } });
  });

  test('that nobody made, or that are not known, are told apart', async () => {
    const counter = await openCounter();
    const order = counter.order();
    counter.shop.sandbox.pay({ paymentNo: 'OPEN', amountMinor: 1n, tradeStatus: 'WAIT_BUYER_PAY' });
    const ask = (paymentNo: string) =>
      counter.channel.queryPayment({ ...order, paymentNo, transactionId: null });

    expect(await ask('OPEN')).toMatchObject({ outcome: 'unpaid', channelState: 'WAIT_BUYER_PAY' });
    expect(await ask('NONE')).toMatchObject({ outcome: 'absent' });
  });

  test('that were given back in full were made all the same', async () => {
    const counter = await openCounter();
    const order = counter.order();
    await counter.channel.submitRefund({ ...order, amountMinor: 10_000n });

    expect(await counter.channel.queryPayment(order)).toMatchObject({ outcome: 'reported' });
  });
});

describe('the way to the bank', () => {
  test.each<[RefundTrouble | undefined, string, string | null]>([
    [undefined, 'arrived', '银行卡'],
    [{ kind: 'dback_failed' }, 'returned_to_wallet', '支付宝余额'],
    [{ kind: 'dback_slow', days: 20 }, 'pending', '银行卡'],
    [{ kind: 'dback_lost' }, 'pending', '银行卡'],
  ])('with %j ends as the client says', async (trouble, status, landsIn) => {
    const counter = await openCounter();
    const order = counter.order('debit_card', trouble);
    await counter.channel.submitRefund(order);
    const [view] = counter.shop.sandbox.refunds();

    const first = await counter.channel.queryRefund(order);
    await counter.shop.turn(6 * DAY);
    const last = await counter.channel.queryRefund(order);
    const notices = await readNotices(counter);

    const estimateAt = view?.bankEstimateAt;
    expect(first).toMatchObject({
      report: { status: 'success', bankLeg: { status: 'pending', estimateAt } },
    });
    expect(last).toMatchObject({ report: { status: 'success', landsIn, bankLeg: { status, estimateAt } } });
    const told = notices.flatMap((one) => (one.verdict === 'refund' ? [one.report.bankLeg?.status] : []));
    expect(told).toEqual(status === 'pending' ? [undefined] : [undefined, status]);
  });
});

describe('notices', () => {
  test.each<[RefundTrouble, readonly string[]]>([
    [{ kind: 'callback_lost' }, []],
    [{ kind: 'callback_twice' }, ['refund', 'refund']],
    [{ kind: 'callback_out_of_order' }, ['refund', 'unhandled']],
    [{ kind: 'callback_forged' }, ['callback_signature_invalid', 'refund']],
    [{ kind: 'callback_foreign' }, ['callback_account_differs', 'refund']],
  ])('with %j are read as %j', async (trouble, verdicts) => {
    const counter = await openCounter();
    await counter.channel.submitRefund(counter.order('wallet', trouble));
    await counter.shop.turn(60);

    const read = await readNotices(counter);

    expect(read.map((one) => (one.verdict === 'refused' ? one.code : one.verdict))).toEqual(verdicts);
  });

  test('that come twice have one id', async () => {
    const counter = await openCounter();
    await counter.channel.submitRefund(counter.order('wallet', { kind: 'callback_twice', times: 3 }));
    await counter.shop.turn(60);

    const ids = (await readNotices(counter)).map((one) => ('noticeId' in one ? one.noticeId : ''));

    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(1);
  });

  test('are taken by the very answer that the client gives, and brought again by its other', async () => {
    const counter = await openCounter();
    const reply = (fault: { status: number; title: string } | null): readonly [number, string] => {
      const { status, body } = counter.channel.callbackReply(fault);
      return [status, body?.text ?? ''];
    };
    counter.receiver.answers((no) => reply(no === 1 ? { status: 503, title: 'not now' } : null));
    await counter.channel.submitRefund(counter.order());
    await counter.shop.turn(2 * DAY);

    const tries = counter.shop.sandbox.deliveries();

    expect(tries.map(({ taken, status }) => [taken, status])).toEqual([
      [false, 503],
      [true, 200],
    ]);
  });
});

describe('bills', () => {
  test('of a busy day are read whole: each refund once, no row aside, all sums agree', async () => {
    const counter = await openCounter();
    const orders: RefundOrder[] = [];
    for (let index = 0; index < 20; index += 1) {
      const order = counter.order(index % 2 === 0 ? 'wallet' : 'debit_card');
      orders.push(order);
      await counter.channel.submitRefund(order);
    }
    await counter.shop.turnTo('2026-09-02T10:00:00+08:00');

    const trade = await readBill(counter, 'trade', '2026-09-01');
    const account = await readBill(counter, 'fund_flow', '2026-09-01');

    const printed = trade.lines.filter((line) => line.line_type === 'refund');
    expect(printed.map((line) => line.refund_no)).toEqual(orders.map((order) => order.refundNo));
    expect(new Set(printed.map((line) => line.amount_minor))).toEqual(new Set(['3333']));
    for (const { summary } of [trade, account]) {
      expect(summary).toMatchObject({ totals: { agree: true }, quarantinedCount: 0 });
    }
    const spent = account.lines.filter((line) => line.refund_no !== null && line.refund_no !== '');
    expect(new Set(spent.map((line) => line.refund_no))).toEqual(
      new Set(orders.map((order) => order.refundNo)),
    );
  });

  test.each<[RefundTrouble, readonly string[]]>([
    [{ kind: 'line_missing' }, []],
    [{ kind: 'amount_differs', fen: 2 }, ['3335']],
    [{ kind: 'bill_reissued' }, []],
    [{ kind: 'bill_reissued', first: 'differs' }, ['3334']],
  ])('with %j are read as they are, and agree with themselves', async (trouble, amounts) => {
    const counter = await openCounter();
    await counter.channel.submitRefund(counter.order('wallet', trouble));
    await counter.shop.turnTo('2026-09-02T10:00:00+08:00');

    const { lines, summary } = await readBill(counter, 'trade', '2026-09-01');

    const printed = lines.filter((line) => line.line_type === 'refund');
    expect(printed.map((line) => line.amount_minor)).toEqual(amounts);
    expect(summary.totals.agree).toBe(true);
  });

  test('that are late, or of an empty day, are not there: which of the two it is, time tells', async () => {
    const counter = await openCounter();
    await counter.channel.submitRefund(counter.order());
    counter.shop.sandbox.plan.forDay(counter.shop.sandbox.merchantNo, '2026-09-01', { kind: 'bill_late' });
    await counter.shop.turnTo('2026-09-02T10:00:00+08:00');

    const notThere = { outcome: 'creating', orEmpty: true };
    expect(await counter.channel.requestStatement('trade', '2026-09-01')).toEqual(notThere);
    expect(await counter.channel.requestStatement('trade', '2026-08-31')).toEqual(notThere);
    await counter.shop.turn(5 * 3_600);
    expect(await counter.channel.requestStatement('trade', '2026-09-01')).toMatchObject({ outcome: 'ready' });
  });
});
