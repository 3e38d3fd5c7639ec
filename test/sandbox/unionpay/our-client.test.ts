/** Our client (channels/unionpay) against the sandbox, over HTTP: two programs that share nothing but the documents. */
import { describe, expect, test } from 'vitest';
import type {
  CallbackReading,
  Channel,
  PaymentRef,
  RefundOrder,
  StatementContent,
} from '../../../channels/channel.ts';
import { readUnionpayAccount } from '../../../channels/unionpay/read-account.ts';
import type { Clock } from '../../../domain/clock.ts';
import { unionpayAccountFiles } from '../../../sandbox/unionpay/account-files.ts';
import type { RefundTrouble } from '../../../sandbox/unionpay/troubles.ts';
import { receiveAnswering } from '../notice-receiver.ts';
import type { Shop } from './shop.ts';
import { KEYS, openShop } from './shop.ts';

interface Both {
  readonly shop: Shop;
  readonly channel: Channel;
  /** A payment, and a refund of a part of it. */
  newOrder: (captured?: bigint, part?: bigint) => RefundOrder;
}

async function openBoth(backUrl?: string): Promise<Both> {
  const shop = await openShop(backUrl === undefined ? {} : { backUrl });
  const where = { accountId: 'up-1', apiBase: shop.sandbox.url, notifyUrl: shop.backUrl };
  const { files, entry } = unionpayAccountFiles(KEYS, where);
  const account = readUnionpayAccount(
    { ...entry, merchant_id: 'shop' },
    (path, as = 'utf8') => Buffer.from(files[path] ?? '').toString(as),
    new Date(),
  );
  const clock: Clock = {
    now: () => shop.sandbox.clock().now,
    wallNow: () => new Date(),
    toWallMs: (ms) => ms,
  };
  const channel = account.open({ clock, randomBytes: (size) => Buffer.alloc(size) });
  let made = 0;
  const newOrder: Both['newOrder'] = (captured = 12_345n, part = 2_345n) => {
    made += 1;
    const payment = shop.pay(Number(captured));
    return {
      refundNo: `RF${String(made).padStart(12, '0')}`,
      requestedAt: shop.sandbox.clock().now,
      ...refOf(payment),
      ...{ amountMinor: part, capturedMinor: captured, currency: 'CNY', reason: null },
    };
  };
  return { shop, channel, newOrder };
}

function refOf(payment: { paymentNo: string; transactionId: string; paidAt: Date }): PaymentRef {
  const { paymentNo, transactionId, paidAt } = payment;
  return { paymentNo, transactionId, paidAt };
}

const TEN_MINUTES = 600;

describe('the whole path of a refund', () => {
  test('taken, asked about, done: each by its own answer', async () => {
    const { shop, channel, newOrder } = await openBoth();
    const order = newOrder();

    const taken = await channel.submitRefund(order);
    const before = await channel.queryRefund(order);
    await shop.turn(TEN_MINUTES);
    const after = await channel.queryRefund(order);

    expect(taken).toMatchObject({
      outcome: 'reported',
      report: { status: 'processing', amountMinor: 2_345n, transactionId: order.transactionId },
    });
    expect(before).toMatchObject({ outcome: 'reported', report: { status: 'processing' } });
    expect(after).toMatchObject({
      outcome: 'reported',
      report: {
        status: 'success',
        amountMinor: 2_345n,
        channelRefundNo: shop.sandbox.refunds()[0]?.queryId,
        landsIn: expect.stringMatching(/^62\d{4}\*{6}\d{4}$/) as string,
      },
    });
  });

  test('the payment is named by its number and its time where UnionPay’s number is not known', async () => {
    const { shop, channel, newOrder } = await openBoth();

    const taken = await channel.submitRefund({ ...newOrder(), transactionId: null });

    expect(taken.outcome).toBe('reported');
    expect(shop.sandbox.refunds()).toHaveLength(1);
  });

  test('I1: sent again under its number and time it is the same refund, and pays once', async () => {
    const { shop, channel, newOrder } = await openBoth();
    const order = newOrder();

    await channel.submitRefund(order);
    const again = await channel.submitRefund(order);
    await shop.turn(TEN_MINUTES);

    expect(again.outcome).toBe('unknown');
    expect(await channel.queryRefund(order)).toMatchObject({ report: { status: 'success' } });
    expect(shop.sandbox.ledger()).toMatchObject({ doublePayments: 0, paidOut: [{ count: 1 }] });
  });

  test('one that never came is absent', async () => {
    const { channel, newOrder } = await openBoth();

    expect(await channel.queryRefund(newOrder())).toMatchObject({ outcome: 'absent' });
  });

  test('more than the rest of the payment is refused', async () => {
    const { channel, newOrder } = await openBoth();

    expect(await channel.submitRefund(newOrder(100n, 101n))).toMatchObject({
      outcome: 'refused',
      channelCode: '36',
      message: expect.stringContaining('[2050004]') as string,
    });
  });
});

describe('a payment asked about', () => {
  test.each(['debit_card', 'credit_card'] as const)('by %s is known with all it takes', async (source) => {
    const { shop, channel } = await openBoth();
    const payment = shop.pay(9_900, { source });

    expect(await channel.queryPayment(refOf(payment))).toMatchObject({
      outcome: 'reported',
      payment: {
        paymentNo: payment.paymentNo,
        transactionId: payment.transactionId,
        capturedMinor: 9_900n,
        currency: 'CNY',
        paidAt: payment.paidAt,
        fundingSource: source,
      },
    });
  });

  test('that nobody paid is unpaid; one that nobody made is absent', async () => {
    const { shop, channel } = await openBoth();
    const unpaid = shop.pay(100, { respCode: '30' });

    expect(await channel.queryPayment(refOf(unpaid))).toMatchObject({
      outcome: 'unpaid',
      channelState: '30',
    });
    expect(await channel.queryPayment({ ...refOf(unpaid), paymentNo: 'NOBODY00' })).toMatchObject({
      outcome: 'absent',
    });
  });
});

describe('troubles', () => {
  type Outcome = 'reported' | 'unknown' | 'held' | 'refused';
  const troubles: [RefundTrouble, Outcome, string][] = [
    [{ kind: 'lost_answer' }, 'unknown', 'success'],
    [{ kind: 'lost_answer', how: 'half' }, 'unknown', 'success'],
    [{ kind: 'lost_answer', accepted: false }, 'unknown', 'absent'],
    [{ kind: 'error_5xx', status: 503 }, 'unknown', 'success'],
    [{ kind: 'error_5xx', accepted: false }, 'unknown', 'absent'],
    [{ kind: 'slow', ms: 30 }, 'reported', 'success'],
    [{ kind: 'wrong_signature' }, 'unknown', 'success'],
    [{ kind: 'wrong_signature', how: 'certificate' }, 'unknown', 'success'],
    [{ kind: 'unknown_code', code: '03' }, 'unknown', 'success'],
    [{ kind: 'unknown_code', code: '04' }, 'unknown', 'success'],
    [{ kind: 'unknown_code', code: '05' }, 'unknown', 'success'],
    [{ kind: 'unknown_code', code: '06' }, 'unknown', 'success'],
    [{ kind: 'unknown_code', code: '99', accepted: false }, 'unknown', 'absent'],
    [{ kind: 'silent_query' }, 'reported', 'absent'],
    [{ kind: 'silent_query', code: '03' }, 'reported', 'processing'],
    [{ kind: 'query_limited' }, 'reported', 'held rate_limited'],
    [{ kind: 'try_later' }, 'held', 'absent'],
    [{ kind: 'not_enough' }, 'held', 'absent'],
    [{ kind: 'refused' }, 'held', 'absent'],
    [{ kind: 'refused', code: '30' }, 'refused', 'absent'],
    [{ kind: 'accepted_then_failed' }, 'reported', 'abnormal'],
    [{ kind: 'accepted_then_failed', code: '01' }, 'reported', 'closed'],
    [{ kind: 'flawed' }, 'reported', 'success'],
    [{ kind: 'late_success' }, 'reported', 'processing'],
    [{ kind: 'stuck' }, 'reported', 'processing'],
    [{ kind: 'other_amount' }, 'unknown', 'success'],
  ];
  test.each(troubles)(
    '%o: the answer is %s, and ten minutes later it is %s',
    async (trouble, first, later) => {
      const { shop, channel, newOrder } = await openBoth();
      const order = newOrder();
      shop.plan(order.refundNo, trouble);

      const answer = await channel.submitRefund(order);
      await shop.turn(TEN_MINUTES);
      const found = await channel.queryRefund(order);

      expect(answer.outcome).toBe(first);
      const said = found.outcome === 'reported' ? found.report.status : found.outcome;
      expect(found.outcome === 'held' ? `held ${found.reason}` : said).toBe(later);
      expect(shop.sandbox.plan.list()[0]?.applied).not.toEqual([]);
    },
  );

  test('another amount than was asked for is shown as it is said', async () => {
    const { shop, channel, newOrder } = await openBoth();
    const order = newOrder();
    shop.plan(order.refundNo, { kind: 'other_amount', fen: 7 });

    await channel.submitRefund(order);
    await shop.turn(TEN_MINUTES);

    expect(await channel.queryRefund(order)).toMatchObject({ report: { amountMinor: 2_352n } });
  });

  test('what was held for want of money is taken under the same number after a top-up', async () => {
    const { shop, channel, newOrder } = await openBoth();
    const order = newOrder();
    shop.plan(order.refundNo, { kind: 'not_enough' });

    const short = await channel.submitRefund(order);
    shop.sandbox.topUp(1_000_000n);
    const taken = await channel.submitRefund(order);

    expect([short.outcome, taken.outcome]).toEqual(['held', 'reported']);
  });
});

describe('a notice', () => {
  async function noticed(trouble?: RefundTrouble): Promise<readonly CallbackReading[]> {
    const receiver = await receiveAnswering(200);
    const { shop, channel, newOrder } = await openBoth(receiver.url);
    const order = newOrder();
    if (trouble !== undefined) shop.plan(order.refundNo, trouble);
    await channel.submitRefund(order);
    await shop.turn(2 * TEN_MINUTES);
    return Promise.all(
      receiver.received.map(({ headers, body }) =>
        channel.readCallback({ headers: headers as Record<string, string>, body }),
      ),
    );
  }

  test('of success is believed', async () => {
    expect(await noticed()).toMatchObject([
      {
        verdict: 'refund',
        noticeId: expect.stringMatching(/\/00$/) as string,
        report: { status: 'success', amountMinor: 2_345n },
      },
    ]);
  });

  test('of failure is only a sign that UnionPay knows the refund', async () => {
    expect(await noticed({ kind: 'accepted_then_failed' })).toMatchObject([
      { verdict: 'refund', report: { status: 'processing' } },
    ]);
  });

  test('that comes again has the same id', async () => {
    const [one, ...others] = await noticed({ kind: 'callback_twice', times: 2 });

    expect(others).toEqual([one, one]);
  });

  test('that is older than the last says nothing new', async () => {
    expect(await noticed({ kind: 'callback_out_of_order' })).toMatchObject([
      { report: { status: 'success' } },
      { report: { status: 'processing' } },
    ]);
  });

  test.each([
    ['certificate', 'callback_certificate_unchained'],
    ['signature', 'callback_signature_invalid'],
  ] as const)('F35: forged by its %s is refused', async (how, code) => {
    expect(await noticed({ kind: 'callback_forged', how })).toMatchObject([
      { verdict: 'refused', code },
      { verdict: 'refund' },
    ]);
  });
});

describe('a statement', () => {
  async function read({ bytes, reader }: StatementContent): Promise<readonly string[][]> {
    const parts: Buffer[] = [];
    for await (const part of bytes) parts.push(reader.push(part));
    parts.push(reader.end());
    const rows = Buffer.concat(parts).toString('utf8').split('\n');
    return rows.filter(Boolean).map((row) => row.split('\t'));
  }

  test('is not there before nine, and then holds the day with totals that agree', async () => {
    const { shop, channel, newOrder } = await openBoth();
    const [order, dead] = [newOrder(), newOrder()];
    shop.plan(dead.refundNo, { kind: 'accepted_then_failed' });
    await channel.submitRefund(order);
    await channel.submitRefund(dead);
    await shop.turnTo('2026-09-02T08:59:59+08:00');
    const early = await channel.requestStatement('trade', '2026-09-01');
    await shop.turnTo('2026-09-02T09:00:00+08:00');
    const ready = await channel.requestStatement('trade', '2026-09-01');

    expect(early).toEqual({ outcome: 'creating', orEmpty: true });
    if (ready.outcome !== 'ready') throw new Error(ready.outcome);
    const content = channel.openStatement('trade', await ready.ticket.download());
    const rows = await read(content);
    expect(rows.map((row) => [row[1], row[4], row[6], row[7]])).toEqual([
      ['payment', order.paymentNo, '\\N', '12345'],
      ['payment', dead.paymentNo, '\\N', '12345'],
      ['refund', order.paymentNo, order.refundNo, '2345'],
    ]);
    expect(content.reader.summary()).toMatchObject({
      lines: 3,
      refundLines: 1,
      quarantinedCount: 0,
      merchantNos: [KEYS.merchant.merId],
      firstDate: '2026-09-01',
      totals: {
        declared: { orders: 3n, gross_minor: 22_345n, fee_minor: 134n, net_minor: 22_211n },
        agree: true,
      },
    });
  });

  test.each([
    [{ kind: 'bank_returned', days: 1 }, '2026-09-02', 'in'],
    [{ kind: 'in_error_file' }, '2026-09-01', 'out'],
  ] as const)(
    'F66: with %o has the correction, which names the refund: on %s, money %s',
    async (trouble, day, way) => {
      const { shop, channel, newOrder } = await openBoth();
      const order = newOrder(1_000n, 400n);
      shop.plan(order.refundNo, trouble);
      await channel.submitRefund(order);
      await shop.turn(3 * 86_400);

      const ready = await channel.requestStatement('trade', day);

      if (ready.outcome !== 'ready') throw new Error(ready.outcome);
      const content = channel.openStatement('trade', await ready.ticket.download());
      const corrections = (await read(content)).filter((row) => row[1] === 'adjustment');
      const [refund] = shop.sandbox.refunds();
      const number = new RegExp(`^${(corrections[0]?.[5] ?? '').replaceAll('_', '.')}$`);
      expect(corrections.map((row) => [row[7], row[11]])).toEqual([['400', way]]);
      expect(refund?.queryId).toMatch(number);
      expect(content.reader.summary()).toMatchObject({ quarantinedCount: 0, totals: { agree: true } });
    },
  );

  test('of a day without trades is none', async () => {
    const { shop, channel } = await openBoth();
    await shop.turn(3 * 86_400);

    expect(await channel.requestStatement('trade', '2026-09-02')).toEqual({
      outcome: 'creating',
      orEmpty: true,
    });
  });
});
