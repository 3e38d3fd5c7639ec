/** `/metrics`: what somebody who watches the system is told, and what it never tells. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPool } from '../../store/pool.ts';
import { required } from '../support/required.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { NOW, PUBLIC_URL, apiUnderTest } from './api-under-test.ts';
import { ask, call, newPayment, newRefundNo } from './calls.ts';
import type { CuttableProxy } from './cuttable-proxy.ts';
import { cuttableProxy } from './cuttable-proxy.ts';

let proxy: CuttableProxy;
let api: ApiUnderTest;

beforeAll(async () => {
  proxy = await cuttableProxy(required('YUANLU_TEST_DATABASE_URL'));
  api = await apiUnderTest({
    limits: { booksCountedEveryMs: 0 },
    pool: (url) => createPool({ url: proxy.through(url), role: 'yuanlu_app', max: 4, name: 'behind-proxy' }),
  });
});

afterAll(async () => {
  proxy.mend();
  await api.close();
  await proxy.close();
});

async function newRefund(): Promise<string> {
  const refundNo = newRefundNo();
  const body = { refund_no: refundNo, payment_no: await newPayment(api), amount_minor: '1', currency: 'CNY' };
  expect((await ask(api, body)).status).toBe(201);
  return refundNo;
}

/** Each line of the answer that is a figure: name and labels, and its value. */
async function scrape(): Promise<ReadonlyMap<string, number>> {
  const { status, text, headers } = await call(api, '/metrics');
  expect(status, text).toBe(200);
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' ') + 1)),
    ]),
  );
}

describe('what is counted', () => {
  test('is every answer under its route and status, and never the address that was asked for', async () => {
    const refundNo = await newRefund();
    await call(api, `/v1/refunds/${refundNo}`);
    await call(api, `/v1/refunds/${refundNo}`);
    await call(api, '/v1/refunds/NOBODY');
    const made = await call(api, `/v1/refunds/${refundNo}/receipt-links`, { method: 'POST', body: {} });
    const { url } = made.json as { url: string };
    expect((await call(api, url.replace(PUBLIC_URL, ''), { key: null })).status).toBe(200);
    await call(api, '/nowhere/secret', { key: null });

    const figures = await scrape();
    const count = (route: string, status: string): number | undefined =>
      figures.get(`yuanlu_http_request_seconds_count{method="GET",route="${route}",status="${status}"}`);
    expect(count('/v1/refunds/:refund_no', '200')).toBe(2);
    expect(count('/v1/refunds/:refund_no', '404')).toBe(1);
    expect(count('/r/:token', '200')).toBe(1);
    expect(count('none', '404')).toBe(1);
    const names = [...figures.keys()].join('\n');
    for (const secret of [url.split('/r/')[1] ?? '', refundNo, 'nowhere'])
      expect(names).not.toContain(secret);
  });

  test('of the books is what somebody should look at, and no longer than it is there', async () => {
    const { owner } = api.database;
    const refundNo = await newRefund();
    await owner.query(
      `update yuanlu.refunds set overdue_level = 2, overdue_since = $2, promise_at = $2, alarm_at = $2, escalate_at = $2, workflow_started_at = null
        where refund_no = $1`,
      [refundNo, NOW],
    );
    await owner.query(
      'insert into yuanlu.last_sweep (slot, finished_at) values ($1, $1) on conflict (kind) do update set finished_at = $1',
      [NOW],
    );
    const counted = await scrape();

    expect(counted.get('yuanlu_books_readable')).toBe(1);
    expect(counted.get('yuanlu_refunds_overdue{channel="wechat",level="2"}')).toBe(1);
    expect(counted.get('yuanlu_refunds_not_started')).toBeGreaterThanOrEqual(1);
    expect(counted.get('yuanlu_last_sweep_timestamp_seconds')).toBe(NOW.getTime() / 1000);
    expect(counted.get('yuanlu_webhook_deliveries_pending')).toBe(0);

    await owner.query('update yuanlu.refunds set overdue_level = 0 where refund_no = $1', [refundNo]);
    expect((await scrape()).has('yuanlu_refunds_overdue{channel="wechat",level="2"}')).toBe(false);
  });

  test('says that the books cannot be read, and no old count as if it were one of now', async () => {
    proxy.cut();
    const away = await scrape();
    proxy.mend();

    expect(away.get('yuanlu_books_readable')).toBe(0);
    expect([...away.keys()].filter((name) => name.startsWith('yuanlu_refunds'))).toEqual([]);
    expect((await scrape()).get('yuanlu_books_readable')).toBe(1);
  });

  test('is told to keys with the scope for it only', async () => {
    expect((await call(api, '/metrics', { key: null })).status).toBe(401);
    const other = await apiUnderTest({ readerScopes: ['refunds:read'] });
    expect((await call(other, '/metrics', { key: other.keys.reader })).status).toBe(403);
    await other.close();
  });
});
