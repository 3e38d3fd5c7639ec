/** I2: in every committed snapshot the refunds that have not failed fit into what was captured, whatever is tried. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Refund } from '../../domain/refund/refund.ts';
import { observe } from '../../store/observations.ts';
import { recordRefund } from '../../store/record-refund.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { RULES, countOf, openAccounts, pay, requestFor, said, sent, sumsOf, turnedDown } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

const CAPTURED = 1_000n;

/** What may happen to a payment: a refund is asked for, or the channel refuses or pays the n-th one. */
const event = fc.oneof(
  { weight: 3, arbitrary: fc.record({ ask: fc.bigInt({ min: 1n, max: CAPTURED }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ nth: fc.nat({ max: 5 }), says: fc.constantFrom('refuses', 'closes', 'pays') }),
  },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

/** Our own simple books: amount by refund, and whether it counts. */
class Ledger {
  readonly entries: { readonly refund: Refund; counts: boolean; said: Set<string> }[] = [];

  get reserved(): bigint {
    return this.entries.reduce((sum, one) => sum + (one.counts ? one.refund.amountMinor : 0n), 0n);
  }

  get left(): bigint {
    return CAPTURED - this.reserved;
  }
}

async function happen(paymentNo: string, ledger: Ledger, what: Event): Promise<void> {
  if ('ask' in what) {
    const fits = what.ask <= ledger.left;
    const asked = recordRefund(db.pool, requestFor({ paymentNo }, what.ask), RULES);
    if (fits) ledger.entries.push({ refund: (await asked).refund, counts: true, said: new Set() });
    else await expect(asked).rejects.toMatchObject({ code: 'refund_exceeds_payment' });
    return;
  }
  const entry = ledger.entries[what.nth];
  if (entry === undefined) return;
  const words = {
    refuses: [sent(1, 2), turnedDown(1, 3)],
    closes: [said('closed', 4)],
    pays: [said('success', 5)],
  };
  await observe(db.pool, entry.refund.id, words[what.says]);
  // The same word again is nothing new.
  if (entry.said.has(what.says)) return;
  entry.said.add(what.says);
  // No in plain words, and no sign of money: failed. A success after that takes the amount again if there is room.
  const failed = !entry.said.has('pays') && entry.said.size > 0;
  if (failed) entry.counts = false;
  else if (!entry.counts && entry.refund.amountMinor <= ledger.left) entry.counts = true;
}

test('I2 F10 F14 the reserved sum is what a plain ledger says, through failures, late successes and refusals', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 14 }), async (events) => {
      const payment = await pay(db.pool, CAPTURED);
      const ledger = new Ledger();

      for (const what of events) {
        await happen(payment.paymentNo, ledger, what);

        const sums = await sumsOf(db, payment.id);
        expect(sums).toEqual({ captured: CAPTURED, reserved: ledger.reserved, counted: ledger.reserved });
        expect(sums.reserved <= sums.captured).toBe(true);
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);

test('I2 F19 F74 of refunds asked for at the same instant those are accepted that fit, and nothing is lost or left over', async () => {
  const amounts = fc.array(fc.bigInt({ min: 1n, max: 600n }), { minLength: 2, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(amounts, async (asked) => {
      const payment = await pay(db.pool, CAPTURED);

      const ends = await Promise.allSettled(
        asked.map((amount) => recordRefund(db.pool, requestFor(payment, amount), RULES)),
      );

      const accepted = asked.filter((_, n) => ends[n]?.status === 'fulfilled');
      const refused = asked.filter((_, n) => ends[n]?.status === 'rejected');
      const sum = accepted.reduce((total, amount) => total + amount, 0n);
      expect(await sumsOf(db, payment.id)).toEqual({ captured: CAPTURED, reserved: sum, counted: sum });
      expect(sum <= CAPTURED).toBe(true);
      // Nobody was sent away while there was room: the smallest that was refused does not fit beside the rest.
      for (const amount of refused) expect(sum + amount > CAPTURED).toBe(true);
      for (const end of ends) {
        if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'refund_exceeds_payment' });
      }
      expect(await countOf(db, 'refunds where payment_id = $1', [payment.id])).toBe(accepted.length);
    }),
    { numRuns: 60 },
  );
}, 60_000);

test('I2 F74 a whole of 100.00 is given back as 3 × 33.33 and one fen, and then nothing is left', async () => {
  const payment = await pay(db.pool, 10_000n);
  for (const amount of [3_333n, 3_333n, 3_333n])
    await recordRefund(db.pool, requestFor(payment, amount), RULES);

  await expect(recordRefund(db.pool, requestFor(payment, 2n), RULES)).rejects.toMatchObject({
    code: 'refund_exceeds_payment',
    details: { left_minor: '1' },
  });
  await recordRefund(db.pool, requestFor(payment, 1n), RULES);

  expect(await sumsOf(db, payment.id)).toEqual({ captured: 10_000n, reserved: 10_000n, counted: 10_000n });
});

test('I2 a failure and a new refund at the same instant: the room is given once', async () => {
  for (let round = 0; round < 30; round += 1) {
    const payment = await pay(db.pool, 100n);
    const { refund: failing } = await recordRefund(db.pool, requestFor(payment, 60n), RULES);

    const ends = await Promise.allSettled([
      observe(db.pool, failing.id, [sent(1, 2), turnedDown(1, 3)]),
      recordRefund(db.pool, requestFor(payment, 60n), RULES),
      recordRefund(db.pool, requestFor(payment, 60n), RULES),
    ]);

    const accepted = ends.slice(1).filter((end) => end.status === 'fulfilled').length;
    expect(accepted).toBeLessThanOrEqual(1);
    const reserved = BigInt(accepted) * 60n;
    expect(await sumsOf(db, payment.id)).toEqual({ captured: 100n, reserved, counted: reserved });
  }
});

test('I2 a late success and a new refund at the same instant: both never count beyond what was captured', async () => {
  for (let round = 0; round < 30; round += 1) {
    const payment = await pay(db.pool, 100n);
    const { refund } = await recordRefund(db.pool, requestFor(payment, 60n), RULES);
    await observe(db.pool, refund.id, [sent(1, 2), turnedDown(1, 3)]);

    const [late, other] = await Promise.allSettled([
      observe(db.pool, refund.id, [said('success', 5)]),
      recordRefund(db.pool, requestFor(payment, 60n), RULES),
    ]);

    // The channel's word is recorded in any case; only one of the two amounts can be held.
    expect(late).toMatchObject({ status: 'fulfilled', value: { state: 'needs_action' } });
    expect(await sumsOf(db, payment.id)).toEqual({ captured: 100n, reserved: 60n, counted: 60n });
    const { rows } = await db.owner.query<{ counted: boolean }>('select counted from refunds where id = $1', [
      refund.id,
    ]);
    expect(rows[0]?.counted).toBe(other.status === 'rejected');
  }
});
