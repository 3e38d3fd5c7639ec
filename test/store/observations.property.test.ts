/** Evidence in any order, any number of times, by any number of writers: the row is the same. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Observation } from '../../domain/refund/observation.ts';
import { statusOf } from '../../domain/refund/state.ts';
import { observationsOf, observe } from '../../store/observations.ts';
import { AMOUNT, anyObservation, observationSet } from '../domain/observations.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { openAccounts, refundOf } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

/** All that a refund's row says of the evidence, read from the table itself. */
async function rowOf(refundId: string): Promise<Record<string, unknown>> {
  const { rows } = await db.owner.query<Record<string, unknown>>(
    `select state, state_reason, counted, channel_refund_no, accepted_at, succeeded_at, lands_in, bank_leg,
            arrival_estimate_at, payer_amount_minor, last_asked_at
       from refunds where id = $1`,
    [refundId],
  );
  return rows[0] ?? {};
}

/** Reports that also carry facts, so that the choice between two of them shows in the row. */
const withFacts = fc
  .tuple(
    anyObservation,
    fc.constantFrom('零钱', '招商银行0403', null),
    fc.constantFrom('pending', 'arrived', null),
  )
  .map(([one, landsIn, bankLeg]): Observation => {
    if (one.kind !== 'channel_report') return one;
    const ref = `${one.ref}/${String(landsIn)}/${String(bankLeg)}`;
    return {
      ...one,
      ref,
      acceptedAt: one.at,
      ...(landsIn === null ? {} : { landsIn }),
      ...(bankLeg === null ? {} : { bankLeg }),
    };
  });

const evidence = observationSet(withFacts, 8).chain((known) =>
  fc.record({
    known: fc.constant(known),
    one: fc.shuffledSubarray(known, { minLength: known.length }),
    other: fc.shuffledSubarray(known, { minLength: known.length }),
    again: fc.subarray(known),
  }),
);

test('I22 any order and any repetition of the same evidence gives the same row, and the state that the rules say', async () => {
  await fc.assert(
    fc.asyncProperty(evidence, async ({ known, one, other, again }) => {
      const [first, second] = [await refundOf(db.pool, AMOUNT), await refundOf(db.pool, AMOUNT)];

      for (const observation of one) await observe(db.pool, first.id, [observation]);
      await observe(db.pool, second.id, [...other, ...again]);
      await observe(db.pool, second.id, again);

      const row = await rowOf(first.id);
      expect(await rowOf(second.id)).toEqual(row);
      const status = statusOf(AMOUNT, known);
      expect(row).toMatchObject({
        state: status.state === 'settled' ? 'succeeded' : status.state,
        state_reason: status.reason,
        counted: status.state !== 'failed',
      });
      expect(new Set(await observationsOf(db.pool, first.id))).toEqual(new Set(known));
      expect(await observationsOf(db.pool, second.id)).toHaveLength(known.length);
    }),
    { numRuns: 60 },
  );
}, 60_000);

test('I22 writers at the same instant leave the row that one writer would have left', async () => {
  await fc.assert(
    fc.asyncProperty(evidence, async ({ one, other }) => {
      const [together, alone] = [await refundOf(db.pool, AMOUNT), await refundOf(db.pool, AMOUNT)];

      await Promise.all(
        [...one, ...other].map((observation) => observe(db.pool, together.id, [observation])),
      );
      for (const observation of one) await observe(db.pool, alone.id, [observation]);

      expect(await rowOf(together.id)).toEqual(await rowOf(alone.id));
    }),
    { numRuns: 25 },
  );
}, 60_000);
