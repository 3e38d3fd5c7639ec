/** What the payer of a refund was promised, and what before that. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArrivalPlan } from '../../domain/time/arrival-window.ts';
import { planWindow } from '../../store/arrival-plans.ts';
import { getRefund } from '../../store/refunds.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest } from './api-under-test.ts';
import { ask, call, newPayment, newRefundNo, problemIn, refundIn } from './calls.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await apiUnderTest();
});

afterAll(async () => {
  await api.close();
});

const FIRST: ArrivalPlan = {
  promiseAt: new Date('2026-11-27T16:00:00Z'),
  alarmAt: new Date('2026-12-03T16:00:00Z'),
  escalateAt: new Date('2026-12-08T16:00:00Z'),
  windowVersion: '2026-11.4',
  calendarRevision: 'cn-2024-2026.1',
  provisional: false,
  basis: 'channel_default',
};
const SECOND: ArrivalPlan = { ...FIRST, promiseAt: new Date('2026-11-28T10:00:00Z'), basis: 'estimate' };

const FIRST_TOLD = {
  promise_at: '2026-11-27T16:00:00.000Z',
  alarm_at: '2026-12-03T16:00:00.000Z',
  escalate_at: '2026-12-08T16:00:00.000Z',
  provisional: false,
  window_version: '2026-11.4',
  calendar_revision: 'cn-2024-2026.1',
  basis: 'channel_default',
};
const SECOND_TOLD = { ...FIRST_TOLD, promise_at: '2026-11-28T10:00:00.000Z', basis: 'estimate' };

async function newRefund(): Promise<{ refundNo: string; id: string }> {
  const refundNo = newRefundNo();
  const body = { refund_no: refundNo, payment_no: await newPayment(api), amount_minor: '1', currency: 'CNY' };
  refundIn(await ask(api, body));
  return { refundNo, id: (await getRefund(api.database.pool, 'm1', refundNo))?.id ?? '' };
}

describe('GET /v1/refunds/{no}/windows', () => {
  test('shows every plan in the order in which they were made, the last one being the refund’s own', async () => {
    const { refundNo, id } = await newRefund();
    await planWindow(api.database.pool, id, FIRST, new Date('2026-11-24T02:00:00Z'));
    await planWindow(api.database.pool, id, SECOND, new Date('2026-11-25T02:00:00Z'));

    const { status, json } = await call(api, `/v1/refunds/${refundNo}/windows`);

    expect(status).toBe(200);
    expect(json).toEqual({
      refund_no: refundNo,
      windows: [
        { planned_at: '2026-11-24T02:00:00.000Z', ...FIRST_TOLD },
        { planned_at: '2026-11-25T02:00:00.000Z', ...SECOND_TOLD },
      ],
    });
    const refund = (await call(api, `/v1/refunds/${refundNo}`)).json as { window: unknown };
    expect(refund.window).toEqual(SECOND_TOLD);
  });

  test('is empty before anything was planned', async () => {
    const { refundNo } = await newRefund();

    const { json } = await call(api, `/v1/refunds/${refundNo}/windows`);

    expect(json).toEqual({ refund_no: refundNo, windows: [] });
  });

  test('of a refund that is not there is a problem', async () => {
    problemIn(await call(api, '/v1/refunds/none/windows'), 'refund_unknown');
  });
});
