/** Who may call, how often, and what every answer carries. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiKey } from '../../api/keys.ts';
import { apiKeySchema, createKeyring } from '../../api/keys.ts';
import { AppError } from '../../domain/errors.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { ALL_SCOPES, apiUnderTest, digest } from './api-under-test.ts';
import { ask, call, newPayment, problemIn } from './calls.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await apiUnderTest();
});

afterAll(async () => {
  await api.close();
});

const ROUTES = [
  ['GET', '/v1/refunds'],
  ['GET', '/v1/refunds/RF-1'],
  ['GET', '/v1/refunds/RF-1/observations'],
  ['GET', '/v1/refunds/RF-1/windows'],
  ['POST', '/v1/refunds'],
  ['PUT', '/v1/payments/PAY-1'],
  ['GET', '/v1/payments/PAY-1'],
  ['GET', '/v1/overdue'],
  ['GET', '/v1/overdue/RF-1'],
  ['GET', '/v1/breaks'],
  ['GET', '/v1/breaks/1'],
  ['POST', '/v1/breaks/1/assignment'],
] as const;

describe('an API key', () => {
  test.each(ROUTES)('%s %s asks for one, and does not read the body before', async (method, url) => {
    const answer = await call(api, url, {
      method,
      key: null,
      ...(method === 'GET' ? {} : { body: '{broken' }),
    });

    problemIn(answer, 'unauthorized');
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="yuanlu"');
  });

  test.each([
    'yl_unknown',
    '',
    'Bearer',
    `Basic ${Buffer.from('a:b').toString('base64')}`,
    `Bearer ${'x'.repeat(5_000)}`,
    'Bearer a b',
  ])('that nobody has is refused: %s', async (text) => {
    const authorization = text.startsWith('yl_') ? `Bearer ${text}` : text;

    problemIn(await call(api, '/v1/refunds', { key: null, headers: { authorization } }), 'unauthorized');
  });

  test('is not its own digest', async () => {
    problemIn(await call(api, '/v1/refunds', { key: digest(api.keys.m1) }), 'unauthorized');
  });

  test('may do what its scopes say and nothing else', async () => {
    const reader = { key: api.keys.reader };

    expect((await call(api, '/v1/refunds', reader)).status).toBe(200);
    expect((await call(api, '/v1/overdue', reader)).status).toBe(200);
    problemIn(await call(api, '/v1/breaks', reader), 'forbidden');
    problemIn(await call(api, '/v1/payments/PAY-1', reader), 'forbidden');
    const refused = problemIn(await ask(api, {}, reader), 'forbidden');
    expect(refused.detail).toBe('needed refunds:write');
  });

  test('is not needed for health and the description of the API', async () => {
    for (const url of ['/livez', '/readyz', '/openapi.json']) {
      expect((await call(api, url, { key: null })).status).toBe(200);
    }
  });
});

describe('a keyring', () => {
  const entry = (id: string, text: string): ApiKey => ({
    id,
    merchantId: 'm',
    sha256: digest(text),
    scopes: [...ALL_SCOPES],
  });

  test('finds each of several keys by its text alone', () => {
    const ring = createKeyring([entry('a', 'yl_a'), entry('b', 'yl_b')]);

    expect(ring.find('yl_a')?.id).toBe('a');
    expect(ring.find('yl_b')?.id).toBe('b');
    for (const other of ['', 'yl_', 'yl_c', 'YL_A', digest('yl_a')]) expect(ring.find(other)).toBeUndefined();
  });

  test('without keys lets nobody in', () => {
    expect(createKeyring([]).find('')).toBeUndefined();
  });

  test('refuses one key under two names', () => {
    expect(() => createKeyring([entry('a', 'same'), entry('b', 'same')])).toThrow(AppError);
  });

  test.each([
    ['the key itself instead of its digest', { id: 'a', sha256: 'yl_key', scopes: ['refunds:read'] }],
    ['upper-case hex', { id: 'a', sha256: 'A'.repeat(64), scopes: ['refunds:read'] }],
    ['no scope', { id: 'a', sha256: '0'.repeat(64), scopes: [] }],
    ['a scope that does not exist', { id: 'a', sha256: '0'.repeat(64), scopes: ['*'] }],
    ['an unknown field', { id: 'a', sha256: '0'.repeat(64), scopes: ['refunds:read'], key: 'yl_x' }],
  ])('entry with %s is refused', (_name, value) => {
    expect(apiKeySchema.safeParse(value).success).toBe(false);
  });
});

describe('the limit on requests', () => {
  test('holds per key, says how long to wait, and covers guesses of keys', async () => {
    const limited = await apiUnderTest({ limits: { requestsPerMinute: 3 } });
    try {
      const statuses = async (key: string | null): Promise<number[]> => {
        const answers = [];
        for (let count = 0; count < 4; count += 1) answers.push(await call(limited, '/v1/refunds', { key }));
        return answers.map((one) => one.status);
      };

      expect(await statuses(limited.keys.m1)).toEqual([200, 200, 200, 429]);
      expect(await statuses(limited.keys.m2)).toEqual([200, 200, 200, 429]);
      expect(await statuses('yl_guess')).toEqual([401, 401, 401, 429]);

      const refused = await call(limited, '/v1/overdue');
      problemIn(refused, 'rate_limited');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
      expect((await call(limited, '/livez')).status).toBe(200);
    } finally {
      await limited.close();
    }
  });
});

describe('every answer', () => {
  test.each(['/livez', '/v1/refunds', '/v1/none', '/v1/refunds/%zz', '/openapi.json'])(
    'of %s has a request id and headers that keep browsers and caches out',
    async (url) => {
      const { headers } = await call(api, url);

      expect(headers['x-request-id']).toMatch(/^[0-9a-f]{16}$/);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      expect(headers['x-powered-by']).toBeUndefined();
    },
  );

  test('carries the request id of the caller when it is fit for a log', async () => {
    const given = 'order-2026.1124_0001';

    const answer = await call(api, '/v1/none', { headers: { 'x-request-id': given } });

    expect(answer.headers['x-request-id']).toBe(given);
    expect(problemIn(answer, 'not_found').instance).toBe(`urn:yuanlu:request:${given}`);
  });

  test.each(['short', 'x'.repeat(65), 'a b c d e f g', '-leading-dash', 'id"},{"level":60'])(
    'has an id of its own instead of %j',
    async (given) => {
      const answer = await call(api, '/livez', { headers: { 'x-request-id': given } });

      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{16}$/);
    },
  );
});

describe('F96 the log', () => {
  test('has one line per entry and no key, whatever a caller sends', async () => {
    const forged = '\r\n{"level":60,"msg":"forged"}';
    await call(api, `/v1/refunds/${encodeURIComponent(forged)}`);
    await ask(api, { payment_no: await newPayment(api), amount_minor: '1', currency: 'CNY', reason: forged });
    await call(api, '/v1/refunds', {
      headers: { 'user-agent': '{"level":60}', 'x-request-id': 'forged{"level":60}' },
    });

    // Each line parsed as one document when it was written; none of them is the forged one.
    expect(api.logged.length).toBeGreaterThan(3);
    expect(api.logged.filter((line) => line['level'] === 60 || line['msg'] === 'forged')).toEqual([]);
    const text = JSON.stringify(api.logged);
    for (const secret of Object.values(api.keys)) expect(text).not.toContain(secret);
  });
});
