/** The arrival window of a refund, and every one that it was ever promised. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArrivalPlan } from '../../domain/time/arrival-window.ts';
import { plansOf, planWindow } from '../../store/arrival-plans.ts';
import { observe } from '../../store/observations.ts';
import { inTransaction } from '../../store/pool.ts';
import { getRefundById } from '../../store/refunds.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { minute, openAccounts, refundOf, sent } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

const PLAN: ArrivalPlan = {
  promiseAt: minute(60),
  alarmAt: minute(120),
  escalateAt: minute(180),
  windowVersion: 'wechat-2026-01',
  calendarRevision: '2026-1',
  provisional: true,
  basis: 'channel_default',
};

describe('the arrival window of a refund', () => {
  test('is kept with the data it was worked out from, and with where its figure came from', async () => {
    const refund = await refundOf(db.pool, 5n);

    await planWindow(db.pool, refund.id, PLAN, minute(1));
    await observe(db.pool, refund.id, [sent(1, 2)]);

    const { provisional, basis, ...dates } = PLAN;
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({
      ...dates,
      windowProvisional: provisional,
      windowBasis: basis,
    });
  });

  test('that is planned again leaves the earlier one in the history, with when each was made', async () => {
    const refund = await refundOf(db.pool, 5n);
    const later: ArrivalPlan = { ...PLAN, promiseAt: minute(90), provisional: false, basis: 'estimate' };

    await planWindow(db.pool, refund.id, PLAN, minute(1));
    await planWindow(db.pool, refund.id, later, minute(3));

    expect(await plansOf(db.pool, refund.id)).toEqual([
      { ...PLAN, plannedAt: minute(1) },
      { ...later, plannedAt: minute(3) },
    ]);
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({ promiseAt: minute(90) });
  });

  test('and its history are written together or not at all', async () => {
    const refund = await refundOf(db.pool, 5n);

    await expect(
      inTransaction(db.pool, async (tx) => {
        await planWindow(tx, refund.id, PLAN, minute(1));
        throw new Error('cut');
      }),
    ).rejects.toThrow('cut');

    expect(await plansOf(db.pool, refund.id)).toEqual([]);
    expect(await getRefundById(db.pool, refund.id)).toMatchObject({ promiseAt: null, windowBasis: null });
  });

  test('of a refund that is not there is not kept', async () => {
    await planWindow(db.pool, '999999999', PLAN, minute(1));
    expect(await plansOf(db.pool, '999999999')).toEqual([]);
  });
});

test('what was once promised is changed and deleted by nobody, the owner included', async () => {
  const refund = await refundOf(db.pool, 5n);
  await planWindow(db.pool, refund.id, PLAN, minute(1));

  for (const pool of [db.pool, db.owner])
    for (const sql of [
      'update arrival_plans set promise_at = now()',
      'delete from arrival_plans',
      'truncate arrival_plans',
    ])
      await expect(pool.query(sql)).rejects.toMatchObject({ code: '42501' });
  expect(await plansOf(db.pool, refund.id)).toHaveLength(1);
});
