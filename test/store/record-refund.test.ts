/** Recording a refund: one row per number and key, within what was captured, whatever runs at the same time. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Refund } from '../../domain/refund/refund.ts';
import { observe } from '../../store/observations.ts';
import { refundNoOfKey } from '../../store/idempotency-keys.ts';
import { recordRefund } from '../../store/record-refund.ts';
import { findRefundByAccount, getRefund, getRefundById } from '../../store/refunds.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import {
  ACCOUNT,
  MERCHANT,
  LIMITS,
  RULES,
  claimOf,
  countOf,
  fresh,
  minute,
  openAccounts,
  pay,
  refundOf,
  requestFor,
  said,
  sent,
  sumsOf,
  turnedDown,
} from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

describe('a new refund', () => {
  test('is recorded with its payment, reserves its amount, and is found by every name it has', async () => {
    const payment = await pay(db.pool, 10_000n, { transactionId: fresh('T') });

    const request = requestFor(payment, 2_500n, { reason: '商品缺货' });
    const { refund, created } = await recordRefund(db.pool, request, RULES);

    expect(created).toBe(true);
    expect(refund).toMatchObject({
      merchantId: MERCHANT,
      refundNo: request.refundNo,
      accountId: ACCOUNT,
      channel: 'wechat',
      amountMinor: 2_500n,
      reason: '商品缺货',
      state: 'requested',
      requestedAt: minute(1),
      overdueLevel: 0,
    });
    expect(refund.payment).toMatchObject({ id: payment.id, capturedMinor: 10_000n, reservedMinor: 2_500n });
    expect(await getRefund(db.pool, MERCHANT, request.refundNo)).toEqual(refund);
    expect(await getRefundById(db.pool, refund.id)).toEqual(refund);
    expect(await findRefundByAccount(db.pool, ACCOUNT, request.refundNo)).toEqual(refund);
    expect(await getRefund(db.pool, 'stall', request.refundNo)).toBeNull();
  });

  test('registers the payment that its request describes, together with itself or not at all', async () => {
    const paymentNo = fresh('P');
    const request = requestFor({ paymentNo }, 600n, { payment: claimOf(500n) });

    await expect(recordRefund(db.pool, request, RULES)).rejects.toMatchObject({
      code: 'refund_exceeds_payment',
    });
    expect(await countOf(db, 'payments where payment_no = $1', [paymentNo])).toBe(0);

    const fitting = await recordRefund(db.pool, { ...request, amountMinor: '500' }, RULES);
    expect(fitting.refund.payment).toMatchObject({ paymentNo, capturedMinor: 500n, reservedMinor: 500n });
  });

  test('of a payment that nobody described is refused', async () => {
    const request = requestFor({ paymentNo: fresh('P') }, 1n);
    await expect(recordRefund(db.pool, request, RULES)).rejects.toMatchObject({ code: 'payment_unknown' });
  });

  test('does not go another way than the payment came', async () => {
    const payment = await pay(db.pool, 100n);
    const request = requestFor(payment, 1n, { payment: claimOf(100n, { accountId: 'stall-wechat' }) });
    await expect(recordRefund(db.pool, request, RULES)).rejects.toMatchObject({ code: 'route_not_original' });
  });

  test.each([
    ['another captured amount', claimOf(101n)],
    ['another transaction', claimOf(100n, { transactionId: 'T-other' })],
  ])('that describes its known payment with %s is refused', async (_, claim) => {
    const payment = await pay(db.pool, 100n, { transactionId: fresh('T') });
    const request = requestFor(payment, 1n, { payment: claim });
    await expect(recordRefund(db.pool, request, RULES)).rejects.toMatchObject({ code: 'payment_conflict' });
  });

  test('F13 is refused when its payment is too old or has no part left, before anything is sent', async () => {
    const old = await pay(db.pool, 100n, { paidAt: '2025-11-24T01:00:00Z' });
    await expect(recordRefund(db.pool, requestFor(old, 1n), RULES)).rejects.toMatchObject({
      code: 'refund_too_late',
    });

    const split = await pay(db.pool, 100n);
    const three = { ...RULES, limitsOf: () => ({ ...LIMITS, partsPerPayment: 3 }) };
    for (let part = 1; part <= 3; part += 1) await recordRefund(db.pool, requestFor(split, 1n), three);
    await expect(recordRefund(db.pool, requestFor(split, 1n), three)).rejects.toMatchObject({
      code: 'refund_parts_exhausted',
    });
    expect(await sumsOf(db, split.id)).toMatchObject({ reserved: 3n, counted: 3n });
  });

  test.each(['0', '-1', '1e18', 'NaN', '0.30', '１２', '', ' 5', '9007199254740992'])(
    'F15 with the amount "%s" leaves no row',
    async (amountMinor) => {
      const payment = await pay(db.pool, 100n);
      const request = { ...requestFor(payment, 1n), amountMinor };
      await expect(recordRefund(db.pool, request, RULES)).rejects.toMatchObject({ code: 'amount_invalid' });
      expect(await countOf(db, 'refunds where payment_id = $1', [payment.id])).toBe(0);
    },
  );

  test('F16 in another currency than its payment is refused', async () => {
    const payment = await pay(db.pool, 100n);
    await db.owner.query(`update payments set currency = 'HKD' where id = $1`, [payment.id]);
    await expect(recordRefund(db.pool, requestFor(payment, 1n), RULES)).rejects.toMatchObject({
      code: 'currency_mismatch',
    });
  });

  test.each(['退款1', 'a'.repeat(65), 'a b', 'a/b', ''])(
    'F17 with the number "%s" is refused',
    async (refundNo) => {
      const payment = await pay(db.pool, 100n);
      const request = requestFor(payment, 1n, { refundNo });
      await expect(recordRefund(db.pool, request, RULES)).rejects.toMatchObject({
        code: 'refund_no_invalid',
      });
    },
  );
});

describe('the same request again', () => {
  test('F20 fifty times at once makes one refund and gives everybody the same answer', async () => {
    const paymentNo = fresh('P');
    const request = requestFor({ paymentNo }, 700n, { payment: claimOf(1_000n) });
    const options = { ...RULES, idempotencyKey: fresh('key') };

    const answers = await Promise.all(
      Array.from({ length: 50 }, () => recordRefund(db.pool, request, options)),
    );

    expect(new Set(answers.map(({ refund }) => JSON.stringify(refund, bigintAsText))).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(await countOf(db, 'refunds where refund_no = $1', [request.refundNo])).toBe(1);
    const payment = answers[0]?.refund.payment;
    expect(payment?.reservedMinor).toBe(700n);
  });

  test('F22 a year later gets the old answer, though the payment could not be refunded any more', async () => {
    const payment = await pay(db.pool, 100n);
    const request = requestFor(payment, 100n);
    const key = { ...RULES, idempotencyKey: fresh('key') };
    const first = await recordRefund(db.pool, request, key);

    const later = await recordRefund(db.pool, request, { ...key, now: minute(400 * 24 * 60) });

    expect(later).toEqual({ refund: first.refund, created: false });
  });

  test('F23 without any key is held by the refund number', async () => {
    const request = requestFor(await pay(db.pool, 100n), 60n);
    const first = await recordRefund(db.pool, request, RULES);
    const again = await recordRefund(db.pool, request, RULES);
    expect(again).toEqual({ refund: first.refund, created: false });
  });

  test('F24 gives the refund as it stands by now', async () => {
    const request = requestFor(await pay(db.pool, 100n), 60n);
    const { refund } = await recordRefund(db.pool, request, RULES);
    await observe(db.pool, refund.id, [said('success', 5)]);

    const again = await recordRefund(db.pool, request, RULES);

    expect(again).toMatchObject({ created: false, refund: { id: refund.id, state: 'succeeded' } });
  });
});

describe('when returned goods came back', () => {
  test('is no part of the mark of a request that does not say so: rows of before it could be said are known again', async () => {
    const request = requestFor(await pay(db.pool, 500n), 300n, { reason: 'late' });
    const content = Object.entries({
      ...{ amount: '300', currency: 'CNY', merchant: MERCHANT },
      ...{ payment: request.paymentNo, reason: 'late', refund: request.refundNo },
    });
    const mark = createHash('sha256').update(JSON.stringify(content)).digest('hex');

    await recordRefund(db.pool, request, RULES);

    expect(
      await countOf(db, 'refunds where refund_no = $1 and fingerprint = $2', [request.refundNo, mark]),
    ).toBe(1);
  });

  test('is kept as an instant, and must be one that has come', async () => {
    const payment = await pay(db.pool, 500n);
    const goodsReceivedAt = minute(1).toISOString();

    const { refund } = await recordRefund(db.pool, requestFor(payment, 1n, { goodsReceivedAt }), RULES);

    expect(refund.goodsReceivedAt).toEqual(minute(1));
    for (const wrong of [new Date(minute(1).getTime() + 1).toISOString(), 'yesterday', ''])
      await expect(
        recordRefund(db.pool, requestFor(payment, 1n, { goodsReceivedAt: wrong }), RULES),
      ).rejects.toMatchObject({ code: 'request_invalid' });
  });

  test('is not rewritten, whoever tries', async () => {
    const { refund } = await recordRefund(db.pool, requestFor(await pay(db.pool, 500n), 1n), RULES);

    await expect(
      db.owner.query('update refunds set goods_received_at = now() where id = $1', [refund.id]),
    ).rejects.toMatchObject({ code: '23000' });
  });
});

describe('F21 other content', () => {
  const base = async () => {
    const payment = await pay(db.pool, 1_000n);
    const key = { ...RULES, idempotencyKey: fresh('key') };
    const request = requestFor(payment, 300n, { reason: 'late' });
    await recordRefund(db.pool, request, key);
    return { payment, key, request };
  };

  test('under a used key is refused and changes nothing', async () => {
    const { payment, key, request } = await base();
    const other = requestFor(payment, 300n);

    for (const changed of [{ ...request, amountMinor: '301' }, { ...request, reason: 'wrong size' }, other]) {
      await expect(recordRefund(db.pool, changed, key)).rejects.toMatchObject({
        code: 'idempotency_conflict',
        // The refund that the key stands for, not the one that was asked for.
        details: { refund_no: request.refundNo },
      });
    }

    expect(await countOf(db, 'refunds where payment_id = $1', [payment.id])).toBe(1);
    expect(await sumsOf(db, payment.id)).toMatchObject({ reserved: 300n });
  });

  test('under a used number is refused and changes nothing, whatever the key', async () => {
    const { payment, request } = await base();
    const newKey = { ...RULES, idempotencyKey: fresh('key') };
    const elsewhere = await pay(db.pool, 1_000n);

    const changes = [{ amountMinor: '299' }, { reason: 'never came' }, { paymentNo: elsewhere.paymentNo }];
    for (const change of changes) {
      const changed = { ...request, ...change };
      await expect(recordRefund(db.pool, changed, RULES)).rejects.toMatchObject({ code: 'refund_conflict' });
      await expect(recordRefund(db.pool, changed, newKey)).rejects.toMatchObject({ code: 'refund_conflict' });
    }

    expect(await refundNoOfKey(db.pool, MERCHANT, newKey.idempotencyKey)).toBeNull();
    expect(await sumsOf(db, payment.id)).toMatchObject({ reserved: 300n });
  });

  test('about the payment is refused with the number and key of before, and changes nothing', async () => {
    const claim = claimOf(1_000n);
    const key = { ...RULES, idempotencyKey: fresh('key') };
    const request = requestFor({ paymentNo: fresh('P') }, 300n, { payment: claim });
    const { refund } = await recordRefund(db.pool, request, key);
    expect(await recordRefund(db.pool, request, key)).toMatchObject({ created: false });

    const more = { ...request, payment: { ...claim, capturedMinor: '999999' } };
    await expect(recordRefund(db.pool, more, key)).rejects.toMatchObject({ code: 'payment_conflict' });
    const elsewhere = { ...request, payment: { ...claim, accountId: 'nope' } };
    await expect(recordRefund(db.pool, elsewhere, key)).rejects.toMatchObject({ code: 'route_not_original' });

    expect(await getRefundById(db.pool, refund.id)).toEqual(refund);
  });

  test('cannot hide behind a second key of the same refund: that key stands for its content, too', async () => {
    const { payment, request } = await base();
    const second = { ...RULES, idempotencyKey: fresh('key') };
    const again = await recordRefund(db.pool, request, second);
    expect(again.created).toBe(false);

    const other = requestFor(payment, 1n);
    await expect(recordRefund(db.pool, other, second)).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
    expect(await refundNoOfKey(db.pool, MERCHANT, second.idempotencyKey)).toBe(request.refundNo);
  });

  test('of another merchant shares neither numbers nor keys', async () => {
    const { key, request } = await base();
    const claim = claimOf(1_000n, { accountId: 'stall-wechat' });
    const theirs = {
      ...request,
      merchantId: 'stall',
      paymentNo: fresh('P'),
      payment: claim,
      amountMinor: '5',
    };
    expect((await recordRefund(db.pool, theirs, key)).created).toBe(true);
  });
});

describe('the sum of the refunds of a payment', () => {
  test('F19 two of 60 on 100 at the same instant: exactly one is accepted, in 200 rounds', async () => {
    for (let round = 0; round < 200; round += 1) {
      const payment = await pay(db.pool, 100n);
      const ends = await Promise.allSettled([
        recordRefund(db.pool, requestFor(payment, 60n), RULES),
        recordRefund(db.pool, requestFor(payment, 60n), RULES),
      ]);
      expect(ends.filter((end) => end.status === 'fulfilled')).toHaveLength(1);
      expect(ends.find((end) => end.status === 'rejected')?.reason).toMatchObject({
        code: 'refund_exceeds_payment',
      });
      expect(await sumsOf(db, payment.id)).toMatchObject({ reserved: 60n, counted: 60n });
    }
  }, 60_000);

  test('F19 two first refunds of a payment that both describe: both find it, neither is taken for a conflict', async () => {
    for (let round = 0; round < 40; round += 1) {
      const paymentNo = fresh('P');
      const payment = claimOf(100n, { transactionId: fresh('T') });
      const ends = await Promise.all(
        [30n, 30n, 40n].map((amount) =>
          recordRefund(db.pool, requestFor({ paymentNo }, amount, { payment }), RULES),
        ),
      );
      expect(new Set(ends.map(({ refund }) => refund.payment.id)).size).toBe(1);
      expect(await sumsOf(db, ends[0]?.refund.payment.id ?? '')).toMatchObject({ reserved: 100n });
    }
  });

  test('takes refunds to the last fen and not one more', async () => {
    const payment = await pay(db.pool, 100n);
    await refundOf(db.pool, 99n, payment);
    await refundOf(db.pool, 1n, payment);
    await expect(refundOf(db.pool, 1n, payment)).rejects.toMatchObject({
      code: 'refund_exceeds_payment',
      details: { asked_minor: '1', left_minor: '0' },
    });
  });

  test('is held by the database itself, also against a writer that forgets to ask', async () => {
    const payment = await pay(db.pool, 100n);
    const insert = (amount: number) =>
      db.pool.query(
        `insert into refunds (merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, fingerprint, requested_at)
         values ($1, $2, 'wechat', $3, $4, $5, 'CNY', '', $6)`,
        [MERCHANT, ACCOUNT, payment.id, fresh('R'), amount, minute(1)],
      );
    await insert(60);
    await expect(insert(60)).rejects.toMatchObject({ constraint: 'refund_exceeds_payment' });
    expect(await sumsOf(db, payment.id)).toEqual({ captured: 100n, reserved: 60n, counted: 60n });
  });
});

describe('F10 a refund that failed', () => {
  const failed = async (amount: bigint, captured: bigint): Promise<Refund> => {
    const payment = await pay(db.pool, captured);
    const refund = await refundOf(db.pool, amount, payment);
    return observe(db.pool, refund.id, [sent(1, 2), turnedDown(1, 3)]);
  };

  test('gives its amount back once, however often the channel says no', async () => {
    const refund = await failed(60n, 100n);
    expect(refund).toMatchObject({ state: 'failed', stateReason: 'refused' });
    expect(await sumsOf(db, refund.payment.id)).toMatchObject({ reserved: 0n, counted: 0n });

    await observe(db.pool, refund.id, [turnedDown(1, 3), turnedDown(2, 4), said('closed', 9)]);

    expect(await sumsOf(db, refund.payment.id)).toMatchObject({ reserved: 0n, counted: 0n });
  });

  test('takes it again when the channel changes its mind and there is room', async () => {
    const refund = await failed(60n, 100n);
    const after = await observe(db.pool, refund.id, [said('success', 9)]);
    expect(after).toMatchObject({ state: 'needs_action', stateReason: 'conflict_of_evidence' });
    expect(await sumsOf(db, refund.payment.id)).toMatchObject({ reserved: 60n, counted: 60n });
  });

  test('tells the truth when there is no room any more: recorded, not counted, and in the audit', async () => {
    const refund = await failed(60n, 100n);
    await refundOf(db.pool, 80n, refund.payment);

    const after = await observe(db.pool, refund.id, [said('success', 9)]);

    expect(after).toMatchObject({ state: 'needs_action', stateReason: 'conflict_of_evidence' });
    expect(await sumsOf(db, refund.payment.id)).toMatchObject({ reserved: 80n, counted: 80n });
    const { rows } = await db.pool.query<{ after: unknown }>(
      'select after from audit where refund_id = $1 order by seq desc limit 1',
      [refund.id],
    );
    expect(rows[0]?.after).toMatchObject({ state: 'needs_action', counted: false });
  });
});

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
