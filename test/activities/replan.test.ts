/** A new table of windows or a new calendar moves what was promised, before anybody is judged late. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { askChannel } from '../../activities/overdue/ask-channel.ts';
import { findDue } from '../../activities/overdue/find-due.ts';
import { flagOverdue } from '../../activities/overdue/flag-overdue.ts';
import { awaitVerdict } from '../../activities/refund/await-verdict.ts';
import { confirmPayment } from '../../activities/refund/confirm-payment.ts';
import type { RefundRef } from '../../activities/refund/refund-ref.ts';
import { submitRefund } from '../../activities/refund/submit-refund.ts';
import type { FundingSource } from '../../domain/refund/refund.ts';
import { businessCalendar, chinaCalendar } from '../../domain/time/china-calendar.ts';
import { CHINA_HOLIDAYS } from '../../domain/time/china-holidays.ts';
import { beijingInstant } from '../../domain/time/plain-date.ts';
import { plansOf } from '../../store/arrival-plans.ts';
import { minute } from '../store/books.ts';
import type { Workbench } from './workbench.ts';
import { aRefund, rowOf, toTheEnd, workbench } from './workbench.ts';

let bench: Workbench;

beforeAll(async () => {
  bench = await workbench();
});

beforeEach(async () => {
  bench.clock.set(minute(0));
  bench.useChannel();
  await bench.db.owner.query('update refunds set promise_at = null, alarm_at = null, window_version = null');
});

afterAll(async () => {
  await bench.close();
});

/** The calendar after a notice that makes Thursday 26 and Friday 27 November 2026 days off. */
const NEW_CALENDAR = businessCalendar({
  revision: 'with-november',
  notices: CHINA_HOLIDAYS.notices.map((notice) =>
    notice.year === 2026
      ? { ...notice, holidays: [...notice.holidays, ['2026-11-26', '2026-11-27'] as const] }
      : notice,
  ),
});

/** Taken by the channel on Tuesday 24 November 2026 at 10:00 in Beijing. */
async function taken(fundingSource: FundingSource): Promise<RefundRef> {
  const ref = await aRefund(bench, { fundingSource });
  await toTheEnd(bench, confirmPayment(bench.deps), ref);
  await toTheEnd(bench, submitRefund(bench.deps), ref);
  return ref;
}

/** A sweep, as far as the database goes, of a worker that has this calendar. */
async function sweepAt(at: Date, calendar = chinaCalendar): Promise<{ due: string[]; raised: number }> {
  bench.clock.set(at);
  const deps = { ...bench.deps, calendar };
  const slot = at.toISOString();
  const { result: due } = await toTheEnd(bench, findDue(deps), { slot, after: null });
  await toTheEnd(bench, askChannel(deps), due.refunds);
  const { result: flags } = await toTheEnd(bench, flagOverdue(deps), slot);
  return { due: due.refunds.map(({ refundNo }) => refundNo), raised: flags.raised };
}

describe('a sweep with a new calendar', () => {
  test('F62 plans again what is open before it judges: what the new days off excuse is not late', async () => {
    const ref = await taken('debit_card');
    expect((await rowOf(bench, ref)).promiseAt).toEqual(beijingInstant('2026-11-28'));

    const sweep = await sweepAt(beijingInstant('2026-11-30', '12:00:00'), NEW_CALENDAR);

    expect(sweep).toEqual({ due: [], raised: 0 });
    expect(await rowOf(bench, ref)).toMatchObject({
      promiseAt: beijingInstant('2026-12-02'),
      calendarRevision: 'with-november',
      windowBasis: 'source',
      overdueLevel: 0,
    });
  });

  test('adds one row to the history, however often it runs', async () => {
    const ref = await taken('debit_card');
    const before = await plansOf(bench.db.pool, ref.refundId);

    for (const hour of ['10:00:00', '11:00:00', '12:00:00'])
      await sweepAt(beijingInstant('2026-11-25', hour), NEW_CALENDAR);

    const after = await plansOf(bench.db.pool, ref.refundId);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.slice(before.length)).toMatchObject([
      {
        plannedAt: beijingInstant('2026-11-25', '10:00:00'),
        promiseAt: beijingInstant('2026-12-02'),
        calendarRevision: 'with-november',
      },
    ]);
  });

  test('lowers no flag that was raised by the old one', async () => {
    const ref = await taken('debit_card');
    expect((await sweepAt(beijingInstant('2026-11-28', '00:00:00'))).raised).toBe(1);

    await sweepAt(beijingInstant('2026-11-28', '01:00:00'), NEW_CALENDAR);

    expect(await rowOf(bench, ref)).toMatchObject({
      promiseAt: beijingInstant('2026-12-02'),
      overdueLevel: 1,
    });
  });

  test('keeps an estimate of the channel: the calendar has no part in it, and says so', async () => {
    const ref = await taken('unknown');
    await bench.db.owner.query('update refunds set arrival_estimate_at = $2 where id = $1', [
      ref.refundId,
      minute(600),
    ]);

    await sweepAt(minute(60), NEW_CALENDAR);

    expect(await rowOf(bench, ref)).toMatchObject({
      promiseAt: minute(600 + 24 * 60),
      calendarRevision: 'with-november',
      windowBasis: 'estimate',
    });
  });
});

test('the channel’s last word that plans the arrival anew adds one row to the history, not two', async () => {
  const ref = await taken('debit_card');
  const before = await plansOf(bench.db.pool, ref.refundId);
  bench.channel.ledger.conclude(ref.refundNo, 'success', minute(2));
  bench.clock.set(minute(5));

  const { result } = await toTheEnd(bench, awaitVerdict({ ...bench.deps, calendar: NEW_CALENDAR }), ref);

  expect(result.state).toBe('succeeded');
  expect(await plansOf(bench.db.pool, ref.refundId)).toHaveLength(before.length + 1);
});

test('a refund that was planned from an older table of windows is planned from today’s', async () => {
  const ref = await taken('wallet');
  const { windowVersion } = await rowOf(bench, ref);
  await bench.db.owner.query(
    `update refunds set window_version = '2020-01.1', promise_at = $2, alarm_at = $2 where id = $1`,
    [ref.refundId, minute(5)],
  );

  expect(await sweepAt(minute(10))).toEqual({ due: [], raised: 0 });

  expect(await rowOf(bench, ref)).toMatchObject({ windowVersion, promiseAt: minute(20) });
});

test('the answer that asks for the second page of due refunds plans nothing again', async () => {
  const ref = await taken('debit_card');
  const deps = { ...bench.deps, calendar: NEW_CALENDAR };

  await toTheEnd(bench, findDue(deps), { slot: minute(60).toISOString(), after: '1' });

  expect((await rowOf(bench, ref)).calendarRevision).toBe(chinaCalendar.revision);
});
