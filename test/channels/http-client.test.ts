import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createHttpClient } from '../../channels/http-client.ts';
import type { HttpRequest } from '../../channels/http-client.ts';
import type { AnsweringServer, Play } from './answering-server.ts';
import { openAnsweringServer } from './answering-server.ts';

const TIMEOUT_MS = 400;
const CAP_BYTES = 10_000;

let server: AnsweringServer;

beforeAll(async () => {
  server = await openAnsweringServer();
});
afterAll(() => server.stop());

const client = createHttpClient({ timeoutMs: TIMEOUT_MS, answerBytesMax: CAP_BYTES });

function get(o: Partial<HttpRequest> = {}) {
  return client.call({ method: 'GET', url: `${server.base}/x`, headers: {}, ...o });
}

async function whyNot(o: Partial<HttpRequest> = {}): Promise<string> {
  const result = await get(o);
  return result.ok ? `answered ${String(result.answer.status)}` : result.why;
}

const silence: Play = () => undefined;

function trickle(everyMs: number): Play {
  return (_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('.'), everyMs);
    response.on('close', () => {
      clearInterval(timer);
    });
  };
}

describe('a call', () => {
  test('carries its bytes as they are and brings back bytes, status and headers', async () => {
    const body = Buffer.from([0, 255, 10, 13, 128]);
    let received = Buffer.alloc(0);
    server.play((request, response) => {
      request.on('data', (part: Buffer) => {
        received = Buffer.concat([received, part]);
      });
      request.on('end', () => {
        response.writeHead(418, { 'X-One': 'a', 'x-two': ['b', 'c'] });
        response.end(body);
      });
    });

    const result = await get({ method: 'POST', headers: { 'content-type': 'a/b' }, body });

    if (!result.ok) throw new Error(result.why);
    expect(received).toEqual(body);
    expect(result.answer.body).toEqual(body);
    expect(result.answer.status).toBe(418);
    expect(result.answer.headers.get('x-one')).toBe('a');
    expect(result.answer.headers.get('x-two')).toBe('b, c');
  });

  test('does not parse, trim or re-encode JSON: signatures are over the bytes', async () => {
    const odd = '  {"a" : "\\/\\u4e2d",\n"a":1 }\n';
    let received = '';
    server.play((request, response) => {
      request.on('data', (part: Buffer) => {
        received += part.toString();
      });
      request.on('end', () => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(odd);
      });
    });

    const result = await get({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(odd),
    });

    expect(received).toBe(odd);
    expect(result.ok && result.answer.body.toString()).toBe(odd);
  });

  test('keeps a body that is no UTF-8, and a byte order mark', async () => {
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0xc4, 0xe3]);
    server.play((_request, response) => response.end(bytes));

    const result = await get();

    expect(result.ok && result.answer.body).toEqual(bytes);
  });

  test('asks for the path as it is given, percent-encoding included', async () => {
    let target = '';
    server.play((request, response) => {
      target = request.url ?? '';
      response.end();
    });

    await get({ url: `${server.base}/a/RF%7C1*%40?token=a%2Bb&x=%E4%B8%AD` });

    expect(target).toBe('/a/RF%7C1*%40?token=a%2Bb&x=%E4%B8%AD');
  });

  test.each([200, 204, 302, 400, 401, 404, 429, 500, 503])(
    'an answer %d is an answer: what it means is the channel’s to say',
    async (status) => {
      server.play((_request, response) => {
        response.writeHead(status);
        response.end();
      });

      const result = await get();

      expect(result.ok && result.answer.status).toBe(status);
    },
  );

  test('does not follow a redirect', async () => {
    server.play((_request, response) => {
      response.writeHead(302, { location: `${server.base}/elsewhere` });
      response.end();
    });

    const result = await get();

    expect(result.ok && result.answer.headers.get('location')).toBe(`${server.base}/elsewhere`);
    expect(server.seen()).toBe(1);
  });

  test('takes no proxy from the environment', async () => {
    server.play((_request, response) => response.end('here'));
    vi.stubEnv('http_proxy', 'http://127.0.0.1:9');
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:9');
    try {
      const result = await get();

      expect(result.ok && result.answer.body.toString()).toBe('here');
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('a call without a whole answer', () => {
  test.each<[string, Play]>([
    ['F1: an answer that never comes', silence],
    ['F86: an answer that trickles', trickle(50)],
  ])('%s ends as a time-out', async (_what, slow) => {
    server.play(slow);

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
    [
      'F5: a chunked answer without its last chunk',
      (_request, response) => {
        response.writeHead(200, { 'transfer-encoding': 'chunked' });
        response.write('{"status":"SUCCESS"}', () => response.destroy());
      },
    ],
    ['a body over the cap', (_request, response) => response.end(Buffer.alloc(CAP_BYTES + 1))],
    [
      'a body that is over the cap when it is unpacked',
      (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(gzipSync(Buffer.alloc(5_000_000)));
      },
    ],
    [
      'a body that says it is packed and is not',
      (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end('plain');
      },
    ],
  ])('%s is no answer, and is not asked for again', async (_what, cut) => {
    server.play(cut);

    expect(await whyNot()).not.toMatch(/^(answered|time-out)/);
    expect(server.seen()).toBe(1);
  });

  test('a body of exactly the cap is an answer', async () => {
    server.play((_request, response) => response.end(Buffer.alloc(CAP_BYTES, 7)));

    const result = await get();

    expect(result.ok && result.answer.body.length).toBe(CAP_BYTES);
  });

  test('a port where nobody listens is named, and the reason stays short', async () => {
    const why = await whyNot({ url: 'http://127.0.0.1:9/x' });

    expect(why).toContain('ECONNREFUSED');
    expect(why.length).toBeLessThanOrEqual(200);
  });

  test('something that does not speak HTTP is no answer', async () => {
    const babble = await listen(createServer((socket) => socket.resume().end('hello\r\n\r\n')));
    try {
      expect(await whyNot({ url: babble.url })).not.toMatch(/^answered/);
    } finally {
      await babble.stop();
    }
  });

  test('ends at once when its caller gives up', async () => {
    server.play(silence);
    const stop = new AbortController();
    const result = get({ signal: stop.signal });
    stop.abort();

    expect(await result).toMatchObject({ ok: false, why: expect.stringContaining('cancel') as string });
  });

  test('is not sent at all for a caller that gave up before', async () => {
    server.play((_request, response) => response.end());

    const result = await get({ signal: AbortSignal.abort() });

    expect(result.ok).toBe(false);
    expect(server.seen()).toBe(0);
  });

  test('I19 F86: leaves no connection behind after its time-out', async () => {
    const own = await openAnsweringServer();
    try {
      own.play(silence);
      await client.call({ method: 'GET', url: own.base, headers: {} });

      await expect.poll(() => own.connections()).toBe(0);
    } finally {
      await own.stop();
    }
  });
});

describe('a stream', () => {
  const open = (o: Partial<HttpRequest> = {}) =>
    client.stream({ method: 'GET', url: `${server.base}/x`, headers: {}, ...o });

  async function bytesOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of body) parts.push(part);
    return Buffer.concat(parts);
  }

  test('gives the bytes packed as they came, however many', async () => {
    const sent = Buffer.alloc(300_000, 7);
    server.play((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(sent);
    });

    const { status, body } = await open();

    expect(status).toBe(200);
    expect((await bytesOf(body)).equals(sent)).toBe(true);
  });

  test('fails where there is no answer', async () => {
    server.play((_request, response) => response.destroy());

    await expect(open()).rejects.toThrow();
  });

  test('fails where an answer does not begin in time', async () => {
    server.play(silence);

    await expect(open()).rejects.toThrow('timeout');
  });

  test('F42: cut on the way it fails, and is not taken for whole', async () => {
    server.play((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
    });

    const { body } = await open();

    await expect(bytesOf(body)).rejects.toThrow();
  });

  test('F86: may last longer than a call while bytes come', async () => {
    server.play((_request, response) => {
      let left = 6;
      const timer = setInterval(() => {
        left -= 1;
        response.write('.');
        if (left === 0) response.end();
      }, 100);
      response.on('close', () => {
        clearInterval(timer);
      });
    });

    const { body } = await open();

    expect((await bytesOf(body)).toString()).toBe('......');
  });

  test('F86: that stands still fails instead of waiting for ever', async () => {
    server.play((_request, response) => {
      response.writeHead(200);
      response.write('first');
    });

    const { body } = await open();

    await expect(bytesOf(body)).rejects.toThrow('no byte');
  });

  test('may be read as slowly as its reader likes', async () => {
    server.play((_request, response) => response.end(Buffer.alloc(200_000, 1)));
    const { body } = await open();
    let bytes = 0;

    for await (const part of body) {
      if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS + 100));
      bytes += part.length;
    }

    expect(bytes).toBe(200_000);
  });

  test('ends when its reader gives up', async () => {
    server.play(trickle(20));
    const stop = new AbortController();
    const { body } = await open({ signal: stop.signal });
    const reading = bytesOf(body);
    stop.abort();

    await expect(reading).rejects.toThrow();
  });

  test.each([302, 403, 404, 500])(
    'I19: of an answer %d has no body, and its connection is closed',
    async (status) => {
      const own = await openAnsweringServer();
      try {
        own.play((_request, response) => {
          response.writeHead(status);
          response.write('and more to come');
        });

        const { status: seen, body } = await client.stream({ method: 'GET', url: own.base, headers: {} });

        expect(seen).toBe(status);
        expect((await bytesOf(body)).length).toBe(0);
        await expect.poll(() => own.connections()).toBe(0);
      } finally {
        await own.stop();
      }
    },
  );

  test('I19: that is left half read is closed', async () => {
    const own = await openAnsweringServer();
    try {
      own.play(trickle(20));
      const { body } = await client.stream({ method: 'GET', url: own.base, headers: {} });
      for await (const part of body) {
        expect(part.length).toBeGreaterThan(0);
        break;
      }

      await expect.poll(() => own.connections()).toBe(0);
    } finally {
      await own.stop();
    }
  });
});

async function listen(socketServer: Server): Promise<{ url: string; stop: () => Promise<void> }> {
  await new Promise<void>((resolve) => {
    socketServer.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${String((socketServer.address() as AddressInfo).port)}/`,
    stop: () =>
      new Promise((resolve) => {
        socketServer.close(() => {
          resolve();
        });
      }),
  };
}
