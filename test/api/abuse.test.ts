/** What somebody does on purpose: a storm of tiny refunds, and text that wants to become a header or a line of the log. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest } from './api-under-test.ts';
import { ask, call, newPayment, problemIn, refundIn, refundRows } from './calls.ts';
import type { Wire } from './wire.ts';
import { onTheWire, requestText } from './wire.ts';

/** Requests a minute of one key. */
const LIMIT = 300;
/** Requests under way at the same time. */
const AT_ONCE = 20;

let api: ApiUnderTest;
let wire: Wire;
beforeAll(async () => {
  api = await apiUnderTest({ limits: { requestsPerMinute: LIMIT } });
  wire = await onTheWire(api);
});
afterAll(() => api.close());

test('F95: of 10,000 refunds of one fen in a minute as many are taken as one key may ask for, the rest hears when to come', async () => {
  const storm = await apiUnderTest({ limits: { requestsPerMinute: LIMIT } });
  try {
    const payments = await Promise.all(Array.from({ length: 10 }, () => newPayment(storm)));
    const left = LIMIT - payments.length;
    let taken = 0;
    let refused = 0;
    const began = performance.now();

    for (let round = 0; round < 10_000 / AT_ONCE; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, (_none, index) =>
          ask(storm, { payment_no: payments[index % 10], amount_minor: '1', currency: 'CNY' }),
        ),
      );
      for (const answer of answers) {
        if (answer.status === 201) taken += 1;
        else {
          problemIn(answer, 'rate_limited');
          expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
          refused += 1;
        }
      }
    }

    expect(taken + refused).toBe(10_000);
    expect(await refundRows(storm)).toBe(taken);
    // Of those that come at the same instant as the last one that is let in, some are counted before it is.
    expect(taken).toBeGreaterThan(left - AT_ONCE);
    // A slow machine takes more than a minute over it, and each minute has its own share.
    const minutes = Math.floor((performance.now() - began) / 60_000) + 1;
    expect(taken).toBeLessThanOrEqual(LIMIT * minutes - payments.length);
    // Another merchant is not kept waiting by it.
    expect((await call(storm, '/v1/refunds', { key: storm.keys.m2 })).status).toBe(200);
  } finally {
    await storm.close();
  }
}, 240_000);

test.each([
  ['a path', '/v1/refunds/RF%0d%0ax-evil:%201'],
  ['a query', '/v1/refunds?limit=1&cursor=%0d%0ax-evil:%201'],
  ['a query of its own', '/v1/refunds?%0d%0ax-evil:%201=1'],
])('a line break in %s does not become a header of the answer', async (_name, path) => {
  const answer = await wire.call(path);

  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.headers['x-evil']).toBeUndefined();
});

test.each(['a b', 'short', '"><script>', 'x'.repeat(65), 'id;rm -rf', 'идентификатор'])(
  'an x-request-id of %j is not carried on: neither into the answer nor into the log',
  async (id) => {
    const bytes = requestText('GET /v1/refunds HTTP/1.1', [`x-request-id: ${id}`]);

    const text = await wire.raw(Buffer.from(bytes, 'utf8'));

    expect(text).toMatch(/x-request-id: [0-9a-f]{16}\r\n/i);
    expect(text).not.toContain(id);
    expect(JSON.stringify(api.logged)).not.toContain(JSON.stringify(id).slice(1, -1));
  },
);

test('F91: a formula in a reason is a text like any other, and comes back as the JSON that it is', async () => {
  const reason = '=HYPERLINK("http://x")';

  const refund = refundIn(
    await ask(
      api,
      { payment_no: await newPayment(api), amount_minor: '1', currency: 'CNY', reason },
      { idempotencyKey: randomUUID() },
    ),
  );

  expect(refund.reason).toBe(reason);
});
