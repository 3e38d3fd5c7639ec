/** Sending to an address that comes from outside: where it goes, where it never goes, and how long it takes at most. */
import type { lookup } from 'node:dns';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusedUrl, sendNotice } from '../../workers/notice-sender.ts';
import type { SenderOptions } from '../../workers/notice-sender.ts';
import type { AnsweringServer } from '../channels/answering-server.ts';
import { openAnsweringServer } from '../channels/answering-server.ts';

let server: AnsweringServer;
beforeAll(async () => {
  server = await openAnsweringServer();
});
afterAll(() => server.stop());

const send = (o: Partial<SenderOptions> = {}, url = `${server.base}/hook`) =>
  sendNotice(
    { url, headers: { 'content-type': 'application/json' }, body: '{"a":"元"}' },
    { publicOnly: false, timeoutMs: 300, ...o },
  );

const answers = (write: (response: ServerResponse) => void): void => {
  server.play((_request, response) => {
    write(response);
  });
};

describe('an answer', () => {
  test.each([200, 204, 301, 410, 503])('of status %i is said with its text', async (status) => {
    answers((response) => response.writeHead(status, { location: '/elsewhere' }).end('so it is'));

    expect(await send()).toMatchObject({ status, text: status === 204 ? '' : 'so it is' });
    expect(server.seen()).toBe(1);
  });

  test('is read no further than its beginning', async () => {
    answers((response) => {
      response.writeHead(200);
      const pour = (): void => {
        while (!response.destroyed && response.write('元'.repeat(10_000)));
      };
      response.on('drain', pour);
      pour();
    });

    const { status, text } = await send();

    expect(status).toBe(200);
    expect(text).toHaveLength(300);
  });

  test('counts by its status, also when its body never ends', async () => {
    answers((response) => response.writeHead(200).write('and'));

    expect(await send()).toEqual({ status: 200, text: 'and', retryAfterMs: null });
  });

  test.each([
    ['5', 5_000],
    ['999999', 3_600_000],
    ['Wed, 21 Oct 2026 07:28:00 GMT', null],
    ['-1', null],
  ])('that asks to come back after %j is heeded', async (header, retryAfterMs) => {
    answers((response) => response.writeHead(503, { 'retry-after': header }).end());

    expect(await send()).toMatchObject({ status: 503, retryAfterMs });
  });

  test('that does not come is no answer, in time', async () => {
    server.play(() => undefined);
    expect(await send()).toEqual({ status: null, text: 'no answer in time', retryAfterMs: null });

    answers((response) => response.destroy());
    expect(await send()).toMatchObject({
      status: null,
      text: expect.stringContaining('no answer') as unknown,
    });

    expect(await send({}, 'http://127.0.0.1:1/')).toMatchObject({ status: null });
  });

  test('leaves no connection behind', async () => {
    answers((response) => response.writeHead(200).end());
    await send();

    await expect.poll(() => server.connections()).toBe(0);
  });
});

test('sends the very bytes', async () => {
  let body = '';
  server.play((request, response) => {
    request.on('data', (part: Buffer) => {
      body += part.toString('utf8');
    });
    request.on('end', () => response.writeHead(200).end());
  });

  await send();

  expect(body).toBe('{"a":"元"}');
});

describe('in production', () => {
  test.each([
    'http://shop.example.cn/hook',
    'https://127.0.0.1/hook',
    'https://2130706433/hook',
    'https://0x7f.1/hook',
    'https://[::1]/hook',
    'https://[::ffff:10.0.0.1]/hook',
    'https://[64:ff9b::a00:1]/hook',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/hook',
    'https://db.internal/hook',
    'https://postgres/hook',
    'https://224.0.0.1/hook',
    'ftp://shop.example.cn/hook',
    'https://user:secret@shop.example.cn/hook',
    'https://shop.example.cn/hook#part',
    'not an address',
  ])('%s is refused before anything is sent', async (url) => {
    expect(refusedUrl(url, { publicOnly: true })).not.toBeNull();
    expect(await send({ publicOnly: true }, url)).toMatchObject({
      status: null,
      text: expect.stringMatching(/^not sent: /) as unknown,
    });
  });

  test.each(['https://shop.example.cn/hook', 'https://shop.example.cn:8443/hook?a=b'])(
    '%s is taken',
    (url) => {
      expect(refusedUrl(url, { publicOnly: true })).toBeNull();
    },
  );

  test.each([
    ['a private address', [{ address: '10.0.0.7', family: 4 }]],
    [
      'a private address beside a public one',
      [
        { address: '93.184.216.34', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    ],
    ['the address of this very machine', [{ address: '::1', family: 6 }]],
  ])('a name that leads to %s is not followed', async (_what, addresses) => {
    const fake = ((_name: string, _options: unknown, callback: (...args: unknown[]) => void) => {
      callback(null, addresses);
    }) as unknown as typeof lookup;

    const { status, text } = await send({ publicOnly: true, lookup: fake }, 'https://shop.example.cn/hook');

    expect(status).toBeNull();
    expect(text).toContain('is not only in the internet');
    expect(server.seen()).toBe(1);
  });
});
