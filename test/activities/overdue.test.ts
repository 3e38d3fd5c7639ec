/** Lateness: the channel is asked before anybody is alarmed, deadlines raise flags, and only evidence lifts them. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { askChannel } from '../../activities/overdue/ask-channel.ts';
import { findDue } from '../../activities/overdue/find-due.ts';
import { flagOverdue } from '../../activities/overdue/flag-overdue.ts';
import { confirmPayment } from '../../activities/refund/confirm-payment.ts';
import { recordRefund } from '../../activities/refund/record-refund.ts';
import { recordVerdict } from '../../activities/refund/record-verdict.ts';
import type { RefundRef } from '../../activities/refund/refund-ref.ts';
import { submitRefund } from '../../activities/refund/submit-refund.ts';
import { AppError } from '../../domain/errors.ts';
import { beijingInstant } from '../../domain/time/plain-date.ts';
import { observe } from '../../store/observations.ts';
import { listOverdue } from '../../store/overdue-list.ts';
import { sweptState } from '../../store/sweeps.ts';
import { minute, said } from '../store/books.ts';
import { held, unknown } from './scripted-channel.ts';
import type { Workbench } from './workbench.ts';
import { aRefund, rowOf, toTheEnd, workbench } from './workbench.ts';

let bench: Workbench;

beforeAll(async () => {
  bench = await workbench();
});

beforeEach(async () => {
  bench.clock.set(minute(0));
  bench.useChannel();
  // Each test has the books for itself as far as lateness goes.
  await bench.db.owner.query(
    'update refunds set promise_at = null, alarm_at = null, escalate_at = null, overdue_level = 0',
  );
});

afterAll(async () => {
  await bench.close();
});

/** A wallet refund that the channel took at minute 0: promised by minute 20, alarm after a day. */
async function taken(): Promise<RefundRef> {
  const ref = await aRefund(bench, { fundingSource: 'wallet' });
  await toTheEnd(bench, confirmPayment(bench.deps), ref);
  await toTheEnd(bench, submitRefund(bench.deps), ref);
  return ref;
}

async function dueAt(at: Date, after: string | null = null) {
  const { result } = await toTheEnd(bench, findDue(bench.deps), { slot: at.toISOString(), after });
  return result;
}

/** The sweep as the workflow orders it: find, ask, flag. */
async function sweepAt(at: Date): Promise<{ asked: number; raised: number; lifted: number }> {
  bench.clock.set(at);
  const due = await dueAt(at);
  const { result: asked } = await toTheEnd(bench, askChannel(bench.deps), due.refunds);
  const { result } = await toTheEnd(bench, flagOverdue(bench.deps), at.toISOString());
  return { asked, ...result };
}

const ALARM_MINUTES = 24 * 60;

describe('I10: a refund past its window', () => {
  test('earns the first flag with its promise and the second with its alarm', async () => {
    const ref = await taken();

    expect(await sweepAt(minute(19))).toEqual({ asked: 0, raised: 0, lifted: 0 });
    expect((await rowOf(bench, ref)).overdueLevel).toBe(0);
    expect(await sweepAt(minute(20))).toEqual({ asked: 1, raised: 1, lifted: 0 });
    expect((await rowOf(bench, ref)).overdueLevel).toBe(1);
    expect(await sweepAt(minute(ALARM_MINUTES - 1))).toEqual({ asked: 0, raised: 0, lifted: 0 });
    expect(await sweepAt(minute(ALARM_MINUTES))).toEqual({ asked: 1, raised: 1, lifted: 0 });
    expect((await rowOf(bench, ref)).overdueLevel).toBe(2);
  });

  test('F80 is looked for by sweeps whose end is kept, so that their absence can be told', async () => {
    await taken();
    expect((await sweptState(bench.db.pool)).unsweptSince).not.toBeNull();

    await sweepAt(minute(20));

    expect(await sweptState(bench.db.pool)).toEqual({ lastAt: minute(20), unsweptSince: minute(20) });
  });

  test('is escalated three business days after its alarm, and asked about once more before', async () => {
    const ref = await taken();
    await sweepAt(minute(ALARM_MINUTES));
    // The alarm is on Wednesday 25 November 2026: Monday the 30th ends the third business day after it.
    const { escalateAt } = await rowOf(bench, ref);
    expect(escalateAt).toEqual(beijingInstant('2026-12-01'));
    if (escalateAt === null) return;

    expect(await sweepAt(new Date(escalateAt.getTime() - 1))).toEqual({ asked: 0, raised: 0, lifted: 0 });
    expect(await sweepAt(escalateAt)).toEqual({ asked: 1, raised: 1, lifted: 0 });
    expect((await rowOf(bench, ref)).overdueLevel).toBe(3);
    expect(await sweepAt(new Date(escalateAt.getTime() + 60_000))).toEqual({
      asked: 0,
      raised: 0,
      lifted: 0,
    });
  });

  test('at the payer’s bank is asked about and flagged like one that the channel has not paid', async () => {
    const ref = await taken();
    const estimateAt = minute(60);
    bench.channel.ledger.conclude(ref.refundNo, 'success', minute(1));
    const report = bench.channel.ledger.look(ref.refundNo, minute(2), 0);
    if (report === null) throw new Error('the channel took it');
    const pending = { ...report, bankLeg: { status: 'pending', estimateAt } } as const;
    const answer = { outcome: 'reported', report: pending, responseId: null } as const;
    bench.channel.script('queryRefund', answer, answer);
    await observe(bench.db.pool, ref.refundId, [
      said('success', 2, { bankLeg: 'pending', arrivalEstimateAt: estimateAt.toISOString() }),
    ]);
    await toTheEnd(bench, recordVerdict(bench.deps), ref);

    expect(await sweepAt(minute(60 + ALARM_MINUTES))).toEqual({ asked: 1, raised: 1, lifted: 0 });
    expect(await sweepAt(minute(60 + 3 * ALARM_MINUTES))).toEqual({ asked: 1, raised: 1, lifted: 0 });
    expect(await rowOf(bench, ref)).toMatchObject({
      state: 'succeeded',
      bankLeg: 'pending',
      overdueLevel: 2,
    });
  });

  test('keeps its money state: a deadline is no evidence', async () => {
    const ref = await taken();
    const before = await rowOf(bench, ref);

    await sweepAt(minute(100 * ALARM_MINUTES));

    const after = await rowOf(bench, ref);
    expect(after).toMatchObject({ state: before.state, stateReason: before.stateReason, overdueLevel: 3 });
  });

  test('is asked about before it is flagged, and what the channel says then counts', async () => {
    const ref = await taken();
    bench.channel.ledger.conclude(ref.refundNo, 'success', minute(15));

    const sweep = await sweepAt(minute(30));

    expect(sweep).toEqual({ asked: 1, raised: 0, lifted: 0 });
    expect(await rowOf(bench, ref)).toMatchObject({ state: 'succeeded', overdueLevel: 0 });
  });

  test('that was never sent has its flag without a question: there is nothing to ask about', async () => {
    const ref = await aRefund(bench, { fundingSource: 'wallet' });
    await toTheEnd(bench, confirmPayment(bench.deps), ref);
    await toTheEnd(bench, recordRefund(bench.deps), ref);
    const calls = bench.channel.calls.length;

    const sweep = await sweepAt(minute(60));

    expect(sweep).toEqual({ asked: 0, raised: 1, lifted: 0 });
    expect(bench.channel.calls).toHaveLength(calls);
    expect(await rowOf(bench, ref)).toMatchObject({ state: 'requested', overdueLevel: 1 });
  });

  test('shows in the list when the channel was asked, what it said, and the serials to quote', async () => {
    const ref = await taken();

    await sweepAt(minute(60));

    const { rows } = await listOverdue(bench.db.pool, { merchantId: 'shop', limit: 10 });
    const [row] = rows;
    const refund = await rowOf(bench, ref);
    expect(row).toMatchObject({
      refundNo: ref.refundNo,
      level: 1,
      promiseAt: minute(20),
      overdueSince: minute(60),
      lastAskedAt: minute(60),
      lastAnswer: 'processing',
      channelRefundNo: refund.channelRefundNo,
      transactionId: refund.payment.transactionId,
    });
  });
});

describe('a flag', () => {
  test.each([
    ['a success', said('success', 90), 'succeeded'],
    ['a closure', said('closed', 90), 'failed'],
  ] as const)('is lifted by %s', async (_what, word, state) => {
    const ref = await taken();
    await sweepAt(minute(60));
    await observe(bench.db.pool, ref.refundId, [word]);

    const sweep = await sweepAt(minute(120));

    expect(sweep).toEqual({ asked: 0, raised: 0, lifted: 1 });
    expect(await rowOf(bench, ref)).toMatchObject({ state, overdueLevel: 0 });
    expect(await listOverdue(bench.db.pool, { merchantId: 'shop', limit: 10 })).toEqual({
      rows: [],
      next: null,
    });
  });

  test('is not lifted by another "still processing", by a person being needed, or by time', async () => {
    const ref = await taken();
    await sweepAt(minute(60));
    await observe(bench.db.pool, ref.refundId, [said('abnormal', 61)]);

    const sweeps = [await sweepAt(minute(120)), await sweepAt(minute(180))];

    expect(sweeps.map((one) => one.lifted)).toEqual([0, 0]);
    expect((await rowOf(bench, ref)).overdueLevel).toBe(1);
  });

  test('raised twice by two sweeps of one slot is one flag', async () => {
    const ref = await taken();
    const slot = minute(60).toISOString();
    bench.clock.set(minute(60));
    await toTheEnd(bench, askChannel(bench.deps), [ref]);

    const sweeps = await Promise.all([
      toTheEnd(bench, flagOverdue(bench.deps), slot),
      toTheEnd(bench, flagOverdue(bench.deps), slot),
    ]);

    expect(sweeps.map(({ result }) => result.raised).toSorted()).toEqual([0, 1]);
    const { rows } = await bench.db.owner.query('select level from overdue_flags where refund_id = $1', [
      ref.refundId,
    ]);
    expect(rows).toEqual([{ level: 1 }]);
  });
});

test('signs of life are given while the database is waited for, several in a minute', async () => {
  const ref = await taken();
  bench.clock.set(minute(60));
  await toTheEnd(bench, askChannel(bench.deps), [ref]);
  const holder = await bench.db.owner.connect();
  await holder.query('begin');
  await holder.query('select 1 from refunds where id = $1 for update', [ref.refundId]);
  const environment = new MockActivityEnvironment();
  let beats = 0;
  environment.on('heartbeat', () => {
    beats += 1;
  });
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const flagging = environment.run(flagOverdue(bench.deps), minute(60).toISOString());
    await vi.advanceTimersByTimeAsync(60_000);
    const duringTheWait = beats;
    await holder.query('rollback');

    expect(await flagging).toEqual({ raised: 1, lifted: 0 });
    expect(duringTheWait).toBeGreaterThanOrEqual(50);
  } finally {
    vi.useRealTimers();
    holder.release(true);
  }
});

describe('asking about many due refunds', () => {
  test('goes on when one of them gets no answer, and counts those that did', async () => {
    const refs = [await taken(), await taken(), await taken()];
    bench.channel.script(
      'queryRefund',
      (truth) => truth(),
      unknown(),
      (truth) => truth(),
    );

    const sweep = await sweepAt(minute(60));

    expect(sweep).toEqual({ asked: 2, raised: 3, lifted: 0 });
    const asked = await Promise.all(refs.map(async (ref) => (await rowOf(bench, ref)).lastAskedAt));
    expect(asked.filter((at) => at?.getTime() === minute(60).getTime())).toHaveLength(2);
  });

  test.each([
    ['the channel is called too often', held('rate_limited')],
    ['our account is refused', held('account_config')],
  ])('goes on when %s', async (_why, answer) => {
    await taken();
    await taken();
    bench.channel.script('queryRefund', answer);

    expect(await sweepAt(minute(60))).toMatchObject({ asked: 1, raised: 2 });
  });

  test('notes the question that got no answer: when it was put, and why there was none', async () => {
    const ref = await taken();
    bench.channel.script('queryRefund', unknown('ETIMEDOUT'));

    expect(await sweepAt(minute(60))).toEqual({ asked: 0, raised: 1, lifted: 0 });

    const { rows } = await listOverdue(bench.db.pool, { merchantId: 'shop', limit: 10 });
    expect(rows).toMatchObject([
      { refundNo: ref.refundNo, level: 1, unansweredAt: minute(60), lastAskedAt: minute(0) },
    ]);
    expect(rows[0]?.unansweredWhy).toMatch(/^channel_unreachable: .*ETIMEDOUT/);
  });

  test('leaves an account that stays silent alone after three questions; all of them are noted and flagged', async () => {
    for (let n = 0; n < 6; n += 1) await taken();
    bench.channel.script('queryRefund', ...Array.from({ length: 6 }, () => unknown('ETIMEDOUT')));
    const calls = bench.channel.calls.length;

    expect(await sweepAt(minute(60))).toEqual({ asked: 0, raised: 6, lifted: 0 });

    expect(bench.channel.calls.slice(calls)).toEqual(['queryRefund', 'queryRefund', 'queryRefund']);
    const { rows } = await listOverdue(bench.db.pool, { merchantId: 'shop', limit: 10 });
    expect(rows.map((row) => row.unansweredAt)).toEqual(Array.from({ length: 6 }, () => minute(60)));
  });

  test('is no word of the channel when the database was away: nothing is noted, the page is asked again', async () => {
    const ref = await taken();
    bench.channel.script('queryRefund', () => {
      throw new AppError('database_unavailable');
    });
    bench.clock.set(minute(60));

    const { attempts } = await toTheEnd(bench, askChannel(bench.deps), [ref]);

    expect(attempts).toBe(2);
    const { rows } = await bench.db.owner.query('select unanswered_at from refunds where id = $1', [
      ref.refundId,
    ]);
    expect(rows).toEqual([{ unanswered_at: null }]);
  });

  test('that are more than a sweep can ask about leaves the rest unflagged until they were asked, a day at most', async () => {
    const [first, second] = [await taken(), await taken()];
    const slot = minute(60).toISOString();
    bench.clock.set(minute(60));
    await toTheEnd(bench, askChannel(bench.deps), [first]);

    expect((await toTheEnd(bench, flagOverdue(bench.deps), slot)).result).toEqual({ raised: 1, lifted: 0 });
    expect((await rowOf(bench, second)).overdueLevel).toBe(0);

    const aDayLater = minute(20 + 24 * 60);
    await toTheEnd(bench, flagOverdue(bench.deps), new Date(aDayLater.getTime() - 1).toISOString());
    expect((await rowOf(bench, second)).overdueLevel).toBe(0);
    await toTheEnd(bench, flagOverdue(bench.deps), aDayLater.toISOString());
    expect((await rowOf(bench, second)).overdueLevel).toBe(2);
  });

  test('passes over refunds that have had their last word since they were found', async () => {
    const ref = await taken();
    const { refunds } = await dueAt(minute(60));
    await observe(bench.db.pool, ref.refundId, [said('success', 50)]);
    const calls = bench.channel.calls.length;

    const { result } = await toTheEnd(bench, askChannel(bench.deps), refunds);

    expect(result).toBe(0);
    expect(bench.channel.calls).toHaveLength(calls);
  });

  test('comes in pages of a hundred, each refund on exactly one of them', async () => {
    for (let n = 0; n < 5; n += 1) await aRefund(bench);
    const { rows } = await bench.db.owner.query<{ refund_no: string }>(
      `insert into refunds (merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, fingerprint,
         requested_at, promise_at, alarm_at, counted)
       select r.merchant_id, r.account_id, r.channel, r.payment_id, 'PAGE-' || n, 1, 'CNY', 'x', $1, $1, $1, false
         from (select * from refunds order by id limit 1) r, generate_series(1, 230) n returning refund_no`,
      [minute(5)],
    );

    const found: string[] = [];
    const sizes: number[] = [];
    for (let after: string | null = null, page = 0; page === 0 || after !== null; page += 1) {
      const due: Awaited<ReturnType<typeof dueAt>> = await dueAt(minute(60), after);
      found.push(...due.refunds.map((one) => one.refundNo));
      sizes.push(due.refunds.length);
      after = due.next;
    }

    expect(sizes).toEqual([100, 100, 30]);
    expect(found.toSorted()).toEqual(rows.map((row) => row.refund_no).toSorted());
  });
});
