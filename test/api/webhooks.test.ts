/** Webhook endpoints and deliveries over HTTP. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DeliveryResource, EndpointResource } from '../../api/webhook-resource.ts';
import { observe } from '../../store/observations.ts';
import { getRefund } from '../../store/refunds.ts';
import { said } from '../store/books.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest } from './api-under-test.ts';
import type { Answer, Call } from './calls.ts';
import { ask, call, newPayment, problemIn, refundIn } from './calls.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.database.owner.query(
    `update webhook_endpoints set disabled_at = now(), disabled_why = 'asked' where disabled_at is null`,
  );
});

const ENDPOINTS = '/v1/webhook-endpoints';
const DELIVERIES = '/v1/webhook-deliveries';
const URL = 'https://shop.example.cn/yuanlu';

const post = (path: string, body?: object, o: Partial<Call> = {}): Promise<Answer> =>
  call(api, path, { method: 'POST', ...(body === undefined ? {} : { body }), ...o });

async function make(body: object = {}): Promise<EndpointResource & { readonly secret: string }> {
  const answer = await post(ENDPOINTS, { url: URL, ...body });
  expect(answer.status, answer.text).toBe(201);
  return answer.json as EndpointResource & { secret: string };
}

/** A refund that failed, told to every endpoint that there is. */
async function failedRefund(): Promise<string> {
  const asked = { payment_no: await newPayment(api), amount_minor: '5', currency: 'CNY' };
  const { refund_no: refundNo } = refundIn(await ask(api, asked));
  const refund = await getRefund(api.database.pool, 'm1', refundNo);
  await observe(api.database.pool, refund?.id ?? '', [said('closed', 3)]);
  return refundNo;
}

async function deliveriesOf(query: string): Promise<readonly DeliveryResource[]> {
  const answer = await call(api, `${DELIVERIES}?${query}`);
  expect(answer.status, answer.text).toBe(200);
  return (answer.json as { deliveries: DeliveryResource[] }).deliveries;
}

const bury = (): Promise<unknown> =>
  api.database.owner.query(
    `update webhook_deliveries set status = 'dead', dead_why = 'exhausted', ended_at = now() where status = 'pending'`,
  );

describe('an endpoint', () => {
  test('is made with a secret that is shown once, and is nowhere to be read afterwards', async () => {
    const { secret, ...made } = await make({ types: ['refund.settled', 'refund.settled'] });

    expect(secret).toMatch(/^whsec_[0-9A-Za-z+/]{43}=$/);
    expect(made).toMatchObject({
      url: URL,
      types: ['refund.settled'],
      status: 'enabled',
      disabled_why: null,
    });
    expect((await call(api, `${ENDPOINTS}/${made.id}`)).json).toEqual(made);
    const list = await call(api, ENDPOINTS);
    expect(list.text).not.toContain('whsec_');
    expect((list.json as { endpoints: unknown[] }).endpoints[0]).toEqual(made);
    const { rows } = await api.database.owner.query<{ row: string }>(
      `select e::text || encode(e.secret, 'escape') as row from webhook_endpoints e where id = $1`,
      [made.id],
    );
    expect(rows[0]?.row).not.toContain(secret.slice('whsec_'.length));
    expect(JSON.stringify(api.logged)).not.toContain(secret);
  });

  test('gets another secret, beside which the one before signs for a day', async () => {
    const made = await make();

    const rotated = await post(`${ENDPOINTS}/${made.id}/rotate`, {});

    expect(rotated.status).toBe(200);
    const { secret, previous_secret_until: until } = rotated.json as typeof made;
    expect(secret).not.toBe(made.secret);
    expect(until).toBe('2026-11-25T02:30:00.000Z');
  });

  test('is disabled, stays to be read, and is enabled again under the same secret', async () => {
    const { id } = await make();

    const off = await call(api, `${ENDPOINTS}/${id}`, { method: 'DELETE' });
    await failedRefund();
    const on = await post(`${ENDPOINTS}/${id}/enable`);

    expect(off.json).toMatchObject({ status: 'disabled', disabled_why: 'asked' });
    expect(on.json).toMatchObject({ status: 'enabled', disabled_why: null, disabled_at: null });
    expect(await deliveriesOf(`endpoint_id=${id}`)).toEqual([]);
  });

  test.each([
    'http://shop.example.cn/hook',
    'https://127.0.0.1/hook',
    'https://169.254.169.254/latest',
    'https://metadata.internal/',
    'https://me:secret@shop.example.cn/',
    'javascript:alert(1)',
    `https://shop.example.cn/${'元'.repeat(600)}`,
  ])('is not made at %s', async (url) => {
    problemIn(await post(ENDPOINTS, { url }), 'webhook_url_refused');
  });

  test('is not made for types that there are not, nor beside ten others', async () => {
    problemIn(await post(ENDPOINTS, { url: URL, types: ['refund.lost'] }), 'request_invalid');
    problemIn(await post(ENDPOINTS, { url: URL, types: [] }), 'request_invalid');
    const made = await Promise.all(Array.from({ length: 12 }, () => post(ENDPOINTS, { url: URL })));

    expect(made.filter(({ status }) => status === 201)).toHaveLength(10);
    for (const answer of made.filter(({ status }) => status !== 201))
      problemIn(answer, 'webhook_endpoints_exhausted');
  });

  test('says who made and changed it in its audit', async () => {
    const answer = await post(ENDPOINTS, { url: URL }, { key: api.people.alice });
    const { id } = answer.json as EndpointResource;

    const { rows } = await api.database.owner.query<{ actor: string }>(
      `select actor from act_audit where subject = 'webhook_endpoint' and subject_id = $1`,
      [id],
    );

    expect(rows).toEqual([{ actor: 'alice (alice)' }]);
  });
});

describe('a delivery', () => {
  test('is listed by refund, endpoint and status, page after page', async () => {
    const { id } = await make();
    const refundNo = await failedRefund();
    await failedRefund();

    const [one] = await deliveriesOf(`refund_no=${refundNo}`);
    expect(one).toMatchObject({
      ...{ endpoint_id: id, type: 'refund.failed', refund_no: refundNo, status: 'pending' },
      ...{ attempts: 0, replays: 0, last_status: null, ended_at: null, dead_why: null },
    });
    expect(one?.event_id).toMatch(/^evt_[0-9a-f]{32}$/);
    expect((await call(api, `${DELIVERIES}/${one?.id ?? ''}`)).json).toEqual(one);
    expect(await deliveriesOf(`endpoint_id=${id}&status=dead`)).toEqual([]);
    const first = await call(api, `${DELIVERIES}?endpoint_id=${id}&limit=1`);
    const { next_cursor: cursor } = first.json as { next_cursor: string };
    expect(first.headers['link']).toContain('rel="next"');
    const second = await deliveriesOf(`endpoint_id=${id}&limit=1&cursor=${cursor}`);
    expect(second).toEqual([one]);
  });

  test('that tries an endpoint is answered with where its outcome can be read', async () => {
    const { id } = await make();

    const answer = await post(`${ENDPOINTS}/${id}/test`);

    expect(answer.status).toBe(202);
    const delivery = answer.json as DeliveryResource;
    expect(delivery).toMatchObject({ type: 'webhook.test', refund_no: null, status: 'pending' });
    expect(answer.headers['location']).toBe(`${DELIVERIES}/${delivery.id}`);
  });

  test('that was given up is replayed, one or all of an endpoint', async () => {
    const { id } = await make();
    await failedRefund();
    await failedRefund();
    await failedRefund();
    await bury();
    const [dead] = await deliveriesOf(`endpoint_id=${id}&status=dead`);

    const one = await post(`${DELIVERIES}/${dead?.id ?? ''}/replay`);
    const rest = await post(`${ENDPOINTS}/${id}/replay`);
    const again = await post(`${DELIVERIES}/${dead?.id ?? ''}/replay`);

    expect(one.json).toMatchObject({
      status: 'pending',
      replays: 1,
      event_id: dead?.event_id,
      dead_why: null,
    });
    expect(rest.json).toEqual({ replayed: 2 });
    expect(again.json).toMatchObject({ status: 'pending', replays: 1 });
  });

  test('is not replayed once it was taken, nor to an endpoint that is disabled', async () => {
    const { id } = await make();
    await failedRefund();
    const [taken] = await deliveriesOf(`endpoint_id=${id}`);
    await api.database.owner.query(
      `update webhook_deliveries set status = 'delivered', ended_at = now() where id = $1`,
      [taken?.id],
    );
    await failedRefund();
    await bury();
    const [dead] = await deliveriesOf(`endpoint_id=${id}&status=dead`);
    await call(api, `${ENDPOINTS}/${id}`, { method: 'DELETE' });

    problemIn(await post(`${DELIVERIES}/${taken?.id ?? ''}/replay`), 'webhook_delivered');
    problemIn(await post(`${DELIVERIES}/${dead?.id ?? ''}/replay`), 'webhook_endpoint_disabled');
    problemIn(await post(`${ENDPOINTS}/${id}/replay`), 'webhook_endpoint_disabled');
    problemIn(await post(`${ENDPOINTS}/${id}/test`), 'webhook_endpoint_disabled');
  });
});

test('F93 another merchant sees and touches none of it', async () => {
  const { id } = await make();
  await failedRefund();
  const [delivery] = await deliveriesOf(`endpoint_id=${id}`);
  const key = api.keys.m2;

  expect((await call(api, ENDPOINTS, { key })).json).toEqual({ endpoints: [], next_cursor: null });
  expect((await call(api, `${DELIVERIES}?endpoint_id=${id}`, { key })).json).toMatchObject({
    deliveries: [],
  });
  problemIn(await call(api, `${ENDPOINTS}/${id}`, { key }), 'webhook_endpoint_unknown');
  problemIn(await call(api, `${ENDPOINTS}/${id}`, { key, method: 'DELETE' }), 'webhook_endpoint_unknown');
  problemIn(await call(api, `${DELIVERIES}/${delivery?.id ?? ''}`, { key }), 'webhook_delivery_unknown');
  for (const [path, code, body] of [
    [`${ENDPOINTS}/${id}/enable`, 'webhook_endpoint_unknown', undefined],
    [`${ENDPOINTS}/${id}/rotate`, 'webhook_endpoint_unknown', {}],
    [`${ENDPOINTS}/${id}/test`, 'webhook_endpoint_unknown', undefined],
    [`${ENDPOINTS}/${id}/replay`, 'webhook_endpoint_unknown', undefined],
    [`${DELIVERIES}/${delivery?.id ?? ''}/replay`, 'webhook_delivery_unknown', undefined],
  ] as const)
    problemIn(await post(path, body, { key }), code);
});

test('an installation without a key for them makes no endpoints, and says how to get there', async () => {
  const without = await apiUnderTest({ webhooks: null });
  try {
    const answer = await call(without, ENDPOINTS, { method: 'POST', body: { url: URL } });
    expect(problemIn(answer, 'webhooks_not_set_up').remedy).toContain('YUANLU_WEBHOOK_KEYS_FILE');
  } finally {
    await without.close();
  }
});
