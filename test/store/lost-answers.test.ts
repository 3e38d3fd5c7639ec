/** F77: COMMIT was sent and its answer lost. Whoever asks again by the natural key finds what was done, done once. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { nextAttempt, observationsOf, observe } from '../../store/observations.ts';
import { confirmPayment, getPayment, registerPayment } from '../../store/payments.ts';
import type { Pool } from '../../store/pool.ts';
import { createPool } from '../../store/pool.ts';
import { recordRefund } from '../../store/record-refund.ts';
import type { CuttableProxy } from '../api/cuttable-proxy.ts';
import { cuttableProxy } from '../api/cuttable-proxy.ts';
import { importOptions } from '../statements/bills.ts';
import { importStatement, recordEmptyStatement } from '../../store/statements.ts';
import { matchStatement } from '../../store/match.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import {
  ACCOUNT,
  MERCHANT,
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
  sumsOf,
} from './books.ts';

let db: TestDatabase;
let proxy: CuttableProxy;
let app: Pool;
let ingest: Pool;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
  proxy = await cuttableProxy(db.url);
  const url = proxy.through(db.url);
  app = createPool({ url, role: 'yuanlu_app', max: 2, name: 'test-lossy-app' });
  ingest = createPool({ url, role: 'yuanlu_ingest', max: 2, name: 'test-lossy-ingest' });
});
afterAll(async () => {
  await Promise.all([app.end(), ingest.end()]);
  await proxy.close();
  await db.drop();
});

beforeEach(() => {
  proxy.loseNextCommit();
});

const UNKNOWN = { code: 'database_unavailable' };

describe('F77 I1 a lost answer', () => {
  test('to a new refund: the same request finds the refund, reserved once', async () => {
    const payment = await pay(db.pool, 100n);
    const request = requestFor(payment, 60n);
    const options = { ...RULES, idempotencyKey: fresh('key') };

    await expect(recordRefund(app, request, options)).rejects.toMatchObject(UNKNOWN);

    expect(await recordRefund(app, request, options)).toMatchObject({ created: false });
    expect(await sumsOf(db, payment.id)).toMatchObject({ reserved: 60n, counted: 60n });
  });

  test('to a new payment: the same description finds the payment', async () => {
    const payment = { merchantId: MERCHANT, paymentNo: fresh('P'), claim: claimOf(100n) };
    await expect(registerPayment(app, payment, minute(0))).rejects.toMatchObject(UNKNOWN);
    expect(await registerPayment(app, payment, minute(1))).toMatchObject({ created: false });
  });

  test('to evidence: the same evidence again changes nothing', async () => {
    const refund = await refundOf(db.pool, 60n);
    await expect(observe(app, refund.id, [said('success', 3)])).rejects.toMatchObject(UNKNOWN);
    expect(await observe(app, refund.id, [said('success', 3)])).toMatchObject({ state: 'succeeded' });
    expect(await observationsOf(db.pool, refund.id)).toHaveLength(1);
    expect(await countOf(db, 'audit where refund_id = $1', [refund.id])).toBe(2);
  });

  test('I6 to the start of an attempt: the next one has the next number, and both are written down', async () => {
    const refund = await refundOf(db.pool, 60n);
    await expect(nextAttempt(app, refund.id, minute(2))).rejects.toMatchObject(UNKNOWN);
    expect(await nextAttempt(app, refund.id, minute(3))).toEqual({ attempt: 2 });
    expect(await observationsOf(db.pool, refund.id)).toHaveLength(2);
  });

  test('to the confirmation of a payment: it is confirmed, and stays so', async () => {
    const payment = await pay(db.pool, 100n);
    const refund = await refundOf(db.pool, 60n, payment);
    const report = {
      ...{ paymentNo: payment.paymentNo, transactionId: fresh('T'), capturedMinor: 100n, currency: 'CNY' },
      ...{ paidAt: minute(0), fundingSource: 'wallet' as const },
    };
    await expect(confirmPayment(app, refund.id, report, minute(2))).rejects.toMatchObject(UNKNOWN);
    expect(await confirmPayment(app, refund.id, report, minute(2))).toEqual({ verdict: 'confirmed' });
    expect(await getPayment(db.pool, MERCHANT, payment.paymentNo)).toMatchObject({ confirmedAt: minute(2) });
    expect(await observationsOf(db.pool, refund.id)).toHaveLength(1);
  });

  test('I9 to an import: the same bytes are found loaded, and nothing is refused or doubled', async () => {
    const bill = { billDate: '2026-11-20', lines: [{ at: '2026-11-20 12:00:00', refundNo: 'R', amount: 5 }] };
    await expect(importStatement(ingest, importOptions(bill))).rejects.toMatchObject(UNKNOWN);

    const again = await importStatement(ingest, importOptions(bill));

    expect(again).toMatchObject({ outcome: 'same', revision: 1 });
    expect(await countOf(db, `statement_files where bill_date = '2026-11-20'`)).toBe(1);
    expect(await countOf(db, `statement_lines where bill_date = '2026-11-20'`)).toBe(1);
  });

  test('to an empty day: it is empty once', async () => {
    const day = { accountId: ACCOUNT, kind: 'trade', billDate: '2026-11-21', now: minute(1) } as const;
    await expect(recordEmptyStatement(ingest, day)).rejects.toMatchObject(UNKNOWN);
    expect(await recordEmptyStatement(ingest, day)).toMatchObject({ outcome: 'same' });
  });

  test('I11 to a match: the next run finds it done and changes nothing', async () => {
    const refund = await refundOf(db.pool, 5n);
    await observe(db.pool, refund.id, [said('processing', 2)]);
    const lines = [
      { at: '2026-11-24 12:00:00', refundNo: refund.refundNo, amount: 5 },
      { at: '2026-11-24 12:00:00', refundNo: fresh('X'), amount: 6 },
    ];
    const { fileId } = await importStatement(db.ingest, importOptions({ lines }));

    await expect(matchStatement(ingest, fileId, { now: minute(60) })).rejects.toMatchObject(UNKNOWN);
    const again = await matchStatement(ingest, fileId, { now: minute(61) });

    expect(again).toMatchObject({ refundNo: 1, breaks: { missing_in_books: 1 } });
    expect(await countOf(db, 'matches where file_id = $1', [fileId])).toBe(1);
    expect(await countOf(db, 'breaks where file_id = $1', [fileId])).toBe(1);
  });
});
