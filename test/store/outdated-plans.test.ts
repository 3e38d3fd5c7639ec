/** Open refunds that were planned from older windows or an older calendar are planned again, each once. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Refund } from '../../domain/refund/refund.ts';
import type { ArrivalPlan } from '../../domain/time/arrival-window.ts';
import { plansOf, planWindow } from '../../store/arrival-plans.ts';
import { observe } from '../../store/observations.ts';
import { findOutdated, replan } from '../../store/outdated-plans.ts';
import { flagOverdue } from '../../store/overdue.ts';
import { getRefundById } from '../../store/refunds.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { minute, openAccounts, refundOf, said } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

const TODAY = { windowVersion: '2026-11.4', calendarRevision: 'cn-2024-2026.1' };
const PLAN: ArrivalPlan = {
  ...TODAY,
  promiseAt: minute(60),
  alarmAt: minute(120),
  escalateAt: minute(180),
  provisional: false,
  basis: 'source',
};
const LATER: ArrivalPlan = { ...PLAN, promiseAt: minute(600), alarmAt: minute(700), escalateAt: minute(800) };

// Each test begins with books in which every plan is of today.
beforeEach(async () => {
  await db.owner.query('update refunds set window_version = $1, calendar_revision = $2', [
    TODAY.windowVersion,
    TODAY.calendarRevision,
  ]);
});

async function planned(from: Partial<ArrivalPlan> = {}): Promise<Refund> {
  const refund = await refundOf(db.pool, 5n);
  await observe(db.pool, refund.id, [said('processing', 2)]);
  await planWindow(db.pool, refund.id, { ...PLAN, ...from }, minute(2));
  return refund;
}

const outdated = () => findOutdated(db.pool, TODAY, { after: null, limit: 100 });

async function replanAll(found: Awaited<ReturnType<typeof outdated>>): Promise<number> {
  return replan(
    db.pool,
    found.map((refund) => ({ refund, plan: LATER })),
    minute(30),
  );
}

describe('an open refund', () => {
  test.each([
    ['older windows', { windowVersion: '2026-11.3' }],
    ['newer windows, by a process that was ahead', { windowVersion: '2026-11.9' }],
    ['an older calendar', { calendarRevision: 'cn-2024-2025.1' }],
    ['a newer calendar', { calendarRevision: 'cn-2024-2027.1' }],
    ['both', { windowVersion: '2026-10.1', calendarRevision: 'cn-2024-2027.1' }],
  ])('planned from %s is found with what its plan depends on', async (_what, from) => {
    await planned();
    const refund = await planned(from);

    expect(await outdated()).toMatchObject([
      {
        id: refund.id,
        channel: 'wechat',
        fundingSource: refund.payment.fundingSource,
        requestedAt: refund.requestedAt,
        acceptedAt: (await getRefundById(db.pool, refund.id))?.acceptedAt ?? null,
        arrivalEstimateAt: null,
      },
    ]);
  });

  test('planned again has the new plan, one row more in its history, and is not found again', async () => {
    const refund = await planned({ windowVersion: '2026-11.3' });

    expect(await replanAll(await outdated())).toBe(1);

    expect(await getRefundById(db.pool, refund.id)).toMatchObject({
      promiseAt: LATER.promiseAt,
      alarmAt: LATER.alarmAt,
      windowVersion: LATER.windowVersion,
      windowBasis: 'source',
    });
    expect(await plansOf(db.pool, refund.id)).toEqual([
      { ...PLAN, windowVersion: '2026-11.3', plannedAt: minute(2) },
      { ...LATER, plannedAt: minute(30) },
    ]);
    expect(await outdated()).toEqual([]);
  });

  test('planned again by three sweeps at once is planned once', async () => {
    const refunds = await Promise.all(
      Array.from({ length: 12 }, () => planned({ calendarRevision: 'cn-2024-2025.1' })),
    );
    const found = await outdated();

    const counts = await Promise.all([replanAll(found), replanAll(found.toReversed()), replanAll(found)]);

    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(12);
    for (const { id } of refunds) expect(await plansOf(db.pool, id)).toHaveLength(2);
  });

  test('that changed since it was found is passed over, and is found again', async () => {
    const refund = await planned({ windowVersion: '2026-11.3' });
    const found = await outdated();
    await observe(db.pool, refund.id, [said('abnormal', 5)]);

    expect(await replanAll(found)).toBe(0);

    expect(await plansOf(db.pool, refund.id)).toHaveLength(1);
    expect(await replanAll(await outdated())).toBe(1);
  });

  test('keeps its flag, whatever later promise it gets', async () => {
    const refund = await planned({ windowVersion: '2026-11.3' });
    await flagOverdue(db.pool, minute(130));

    await replanAll(await outdated());
    expect(await flagOverdue(db.pool, minute(131))).toEqual({ raised: 0, lifted: 0 });

    expect(await getRefundById(db.pool, refund.id)).toMatchObject({
      promiseAt: LATER.promiseAt,
      overdueLevel: 2,
    });
  });

  test('comes on exactly one page', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push((await planned({ windowVersion: '2026-11.3' })).id);

    const first = await findOutdated(db.pool, TODAY, { after: null, limit: 3 });
    const second = await findOutdated(db.pool, TODAY, { after: first.at(-1)?.id ?? null, limit: 3 });

    expect([first, second].map((page) => page.map(({ id }) => id))).toEqual([ids.slice(0, 3), ids.slice(3)]);
  });
});

describe('is left alone: a refund', () => {
  test.each([
    ['that succeeded', said('success', 3)],
    ['that failed', said('closed', 3)],
  ])('%s: its promise is a fact by now', async (_what, word) => {
    const refund = await planned({ windowVersion: '2026-11.3' });
    await observe(db.pool, refund.id, [word]);

    expect(await outdated()).toEqual([]);
  });

  test('without any plan: the first one is its own activity’s', async () => {
    await refundOf(db.pool, 5n);

    expect(await outdated()).toEqual([]);
  });
});

test('a paid refund on its way to the payer’s bank is planned again like one that is under way', async () => {
  const refund = await planned({ windowVersion: '2026-11.3' });
  await observe(db.pool, refund.id, [said('success', 3, { bankLeg: 'pending' })]);

  expect(await outdated()).toMatchObject([{ id: refund.id }]);
});
