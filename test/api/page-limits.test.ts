/** How often one address may open pages without a key: generous to people, strict with whoever is wrong all the time. */
import { afterEach, describe, expect, test } from 'vitest';
import type { ApiUnderTest, Arrangement } from './api-under-test.ts';
import { NOW, PUBLIC_URL, apiUnderTest } from './api-under-test.ts';
import type { Answer, Call } from './calls.ts';
import { ask, call, newPayment, newRefundNo } from './calls.ts';

const DAY_MS = 86_400_000;
const STRICT = { perMinute: 1_000, missesPerMinute: 3 };
const WRONG = `/r/${'A'.repeat(55)}`;

let api: ApiUnderTest;
afterEach(async () => {
  await api.close();
});

async function start(o: Arrangement): Promise<{ readonly refundNo: string }> {
  api = await apiUnderTest(o);
  const refundNo = newRefundNo();
  const payment = await newPayment(api);
  const body = { refund_no: refundNo, payment_no: payment, amount_minor: '2345', currency: 'CNY' };
  expect((await ask(api, body)).status).toBe(201);
  return { refundNo };
}

async function linkTo(refundNo: string, body: object = {}): Promise<{ readonly id: string; path: string }> {
  const made = await call(api, `/v1/refunds/${refundNo}/receipt-links`, { method: 'POST', body });
  const { id, url } = made.json as { id: string; url: string };
  return { id, path: url.replace(PUBLIC_URL, '') };
}

function open(url: string, from = '198.51.100.7', o: Call = {}): Promise<Answer> {
  return call(api, url, { key: null, from, ...o });
}

async function opened(urls: readonly string[], from?: string): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (const url of urls) statuses.push((await open(url, from)).status);
  return statuses;
}

const times = (count: number, url: string): string[] => Array.from({ length: count }, () => url);

describe('the limit of links', () => {
  test('lets an address open as many as it may in a minute, then says on a page how long to wait', async () => {
    const { refundNo } = await start({ limits: { links: { perMinute: 4, missesPerMinute: 100 } } });
    const { path } = await linkTo(refundNo);

    expect(await opened(times(4, path))).toEqual([200, 200, 200, 200]);
    const refused = await open(path);
    expect(refused.status).toBe(429);
    expect(refused.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(refused.text).toContain('请求过于频繁');
    expect((await open(path, '198.51.100.8')).status).toBe(200);
  });

  test.each(['wrong', 'expired', 'revoked', 'malformed', 'undecodable', 'of a paper'])(
    'is stricter with links that are %s, and the same for all that do not open',
    async (kind) => {
      const { refundNo } = await start({ limits: { links: STRICT } });
      const expired = await linkTo(refundNo, { expires_in_days: 1 });
      const revoked = await linkTo(refundNo, { expires_in_days: 30 });
      const good = await linkTo(refundNo, { expires_in_days: 30 });
      await call(api, `/v1/refunds/${refundNo}/receipt-links/${revoked.id}`, { method: 'DELETE' });
      api.clock.at = new Date(NOW.getTime() + 2 * DAY_MS);
      const urls: Readonly<Record<string, string>> = {
        ...{ wrong: WRONG, expired: expired.path, revoked: revoked.path, malformed: '/r/x/y' },
        ...{ undecodable: '/r/%zz', 'of a paper': `${WRONG}/receipt.pdf` },
      };

      expect(await opened(times(3, urls[kind] ?? ''))).toEqual([404, 404, 404]);
      const answers = await Promise.all(Object.values(urls).map((url) => open(url)));
      for (const answer of answers) {
        expect(answer.status).toBe(429);
        expect(answer.text).toBe(answers[0]?.text);
        expect(Object.keys(answer.headers).sort()).toEqual(Object.keys(answers[0]?.headers ?? {}).sort());
      }
      // Somebody behind the same address still sees a receipt of theirs.
      expect((await open(good.path)).status).toBe(200);
      expect((await open(WRONG, '198.51.100.8')).status).toBe(404);
    },
  );

  test('takes what one customer of an IPv6 network has as one address', async () => {
    await start({ limits: { links: STRICT } });
    const within = [1, 2, 3].map((host) => open(WRONG, `2001:db8:1:2::${String(host)}`));

    expect((await Promise.all(within)).map(({ status }) => status)).toEqual([404, 404, 404]);
    expect((await open(WRONG, '2001:db8:1:2:ffff::9')).status).toBe(429);
    expect((await open(WRONG, '2001:db8:1:3::1')).status).toBe(404);
  });

  test('believes nobody about where a request came from, unless a proxy is named', async () => {
    await start({ limits: { links: STRICT } });
    const said = (who: string, from?: string): Promise<Answer> =>
      open(WRONG, from, { headers: { 'x-forwarded-for': who } });

    for (const who of ['203.0.113.1', '203.0.113.2', '203.0.113.3'])
      expect((await said(who)).status).toBe(404);
    expect((await said('203.0.113.4')).status).toBe(429);
  });

  test('counts the address that the named proxy says, and not what was sent to the proxy', async () => {
    await start({ limits: { links: STRICT }, trustedProxies: ['10.0.0.0/8'] });
    const said = (who: string, from: string): Promise<Answer> =>
      open(WRONG, from, { headers: { 'x-forwarded-for': who } });

    for (const made of ['1.1.1.1', '2.2.2.2', '3.3.3.3'])
      expect((await said(`${made}, 203.0.113.1`, '10.0.0.2')).status).toBe(404);
    expect((await said('4.4.4.4, 203.0.113.1', '10.0.0.3')).status).toBe(429);
    expect((await said('203.0.113.2', '10.0.0.2')).status).toBe(404);
    // From somewhere else the header is only something that was sent.
    expect((await said('203.0.113.1', '198.51.100.7')).status).toBe(404);
  });
});

describe('the limit of checking', () => {
  test('refuses before the file is read, and an address that is wrong too often sooner', async () => {
    const { refundNo } = await start({ limits: { verify: { perMinute: 6, missesPerMinute: 2 } } });
    const { text } = await call(api, `/v1/refunds/${refundNo}/receipt`);
    const send = (body: string): Promise<Answer> =>
      open('/verify', undefined, {
        ...{ method: 'POST', body, headers: { 'content-type': 'application/json' } },
      });

    expect((await send('{}')).status).toBe(422);
    expect((await open('/verify?c=AAAA')).status).toBe(422);
    const refused = await send('{}');
    expect([refused.status, (await open('/verify?c=AAAA')).status]).toEqual([429, 429]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    // What is genuine goes on being so, until the address has asked as often as it may.
    expect([(await send(text)).status, (await send(text)).status, (await send(text)).status]).toEqual([
      200, 200, 429,
    ]);
    expect((await send('x'.repeat(5 * 1024 * 1024))).status).toBe(429);
  });
});
