/** What the database itself holds of quotes, whoever writes: sums, constancy, and how a refund cites one. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QuoteLine } from '../../domain/quote/quote-line.ts';
import type { QuotePromise } from '../../domain/quote/quote-promise.ts';
import type { Payment } from '../../domain/refund/refund.ts';
import { observe } from '../../store/observations.ts';
import { inTransaction } from '../../store/pool.ts';
import type { NewQuote, Quote } from '../../store/quotes.ts';
import { getQuote, recordQuote } from '../../store/quotes.ts';
import { recordRefund } from '../../store/record-refund.ts';
import { getRefund } from '../../store/refunds.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { appError } from '../domain/expectations.ts';
import {
  ACCOUNT,
  MERCHANT,
  RULES,
  fresh,
  minute,
  openAccounts,
  pay,
  requestFor,
  sent,
  turnedDown,
} from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

function line(amountMinor: bigint): QuoteLine {
  return { kind: 'paid', amountMinor, itemNo: null, rule: 'payment', says: { zh: '实付。', en: 'Paid.' } };
}

function quoteOf(payment: Payment, totalMinor: bigint, o: Partial<NewQuote> = {}): Promise<Quote> {
  const versions = { windowVersion: 'w', calendarRevision: 'c' };
  const promise: QuotePromise = { by: minute(60), basis: 'shop', ...versions, provisional: false };
  return inTransaction(db.pool, (tx) =>
    recordQuote(tx, {
      ...{ merchantId: MERCHANT, paymentId: payment.id, kind: 'single', purchase: { kind: 'single' } },
      ...{ itemNos: [], returnedItemNo: null, paidMinor: payment.capturedMinor, refundedMinor: 0n },
      ...{ totalMinor, currency: 'CNY', lines: [line(totalMinor)], policyVersion: '2026-11' },
      ...{ reviewReasons: [], promise, quotedAt: minute(0), expiresAt: minute(120) },
      ...o,
    }),
  );
}

/** As somebody would who goes past the checks of `recordRefund`, with the rights of the API. */
function insertRefund(
  payment: Payment,
  quote: Quote,
  o: { amount?: bigint; at?: Date } = {},
): Promise<unknown> {
  return db.pool.query(
    `insert into refunds (merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, fingerprint, requested_at, quote_id)
     values ($1, $2, 'wechat', $3, $4, $5, 'CNY', 'f', $6, $7)`,
    [MERCHANT, ACCOUNT, payment.id, fresh('RQ'), o.amount ?? quote.totalMinor, o.at ?? minute(1), quote.id],
  );
}

describe('a row of a quote', () => {
  test('is what was recorded', async () => {
    const payment = await pay(db.pool, 100n);
    const quote = await quoteOf(payment, 70n, { lines: [line(100n), { ...line(-30n), kind: 'used' }] });
    expect(quote).toMatchObject({
      totalMinor: 70n,
      paymentNo: payment.paymentNo,
      refundNo: null,
      citedAt: null,
    });
    expect(quote.lines.map(({ amountMinor }) => amountMinor)).toEqual([100n, -30n]);
    expect(await getQuote(db.pool, 'stall', quote.id)).toBeNull();
  });

  test.each<[string, bigint, Partial<NewQuote>]>([
    ['has lines that add up', 70n, { lines: [line(69n)] }],
    ['is of no more than was left', 70n, { refundedMinor: 31n }],
    ['is not negative', -1n, {}],
    ['gives back an item that it has', 70n, { itemNos: ['A'], returnedItemNo: 'B' }],
    ['expires later than it is made', 70n, { expiresAt: minute(0) }],
  ])('I18 %s, or it is not written', async (_what, total, o) => {
    const payment = await pay(db.pool, 100n);
    await expect(quoteOf(payment, total, o)).rejects.toMatchObject({ code: '23514' });
  });

  test('is never changed, not even by the owner', async () => {
    await quoteOf(await pay(db.pool, 100n), 70n);
    for (const sql of ['update quotes set total_minor = 1', 'delete from quotes', 'truncate quotes cascade'])
      await expect(db.owner.query(sql)).rejects.toThrow(/append-only/);
  });
});

describe('past the checks of the API, the database takes no refund', () => {
  test.each<[string, string, { amount?: bigint; at?: Date }]>([
    ['of another amount than the quote', 'quote_amount', { amount: 69n }],
    ['after the quote has expired', 'quote_in_time', { at: minute(120) }],
  ])('%s', async (_what, constraint, o) => {
    const payment = await pay(db.pool, 100n);
    const quote = await quoteOf(payment, 70n);
    await expect(insertRefund(payment, quote, o)).rejects.toMatchObject({ constraint });
  });

  test('of another payment', async () => {
    const quote = await quoteOf(await pay(db.pool, 100n), 70n);
    await expect(insertRefund(await pay(db.pool, 100n), quote)).rejects.toMatchObject({
      constraint: 'quote_of_payment',
    });
  });

  test('by a quote from before another refund', async () => {
    const payment = await pay(db.pool, 100n);
    const [one, other] = [await quoteOf(payment, 20n), await quoteOf(payment, 20n)];
    await insertRefund(payment, one);
    await expect(insertRefund(payment, other)).rejects.toMatchObject({ constraint: 'quote_up_to_date' });
  });

  test('by a quote that was cited before, also where that refund failed', async () => {
    const payment = await pay(db.pool, 100n);
    const quote = await quoteOf(payment, 70n);
    const cite = (): ReturnType<typeof recordRefund> =>
      recordRefund(db.pool, requestFor(payment, 70n, { quoteId: quote.id }), RULES);
    const { refund } = await cite();
    await observe(db.pool, refund.id, [sent(1, 2), turnedDown(1, 3)]);
    expect((await getRefund(db.pool, MERCHANT, refund.refundNo))?.state).toBe('failed');

    await expect(cite()).rejects.toEqual(appError('quote_used'));
    await expect(insertRefund(payment, quote)).rejects.toMatchObject({ constraint: 'quote_used_once' });
  });

  test('that is not held, by a quote that two people review', async () => {
    const payment = await pay(db.pool, 100n);
    const quote = await quoteOf(payment, 70n, { reviewReasons: ['large_sum'] });
    await expect(insertRefund(payment, quote)).rejects.toThrow(/two people review/);

    const { refund } = await recordRefund(db.pool, requestFor(payment, 70n, { quoteId: quote.id }), RULES);
    expect(refund).toMatchObject({ state: 'needs_action', stateReason: 'over_limit', quoteId: quote.id });
  });

  test('with another quote than it was asked for with', async () => {
    const payment = await pay(db.pool, 100n);
    const quote = await quoteOf(payment, 70n);
    const { refund } = await recordRefund(db.pool, requestFor(payment, 70n, { quoteId: quote.id }), RULES);
    await expect(
      db.owner.query('update refunds set quote_id = null where id = $1', [refund.id]),
    ).rejects.toThrow(/cannot be rewritten/);
  });
});

test.each(['x', '', '-1', '1'.repeat(30)])(
  'a request over Temporal that cites %j cites nothing that is known',
  async (quoteId) => {
    const payment = await pay(db.pool, 100n);
    await expect(recordRefund(db.pool, requestFor(payment, 70n, { quoteId }), RULES)).rejects.toEqual(
      appError('quote_unknown'),
    );
  },
);
