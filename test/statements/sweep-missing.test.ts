/**
 * Which refunds are missing at the channel, against a plain second reading of the rule: its day and the day after have their
 * bills, both days are over, the channel took the refund, and no line of a live bill is matched to it.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addDays, beijingDateOf } from '../../domain/time/plain-date.ts';
import { syncAccounts } from '../../store/accounts.ts';
import { matchStatement, sweepMissing } from '../../store/match.ts';
import { observe } from '../../store/observations.ts';
import { importStatement, recordEmptyStatement } from '../../store/statements.ts';
import { MERCHANT, pay, refundOf } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import type { PlainLine } from './plain-statement.ts';
import { chunksOf, plainReader, plainStatement } from './plain-statement.ts';

const FIRST_DAY = '2026-11-24';
const DAYS = 5;

interface Planned {
  readonly day: number;
  /** Hours after midnight in Beijing. */
  readonly hour: number;
  readonly state: 'requested' | 'processing' | 'succeeded' | 'failed' | 'abnormal';
  readonly inBill: boolean;
}

const planned: fc.Arbitrary<Planned> = fc.record({
  day: fc.integer({ min: 0, max: DAYS - 1 }),
  hour: fc.integer({ min: 0, max: 23 }),
  state: fc.constantFrom('requested', 'processing', 'succeeded', 'failed', 'abnormal'),
  inBill: fc.boolean(),
});

let db: TestDatabase;

beforeAll(async () => {
  db = await testDatabase();
});

afterAll(async () => {
  await db.drop();
});

const dayOf = (index: number): string => addDays(FIRST_DAY, index);
const instant = (day: number, hour: number): Date =>
  new Date(Date.parse(`${dayOf(day)}T00:00:00+08:00`) + hour * 3_600_000);

const STATUS = {
  processing: 'processing',
  succeeded: 'success',
  failed: 'closed',
  abnormal: 'abnormal',
} as const;

/** Records the refund, as the channel took it at its hour. */
async function record(accountId: string, one: Planned): Promise<string> {
  const refund = await refundOf(db.pool, 100n, await pay(db.pool, 100n, { accountId }));
  if (one.state !== 'requested') {
    const at = instant(one.day, one.hour).toISOString();
    await observe(db.pool, refund.id, [
      {
        kind: 'channel_report',
        source: 'query',
        ref: 'q1',
        at,
        status: STATUS[one.state],
        acceptedAt: at,
        channelRefundNo: `C${refund.refundNo}`,
      },
    ]);
  }
  return refund.refundNo;
}

/** A bill of the day with these refunds; an empty day when there are none. */
async function bill(accountId: string, day: number, refundNos: readonly string[]): Promise<void> {
  const base = {
    accountId,
    kind: 'trade',
    billDate: dayOf(day),
    now: instant(day + 1, 10),
  } as const;
  if (refundNos.length === 0) {
    await recordEmptyStatement(db.ingest, base);
    return;
  }
  const lines: PlainLine[] = refundNos.map((refundNo) => ({
    at: `${dayOf(day)} 12:00:00`,
    refundNo,
    amount: 100,
  }));
  const { fileId } = await importStatement(db.ingest, {
    ...base,
    source: chunksOf(plainStatement(lines)),
    reader: plainReader(),
    uri: null,
    expectHash: null,
    expectMerchantNo: null,
  });
  await matchStatement(db.ingest, fileId, { now: base.now });
}

async function openBreaks(accountId: string): Promise<string[]> {
  const { rows } = await db.owner.query<{ refund_no: string }>(
    `select refund_no from yuanlu.breaks where kind = 'missing_at_channel' and status = 'open' and account_id = $1`,
    [accountId],
  );
  return rows.map((row) => row.refund_no).toSorted();
}

let accounts = 0;

/** Each run has an account of its own: nothing that was recorded can be taken back. */
async function newAccount(): Promise<string> {
  accounts += 1;
  const id = `swept-${String(accounts)}`;
  const externalId = String(1_910_000_000 + accounts);
  await syncAccounts(db.pool, [{ id, merchantId: MERCHANT, channel: 'wechat', externalId }]);
  return id;
}

describe('the sweep for what is missing', () => {
  test('I8 I10: opens a break for exactly the refunds whose bills are there and do not show them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(planned, { minLength: 1, maxLength: 12 }),
        fc.uniqueArray(fc.integer({ min: 0, max: DAYS }), { maxLength: DAYS + 1 }),
        fc.integer({ min: 1, max: DAYS + 2 }),
        async (refunds, billDays, sweepDay) => {
          const accountId = await newAccount();
          const rows = [];
          for (const one of refunds) rows.push({ ...one, refundNo: await record(accountId, one) });
          for (const day of billDays) {
            const shown = rows.filter((one) => one.inBill && one.day === day && one.state !== 'requested');
            await bill(
              accountId,
              day,
              shown.map((one) => one.refundNo),
            );
          }

          const asOf = instant(sweepDay, 11);
          const line = { proves: 'acceptance', dayEndsEarlyMs: 0 } as const;
          await sweepMissing(db.ingest, { accountId, asOf, line });
          await sweepMissing(db.ingest, { accountId, asOf, line });

          const has = (day: number): boolean => billDays.includes(day);
          const expected = rows.filter(
            ({ day, state, inBill }) =>
              ['processing', 'succeeded', 'abnormal'].includes(state) &&
              has(day) &&
              has(day + 1) &&
              beijingDateOf(asOf) >= dayOf(day + 2) &&
              !inBill,
          );
          expect(await openBreaks(accountId)).toEqual(expected.map((one) => one.refundNo).toSorted());
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe.each(['completion', 'clearing'] as const)('where a line proves %s', (proves) => {
  const early = proves === 'clearing' ? 3_600_000 : 0;

  /** A refund that the channel took on day 0, and of which it said `status` at the given hour of another day. */
  async function taken(
    accountId: string,
    later: { day: number; hour: number; told: boolean } | null,
  ): Promise<string> {
    const refundNo = await record(accountId, { day: 0, hour: 10, state: 'processing', inBill: false });
    if (later === null) return refundNo;
    const at = instant(later.day, later.hour).toISOString();
    const { rows } = await db.owner.query<{ id: bigint }>(
      'select id from yuanlu.refunds where refund_no = $1',
      [refundNo],
    );
    await observe(db.pool, String(rows[0]?.id), [
      {
        ...{ kind: 'channel_report', source: 'query', ref: 'q2', at, status: 'success' },
        ...(later.told ? { succeededAt: at } : {}),
      },
    ]);
    return refundNo;
  }

  async function sweptWith(accountId: string, days: readonly number[]): Promise<string[]> {
    for (const day of days) await bill(accountId, day, []);
    const line = { proves, dayEndsEarlyMs: early };
    await sweepMissing(db.ingest, { accountId, asOf: instant(DAYS + 2, 11), line });
    return openBreaks(accountId);
  }

  test('I8: a refund that is not done is missing nowhere, however long ago the channel took it', async () => {
    const accountId = await newAccount();
    await taken(accountId, null);

    expect(await sweptWith(accountId, [0, 1, 2, 3, 4])).toEqual([]);
  });

  test.each([true, false])(
    'I8: one that was done days later is missing only when the bill of that day is there; time told: %s',
    async (told) => {
      const accountId = await newAccount();
      const refundNo = await taken(accountId, { day: 3, hour: 12, told });

      expect(await sweptWith(accountId, [0, 1, 2])).toEqual([]);
      expect(await sweptWith(accountId, [3, 4])).toEqual([refundNo]);
    },
  );

  test.each([true, false])(
    'I8: one of which it is heard late is missing only when no bill since the channel took it is; time told: %s',
    async (told) => {
      const accountId = await newAccount();
      const refundNo = await taken(accountId, { day: 3, hour: 12, told });

      // Where the channel says when it was done, only that day and the next can have it.
      expect(await sweptWith(accountId, [0, 2, 3, 4])).toEqual(told ? [refundNo] : []);
      expect(await sweptWith(accountId, [1])).toEqual([refundNo]);
    },
  );

  test('F60: one that was done late in the evening belongs to the channel’s own day', async () => {
    const accountId = await newAccount();
    const refundNo = await taken(accountId, { day: 1, hour: 23, told: true });
    const isNextDay = proves === 'clearing';

    expect(await sweptWith(accountId, [1, 2])).toEqual(isNextDay ? [] : [refundNo]);
    expect(await sweptWith(accountId, [3])).toEqual([refundNo]);
  });
});
