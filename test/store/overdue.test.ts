/** I10: past its window without evidence a refund is flagged within one sweep; only evidence lifts the flag. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Refund } from '../../domain/refund/refund.ts';
import { planWindow } from '../../store/arrival-plans.ts';
import { observe } from '../../store/observations.ts';
import { findDue, flagOverdue, listOverdue } from '../../store/overdue.ts';
import { getRefundById } from '../../store/refunds.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { MERCHANT, fresh, minute, openAccounts, pay, refundOf, said, sent, turnedDown } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

// Sweeps look at everything: each test begins with books in which nothing is open.
beforeEach(async () => {
  await db.owner.query(`update refunds set promise_at = null, alarm_at = null, overdue_level = 0`);
});

const PROMISE = 100;
const ALARM = 200;

async function promised(o: { promise?: number; alarm?: number; amount?: bigint } = {}): Promise<Refund> {
  const payment = await pay(db.pool, 500n, { transactionId: fresh('T') });
  const refund = await refundOf(db.pool, o.amount ?? 500n, payment);
  await observe(db.pool, refund.id, [said('processing', 2, { channelRefundNo: fresh('5030') })]);
  await planWindow(
    db.pool,
    refund.id,
    {
      promiseAt: minute(o.promise ?? PROMISE),
      alarmAt: minute(o.alarm ?? ALARM),
      windowVersion: 'w',
      calendarRevision: 'c',
      provisional: false,
      basis: 'source',
    },
    minute(2),
  );
  return refund;
}

const levelOf = async (refund: Refund): Promise<number | undefined> =>
  (await getRefundById(db.pool, refund.id))?.overdueLevel;

async function flagsOf(refund: Refund): Promise<{ level: number; at: Date }[]> {
  const { rows } = await db.owner.query<{ level: number; at: Date }>(
    'select level, at from overdue_flags where refund_id = $1 order by id',
    [refund.id],
  );
  return rows;
}

describe('F6 F68 a refund without evidence', () => {
  test('earns its flag at the very instant of its promise, and the higher one at its alarm', async () => {
    const refund = await promised();

    expect(await flagOverdue(db.pool, new Date(minute(PROMISE).getTime() - 1))).toEqual({
      raised: 0,
      lifted: 0,
    });
    expect(await flagOverdue(db.pool, minute(PROMISE))).toEqual({ raised: 1, lifted: 0 });
    expect(await levelOf(refund)).toBe(1);
    expect(await flagOverdue(db.pool, minute(ALARM))).toEqual({ raised: 1, lifted: 0 });
    expect(await levelOf(refund)).toBe(2);

    expect(await flagsOf(refund)).toEqual([
      { level: 1, at: minute(PROMISE) },
      { level: 2, at: minute(ALARM) },
    ]);
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({ state: 'processing' });
  });

  test('that nobody looked at until after its alarm goes straight to the higher flag', async () => {
    const refund = await promised();
    await flagOverdue(db.pool, minute(ALARM + 5));
    expect(await flagsOf(refund)).toEqual([{ level: 2, at: minute(ALARM + 5) }]);
  });

  test('swept again, or by two sweeps at once, is flagged once', async () => {
    const refunds = await Promise.all(Array.from({ length: 15 }, () => promised()));
    const ends = await Promise.all([1, 2, 3].map(() => flagOverdue(db.pool, minute(PROMISE))));
    expect(ends.reduce((sum, { raised }) => sum + raised, 0)).toBe(15);
    expect(await flagOverdue(db.pool, minute(PROMISE + 1))).toEqual({ raised: 0, lifted: 0 });
    for (const refund of refunds) expect(await flagsOf(refund)).toHaveLength(1);
  });

  test.each([
    ['requested', []],
    ['unknown', [sent(1, 2)]],
    ['needs_action', [said('abnormal', 3)]],
  ] as const)('that is %s is flagged like one that is under way', async (state, evidence) => {
    const refund = await refundOf(db.pool, 5n);
    await observe(db.pool, refund.id, evidence);
    await db.pool.query('update refunds set promise_at = $2, alarm_at = $3 where id = $1', [
      refund.id,
      minute(PROMISE),
      minute(ALARM),
    ]);
    await flagOverdue(db.pool, minute(PROMISE));
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({ state, overdueLevel: 1 });
  });

  test('that the channel paid and the payer’s bank has not posted is flagged too, until the bank has it', async () => {
    const refund = await promised();
    await observe(db.pool, refund.id, [said('success', 3, { bankLeg: 'pending' })]);
    expect(await findDue(db.pool, { now: minute(PROMISE), limit: 9 })).toMatchObject([
      { refundId: refund.id },
    ]);

    expect(await flagOverdue(db.pool, minute(PROMISE))).toEqual({ raised: 1, lifted: 0 });
    expect(await listOverdue(db.pool, MERCHANT, { limit: 9 })).toMatchObject([
      { refundNo: refund.refundNo, state: 'succeeded', bankLeg: 'pending', level: 1 },
    ]);

    await observe(db.pool, refund.id, [said('success', 150, { bankLeg: 'arrived' })]);
    expect(await flagOverdue(db.pool, minute(160))).toEqual({ raised: 0, lifted: 1 });
    expect(await flagOverdue(db.pool, minute(ALARM))).toEqual({ raised: 0, lifted: 0 });
  });

  test('without any window is never flagged', async () => {
    const refund = await refundOf(db.pool, 5n);
    await flagOverdue(db.pool, minute(1_000_000));
    expect(await levelOf(refund)).toBe(0);
  });

  test('keeps its flag when its window is planned anew and ends later: time alone lifts nothing', async () => {
    const refund = await promised();
    await flagOverdue(db.pool, minute(ALARM));
    await planWindow(
      db.pool,
      refund.id,
      {
        promiseAt: minute(9_000),
        alarmAt: minute(9_001),
        windowVersion: 'w2',
        calendarRevision: 'c',
        provisional: false,
        basis: 'source',
      },
      minute(2),
    );
    expect(await flagOverdue(db.pool, minute(ALARM + 1))).toEqual({ raised: 0, lifted: 0 });
    expect(await levelOf(refund)).toBe(2);
  });

  test('F85 keeps its flag when the clock goes back', async () => {
    const refund = await promised();
    await flagOverdue(db.pool, minute(ALARM));
    await flagOverdue(db.pool, minute(0));
    expect(await levelOf(refund)).toBe(2);
    expect(await flagsOf(refund)).toHaveLength(1);
  });
});

describe('evidence', () => {
  test.each([
    ['success', said('success', 150), 'succeeded'],
    ['a plain no', said('closed', 150), 'failed'],
  ] as const)(
    'of %s lifts the flag at the next sweep, and the lifting is kept',
    async (_, evidence, state) => {
      const refund = await promised();
      await flagOverdue(db.pool, minute(PROMISE));
      await observe(db.pool, refund.id, [evidence]);
      expect(await levelOf(refund)).toBe(1);

      expect(await flagOverdue(db.pool, minute(160))).toEqual({ raised: 0, lifted: 1 });

      expect(await getRefundById(db.pool, refund.id)).toMatchObject({ state, overdueLevel: 0 });
      expect(await flagsOf(refund)).toEqual([
        { level: 1, at: minute(PROMISE) },
        { level: 0, at: minute(160) },
      ]);
      expect(await listOverdue(db.pool, MERCHANT, { limit: 99 })).toEqual([]);
    },
  );

  test('of nothing new (still processing, asked again, sent again) lifts nothing', async () => {
    const refund = await promised();
    await flagOverdue(db.pool, minute(PROMISE));
    await observe(db.pool, refund.id, [said('processing', 150), sent(2, 151), turnedDown(2, 152)]);
    expect(await flagOverdue(db.pool, minute(160))).toEqual({ raised: 0, lifted: 0 });
    expect(await levelOf(refund)).toBe(1);
  });

  test('that comes while the sweep is waiting counts: no flag is raised on a refund that has succeeded', async () => {
    const refund = await promised();
    const tx = await db.pool.connect();
    await tx.query('begin');
    await tx.query('select 1 from refunds where id = $1 for update', [refund.id]);
    const sweep = flagOverdue(db.pool, minute(PROMISE));
    await expect.poll(() => waiting(), { timeout: 10_000 }).toBe(1);
    await tx.query(
      `insert into observations (refund_id, source, kind, ref, observed_at, body) values ($1, 'query', 'channel_report', 'x', $2, $3)`,
      [refund.id, minute(99), JSON.stringify(said('success', 99))],
    );
    await tx.query(`update refunds set state = 'succeeded' where id = $1`, [refund.id]);
    await tx.query('commit');
    tx.release();

    expect(await sweep).toEqual({ raised: 0, lifted: 0 });
    expect(await flagsOf(refund)).toEqual([]);
  });
});

/** Connections of this database that wait for a lock. */
async function waiting(): Promise<number> {
  const { rows } = await db.owner.query<{ n: bigint }>(
    `select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return Number(rows[0]?.n ?? 0n);
}

describe('the question before the flag', () => {
  test('is asked about each refund that is about to earn a higher flag, in pages, and not again once it has it', async () => {
    const refunds = [await promised(), await promised(), await promised()];
    const ids = refunds.map((one) => one.id);
    const due = (at: number, limit: number, after?: string) =>
      findDue(db.pool, { now: minute(at), limit, ...(after === undefined ? {} : { after }) });

    expect(await due(PROMISE - 1, 9)).toEqual([]);
    const first = await due(PROMISE, 2);
    const second = await due(PROMISE, 2, first.at(-1)?.refundId ?? '');
    expect([...first, ...second].map((one) => one.refundId)).toEqual(ids);
    expect(first[0]).toEqual({
      refundId: ids[0],
      merchantId: MERCHANT,
      refundNo: refunds[0]?.refundNo,
      accountId: 'shop-wechat',
    });

    await flagOverdue(db.pool, minute(PROMISE));
    expect(await due(PROMISE + 1, 9)).toEqual([]);
    expect((await due(ALARM, 9)).map((one) => one.refundId)).toEqual(ids);
  });
});

describe('the overdue list', () => {
  test('has what people need: how late, how much, what was asked and answered, and every serial number', async () => {
    const refund = await promised({ amount: 321n });
    await observe(db.pool, refund.id, [
      said('processing', 90, { landsIn: '招商银行0403', clearingDate: '1124' }),
    ]);
    await flagOverdue(db.pool, minute(ALARM));
    const { channelRefundNo } = (await getRefundById(db.pool, refund.id)) ?? {};

    const list = await listOverdue(db.pool, MERCHANT, { limit: 10 });

    expect(list).toEqual([
      {
        refundNo: refund.refundNo,
        merchantId: MERCHANT,
        accountId: refund.accountId,
        channel: 'wechat',
        paymentNo: refund.payment.paymentNo,
        amountMinor: 321n,
        currency: 'CNY',
        state: 'processing',
        stateReason: null,
        level: 2,
        promiseAt: minute(PROMISE),
        overdueSince: minute(ALARM),
        channelRefundNo,
        transactionId: refund.payment.transactionId,
        clearingDate: '1124',
        landsIn: '招商银行0403',
        lastAskedAt: minute(90),
        lastAnswer: 'processing',
        bankLeg: null,
      },
    ]);
    expect(channelRefundNo).toMatch(/^5030/);
    expect(await listOverdue(db.pool, 'stall', { limit: 10 })).toEqual([]);
    expect(await listOverdue(db.pool, null, { limit: 10 })).toEqual(list);
  });

  test('is as long as one asks for, the longest overdue first', async () => {
    const late = [
      await promised({ promise: 80 }),
      await promised({ promise: 60 }),
      await promised({ promise: 70 }),
    ];
    await flagOverdue(db.pool, minute(PROMISE));
    const list = await listOverdue(db.pool, null, { limit: 2 });
    expect(list.map((one) => one.refundNo)).toEqual([late[1]?.refundNo, late[2]?.refundNo]);
  });
});

test('I10 after each sweep a flag is what the rule says of evidence and time, in any order of both', async () => {
  const step = fc.oneof(
    fc.record({ sweep: fc.integer({ min: 0, max: 300 }) }),
    fc.record({ tell: fc.constantFrom('processing', 'success', 'closed', 'abnormal') }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const refund = await promised();
      const told = new Set<string>(['processing']);
      let level = 0;
      for (const one of steps) {
        if ('tell' in one) {
          told.add(one.tell);
          await observe(db.pool, refund.id, [said(one.tell, 50)]);
          continue;
        }
        const earned = one.sweep >= ALARM ? 2 : one.sweep >= PROMISE ? 1 : 0;
        // Success and a plain no are evidence; both together are a contradiction, which is none.
        const answered = told.has('success') !== told.has('closed');
        level = answered ? 0 : Math.max(level, earned);
        await flagOverdue(db.pool, minute(one.sweep));
        expect(await levelOf(refund)).toBe(level);
      }
    }),
    { numRuns: 40 },
  );
});
