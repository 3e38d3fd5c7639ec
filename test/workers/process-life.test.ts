/**
 * The processes of a deployment from their start to their end, over ways to Postgres and Temporal that a test can cut: what
 * was asked for is carried on by whoever is there, and nothing is sent twice.
 */
import axios from 'axios';
import type { AxiosResponse } from 'axios';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Running } from '../e2e/command.ts';
import { start } from '../e2e/command.ts';
import { until } from '../cli-real/spawned.ts';
import type { Deployment } from './deployment.ts';
import { openDeployment, soldAndAsked } from './deployment.ts';

const LIMIT_MS = 90_000;

let deployment: Deployment;
const running: Running[] = [];
beforeAll(async () => {
  deployment = await openDeployment();
}, LIMIT_MS);
afterAll(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await deployment.close();
});

/** Lines of its log so far; every one must be JSON. */
function logOf(process: Running): readonly Record<string, unknown>[] {
  const whole = process.stderr().split('\n').slice(0, -1);
  return whole.map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function up(name: string, change: Readonly<Record<string, string>> = {}): Promise<Running> {
  const process = start([name], { ...deployment.env, ...change });
  running.push(process);
  await until(`the ${name} runs`, async () => {
    if (process.child.exitCode !== null) throw new Error(process.stderr());
    return / is running|api listens on/.test(process.stderr());
  });
  return process;
}

async function ends(process: Running, signal: NodeJS.Signals): Promise<number | null> {
  process.child.kill(signal);
  return (await process.ended).code;
}

function urlOf(api: Running): string {
  const line = logOf(api).find((one) => String(one['msg']).startsWith('api listens on '));
  return String(line?.['msg']).replace('api listens on ', '');
}

interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly code?: string }>>;
}

function callsTo(url: string) {
  const http = axios.create({ baseURL: url, proxy: false, validateStatus: () => true, timeout: 20_000 });
  const authorization = `Bearer ${deployment.apiKey}`;
  return {
    ready: (): Promise<AxiosResponse<Readiness>> => http.get<Readiness>('/readyz'),
    live: async (): Promise<number> => (await http.get('/livez')).status,
    ask: (body: Readonly<Record<string, unknown>>): Promise<AxiosResponse<{ code?: string }>> =>
      http.post('/v1/refunds', body, {
        headers: { authorization, 'idempotency-key': `key-${String(body['refund_no'])}` },
      }),
  };
}

async function stateOf(refundNo: string): Promise<string | null> {
  const { rows } = await deployment.database.owner.query<{ state: string }>(
    'select state from yuanlu.refunds where refund_no = $1',
    [refundNo],
  );
  return rows[0]?.state ?? null;
}

const paidOut = (refundNo: string): number =>
  deployment.sandbox.refunds().filter((one) => one.refundNo === refundNo).length;

describe('an api process', () => {
  let api: Running;
  let calls: ReturnType<typeof callsTo>;
  beforeAll(async () => {
    api = await up('api');
    calls = callsTo(urlOf(api));
  }, LIMIT_MS);

  test('is live and ready', async () => {
    expect(await calls.live()).toBe(200);
    expect((await calls.ready()).data.ready).toBe(true);
  });

  test.each([
    ['postgres', 'database_unavailable', ['postgres', 'schema']],
    ['temporal', 'temporal_unavailable', ['temporal']],
  ] as const)(
    'F76 F78 lives while %s is away, says so to whoever balances load, and is back by itself',
    async (which, code, failing) => {
      const way = deployment.ways[which];
      way.cut();

      await until('it is not ready', async () => (await calls.ready()).status === 503);

      const away = await calls.ready();
      expect(Number(away.headers['retry-after'])).toBeGreaterThan(0);
      for (const name of failing) expect(away.data.checks[name]).toEqual({ ok: false, code });
      const others = Object.entries(away.data.checks).filter(
        ([name]) => !failing.some((one) => one === name),
      );
      expect(others.every(([, check]) => check.ok)).toBe(true);
      expect(await calls.live()).toBe(200);

      way.mend();

      await until('it is ready again', async () => (await calls.ready()).status === 200);
    },
    LIMIT_MS,
  );

  test(
    'F78 I3 records a refund while Temporal is away, and the scheduler and a worker carry it on once it is back',
    async () => {
      const body = soldAndAsked(deployment, 'temporal-away');
      deployment.ways.temporal.cut();

      const answer = await calls.ask(body);

      expect(answer.status).toBe(503);
      expect(answer.data.code).toBe('temporal_unavailable');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(await stateOf('R-temporal-away')).toBe('requested');

      deployment.ways.temporal.mend();
      const scheduler = await up('scheduler', { YUANLU_SCHEDULE: '* * * * * *' });
      const worker = await up('worker');
      await until('it is with the channel', async () => (await stateOf('R-temporal-away')) === 'processing');

      // The backend repeats what was answered 503: the same refund, not another.
      expect((await calls.ask(body)).status).toBe(200);
      expect(paidOut('R-temporal-away')).toBe(1);
      expect(await ends(scheduler, 'SIGTERM')).toBe(0);
      expect(await ends(worker, 'SIGINT')).toBe(0);
    },
    LIMIT_MS,
  );

  test(
    'F76 I1 keeps nothing of a refund that Postgres could not take; its repeat is the first',
    async () => {
      const body = soldAndAsked(deployment, 'postgres-away');
      deployment.ways.postgres.cut();

      const answer = await calls.ask(body);

      expect(answer.status).toBe(503);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(await stateOf('R-postgres-away')).toBeNull();
      deployment.ways.postgres.mend();
      await until('it takes it', async () => (await calls.ask(body)).status < 300);
      expect(await stateOf('R-postgres-away')).toBe('requested');
    },
    LIMIT_MS,
  );

  test('ends in order, with its log in lines of JSON and nothing on stdout', async () => {
    const code = await ends(api, 'SIGTERM');

    expect(code).toBe(0);
    expect(logOf(api).map((line) => line['msg'])).toContain('stopping');
    expect(api.stdout()).toBe('');
    expect(api.stderr()).not.toContain(deployment.apiKey);
    await expect(calls.live()).rejects.toThrow('ECONNREFUSED');
  });
});

describe('a worker that is told to end', () => {
  test(
    'F75 waits for the answer that a refund is waiting for, records it, and sends nothing again',
    async () => {
      const body = soldAndAsked(deployment, 'in-flight');
      deployment.sandbox.plan.forRefund('R-in-flight', { kind: 'slow', ms: 2_500, on: 'create' });
      const [api, worker] = await Promise.all([up('api'), up('worker')]);
      expect((await callsTo(urlOf(api)).ask(body)).status).toBe(201);
      await until('the channel has the refund and owes the answer', async () => paidOut('R-in-flight') === 1);
      expect(await stateOf('R-in-flight')).not.toBe('processing');

      const code = await ends(worker, 'SIGTERM');

      expect(code, worker.stderr()).toBe(0);
      expect(await stateOf('R-in-flight')).toBe('processing');
      expect(paidOut('R-in-flight')).toBe(1);
      expect(await ends(api, 'SIGTERM')).toBe(0);
    },
    LIMIT_MS,
  );
});
