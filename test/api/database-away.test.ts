/**
 * Postgres away, hanging, killed, and back, seen from outside over real HTTP: a clear answer that may be repeated, and
 * afterwards everything once.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CallbackReading } from '../../channels/channel.ts';
import { createPool } from '../../store/pool.ts';
import { required } from '../support/required.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW, reportOf } from './api-under-test.ts';
import { newPayment, newRefundNo, problemIn, refundIn, refundRows } from './calls.ts';
import type { CuttableProxy } from './cuttable-proxy.ts';
import { cuttableProxy } from './cuttable-proxy.ts';
import type { Wire } from './wire.ts';
import { onTheWire } from './wire.ts';

const READY_TIMEOUT_MS = 300;

let proxy: CuttableProxy;
let api: ApiUnderTest;
let wire: Wire;

/** Believes everybody: the body is the number of the refund that succeeded. */
async function believeAll(message: { readonly body: Buffer }): Promise<CallbackReading> {
  const refundNo = message.body.toString('utf8');
  const report = reportOf({ refundNo, amountMinor: 100n, succeededAt: NOW });
  return {
    verdict: 'refund',
    noticeId: `notice-${refundNo}`.slice(0, 64),
    eventType: 'REFUND.SUCCESS',
    report,
  };
}

beforeAll(async () => {
  proxy = await cuttableProxy(required('YUANLU_TEST_DATABASE_URL'));
  api = await apiUnderTest({
    readCallback: believeAll,
    limits: { readyTimeoutMs: READY_TIMEOUT_MS },
    pool: (url) => createPool({ url: proxy.through(url), role: 'yuanlu_app', max: 6, name: 'behind-proxy' }),
  });
  wire = await onTheWire(api);
});

beforeEach(() => {
  proxy.mend();
});

afterAll(async () => {
  proxy.mend();
  await api.close();
  await proxy.close();
});

interface Asked {
  readonly body: Readonly<Record<string, string>>;
  readonly key: string;
}

async function newAsk(): Promise<Asked> {
  const body = {
    refund_no: newRefundNo(),
    payment_no: await newPayment(api),
    amount_minor: '100',
    currency: 'CNY',
  };
  return { body, key: randomUUID() };
}

function send({ body, key }: Asked) {
  return wire.call('/v1/refunds', { method: 'POST', body, headers: { 'idempotency-key': key } });
}

function notify(refundNo: string) {
  return wire.call('/callbacks/wechat/wx-1', { method: 'POST', key: null, body: refundNo });
}

interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly code?: string }>>;
}

async function readiness(): Promise<Readiness & { readonly status: number }> {
  const { status, json } = await wire.call('/readyz', { key: null });
  return { status, ...(json as Readiness) };
}

describe('while Postgres is away', () => {
  test('the process lives, is not ready, names what is missing, and is ready again by itself', async () => {
    expect(await readiness()).toEqual({
      status: 200,
      ready: true,
      checks: { postgres: { ok: true }, schema: { ok: true }, temporal: { ok: true } },
    });

    proxy.cut();

    expect((await wire.call('/livez', { key: null })).status).toBe(200);
    const away = { ok: false, code: 'database_unavailable' };
    expect(await readiness()).toEqual({
      status: 503,
      ready: false,
      checks: { postgres: away, schema: away, temporal: { ok: true } },
    });
    proxy.mend();
    expect((await readiness()).status).toBe(200);
  });

  test.each([
    '/v1/refunds',
    '/v1/refunds/RF-1',
    '/v1/refunds/RF-1/observations',
    '/v1/refunds/RF-1/windows',
    '/v1/payments/PAY-1',
    '/v1/overdue',
    '/v1/overdue/RF-1',
    '/v1/breaks',
    '/v1/breaks/1',
  ])('GET %s says when to come again', async (path) => {
    proxy.cut();

    const answer = await wire.call(path);

    problemIn(answer, 'database_unavailable');
    expect(answer.headers['retry-after']).toMatch(/^[1-9][0-9]?$/);
    expect(answer.text).not.toMatch(/ECONN|127\.0\.0\.1|postgres:\/\//);
  });

  test('strangers are turned away before the database is asked', async () => {
    proxy.cut();

    problemIn(await wire.call('/v1/refunds', { key: null }), 'unauthorized');
    problemIn(await wire.call('/v1/refunds?limit=0'), 'request_invalid');
  });

  test('a refund is answered 503, leaves no row, and is made once by the repeat with the same key', async () => {
    const asked = await newAsk();
    const before = await refundRows(api);
    proxy.cut();

    const refused = await send(asked);

    const problem = problemIn(refused, 'database_unavailable');
    expect(problem.retryable).toBe(true);
    expect(refused.headers['retry-after']).toBeDefined();
    expect(await refundRows(api)).toBe(before);
    proxy.mend();
    expect((await send(asked)).status).toBe(201);
    expect((await send(asked)).status).toBe(200);
    expect(await refundRows(api)).toBe(before + 1);
  });

  test('F38 I15: a callback is not acknowledged, so the channel repeats it, and then it counts once', async () => {
    const asked = await newAsk();
    const refundNo = refundIn(await send(asked)).refund_no;
    proxy.cut();

    const refused = await notify(refundNo);

    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBeDefined();
    expect(refused.json).toEqual({ code: 'FAIL', message: 'Postgres cannot be reached.' });
    proxy.mend();
    expect((await wire.call(`/v1/refunds/${refundNo}`)).json).toMatchObject({ state: 'requested' });
    expect((await notify(refundNo)).status).toBe(204);
    expect((await notify(refundNo)).status).toBe(204);
    const { rows } = await api.database.pool.query<{ n: bigint }>(
      'select count(*) as n from callbacks where refund_no = $1',
      [refundNo],
    );
    expect(Number(rows[0]?.n)).toBe(1);
    expect((await wire.call(`/v1/refunds/${refundNo}`)).json).toMatchObject({ state: 'succeeded' });
  });
});

describe('while Postgres hangs', () => {
  test('readiness has an end, and the process still lives', async () => {
    await readiness();
    proxy.hang();

    const [alive, ready] = await Promise.all([wire.call('/livez', { key: null }), readiness()]);

    expect(alive.status).toBe(200);
    expect(ready).toMatchObject({
      status: 503,
      checks: { postgres: { ok: false, code: 'database_unavailable' }, temporal: { ok: true } },
    });
  });
});

describe('when connections break', () => {
  test('F76: sessions that the server ends are replaced: no request meets a fault of ours', async () => {
    const asked = await newAsk();
    await Promise.all(Array.from({ length: 6 }, () => wire.call('/v1/refunds')));

    await api.database.owner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'behind-proxy' and datname = current_database()`,
    );

    const answers = await Promise.all(Array.from({ length: 12 }, () => wire.call('/v1/refunds')));
    // One that was under way may be asked to come again; none hears of an error inside.
    for (const { status } of answers) expect([200, 503]).toContain(status);
    expect((await send(asked)).status).toBe(201);
  });

  test('F77 I1: when the answer to COMMIT is lost the caller repeats and finds the one refund', async () => {
    const asked = await newAsk();
    const before = await refundRows(api);
    proxy.loseNextCommit();

    const lost = await send(asked);

    problemIn(lost, 'database_unavailable');
    expect(await refundRows(api)).toBe(before + 1);
    const again = await send(asked);
    expect(again.status).toBe(200);
    expect(refundIn(again).refund_no).toBe(asked.body['refund_no']);
    expect(await refundRows(api)).toBe(before + 1);
  });
});

describe('a database of another version', () => {
  test.each([
    [
      'older',
      `delete from yuanlu.schema_migrations where name = (select max(name) from yuanlu.schema_migrations)`,
    ],
    ['newer', `insert into yuanlu.schema_migrations (name, checksum) values ('9999-later.sql', 'x')`],
  ])('that is %s makes the process not ready: `yuanlu migrate` is what it needs', async (_name, change) => {
    const other = await apiUnderTest();
    try {
      await other.database.owner.query(change);
      const overWire = await onTheWire(other);

      const { status, json } = await overWire.call('/readyz', { key: null });

      expect(status).toBe(503);
      expect(json).toEqual({
        ready: false,
        checks: {
          postgres: { ok: true },
          schema: { ok: false, code: 'schema_outdated' },
          temporal: { ok: true },
        },
      });
    } finally {
      await other.close();
    }
  });

  test('says nothing of what it holds, whoever asks', async () => {
    const { text } = await wire.call('/readyz', { key: null });

    expect(Object.keys(JSON.parse(text) as object)).toEqual(['ready', 'checks']);
    expect(text).not.toMatch(/sql|migration|127\.0/i);
  });
});

test('Temporal away makes the process not ready, and refunds are recorded all the same', async () => {
  const asked = await newAsk();
  api.engine.away = true;
  try {
    expect(await readiness()).toMatchObject({
      status: 503,
      checks: { postgres: { ok: true }, temporal: { ok: false, code: 'temporal_unavailable' } },
    });
    const answer = await send(asked);
    problemIn(answer, 'temporal_unavailable');
    expect(answer.headers['retry-after']).toBeDefined();
  } finally {
    api.engine.away = false;
  }
  expect((await wire.call(`/v1/refunds/${asked.body['refund_no'] ?? ''}`)).status).toBe(200);
});
