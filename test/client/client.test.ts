/** The client that backends import: how it repeats, how it waits, what it throws. */
import { setTimeout as sleep } from 'node:timers/promises';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientOptions, Refund } from '../../client/client.js';
import {
  ProblemError,
  RefundEndedError,
  UnreachableError,
  WaitTimeoutError,
  YuanluClient,
} from '../../client/client.js';
import { observe } from '../../store/observations.ts';
import { getRefund } from '../../store/refunds.ts';
import type { ApiUnderTest } from '../api/api-under-test.ts';
import { apiUnderTest } from '../api/api-under-test.ts';
import { newPayment, newRefundNo } from '../api/calls.ts';
import { onTheWire } from '../api/wire.ts';
import { said } from '../store/books.ts';

interface Sent {
  readonly url: string;
  readonly key: string | null;
  readonly body: string | undefined;
}

type Reply = Response | Error;

/** A client whose requests meet these replies, one after the other. */
function scripted(replies: readonly Reply[], o: Partial<ClientOptions> = {}) {
  const sent: Sent[] = [];
  const slept: number[] = [];
  const left = [...replies];
  const client = new YuanluClient({
    ...{ baseUrl: 'http://yuanlu.test/', apiKey: 'yl_x', random: () => 1 },
    fetch: async (url, init) => {
      const headers = new Headers(init?.headers);
      const { body } = init ?? {};
      sent.push({
        url: url instanceof Request ? url.url : url.toString(),
        key: headers.get('idempotency-key'),
        body: typeof body === 'string' ? body : undefined,
      });
      const reply = left.shift();
      if (reply === undefined) throw new Error('nothing was planned');
      if (reply instanceof Error) throw reply;
      return reply;
    },
    sleep: async (ms) => void slept.push(ms),
    ...o,
  });
  return { client, sent, slept };
}

const good = (): Response => Response.json({ refund_no: 'RF-1', state: 'requested' }, { status: 201 });

function problem(
  status: number,
  code: string,
  retryable: boolean,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ code, detail: 'd', remedy: 'r', retryable, status }, { status, headers });
}

const ASKED = { payment_no: 'P', amount_minor: '1', currency: 'CNY' } as const;

describe('a call', () => {
  test.each<[string, Reply]>([
    ['a broken connection', new TypeError('fetch failed')],
    ['a proxy that knows no server', new Response('<h1>Bad gateway</h1>', { status: 502 })],
    ['a database that is away', problem(503, 'database_unavailable', true)],
    ['an answer cut in half', new Response('{"refund_no":"RF', { status: 201 })],
    ['a limit', problem(429, 'rate_limited', true)],
  ])('is repeated after %s, with the same key and content', async (_name, reply) => {
    const { client, sent } = scripted([reply, good()]);

    const refund = await client.createRefund(ASKED, { idempotencyKey: 'k-1' });

    expect(refund.refund_no).toBe('RF-1');
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
    expect(sent[0]).toMatchObject({ url: 'http://yuanlu.test/v1/refunds', key: 'k-1' });
  });

  test('waits as long as the answer says, otherwise twice as long each time', async () => {
    const away = (): Reply => new TypeError('fetch failed');
    const { client, slept } = scripted([
      problem(429, 'rate_limited', true, { 'retry-after': '7' }),
      away(),
      away(),
      away(),
      good(),
    ]);

    await client.createRefund(ASKED, { idempotencyKey: 'k' });

    expect(slept).toEqual([7_000, 1_000, 2_000, 4_000]);
  });

  test.each([
    [422, 'refund_exceeds_payment'],
    [409, 'idempotency_conflict'],
    [401, 'unauthorized'],
    [500, 'invariant_broken'],
  ])('that repeating cannot help is not repeated: %i %s is thrown with its code', async (status, code) => {
    const { client, sent } = scripted([problem(status, code, false)]);

    const error: unknown = await client
      .createRefund(ASKED, { idempotencyKey: 'k' })
      .catch((one: unknown) => one);

    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({ code, status, retryable: false, remedy: 'r' });
    expect(sent).toHaveLength(1);
  });

  test('gives up after its attempts, and says that nobody knows', async () => {
    const { client, sent } = scripted(
      Array.from({ length: 9 }, () => new TypeError('fetch failed')),
      { attempts: 3 },
    );

    await expect(client.createRefund(ASKED, { idempotencyKey: 'k' })).rejects.toBeInstanceOf(
      UnreachableError,
    );
    expect(sent).toHaveLength(3);
  });

  test('needs a key, and takes the number of the refund for one', async () => {
    const { client, sent } = scripted([good()]);

    await expect(client.createRefund(ASKED)).rejects.toThrow(TypeError);
    await client.createRefund({ ...ASKED, refund_no: 'RF-1' });

    expect(sent).toMatchObject([{ key: 'RF-1' }]);
  });

  test('ends when its signal does, with the reason of the signal', async () => {
    const leaving = new AbortController();
    const { client } = scripted([new TypeError('fetch failed'), good()], {
      sleep: async () => {
        leaving.abort(new Error('leaving'));
      },
    });

    await expect(client.getRefund('RF-1', { signal: leaving.signal })).rejects.toThrow('leaving');
  });

  test('to nowhere, or without a key to the API, is refused before it is made', () => {
    expect(() => new YuanluClient({ baseUrl: 'nowhere', apiKey: 'x' })).toThrow(TypeError);
    expect(() => new YuanluClient({ baseUrl: 'http://a.test', apiKey: undefined })).toThrow(TypeError);
  });
});

describe('against the API', () => {
  let api: ApiUnderTest;
  let client: YuanluClient;
  let url: string;
  beforeAll(async () => {
    api = await apiUnderTest();
    ({ url } = await onTheWire(api));
    client = new YuanluClient({ baseUrl: url, apiKey: api.keys.m1 });
  });
  afterAll(() => api.close());

  const evidence = async (
    refundNo: string,
    ...statuses: ('processing' | 'success' | 'closed')[]
  ): Promise<void> => {
    const refund = await getRefund(api.database.pool, 'm1', refundNo);
    await observe(
      api.database.pool,
      refund?.id ?? '',
      statuses.map((status, index) => said(status, index + 1)),
    );
  };
  const newRefund = async (): Promise<string> => {
    const refund_no = newRefundNo();
    await client.createRefund({ ...ASKED, refund_no, payment_no: await newPayment(api) });
    return refund_no;
  };

  test('a refund is asked for once, read, listed and followed until it succeeded', async () => {
    const payment_no = await newPayment(api);
    const [first, again] = await Promise.all(
      [1, 2].map(() => client.createRefund({ ...ASKED, payment_no }, { idempotencyKey: 'one' })),
    );
    const refundNo = first?.refund_no ?? '';
    expect(again?.refund_no).toBe(refundNo);
    const seen: string[] = [];

    const waiting = client.waitUntil(refundNo, 'succeeded', {
      onChange: ({ state }) => void seen.push(state),
    });
    await sleep(300);
    await evidence(refundNo, 'processing');
    await sleep(500);
    await evidence(refundNo, 'success');

    expect((await waiting).state).toBe('succeeded');
    expect(seen).toEqual(['requested', 'processing', 'succeeded']);
    expect((await client.getObservations(refundNo)).length).toBe(2);
    expect((await client.getPayment(payment_no)).reserved_minor).toBe('1');
  });

  test('a quote is asked for, cited by its refund, and read again', async () => {
    const payment_no = await newPayment(api);
    const made = await client.quote({
      ...{ payment_no, currency: 'CNY' },
      purchase: { kind: 'single', value_minor: '10000', used_minor: '0', fee_bps: 500 },
    });
    expect(made.total_minor).toBe('9500');

    const refund_no = newRefundNo();
    const asked = { refund_no, payment_no, amount_minor: made.total_minor, currency: 'CNY' } as const;
    expect((await client.createRefund({ ...asked, quote_id: made.quote_id })).quote_id).toBe(made.quote_id);
    expect((await client.getQuote(made.quote_id)).refund_no).toBe(refund_no);
  });

  test('a link to a receipt is made for its payer, and opens it', async () => {
    const link = await client.createReceiptLink(await newRefund(), { expires_in_days: 1 });
    expect(link.revoked_at).toBeNull();
    const page = await api.app.inject({ method: 'GET', url: new URL(link.url).pathname });
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  });

  test('waiting ends with the refund in hand when it failed, and when the time is over', async () => {
    const failed = await newRefund();
    await evidence(failed, 'closed');

    const ended: unknown = await client.waitUntil(failed, 'settled').catch((one: unknown) => one);
    const late: unknown = await client
      .waitUntil(await newRefund(), 'settled', { timeoutMs: 1_100 })
      .catch((one: unknown) => one);

    expect(ended).toBeInstanceOf(RefundEndedError);
    expect((ended as RefundEndedError).refund.state).toBe('failed');
    expect(late).toBeInstanceOf(WaitTimeoutError);
  });

  test('every refund is there when all are asked for, page after page', async () => {
    const made = await Promise.all([1, 2, 3, 4, 5].map(newRefund));

    const found: Refund[] = [];
    for await (const refund of client.refunds({ limit: 2 })) found.push(refund);

    expect(found.map((one) => one.refund_no)).toEqual(expect.arrayContaining(made));
  });

  test('a stranger imports it from a folder that has nothing else, as a module and with require', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'yuanlu-stranger-'));
    try {
      await mkdir(join(folder, 'node_modules'));
      await symlink(resolve('.'), join(folder, 'node_modules', 'yuanlu'), 'dir');
      const paymentNo = await newPayment(api);
      const use = `const yuanlu = new YuanluClient({ baseUrl: process.env.URL, apiKey: process.env.KEY });
        yuanlu.createRefund({ payment_no: '${paymentNo}', amount_minor: '1', currency: 'CNY' }, { idempotencyKey: process.argv[1] })
          .then((refund) => console.log(refund.state, typeof startRefund));`;
      await writeFile(
        join(folder, 'a.mjs'),
        `import { YuanluClient } from 'yuanlu/client'; import { startRefund } from 'yuanlu/temporal';\n${use}`,
      );
      await writeFile(
        join(folder, 'b.cjs'),
        `const { YuanluClient } = require('yuanlu/client'); const { startRefund } = require('yuanlu/temporal');\n${use}`,
      );
      for (const file of ['a.mjs', 'b.cjs']) {
        const { stdout } = await promisify(execFile)(process.execPath, [file], {
          cwd: folder,
          env: { URL: url, KEY: api.keys.m1 },
        });
        expect(stdout).toBe('requested function\n');
      }
      await expect(
        promisify(execFile)(process.execPath, ['-e', `import('yuanlu/api/server.ts')`], { cwd: folder }),
      ).rejects.toThrow(/ERR_PACKAGE_PATH_NOT_EXPORTED/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test('the entries import nothing but files beside them: no package, no part of the server', async () => {
  const files = (await readdir('client')).filter((name) => name.endsWith('.js'));

  expect(files.toSorted()).toEqual(['client.js', 'temporal.js', 'webhook.js', 'yuanlu-error.js']);
  for (const name of files) {
    const code = readFileSync(`client/${name}`, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    const others = code.replace(/^(?:import|export) \{ [\w, ]+ \} from '\.\/[a-z-]+\.js';$/gm, '');
    expect(others, name).not.toMatch(/\bimport\b|\brequire\b|from '/);
  }
});
