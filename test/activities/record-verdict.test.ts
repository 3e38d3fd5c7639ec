/** Drawing what follows from all the evidence: the window, and the breaks that it answers. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { awaitVerdict } from '../../activities/refund/await-verdict.ts';
import { confirmPayment } from '../../activities/refund/confirm-payment.ts';
import { recordVerdict } from '../../activities/refund/record-verdict.ts';
import type { RefundRef } from '../../activities/refund/refund-ref.ts';
import type { Break } from '../../store/breaks.ts';
import { listBreaks } from '../../store/breaks.ts';
import { sweepMissing } from '../../store/match.ts';
import { observe } from '../../store/observations.ts';
import { recordEmptyStatement } from '../../store/statements.ts';
import { ACCOUNT, minute, said } from '../store/books.ts';
import type { Workbench } from './workbench.ts';
import { aRefund, kindsOf, rowOf, toTheEnd, workbench } from './workbench.ts';

let bench: Workbench;

beforeAll(async () => {
  bench = await workbench();
});

beforeEach(() => {
  bench.clock.set(minute(1));
});

afterAll(async () => {
  await bench.close();
});

test('says how the refund stands by all the evidence, and adds none', async () => {
  const ref = await aRefund(bench);
  await observe(bench.db.pool, ref.refundId, [said('processing', 1), said('success', 2)]);
  const before = await kindsOf(bench, ref);

  const { result } = await toTheEnd(bench, recordVerdict(bench.deps), ref);

  expect(result).toEqual({ ...ref, state: 'succeeded', reason: null });
  expect(await kindsOf(bench, ref)).toEqual(before);
});

test('plans the window from the moment at which the channel took it, when a callback told of that', async () => {
  const ref = await aRefund(bench, { fundingSource: 'wallet' });
  await toTheEnd(bench, confirmPayment(bench.deps), ref);
  const acceptedAt = minute(50).toISOString();
  await observe(bench.db.pool, ref.refundId, [said('processing', 51, { source: 'callback', acceptedAt })]);

  await toTheEnd(bench, recordVerdict(bench.deps), ref);

  expect(await rowOf(bench, ref)).toMatchObject({ promiseAt: minute(70), alarmAt: minute(50 + 24 * 60) });
});

describe.each([
  ['a verdict by itself', recordVerdict],
  ['the verdict that comes with the channel’s answer', awaitVerdict],
])('I8: by %s, a refund that no statement shows', (_which, verdict) => {
  /** Taken on 24 November; the bills of that day and the next came, without it, and both days are over. */
  async function missing(): Promise<RefundRef> {
    const ref = await aRefund(bench);
    const acceptedAt = minute(5).toISOString();
    await observe(bench.db.pool, ref.refundId, [said('processing', 5, { acceptedAt })]);
    for (const billDate of ['2026-11-24', '2026-11-25'])
      await recordEmptyStatement(bench.db.ingest, {
        ...{ accountId: ACCOUNT, kind: 'trade', billDate },
        now: bench.clock.now(),
      });
    bench.clock.set(new Date('2026-11-26T02:00:00Z'));
    await sweepMissing(bench.db.ingest, {
      ...{ accountId: ACCOUNT, asOf: bench.clock.now() },
      line: { proves: 'acceptance', dayEndsEarlyMs: 0 },
    });
    expect(await breakOf(ref)).toMatchObject({ kind: 'missing_at_channel', status: 'open' });
    return ref;
  }

  async function breakOf(ref: RefundRef): Promise<Break | undefined> {
    const { breaks } = await listBreaks(bench.db.pool, { refundNo: ref.refundNo, limit: 10 });
    return breaks[0];
  }

  test('has its break closed by the word that it did not happen, with that word kept', async () => {
    const ref = await missing();
    await observe(bench.db.pool, ref.refundId, [said('closed', 60)]);

    await toTheEnd(bench, verdict(bench.deps), ref);

    expect(await breakOf(ref)).toMatchObject({
      status: 'closed',
      closedAt: bench.clock.now(),
      closedReason: 'refund_failed',
      closingEvidence: { state: 'failed' },
    });
  });

  test('keeps its break when the channel only says once more that it succeeded', async () => {
    const ref = await missing();
    await observe(bench.db.pool, ref.refundId, [said('success', 60)]);

    const { result } = await toTheEnd(bench, verdict(bench.deps), ref);

    expect(result.state).toBe('succeeded');
    expect(await breakOf(ref)).toMatchObject({ status: 'open' });
  });
});

test('twice is the same as once', async () => {
  const ref = await aRefund(bench);
  await observe(bench.db.pool, ref.refundId, [said('closed', 2)]);

  const first = await toTheEnd(bench, recordVerdict(bench.deps), ref);
  const row = await rowOf(bench, ref);
  const again = await toTheEnd(bench, recordVerdict(bench.deps), ref);

  expect(again.result).toEqual(first.result);
  expect(await rowOf(bench, ref)).toEqual(row);
});
