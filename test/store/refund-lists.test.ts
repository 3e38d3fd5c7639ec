/** Refunds as they are listed, found when nobody carries them, and kept apart in time at their payment. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Refund } from '../../domain/refund/refund.ts';
import type { RefundState } from '../../domain/refund/state.ts';
import { observe } from '../../store/observations.ts';
import { recordRefund } from '../../store/record-refund.ts';
import {
  claimSpacing,
  listRefunds,
  markWorkflowStarted,
  refundsWithoutWorkflow,
} from '../../store/refunds.ts';
import { syncAccounts } from '../../store/accounts.ts';
import { bring, lineOf, taken } from '../statements/bills.ts';
import { inTransaction } from '../../store/pool.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { RULES, claimOf, fresh, minute, openAccounts, pay, requestFor, said } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

/** A merchant of its own, with a refund asked for at each of the given minutes. */
async function merchantWith(minutes: readonly number[]): Promise<{ merchantId: string; refunds: Refund[] }> {
  const merchantId = fresh('m');
  const accountId = fresh('a');
  await syncAccounts(db.pool, [{ id: accountId, merchantId, channel: 'wechat', externalId: fresh('19') }]);
  const refunds: Refund[] = [];
  for (const at of minutes) {
    const request = requestFor({ paymentNo: fresh('P') }, 5n, {
      merchantId,
      payment: claimOf(5n, { accountId }),
    });
    refunds.push((await recordRefund(db.pool, request, { ...RULES, now: minute(at) })).refund);
  }
  return { merchantId, refunds };
}

async function pages(merchantId: string, limit: number, state?: RefundState): Promise<string[][]> {
  const found: string[][] = [];
  let after: string | undefined;
  for (let page = 0; page < 30; page += 1) {
    const { refunds, next } = await listRefunds(db.pool, merchantId, {
      limit,
      ...(state === undefined ? {} : { state }),
      ...(after === undefined ? {} : { after }),
    });
    found.push(refunds.map((one) => one.refundNo));
    if (next === null) return found;
    after = next;
  }
  throw new Error('the list has no end');
}

/** Refunds that were paid, of the payment of that one: MANY1 is the newest. Those whose numbers are given have a line as evidence. */
async function paidMany(
  { id, requestedAt }: Refund,
  count: number,
  settled: readonly number[],
): Promise<void> {
  await inTransaction(db.owner, async (tx) => {
    await tx.query('set local session_replication_role = replica');
    await tx.query(
      `insert into refunds (merchant_id, account_id, channel, payment_id, payment_no, refund_no, amount_minor, currency, fingerprint,
         requested_at, state)
       select merchant_id, account_id, channel, payment_id, payment_no, 'MANY' || n, 1, currency, '', $2::timestamptz - n * interval '1 second', 'succeeded'
         from refunds, generate_series(1, $3::int) n where id = $1`,
      [id, requestedAt, count],
    );
    await tx.query(
      `insert into observations (refund_id, source, kind, ref, observed_at, body)
       select id, 'statement', 'statement_line', 'f', now(), '{}' from refunds where refund_no = any ($1)`,
      [settled.map((n) => `MANY${String(n)}`)],
    );
  });
}

describe('the list of refunds', () => {
  test('has every refund of the merchant once, newest first, whatever the size of the page and however equal the times', async () => {
    const minutes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(minutes, fc.integer({ min: 1, max: 10 }), async (at, limit) => {
        const { merchantId, refunds } = await merchantWith(at);
        const expected = refunds
          .toSorted(
            (one, other) =>
              other.requestedAt.getTime() - one.requestedAt.getTime() || Number(other.id) - Number(one.id),
          )
          .map((one) => one.refundNo);

        const found = await pages(merchantId, limit);

        expect(found.flat()).toEqual(expected);
        expect(found.every((page) => page.length <= limit)).toBe(true);
        expect(found).toHaveLength(Math.max(1, Math.ceil(expected.length / limit)));
      }),
      { numRuns: 20 },
    );
  });

  test('goes on where it was, also when newer refunds have come meanwhile', async () => {
    const { merchantId, refunds } = await merchantWith([1, 2, 3]);
    const first = await listRefunds(db.pool, merchantId, { limit: 2 });
    const payment = claimOf(5n, { accountId: refunds[0]?.accountId ?? '' });
    const newer = requestFor({ paymentNo: fresh('P') }, 5n, { merchantId, payment });
    await recordRefund(db.pool, newer, { ...RULES, now: minute(9) });

    const second = await listRefunds(db.pool, merchantId, { limit: 2, after: first.next ?? '' });

    expect(second.refunds.map((one) => one.refundNo)).toEqual([refunds[0]?.refundNo]);
    expect(second.next).toBeNull();
  });

  test('can be of one state, and that is the state people see', async () => {
    const { merchantId, refunds } = await merchantWith([1, 2, 3]);
    await observe(db.pool, refunds[1]?.id ?? '', [said('success', 5)]);
    const succeeded = await listRefunds(db.pool, merchantId, { state: 'succeeded', limit: 9 });
    const requested = await listRefunds(db.pool, merchantId, { state: 'requested', limit: 9 });
    expect(succeeded.refunds.map((one) => one.refundNo)).toEqual([refunds[1]?.refundNo]);
    expect(requested.refunds).toHaveLength(2);
    expect((await listRefunds(db.pool, merchantId, { state: 'settled', limit: 9 })).refunds).toEqual([]);
  });

  test('tells those that a statement settled from those that are only paid, on every page', async () => {
    const refunds: Refund[] = [];
    for (let n = 0; n < 7; n += 1) refunds.push(await taken(db, BigInt(100 + n)));
    for (const { id } of refunds) await observe(db.pool, id, [said('success', 9)]);
    const [second, fifth] = [refunds[1], refunds[4]] as [Refund, Refund];
    await bring(db, { lines: [lineOf(second), lineOf(fifth)] });
    const { merchantId } = second;

    expect(await pages(merchantId, 1, 'settled')).toEqual([[fifth.refundNo], [second.refundNo]]);
    expect((await pages(merchantId, 2, 'succeeded')).map((page) => page.length)).toEqual([2, 2, 1]);
    const { refunds: all } = await listRefunds(db.pool, merchantId, { limit: 20 });
    expect(all.filter((one) => one.state === 'settled').map((one) => one.id)).toEqual([fifth.id, second.id]);
    expect(all.filter((one) => one.state === 'succeeded')).toHaveLength(5);
  });

  test('finds the few of a state among ten thousand others, and rather hands out a short page than look for ever', async () => {
    const { merchantId, refunds } = await merchantWith([1]);
    await paidMany(refunds[0] as Refund, 10_600, [5, 10_300, 10_590, 10_600]);

    expect(await pages(merchantId, 2, 'settled')).toEqual([
      ['MANY5'],
      ['MANY10300', 'MANY10590'],
      ['MANY10600'],
    ]);
    const paid = (await pages(merchantId, 600, 'succeeded')).flat();
    const all = Array.from({ length: 10_600 }, (_, index) => index + 1);
    expect(paid).toEqual(
      all.filter((n) => ![5, 10_300, 10_590, 10_600].includes(n)).map((n) => `MANY${String(n)}`),
    );
  });

  test.each(['', 'x', Buffer.from('2026-11-24T00:00:00Z 1; drop').toString('base64url'), 'AAAA'])(
    'refuses a cursor that no page gave out: "%s"',
    async (after) => {
      await expect(listRefunds(db.pool, 'shop', { after, limit: 5 })).rejects.toMatchObject({
        code: 'request_invalid',
      });
    },
  );
});

describe('I17 refunds that nobody carries', () => {
  const orphans = async (
    o: { olderThan: Date; staleSince?: Date; bankStaleSince?: Date; limit?: number },
    merchantId: string,
  ) => {
    const all = await refundsWithoutWorkflow(db.pool, { limit: 10_000, ...o });
    return all.filter((one) => one.merchantId === merchantId).map((one) => one.refundNo);
  };

  test('are those that were recorded a while ago and whose workflow never started, oldest first', async () => {
    const { merchantId, refunds } = await merchantWith([3, 1, 2, 9]);
    const [third, first, second] = refunds;
    expect(await orphans({ olderThan: minute(9) }, merchantId)).toEqual(
      [first, second, third].map((one) => one?.refundNo),
    );

    await markWorkflowStarted(db.pool, second?.id ?? '', minute(4));

    expect(await orphans({ olderThan: minute(9) }, merchantId)).toEqual([first?.refundNo, third?.refundNo]);
  });

  test('are none that have come to their end', async () => {
    const { merchantId, refunds } = await merchantWith([1, 2]);
    await observe(db.pool, refunds[0]?.id ?? '', [said('success', 5)]);
    await observe(db.pool, refunds[1]?.id ?? '', [said('closed', 5)]);
    expect(await orphans({ olderThan: minute(99), staleSince: minute(99) }, merchantId)).toEqual([]);
  });

  test('are also those whose workflow started long ago and about which nobody has asked since', async () => {
    const { merchantId, refunds } = await merchantWith([1, 1, 1]);
    const [silent, asked, young] = refunds.map((one) => one.id);
    for (const id of [silent, asked]) await markWorkflowStarted(db.pool, id ?? '', minute(2));
    await markWorkflowStarted(db.pool, young ?? '', minute(20));
    await observe(db.pool, asked ?? '', [said('processing', 15)]);

    expect(await orphans({ olderThan: minute(0), staleSince: minute(10) }, merchantId)).toEqual([
      refunds[0]?.refundNo,
    ]);
    expect(await orphans({ olderThan: minute(0) }, merchantId)).toEqual([]);
  });

  test('are also those at the payer’s bank about which nobody has asked for long, and none whose bank has it', async () => {
    const { merchantId, refunds } = await merchantWith([1, 1, 1]);
    const [silent, asked, arrived] = refunds.map((one) => one.id ?? '');
    const atBank = { bankLeg: 'pending' } as const;
    await observe(db.pool, silent ?? '', [said('success', 5, atBank)]);
    await observe(db.pool, asked ?? '', [said('success', 5, atBank), said('processing', 15)]);
    await observe(db.pool, arrived ?? '', [said('success', 5, { bankLeg: 'arrived' })]);

    const found = { olderThan: minute(0), bankStaleSince: minute(10) };
    expect(await orphans(found, merchantId)).toEqual([refunds[0]?.refundNo]);
    expect(await orphans({ olderThan: minute(0) }, merchantId)).toEqual([]);
  });

  test('are as many as one asks for', async () => {
    await merchantWith([0, 0, 0]);
    expect(await refundsWithoutWorkflow(db.pool, { olderThan: minute(99), limit: 2 })).toHaveLength(2);
  });

  test('a start that is noted late does not take back a later one', async () => {
    const { merchantId, refunds } = await merchantWith([1]);
    const id = refunds[0]?.id ?? '';
    await markWorkflowStarted(db.pool, id, minute(20));
    await markWorkflowStarted(db.pool, id, minute(2));
    expect(await orphans({ olderThan: minute(0), staleSince: minute(10) }, merchantId)).toEqual([]);
  });
});

describe('F11 the distance between two refunds of a payment', () => {
  const SPACING_MS = 60_000;

  test('is granted at once, then again only after the distance, and the wait is what is left of it', async () => {
    const payment = await pay(db.pool, 100n);
    const claim = (minutes: number) => claimSpacing(db.pool, payment.id, minute(minutes), SPACING_MS);

    expect(await claim(1)).toEqual({ granted: true });
    expect(await claim(1)).toEqual({ granted: false, waitMs: 60_000 });
    expect(await claim(1.75)).toEqual({ granted: false, waitMs: 15_000 });
    expect(await claim(2)).toEqual({ granted: true });
    expect(await claim(2.5)).toEqual({ granted: false, waitMs: 30_000 });
  });

  test('asked for by many at the same instant is granted to one', async () => {
    const payment = await pay(db.pool, 100n);
    const claims = await Promise.all(
      Array.from({ length: 12 }, () => claimSpacing(db.pool, payment.id, minute(1), SPACING_MS)),
    );
    expect(claims.filter(({ granted }) => granted)).toHaveLength(1);
  });

  test('of one payment is not in the way of another', async () => {
    for (const payment of [await pay(db.pool, 1n), await pay(db.pool, 1n)]) {
      expect(await claimSpacing(db.pool, payment.id, minute(1), SPACING_MS)).toEqual({ granted: true });
    }
  });

  test('F85 with a clock that went back is never longer than the clock says, and never granted early', async () => {
    const payment = await pay(db.pool, 100n);
    await claimSpacing(db.pool, payment.id, minute(60), SPACING_MS);
    expect(await claimSpacing(db.pool, payment.id, minute(0), SPACING_MS)).toEqual({
      granted: false,
      waitMs: 61 * 60_000,
    });
  });

  test('is kept in order whatever the instants: two grants are never nearer than the distance', async () => {
    const instants = fc.array(fc.integer({ min: 0, max: 600_000 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(instants, async (offsets) => {
        const payment = await pay(db.pool, 100n);
        const granted: number[] = [];
        for (const offset of offsets.toSorted((one, other) => one - other)) {
          const claim = await claimSpacing(db.pool, payment.id, minute(offset / 60_000), SPACING_MS);
          const last = granted.at(-1);
          const free = last === undefined || offset - last >= SPACING_MS;
          expect(claim.granted).toBe(free);
          if (claim.granted) granted.push(offset);
          else expect(claim.waitMs).toBe((last ?? 0) + SPACING_MS - offset);
        }
      }),
      { numRuns: 25 },
    );
  });
});
