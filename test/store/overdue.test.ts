/** I10: past its window without evidence a refund is flagged within one sweep; only evidence lifts the flag. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { earnedLevel } from '../../domain/overdue/levels.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { planWindow } from '../../store/arrival-plans.ts';
import { observe } from '../../store/observations.ts';
import type { OverdueRow } from '../../store/overdue-list.ts';
import { listOverdue } from '../../store/overdue-list.ts';
import type { DuePlace } from '../../store/overdue.ts';
import { findDue, flagOverdue, noteUnanswered } from '../../store/overdue.ts';
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
  await db.owner.query(
    `update refunds set promise_at = null, alarm_at = null, escalate_at = null, overdue_level = 0`,
  );
});

const PROMISE = 100;
const ALARM = 200;
const ESCALATE = 400;

async function promised(
  o: { promise?: number; alarm?: number; escalate?: number; amount?: bigint } = {},
): Promise<Refund> {
  const payment = await pay(db.pool, 500n, { transactionId: fresh('T') });
  const refund = await refundOf(db.pool, o.amount ?? 500n, payment);
  await observe(db.pool, refund.id, [said('processing', 2, { channelRefundNo: fresh('5030') })]);
  await planWindow(
    db.pool,
    refund.id,
    {
      promiseAt: minute(o.promise ?? PROMISE),
      alarmAt: minute(o.alarm ?? ALARM),
      escalateAt: minute(o.escalate ?? ESCALATE),
      windowVersion: 'w',
      calendarRevision: 'c',
      provisional: false,
      basis: 'source',
    },
    minute(2),
  );
  return refund;
}

const overdueOf = async (merchantId: string | null, limit: number): Promise<OverdueRow[]> =>
  (await listOverdue(db.pool, { merchantId, limit })).rows;

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

  test('is escalated at the third deadline of its plan, and the list may be asked for it alone', async () => {
    const [late, later] = [await promised({ escalate: 300 }), await promised({ promise: 90 })];
    await flagOverdue(db.pool, new Date(minute(300).getTime() - 1));
    expect(await levelOf(late)).toBe(2);

    expect(await flagOverdue(db.pool, minute(300))).toEqual({ raised: 1, lifted: 0 });

    expect(await flagsOf(late)).toEqual([
      { level: 2, at: new Date(minute(300).getTime() - 1) },
      { level: 3, at: minute(300) },
    ]);
    const of = async (level: number): Promise<string[]> =>
      (await listOverdue(db.pool, { merchantId: MERCHANT, level, limit: 9 })).rows.map((row) => row.refundNo);
    expect([await of(1), await of(2), await of(3)]).toEqual([[], [later.refundNo], [late.refundNo]]);
  });

  test('is flagged in batches of any size as in one, and each flag is lifted once', async () => {
    const refunds = await Promise.all(
      Array.from({ length: 7 }, (_, n) => promised({ promise: 90 + (n % 3) })),
    );

    expect(await flagOverdue(db.pool, minute(PROMISE), { batchSize: 3 })).toEqual({ raised: 7, lifted: 0 });
    for (const refund of refunds) await observe(db.pool, refund.id, [said('success', 150)]);
    expect(await flagOverdue(db.pool, minute(160), { batchSize: 3 })).toEqual({ raised: 0, lifted: 7 });

    for (const refund of refunds) expect(await flagsOf(refund)).toHaveLength(2);
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
    expect(await overdueOf(MERCHANT, 9)).toMatchObject([
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
        escalateAt: minute(9_002),
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
      expect(await overdueOf(MERCHANT, 99)).toEqual([]);
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
  const flagAsked = (at: number) => flagOverdue(db.pool, minute(at), { unaskedAtMostMs: 60 * 60_000 });

  test('since the deadline is waited for, as long as it may be: then the flag is raised without', async () => {
    const refund = await promised();

    expect(await flagAsked(PROMISE + 59)).toEqual({ raised: 0, lifted: 0 });
    expect(await flagAsked(PROMISE + 60)).toEqual({ raised: 1, lifted: 0 });
    expect(await levelOf(refund)).toBe(1);
  });

  test('counts with its answer, without one, and not from before the deadline', async () => {
    const [answered, unanswered, early] = [await promised(), await promised(), await promised()];
    await observe(db.pool, answered.id, [said('processing', PROMISE)]);
    await noteUnanswered(db.pool, [{ refundId: unanswered.id, why: 'ETIMEDOUT' }], minute(PROMISE + 1));
    await observe(db.pool, early.id, [said('processing', PROMISE - 1)]);

    expect(await flagAsked(PROMISE + 1)).toEqual({ raised: 2, lifted: 0 });

    expect([await levelOf(answered), await levelOf(unanswered), await levelOf(early)]).toEqual([1, 1, 0]);
  });

  test('is asked again before each higher level', async () => {
    const refund = await promised();
    await observe(db.pool, refund.id, [said('processing', PROMISE)]);
    await flagAsked(PROMISE);

    expect(await flagAsked(ALARM)).toEqual({ raised: 0, lifted: 0 });
    await observe(db.pool, refund.id, [said('processing', ALARM + 1)]);
    expect(await flagAsked(ALARM + 2)).toEqual({ raised: 1, lifted: 0 });
  });

  test('is not waited for where nothing was ever sent: there is nothing to ask about', async () => {
    const refund = await refundOf(db.pool, 5n);
    await db.pool.query('update refunds set promise_at = $2, alarm_at = $3 where id = $1', [
      refund.id,
      minute(PROMISE),
      minute(ALARM),
    ]);

    expect(await flagAsked(PROMISE)).toEqual({ raised: 1, lifted: 0 });
  });

  test('that got no answer is noted with its reason, and an older one does not hide a newer', async () => {
    const refund = await promised();
    await noteUnanswered(db.pool, [{ refundId: refund.id, why: 'second' }], minute(20));
    await noteUnanswered(db.pool, [{ refundId: refund.id, why: 'first' }], minute(10));
    await flagOverdue(db.pool, minute(ALARM));

    expect(await overdueOf(MERCHANT, 9)).toMatchObject([
      { unansweredAt: minute(20), unansweredWhy: 'second' },
    ]);
  });

  test('is asked about each refund that is about to earn a higher flag, in pages, and not again once it has it', async () => {
    const refunds = [await promised(), await promised(), await promised()];
    const ids = refunds.map((one) => one.id);
    const due = (at: number, limit: number, after?: DuePlace) =>
      findDue(db.pool, { now: minute(at), limit, ...(after === undefined ? {} : { after }) });

    expect(await due(PROMISE - 1, 9)).toEqual([]);
    const first = await due(PROMISE, 2);
    const second = await due(PROMISE, 2, first.at(-1)?.place);
    expect([...first, ...second].map((one) => one.refundId)).toEqual(ids);
    expect(first[0]).toMatchObject({
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

    const list = await overdueOf(MERCHANT, 10);

    expect(list).toEqual([
      {
        id: BigInt(refund.id),
        refundNo: refund.refundNo,
        merchantId: MERCHANT,
        accountId: refund.accountId,
        channel: 'wechat',
        paymentNo: refund.payment.paymentNo,
        amountMinor: 321n,
        currency: 'CNY',
        state: 'processing',
        stateReason: null,
        externalId: '1900000109',
        flaw: null,
        level: 2,
        requestedAt: refund.requestedAt,
        goodsReceivedAt: null,
        acceptedAt: null,
        promiseAt: minute(PROMISE),
        alarmAt: minute(ALARM),
        escalateAt: minute(ESCALATE),
        overdueSince: minute(ALARM),
        channelRefundNo,
        transactionId: refund.payment.transactionId,
        clearingDate: '1124',
        landsIn: '招商银行0403',
        lastAskedAt: minute(90),
        lastAnswer: 'processing',
        bankLeg: null,
        unansweredAt: null,
        unansweredWhy: null,
      },
    ]);
    expect(channelRefundNo).toMatch(/^5030/);
    expect(await overdueOf('stall', 10)).toEqual([]);
    expect(await overdueOf(null, 10)).toEqual(list);
  });

  test('is as long as one asks for, the longest overdue first', async () => {
    const late = [
      await promised({ promise: 80 }),
      await promised({ promise: 60 }),
      await promised({ promise: 70 }),
    ];
    await flagOverdue(db.pool, minute(PROMISE));
    const first = await listOverdue(db.pool, { merchantId: null, limit: 2 });
    expect(first.rows.map((one) => one.refundNo)).toEqual([late[1]?.refundNo, late[2]?.refundNo]);

    const second = await listOverdue(db.pool, { merchantId: null, limit: 2, after: first.next ?? '' });
    expect([second.rows.map((one) => one.refundNo), second.next]).toEqual([[late[0]?.refundNo], null]);
    const elsewhere = await listOverdue(db.pool, { merchantId: null, channel: 'alipay', limit: 2 });
    expect(elsewhere).toEqual({ rows: [], next: null });
  });
});

test('I10 after each sweep a flag is what the rule says of evidence and time, in any order of both', async () => {
  const step = fc.oneof(
    fc.record({ sweep: fc.integer({ min: 0, max: 500 }) }),
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
        const earned = one.sweep >= ESCALATE ? 3 : one.sweep >= ALARM ? 2 : one.sweep >= PROMISE ? 1 : 0;
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

test('SQL and rule agree on the level of every plan at every instant', async () => {
  const refund = await promised();
  const minuteOrNone = fc.option(fc.integer({ min: 0, max: 20 }));
  await fc.assert(
    fc.asyncProperty(
      minuteOrNone,
      minuteOrNone,
      minuteOrNone,
      fc.integer({ min: 0, max: 20 }),
      async (p, a, e, now) => {
        // A plan has its deadlines in order; what is missing is missing from the end.
        const ordered = [p, a, e].filter((one) => one !== null).toSorted((one, other) => one - other);
        const [promiseAt = null, alarmAt = null, escalateAt = null] = ordered.map((one) => minute(one));
        await db.owner.query(
          'update refunds set overdue_level = 0, promise_at = $2, alarm_at = $3, escalate_at = $4 where id = $1',
          [refund.id, promiseAt, alarmAt, escalateAt],
        );

        await flagOverdue(db.pool, minute(now));

        expect(await levelOf(refund)).toBe(earnedLevel({ promiseAt, alarmAt, escalateAt }, minute(now)));
      },
    ),
    { numRuns: 60 },
  );
});

test('what is due, and what is to be lifted, are found by their own indexes', async () => {
  const { rows } = await db.owner.query<{ indexdef: string }>(
    `select indexdef from pg_indexes where indexname in ('refunds_due', 'refunds_to_lift') order by indexname`,
  );
  expect(rows).toHaveLength(2);
  const tx = await db.owner.connect();
  try {
    // In a table of a few rows reading all of it is cheapest: the question is whether the indexes can be used at all.
    await tx.query("set enable_seqscan = off; set enable_bitmapscan = off; load 'auto_explain'");
    await tx.query(`set auto_explain.log_min_duration = 0; set auto_explain.log_level = 'notice'`);
    const plans: string[] = [];
    tx.on('notice', (notice) => plans.push(notice.message ?? ''));
    await flagOverdue(tx, minute(ALARM));
    await findDue(tx, { now: minute(ALARM), limit: 9 });
    const text = plans.join('\n');
    expect(text.match(/refunds_due on refunds/g)).toHaveLength(2);
    expect(text).toMatch(/refunds_to_lift on refunds/);
  } finally {
    await tx.query('reset all').catch(() => undefined);
    tx.release(true);
  }
});
