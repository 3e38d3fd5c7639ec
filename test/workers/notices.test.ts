/** Webhooks from the change of a refund to the receiver: real Postgres, real Temporal, the scheduler and the worker as they run. */
import { createHmac, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newWebhookSecret } from '../../notices/signature.ts';
import { getDelivery, listDeliveries, replayDelivery, tellTest } from '../../store/webhook-deliveries.ts';
import { createEndpoint, disableEndpoint, getEndpoint, rotateSecret } from '../../store/webhook-endpoints.ts';
import type { WebhookEndpoint } from '../../store/webhook-endpoints.ts';
import { observe } from '../../store/observations.ts';
import type { Context } from '../../workers/context.ts';
import { loadWebhookKeys } from '../../workers/notice-courier.ts';
import { lookOnce, startScheduler } from '../../workers/scheduler/scheduler.ts';
import type { RunningScheduler } from '../../workers/scheduler/scheduler.ts';
import { startWorker } from '../../workers/worker.ts';
import type { RunningWorker } from '../../workers/worker.ts';
import { required } from '../support/required.ts';
import { until } from '../workflow/temporal.ts';
import type { World } from './scheduler-world.ts';
import { MERCHANT, openWorld, runOf } from './scheduler-world.ts';

const NOON = '2026-11-24T12:00:00+08:00';

/** What the receiver does with the n-th request, from 1: answers a status, or says nothing at all. */
type Manner = (no: number) => { status: number; headers?: Record<string, string> } | 'silent';

interface Got {
  readonly at: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let world: World;
let context: Context;
let worker: RunningWorker;
let scheduler: RunningScheduler;
let got: Got[];
let manner: Manner;
let url: string;

const receiver = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    got.push({ at: Date.now(), headers: request.headers, body: Buffer.concat(parts).toString('utf8') });
    const wanted = manner(got.length);
    if (wanted !== 'silent') response.writeHead(wanted.status, wanted.headers ?? {}).end('so said the shop');
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}/hook`;
  world = await openWorld(NOON);
  const replica = await world.replica({ schedule: '0 0 1 1 *' });
  const webhookKeysFile = join(replica.config.filesDir, 'webhook-keys');
  await writeFile(webhookKeysFile, randomBytes(32).toString('base64'));
  context = { ...replica, config: { ...replica.config, webhookKeysFile } };
  const bundle = await readFile(required('YUANLU_TEST_WORKFLOW_BUNDLE'), 'utf8');
  worker = await startWorker(context, { bundle });
  scheduler = await startScheduler(context);
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await scheduler.stop();
  await worker.stop();
  await world.close();
});
beforeEach(() => {
  got = [];
  manner = () => ({ status: 200 });
});
afterEach(async () => {
  const { rows } = await world.database.owner.query<{ id: string }>(
    'select id::text as id from webhook_endpoints where disabled_at is null',
  );
  for (const { id } of rows)
    await disableEndpoint(world.database.pool, {
      ...{ id, merchantId: MERCHANT, by: 'test', now: new Date(), why: 'asked' },
    });
});

async function endpoint(): Promise<WebhookEndpoint & { readonly secret: string }> {
  const secret = newWebhookSecret(randomBytes);
  const made = await createEndpoint(world.database.pool, {
    ...{ merchantId: MERCHANT, url, types: ['refund.failed'], by: 'k1', now: new Date() },
    secret: boxed(secret),
  });
  return { ...made, secret };
}

function boxed(secret: string): Buffer {
  const { webhookKeysFile } = context.config;
  if (webhookKeysFile === null) throw new Error('no keys');
  return loadWebhookKeys(webhookKeysFile).close(secret, { merchantId: MERCHANT, url });
}

let refunds = 0;

/** A refund that its channel refuses in plain words. */
async function fail(): Promise<string> {
  refunds += 1;
  const refund = await world.orphan(`N${String(refunds)}`);
  await observe(world.database.pool, refund.id, [
    { kind: 'channel_report', source: 'query', ref: 'x', at: new Date(NOON).toISOString(), status: 'closed' },
  ]);
  return refund.refundNo;
}

async function deliveryOf(refundNo: string) {
  const { deliveries } = await listDeliveries(world.database.pool, MERCHANT, { refundNo, limit: 5 });
  expect(deliveries).toHaveLength(1);
  if (deliveries[0] === undefined) throw new Error('no delivery');
  return deliveries[0];
}

const ended = (refundNo: string) => until(async () => (await deliveryOf(refundNo)).status !== 'pending');

function isSignedWith(secret: string, { headers, body }: Got): boolean {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const text = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  const signature = `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
  return String(headers['webhook-signature']).split(' ').includes(signature);
}

describe('a webhook', () => {
  test('arrives within moments of the change, signed, with nothing of the payer in it', async () => {
    const { secret } = await endpoint();
    const startedAt = Date.now();

    const refundNo = await fail();
    await ended(refundNo);

    const [one] = got;
    if (one === undefined) throw new Error('nothing came');
    expect(one.at - startedAt).toBeLessThan(5_000);
    expect(isSignedWith(secret, one)).toBe(true);
    expect(isSignedWith(newWebhookSecret(randomBytes), one)).toBe(false);
    expect(JSON.parse(one.body)).toEqual({
      id: one.headers['webhook-id'],
      type: 'refund.failed',
      timestamp: new Date(NOON).toISOString(),
      data: { refund_no: refundNo, state: 'failed', reason: 'closed', overdue_level: 0 },
    });
    expect(Math.abs(Number(one.headers['webhook-timestamp']) * 1_000 - one.at)).toBeLessThan(10_000);
    expect(one.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(await deliveryOf(refundNo)).toMatchObject({ status: 'delivered', attempts: 1, lastStatus: 200 });
  });

  test('F78 comes again under the same id until it is taken, whatever went wrong before', async () => {
    await endpoint();
    const soon = { 'retry-after': '1' };
    manner = (no) =>
      no === 1
        ? { status: 500, headers: soon }
        : no === 2
          ? { status: 302, headers: { location: '/x', ...soon } }
          : { status: 204 };

    const refundNo = await fail();
    await ended(refundNo);

    expect(got).toHaveLength(3);
    expect(new Set(got.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`)).size).toBe(1);
    expect(await deliveryOf(refundNo)).toMatchObject({ status: 'delivered', attempts: 3, lastStatus: 204 });
  });

  test('is noted as untaken while its receiver is silent or says no, with what it said', async () => {
    await endpoint();
    manner = () => ({ status: 404 });

    const refundNo = await fail();
    await until(async () => (await deliveryOf(refundNo)).attempts > 0);

    expect(await deliveryOf(refundNo)).toMatchObject({
      ...{ status: 'pending', attempts: 1, lastStatus: 404, lastAnswer: 'so said the shop', endedAt: null },
    });
  });

  test('that is answered 410 is the last one there: the endpoint is disabled, and that is in its audit', async () => {
    const { id } = await endpoint();
    manner = () => ({ status: 410 });

    const refundNo = await fail();
    await ended(refundNo);
    await fail();

    expect(await deliveryOf(refundNo)).toMatchObject({ status: 'dead', deadWhy: 'gone', lastStatus: 410 });
    expect(await getEndpoint(world.database.pool, MERCHANT, id)).toMatchObject({ disabledWhy: 'gone' });
    expect(got).toHaveLength(1);
    const { rows } = await world.database.owner.query<{ actor: string }>(
      `select actor from act_audit where subject = 'webhook_endpoint' and subject_id = $1 order by seq desc limit 1`,
      [id],
    );
    expect(rows).toEqual([{ actor: 'answer 410' }]);
  });

  test('carries two signatures while a secret is exchanged, and one when that time is over', async () => {
    const { id, secret } = await endpoint();
    const next = newWebhookSecret(randomBytes);
    const change = { id, merchantId: MERCHANT, by: 'k1', now: new Date(), secret: boxed(next) };

    await rotateSecret(world.database.pool, { ...change, previousUntil: new Date(Date.now() + 60_000) });
    await ended(await fail());
    await world.database.owner.query(
      `update webhook_endpoints set previous_until = now() - interval '1 second' where id = ${id}`,
    );
    await ended(await fail());

    const [during, after] = got;
    if (during === undefined || after === undefined) throw new Error('two were sent');
    expect([isSignedWith(next, during), isSignedWith(secret, during)]).toEqual([true, true]);
    expect([isSignedWith(next, after), isSignedWith(secret, after)]).toEqual([true, false]);
  });

  test('that only tries the endpoint says so, and nothing of a refund', async () => {
    const { id } = await endpoint();

    const made = await tellTest(world.database.pool, {
      ...{ endpointId: id, merchantId: MERCHANT, now: new Date(NOON) },
    });
    await until(
      async () => (await getDelivery(world.database.pool, MERCHANT, made.id)).status === 'delivered',
    );

    expect(JSON.parse(got[0]?.body ?? '')).toEqual({
      ...{ id: made.eventId, type: 'webhook.test', timestamp: new Date(NOON).toISOString(), data: {} },
    });
  });

  test('that was given up is sent again under the same id when somebody asks, in a run of its own', async () => {
    await endpoint();
    manner = () => ({ status: 404 });
    const refundNo = await fail();
    await until(async () => (await deliveryOf(refundNo)).attempts > 0);
    const { id, eventId, endpointId } = await deliveryOf(refundNo);
    // As it is after three days.
    await world.database.owner.query(
      `update webhook_deliveries set status = 'dead', dead_why = 'exhausted', ended_at = now() where id = $1`,
      [id],
    );
    manner = () => ({ status: 200 });

    expect(await replayDelivery(world.database.pool, MERCHANT, id)).toMatchObject({
      status: 'pending',
      round: 2,
    });
    await ended(refundNo);

    expect(await deliveryOf(refundNo)).toMatchObject({ status: 'delivered', round: 2, attempts: 1 });
    expect(new Set(got.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([eventId]));
    expect(await runOf(world.client, `notice/${eventId}/${endpointId}/replay-1`)).not.toBeNull();
  });

  test('F78 that lost its workflow is found and goes on: here it was ended from outside', async () => {
    await endpoint();
    manner = () => ({ status: 404 });
    const refundNo = await fail();
    await until(async () => (await deliveryOf(refundNo)).attempts > 0);
    const { eventId, endpointId } = await deliveryOf(refundNo);
    await world.client.workflow.getHandle(`notice/${eventId}/${endpointId}`).terminate('lost');
    await world.database.owner.query(
      `update webhook_deliveries set started_at = now() - interval '4 hours', last_attempt_at = now() - interval '4 hours'
        where status = 'pending'`,
    );
    manner = () => ({ status: 200 });

    await lookOnce(context)();
    await ended(refundNo);

    expect(await deliveryOf(refundNo)).toMatchObject({ status: 'delivered', round: 1 });
  });
});
