/** How long refunds take, as a backend asks for it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChannelStatus, Observation } from '../../domain/refund/observation.ts';
import { observe } from '../../store/observations.ts';
import { getRefund } from '../../store/refunds.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW } from './api-under-test.ts';
import { ask, call, newPayment, newRefundNo, problemIn } from './calls.ts';

const HOUR_S = 3_600;
const PROMISED_HOURS = 10;

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

/** A refund that was accepted when it was asked for and carried out so many hours later. */
async function arrivedAfter(hours: number | null): Promise<void> {
  const refundNo = newRefundNo();
  const body = { refund_no: refundNo, payment_no: await newPayment(api), amount_minor: '1', currency: 'CNY' };
  expect((await ask(api, body)).status).toBe(201);
  const refund = await getRefund(api.database.pool, 'm1', refundNo);
  const said = (status: ChannelStatus, minutes: number, more: object): Observation => ({
    ...{ kind: 'channel_report', source: 'query', ref: status, status },
    ...{ at: new Date(NOW.getTime() + minutes * 60_000).toISOString(), ...more },
  });
  const success = new Date(NOW.getTime() + (hours ?? 0) * HOUR_S * 1000).toISOString();
  await observe(api.database.pool, refund?.id ?? '', [
    said('processing', 0, { acceptedAt: NOW.toISOString() }),
    ...(hours === null ? [] : [said('success', hours * 60, { succeededAt: success })]),
  ]);
  await api.database.owner.query(
    'update yuanlu.refunds set promise_at = $2, alarm_at = $2, escalate_at = $2 where refund_no = $1',
    [refundNo, new Date(NOW.getTime() + PROMISED_HOURS * HOUR_S * 1000)],
  );
}

const times = async (query = ''): Promise<Record<string, unknown>> => {
  const answer = await call(api, `/v1/analytics/arrival${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Record<string, unknown>;
};

describe('arrival times', () => {
  test('are not given for a handful of refunds, and are for twenty, open ones among them', async () => {
    for (let hours = 1; hours <= 15; hours += 1) await arrivedAfter(hours);
    api.clock.at = new Date(NOW.getTime() + 20 * HOUR_S * 1000);
    try {
      expect((await times())['curves']).toMatchObject([
        { refunds: 15, arrived: 15, open: 0, too_few: true, arrived_within: { p50: null, p99: null } },
      ]);

      for (let more = 0; more < 5; more += 1) await arrivedAfter(null);
      expect(await times()).toEqual({
        ...{ as_of: api.clock.at.toISOString(), from: '2026-08-27', to: '2026-11-25' },
        curves: [
          {
            ...{
              channel: 'wechat',
              funding_source: 'unknown',
              refunds: 20,
              arrived: 15,
              open: 5,
              too_few: false,
            },
            arrived_within: { p50: 10 * HOUR_S, p80: null, p90: null, p95: null, p99: null },
            promise: { kept: 10, missed: 10, not_due: 0 },
          },
        ],
      });
      expect((await times('?from=2026-11-01&to=2026-11-23'))['curves']).toEqual([]);
    } finally {
      api.clock.at = NOW;
    }
  });

  test.each([
    ['from after to', '?from=2026-11-02&to=2026-11-01'],
    ['more than a year', '?from=2025-01-01&to=2026-11-01'],
    ['a day that is none', '?from=2026-02-30'],
    ['a year before the books', '?from=1999-01-01'],
    ['a name that nobody knows', '?since=2026-02-03'],
  ])('are refused for %s', async (_, query) => {
    const answer = await call(api, `/v1/analytics/arrival${query}`);

    problemIn(answer, 'request_invalid');
  });
});
