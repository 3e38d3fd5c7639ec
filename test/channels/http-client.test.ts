import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpClient } from '../../channels/http-client.ts';

type Play = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let base: string;
let play: Play = () => undefined;
let seen = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    seen += 1;
    request.on('error', () => undefined);
    play(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterAll(
  () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => {
        resolve();
      });
    }),
);

const client = createHttpClient({ timeoutMs: 400, answerBytesMax: 10_000 });

function get(o: { signal?: AbortSignal } = {}) {
  return client.call({ method: 'GET', url: `${base}/x`, headers: {}, ...o });
}

describe('a call', () => {
  test('carries its bytes as they are and brings back bytes, status and headers', async () => {
    const body = Buffer.from([0, 255, 10, 13, 128]);
    let received = Buffer.alloc(0);
    play = (request, response) => {
      request.on('data', (part: Buffer) => {
        received = Buffer.concat([received, part]);
      });
      request.on('end', () => {
        response.writeHead(418, { 'X-One': 'a', 'x-two': ['b', 'c'] });
        response.end(body);
      });
    };

    const result = await client.call({
      method: 'POST',
      url: `${base}/x`,
      headers: { 'content-type': 'a/b' },
      body,
    });

    if (!result.ok) throw new Error(result.why);
    expect(received).toEqual(body);
    expect(result.answer.body).toEqual(body);
    expect(result.answer.status).toBe(418);
    expect(result.answer.headers.get('x-one')).toBe('a');
    expect(result.answer.headers.get('x-two')).toBe('b, c');
  });

  test.each<[string, Play]>([
    ['an answer that never comes', () => undefined],
    [
      'F86: an answer that trickles',
      (_request, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('.'), 50);
        response.on('close', () => {
          clearInterval(timer);
        });
      },
    ],
  ])('%s ends as a time-out', async (_what, slow) => {
    play = slow;

    expect(await get()).toEqual({ ok: false, why: 'time-out' });
  });

  test.each<[string, Play]>([
    ['a connection cut before anything', (_request, response) => response.destroy()],
    [
      'F5: half an answer',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => response.destroy());
      },
    ],
    ['a body over the cap', (_request, response) => response.end(Buffer.alloc(10_001))],
  ])('%s is no answer', async (_what, cut) => {
    play = cut;

    expect((await get()).ok).toBe(false);
  });

  test('does not follow a redirect', async () => {
    play = (_request, response) => {
      response.writeHead(302, { location: `${base}/elsewhere` });
      response.end();
    };
    seen = 0;

    const result = await get();

    expect(result.ok && result.answer.status).toBe(302);
    expect(seen).toBe(1);
  });

  test('is not repeated by itself: who calls decides', async () => {
    play = (_request, response) => response.destroy();
    seen = 0;

    await get();

    expect(seen).toBe(1);
  });

  test('ends when its caller gives up', async () => {
    play = () => undefined;
    const stop = new AbortController();
    const result = get({ signal: stop.signal });
    stop.abort();

    expect((await result).ok).toBe(false);
  });

  test('takes no proxy from the environment', async () => {
    play = (_request, response) => response.end('here');
    const before = process.env['http_proxy'];
    process.env['http_proxy'] = 'http://127.0.0.1:9';
    try {
      const result = await get();

      expect(result.ok && result.answer.body.toString()).toBe('here');
    } finally {
      if (before === undefined) delete process.env['http_proxy'];
      else process.env['http_proxy'] = before;
    }
  });
});

describe('a stream', () => {
  test('gives the bytes packed as they came, however many', async () => {
    const sent = Buffer.alloc(300_000, 7);
    play = (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(sent);
    };

    const { status, body } = await client.stream({ method: 'GET', url: `${base}/x`, headers: {} });
    const parts: Buffer[] = [];
    for await (const part of body) parts.push(part);

    expect(status).toBe(200);
    expect(Buffer.concat(parts).equals(sent)).toBe(true);
  });

  test('fails where there is no answer', async () => {
    play = (_request, response) => response.destroy();

    await expect(client.stream({ method: 'GET', url: `${base}/x`, headers: {} })).rejects.toThrow();
  });
});
