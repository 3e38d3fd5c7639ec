/** Making sure that a refund's row is there, whoever started its workflow. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordRefund } from '../../activities/refund/record-refund.ts';
import type { RefundRequest } from '../../domain/refund/refund.ts';
import { refundsWithoutWorkflow } from '../../store/refunds.ts';
import { ACCOUNT, MERCHANT, claimOf, countOf, fresh, minute, requestFor } from '../store/books.ts';
import type { Workbench } from './workbench.ts';
import { aPayment, aRefund, attemptOf, rowOf, toTheEnd, workbench } from './workbench.ts';

let bench: Workbench;

beforeAll(async () => {
  bench = await workbench();
});

afterAll(async () => {
  await bench.close();
});

function startOf(request: RefundRequest) {
  return { merchantId: request.merchantId, refundNo: request.refundNo, request };
}

async function rowsOf(refundNo: string): Promise<number> {
  return countOf(bench.db, 'refunds where refund_no = $1', [refundNo]);
}

describe('a refund whose row the API committed', () => {
  test('is found as it stands and is carried by a workflow from then on', async () => {
    const ref = await aRefund(bench);

    const { result } = await toTheEnd(bench, recordRefund(bench.deps), ref);

    expect(result).toEqual({ ...ref, state: 'requested', reason: null });
    const orphans = await refundsWithoutWorkflow(bench.db.pool, { olderThan: minute(9999), limit: 100 });
    expect(orphans.map((one) => one.refundNo)).not.toContain(ref.refundNo);
  });

  test('gets a date after which somebody looks, before anything was sent', async () => {
    const ref = await aRefund(bench);

    await toTheEnd(bench, recordRefund(bench.deps), ref);

    // Asked for on Tuesday 24 November; from an unknown source the widest window holds: 3 and 7 business days.
    const row = await rowOf(bench, ref);
    expect(row.promiseAt?.toISOString()).toBe('2026-11-27T16:00:00.000Z');
    expect(row.alarmAt?.toISOString()).toBe('2026-12-03T16:00:00.000Z');
  });

  test('F79 I16: is the same refund when another run starts it again', async () => {
    const ref = await aRefund(bench);
    const first = await toTheEnd(bench, recordRefund(bench.deps), ref);
    bench.clock.pass(60_000);

    const again = await toTheEnd(bench, recordRefund(bench.deps), ref);

    expect(again.result).toEqual(first.result);
    expect(await rowsOf(ref.refundNo)).toBe(1);
  });

  test('that nobody committed is unknown, and trying again is no use', async () => {
    const ended = await attemptOf(recordRefund(bench.deps), [{ merchantId: MERCHANT, refundNo: 'NOBODY-1' }]);

    expect(ended).toMatchObject({ how: 'failure', code: 'refund_unknown', forGood: true });
  });
});

describe('a refund that a backend starts with its request', () => {
  test('is recorded with the first run, once, however often it is started', async () => {
    const payment = await aPayment(bench, 10_000n);
    const request = requestFor(payment, 2345n);

    const first = await toTheEnd(bench, recordRefund(bench.deps), startOf(request));
    const again = await toTheEnd(bench, recordRefund(bench.deps), startOf(request));

    expect(first.result).toMatchObject({ refundNo: request.refundNo, state: 'requested' });
    expect(again.result).toEqual(first.result);
    expect(await rowsOf(request.refundNo)).toBe(1);
  });

  test('may bring its payment along', async () => {
    const request = requestFor({ paymentNo: fresh('P') }, 2345n, { payment: claimOf(2345n) });

    const { result } = await toTheEnd(bench, recordRefund(bench.deps), startOf(request));

    const row = await rowOf(bench, result);
    expect(row.accountId).toBe(ACCOUNT);
    expect(row.payment.capturedMinor).toBe(2345n);
  });

  test('I5: under a number that was used with another amount is a conflict, and the first stays as it was', async () => {
    const payment = await aPayment(bench, 10_000n);
    const request = requestFor(payment, 2345n);
    const { result } = await toTheEnd(bench, recordRefund(bench.deps), startOf(request));

    const ended = await attemptOf(recordRefund(bench.deps), [startOf({ ...request, amountMinor: '2346' })]);

    expect(ended).toMatchObject({ how: 'failure', code: 'refund_conflict' });
    expect((await rowOf(bench, result)).amountMinor).toBe(2345n);
  });

  test('I2: of more than is left of the payment is refused and leaves no row', async () => {
    const payment = await aPayment(bench, 2345n);
    const request = requestFor(payment, 2346n);

    const ended = await attemptOf(recordRefund(bench.deps), [startOf(request)]);

    expect(ended).toMatchObject({ how: 'failure', code: 'refund_exceeds_payment', forGood: true });
    expect(await rowsOf(request.refundNo)).toBe(0);
  });

  test('of a payment that nobody described is refused', async () => {
    const request = requestFor({ paymentNo: 'NEVER-PAID' }, 100n);

    const ended = await attemptOf(recordRefund(bench.deps), [startOf(request)]);

    expect(ended).toMatchObject({ how: 'failure', code: 'payment_unknown', forGood: true });
  });

  test('F13: of a payment that the channel no longer refunds is refused before anything is sent', async () => {
    const paidAt = '2025-11-23T02:00:00Z'; // 366 days before the story
    const request = requestFor({ paymentNo: fresh('P') }, 100n, { payment: claimOf(100n, { paidAt }) });

    const ended = await attemptOf(recordRefund(bench.deps), [startOf(request)]);

    expect(ended).toMatchObject({ how: 'failure', code: 'refund_too_late', forGood: true });
    expect(bench.channel.orders).toEqual([]);
  });

  test('I1 F20: started twenty times at once is one refund', async () => {
    const payment = await aPayment(bench, 10_000n);
    const request = requestFor(payment, 2345n);

    const ends = await Promise.all(
      Array.from({ length: 20 }, () => attemptOf(recordRefund(bench.deps), [startOf(request)])),
    );

    expect(
      new Set(ends.map((ended) => (ended.how === 'result' ? ended.result.refundId : ended.code))).size,
    ).toBe(1);
    expect(ends.every((ended) => ended.how === 'result')).toBe(true);
    expect(await rowsOf(request.refundNo)).toBe(1);
  });
});
