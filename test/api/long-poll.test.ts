/** Waiting for a refund: answered as soon as it changes, at the end of the time otherwise, and cheap for many. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RefundResource } from '../../api/refund-resource.ts';
import { WATCH_LIMITS } from '../../api/refund-watch.ts';
import { observe } from '../../store/observations.ts';
import { getRefund } from '../../store/refunds.ts';
import { said } from '../store/books.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest } from './api-under-test.ts';
import type { Answer } from './calls.ts';
import { ask, call, newPayment, problemIn, refundIn } from './calls.ts';
import { onTheWire } from './wire.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await apiUnderTest({ limits: { watch: { ...WATCH_LIMITS, everyMs: 20 } } });
});

afterAll(async () => {
  await api.close();
});

async function newRefund(on = api): Promise<string> {
  return refundIn(await ask(on, { payment_no: await newPayment(on), amount_minor: '1', currency: 'CNY' }))
    .refund_no;
}

/** The channel says that it has taken it. */
async function accept(refundNo: string, on = api): Promise<void> {
  const refund = await getRefund(on.database.pool, 'm1', refundNo);
  if (refund === null) throw new Error(`${refundNo} is not there`);
  await observe(on.database.pool, refund.id, [said('processing', 1)]);
}

async function timed(answer: Promise<Answer>): Promise<{ answer: Answer; ms: number }> {
  const began = performance.now();
  return { answer: await answer, ms: performance.now() - began };
}

describe('a call that waits for a refund', () => {
  test('is answered as soon as the refund changes', async () => {
    const refundNo = await newRefund();
    const waiting = timed(call(api, `/v1/refunds/${refundNo}?wait=20`));
    await sleep(100);

    await accept(refundNo);

    const { answer, ms } = await waiting;
    expect(refundIn(answer).state).toBe('processing');
    expect(ms).toBeLessThan(5_000);
  });

  test('is answered with the refund as it stands when the time is over', async () => {
    const refundNo = await newRefund();

    const { answer, ms } = await timed(call(api, `/v1/refunds/${refundNo}?wait=1`));

    expect(refundIn(answer).state).toBe('requested');
    expect(ms).toBeGreaterThan(950);
  });

  test('misses nothing between two calls: what has changed since its etag is answered at once', async () => {
    const refundNo = await newRefund();
    const { etag = '' } = (await call(api, `/v1/refunds/${refundNo}`)).headers;
    await accept(refundNo);

    const { answer, ms } = await timed(
      call(api, `/v1/refunds/${refundNo}?wait=20`, { headers: { 'if-none-match': etag } }),
    );

    expect(refundIn(answer).state).toBe('processing');
    expect(answer.headers['etag']).not.toBe(etag);
    expect(ms).toBeLessThan(5_000);
  });

  test('that knows the refund hears 304 when the time is over without a change', async () => {
    const refundNo = await newRefund();
    const { etag = '' } = (await call(api, `/v1/refunds/${refundNo}`)).headers;

    const answer = await call(api, `/v1/refunds/${refundNo}?wait=1`, { headers: { 'if-none-match': etag } });

    expect(answer.status).toBe(304);
    expect(answer.text).toBe('');
    expect(answer.headers['etag']).toBe(etag);
  });

  test('does not wait for a refund that has come to rest, unless it knows it already', async () => {
    const refundNo = await newRefund();
    const refund = await getRefund(api.database.pool, 'm1', refundNo);
    await observe(api.database.pool, refund?.id ?? '', [said('processing', 1), said('closed', 2)]);

    const { answer, ms } = await timed(call(api, `/v1/refunds/${refundNo}?wait=20`));
    const again = await call(api, `/v1/refunds/${refundNo}?wait=1`, {
      headers: { 'if-none-match': answer.headers['etag'] ?? '' },
    });

    expect(refundIn(answer).state).toBe('failed');
    expect(ms).toBeLessThan(5_000);
    expect(again.status).toBe(304);
  });

  test('is not woken by a write that changes nothing of the refund as it is told', async () => {
    const refundNo = await newRefund();
    const waiting = timed(call(api, `/v1/refunds/${refundNo}?wait=1`));
    await sleep(100);

    await api.database.pool.query('update refunds set workflow_started_at = now() where refund_no = $1', [
      refundNo,
    ]);

    expect((await waiting).ms).toBeGreaterThan(950);
  });

  test.each(['-1', '61', '1.5', '1e1', 'x', ''])('may not wait for %j seconds', async (wait) => {
    const answer = await call(api, `/v1/refunds/${await newRefund()}?wait=${wait}`);

    expect(problemIn(answer, 'request_invalid').errors).toMatchObject([{ in: 'query', pointer: '/wait' }]);
  });

  test('for a refund that is not there, or is another merchant’s, is told so at once', async () => {
    const refundNo = await newRefund();

    problemIn(await call(api, '/v1/refunds/none?wait=20'), 'refund_unknown');
    problemIn(await call(api, `/v1/refunds/${refundNo}?wait=20`, { key: api.keys.m2 }), 'refund_unknown');
  });
});

describe('a thousand callers that wait', () => {
  test('all hear of their own refund', async () => {
    const refundNos = await Promise.all(Array.from({ length: 20 }, () => newRefund()));
    const waiting: Promise<Answer>[] = [];
    for (let round = 0; round < 10; round += 1) {
      const more = Array.from({ length: 100 }, (_none, index) =>
        call(api, `/v1/refunds/${refundNos[index % 20] ?? ''}?wait=60`),
      );
      waiting.push(...more);
      await sleep(100);
    }

    await Promise.all(refundNos.map((one) => accept(one)));

    const states = (await Promise.all(waiting)).map((one) => (one.json as RefundResource).state);
    expect(new Set(states)).toEqual(new Set(['processing']));
  });

  test('are as many as may wait: one more is told to come later, and is not kept from asking without waiting', async () => {
    const few = await apiUnderTest({
      limits: { watch: { everyMs: 20, waitersMax: 3, waitersPerMerchantMax: 2 } },
    });
    try {
      const refundNo = await newRefund(few);
      const waiting = [1, 2].map(() => call(few, `/v1/refunds/${refundNo}?wait=2`));
      await sleep(200);

      const third = await call(few, `/v1/refunds/${refundNo}?wait=2`);

      problemIn(third, 'rate_limited');
      expect(Number(third.headers['retry-after'])).toBeGreaterThan(0);
      expect((await call(few, `/v1/refunds/${refundNo}`)).status).toBe(200);
      await Promise.all(waiting);
    } finally {
      await few.close();
    }
  });
});

describe('over a wire', () => {
  test('a caller that hangs up is not waited for: its place is free again', async () => {
    const one = await apiUnderTest({
      limits: { watch: { everyMs: 20, waitersMax: 1, waitersPerMerchantMax: 1 } },
    });
    try {
      const wire = await onTheWire(one);
      const refundNo = await newRefund(one);
      const path = `/v1/refunds/${refundNo}?wait=30`;
      const left = request(`${wire.url}${path}`, { headers: { authorization: `Bearer ${one.keys.m1}` } });
      left.on('error', () => undefined);
      left.end();
      await until429(() => wire.call(`/v1/refunds/${refundNo}?wait=1`));

      left.destroy();

      await untilFree(() => wire.call(`/v1/refunds/${refundNo}?wait=1`));
    } finally {
      await one.close();
    }
  });

  test('the end of the server answers everybody who waits, at once', async () => {
    const ending = await apiUnderTest();
    const wire = await onTheWire(ending);
    const refundNo = await newRefund(ending);
    const waiting = timed(wire.call(`/v1/refunds/${refundNo}?wait=30`));
    await sleep(300);

    await ending.app.close();

    const { answer, ms } = await waiting;
    expect(refundIn(answer).state).toBe('requested');
    expect(ms).toBeLessThan(5_000);
    await ending.close();
  });
});

async function until429(look: () => Promise<Answer>): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) if ((await look()).status === 429) return;
  throw new Error('nobody is waiting');
}

async function untilFree(look: () => Promise<Answer>): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) {
    if ((await look()).status === 200) return;
    await sleep(50);
  }
  throw new Error('the place of a caller that hung up is not free');
}

describe('an etag', () => {
  test('is the same for the same content, from the creation of a refund on', async () => {
    const made = await ask(api, { payment_no: await newPayment(api), amount_minor: '1', currency: 'CNY' });
    const got = await call(api, `/v1/refunds/${refundIn(made).refund_no}`);

    expect(made.headers['etag']).toMatch(/^"[\w-]{22}"$/);
    expect(got.headers['etag']).toBe(made.headers['etag']);
  });

  test.each([
    ['a list', (tag: string) => `"other", ${tag}`],
    ['a weak one', (tag: string) => `W/${tag}`],
    ['any', () => '*'],
  ])('is found in if-none-match: %s', async (_name, write) => {
    const refundNo = await newRefund();
    const { etag = '' } = (await call(api, `/v1/refunds/${refundNo}`)).headers;

    const answer = await call(api, `/v1/refunds/${refundNo}`, { headers: { 'if-none-match': write(etag) } });

    expect(answer.status).toBe(304);
  });

  test('of a payment changes with what is left of it', async () => {
    const paymentNo = await newPayment(api);
    const before = await call(api, `/v1/payments/${paymentNo}`);
    const { etag = '' } = before.headers;
    const same = await call(api, `/v1/payments/${paymentNo}`, { headers: { 'if-none-match': etag } });

    await ask(api, { payment_no: paymentNo, amount_minor: '1', currency: 'CNY' });

    expect(same.status).toBe(304);
    const after = await call(api, `/v1/payments/${paymentNo}`, { headers: { 'if-none-match': etag } });
    expect(after.status).toBe(200);
    expect(after.headers['etag']).not.toBe(etag);
  });
});

describe('a payment that is registered under a condition', () => {
  const claim = { account_id: 'wx-1', captured_minor: '100', currency: 'CNY' };
  const put = (paymentNo: string, headers: Record<string, string>): Promise<Answer> =>
    call(api, `/v1/payments/${paymentNo}`, { method: 'PUT', body: claim, headers });

  test('that there is none yet is registered once', async () => {
    const first = await put('PAY-IF-1', { 'if-none-match': '*' });
    const second = await put('PAY-IF-1', { 'if-none-match': '*' });

    expect(first.status).toBe(201);
    problemIn(second, 'precondition_failed');
  });

  test('that it is as its sender saw it is refused when it is not', async () => {
    problemIn(await put('PAY-IF-2', { 'if-match': '*' }), 'precondition_failed');
    const { etag = '' } = (await put('PAY-IF-2', {})).headers;

    expect((await put('PAY-IF-2', { 'if-match': etag })).status).toBe(200);
    problemIn(await put('PAY-IF-2', { 'if-match': `W/${etag}` }), 'precondition_failed');
    problemIn(await put('PAY-IF-2', { 'if-match': '"other"' }), 'precondition_failed');
  });

  test('is registered once, however many ask at the same instant that there be none', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => put('PAY-IF-3', { 'if-none-match': '*' })),
    );

    expect(answers.filter((one) => one.status === 201)).toHaveLength(1);
    expect(answers.filter((one) => one.status === 412)).toHaveLength(9);
  });
});
