/** Arrival curves say what a plain Kaplan–Meier count over the same refunds says. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArrivalCurve } from '../../store/arrival-curves.ts';
import { ARRIVAL_SHARES, arrivalCurves } from '../../store/arrival-curves.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, fresh, minute, openAccounts } from './books.ts';

/** A refund that the channel accepted at minute 0 of its own. */
interface Watched {
  readonly source: 'wallet' | 'debit_card';
  /** Minutes from acceptance to success; null while it is open. */
  readonly arrivedAfter: number | null;
  /** When it was accepted, in minutes before now. */
  readonly acceptedBefore: number;
  /** Promised within so many minutes of acceptance. */
  readonly promise: number;
  readonly state?: 'failed' | 'returned';
}

const NOW = minute(100_000);
const at = (minutes: number): Date => new Date(NOW.getTime() + minutes * 60_000);
const EVER = { from: minute(0), to: at(1), now: NOW };

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

let rowsMade = 0;

/** Puts refunds of a new merchant into the books, as they would be by now, without the evidence that made them so. */
async function fill(refunds: readonly Watched[]): Promise<{ readonly merchantId: string }> {
  const merchantId = fresh('m');
  const rows = refunds.map((one) => {
    rowsMade += 1;
    const accepted = at(-one.acceptedBefore);
    const success = one.arrivedAfter === null ? null : at(one.arrivedAfter - one.acceptedBefore);
    return {
      ...{
        id: rowsMade,
        source: one.source,
        accepted,
        success,
        promise: at(one.promise - one.acceptedBefore),
      },
      state: one.state ?? (success === null ? 'processing' : 'succeeded'),
    };
  });
  const client = await db.owner.connect();
  try {
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    await client.query(
      `insert into yuanlu.payments (id, merchant_id, account_id, payment_no, captured_minor, currency, reserved_minor, fingerprint, created_at, funding_source)
       overriding system value
       select id, '${merchantId}', '${ACCOUNT}', 'P' || id, 100, 'CNY', 100, 'x', now(), source
         from jsonb_to_recordset($1) as (id bigint, source text)`,
      [JSON.stringify(rows)],
    );
    await client.query(
      `insert into yuanlu.refunds (id, merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, fingerprint, requested_at, accepted_at, succeeded_at, promise_at, state, payment_no)
       overriding system value
       select id, '${merchantId}', '${ACCOUNT}', 'wechat', id, 'R' || id, 100, 'CNY', 'x', accepted, accepted, success, promise, state, 'P' || id
         from jsonb_to_recordset($1) as (id bigint, accepted timestamptz, success timestamptz, promise timestamptz, state text)`,
      [JSON.stringify(rows)],
    );
    await client.query('commit');
    return { merchantId };
  } finally {
    client.release();
  }
}

/** One step after the other, as a textbook has it. Seconds within which `share` per cent arrive. */
function plainly(refunds: readonly Watched[], share: number): number | null {
  const watched = refunds.map((one) => ({
    seconds: (one.arrivedAfter ?? one.acceptedBefore) * 60,
    arrived: one.arrivedAfter !== null,
  }));
  let waiting = 1;
  for (const seconds of [...new Set(watched.map((one) => one.seconds))].toSorted((a, b) => a - b)) {
    const atRisk = watched.filter((one) => one.seconds >= seconds).length;
    const arrivals = watched.filter((one) => one.seconds === seconds && one.arrived).length;
    waiting *= 1 - arrivals / atRisk;
    if (waiting <= 1 - share / 100 + 1e-9) return seconds;
  }
  return null;
}

const watched: fc.Arbitrary<Watched> = fc
  .record({
    source: fc.constantFrom('wallet' as const, 'debit_card' as const),
    acceptedBefore: fc.integer({ min: 0, max: 60 }),
    arrivedAfter: fc.option(fc.integer({ min: 0, max: 60 }), { nil: null }),
    promise: fc.integer({ min: 0, max: 60 }),
  })
  // Nothing has arrived later than now.
  .map((one) => ({ ...one, acceptedBefore: Math.max(one.acceptedBefore, one.arrivedAfter ?? 0) }));

const sourcesOf = (curves: readonly ArrivalCurve[]): string[] => curves.map((one) => one.fundingSource);

describe('the curve of a channel and source', () => {
  test('is that of a plain count, for any refunds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(watched, { minLength: 1, maxLength: 40 }), async (refunds) => {
        const merchant = await fill(refunds);

        const curves = await arrivalCurves(db.pool, { ...EVER, ...merchant });

        expect(sourcesOf(curves)).toEqual([...new Set(refunds.map((one) => one.source))].toSorted());
        for (const curve of curves) {
          const own = refunds.filter((one) => one.source === curve.fundingSource);
          const took = (one: Watched): number => one.arrivedAfter ?? one.acceptedBefore;
          expect(curve).toEqual({
            ...{ channel: 'wechat', fundingSource: curve.fundingSource, refunds: own.length },
            arrived: own.filter((one) => one.arrivedAfter !== null).length,
            seconds: ARRIVAL_SHARES.map((share) => plainly(own, share)),
            kept: own.filter((one) => one.arrivedAfter !== null && took(one) <= one.promise).length,
            missed: own.filter((one) => took(one) > one.promise).length,
            notDue: own.filter((one) => one.arrivedAfter === null && took(one) <= one.promise).length,
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  test('is slower for every refund that is still open, not faster', async () => {
    const arrived = Array.from(
      { length: 10 },
      (_, index): Watched => ({
        ...{ source: 'wallet', acceptedBefore: 1_000, arrivedAfter: index + 1, promise: 10 },
      }),
    );
    const open = Array.from(
      { length: 10 },
      (): Watched => ({
        ...{ source: 'wallet', acceptedBefore: 500, arrivedAfter: null, promise: 10 },
      }),
    );
    const merchant = await fill([...arrived, ...open]);

    const [curve] = await arrivalCurves(db.pool, { ...EVER, ...merchant });

    // Half of all have arrived with the tenth that did; nobody knows when eight in ten will have.
    expect(curve?.seconds).toEqual([600, null, null, null, null]);
    expect(curve).toMatchObject({ refunds: 20, arrived: 10, kept: 10, missed: 10, notDue: 0 });
  });

  test('leaves out what failed, what came back, and what was requested on other days', async () => {
    const one = { source: 'wallet', acceptedBefore: 100, arrivedAfter: 1, promise: 10 } as const;
    const merchant = await fill([
      one,
      { ...one, state: 'failed' },
      { ...one, state: 'returned' },
      { ...one, acceptedBefore: 50_000 },
    ]);

    const curves = await arrivalCurves(db.pool, { ...EVER, ...merchant, from: at(-200) });

    expect(curves.map(({ refunds }) => refunds)).toEqual([1]);
  });

  test('is nobody else’s', async () => {
    await fill([{ source: 'wallet', acceptedBefore: 100, arrivedAfter: 1, promise: 10 }]);

    expect(await arrivalCurves(db.pool, { ...EVER, merchantId: 'stall' })).toEqual([]);
  });
});
