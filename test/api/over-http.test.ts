/** What goes over a real wire: broken requests, big ones, slow ones, many at once, and the end of the server. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest } from './api-under-test.ts';
import { newPayment, newRefundNo, problemIn, refundIn, refundRows } from './calls.ts';
import type { Wire } from './wire.ts';
import { onTheWire, requestText } from './wire.ts';

let api: ApiUnderTest;
let wire: Wire;
let key: string;

beforeAll(async () => {
  api = await apiUnderTest();
  wire = await onTheWire(api);
  key = `authorization: Bearer ${api.keys.m1}`;
});

afterAll(async () => {
  await api.close();
});

const JSON_BODY = 'content-type: application/json';

interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly problem: Record<string, unknown>;
}

async function raw(bytes: string): Promise<RawAnswer> {
  const [head = '', body = ''] = (await wire.raw(bytes)).split('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1\.1 ([0-9]{3}) /.exec(head)?.[1]),
    head,
    problem: body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : {},
  };
}

describe('bytes that are no HTTP request', () => {
  test.each<[string, () => string, number]>([
    ['a greeting', () => 'hello\r\n\r\n', 400],
    ['an unknown version', () => 'GET /livez HTTP/9.9\r\nhost: x\r\n\r\n', 400],
    ['HTTP/2 without an agreement', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['a bare line break in a header', () => requestText('GET /livez HTTP/1.1', ['x-a: a\rb']), 400],
    ['header fields of 20 KB', () => requestText('GET /livez HTTP/1.1', [`x-a: ${'a'.repeat(20_000)}`]), 431],
    [
      'two lengths',
      () =>
        requestText(
          'POST /v1/refunds HTTP/1.1',
          [key, JSON_BODY, 'content-length: 5', 'content-length: 6'],
          '123456',
        ),
      400,
    ],
    [
      'a length and chunks: a second request hidden in the first',
      () =>
        requestText(
          'POST /v1/refunds HTTP/1.1',
          [key, JSON_BODY, 'content-length: 5', 'transfer-encoding: chunked'],
          '0\r\n\r\nGET /v1/refunds HTTP/1.1\r\n\r\n',
        ),
      400,
    ],
    [
      'a chunk without a size',
      () =>
        requestText(
          'POST /v1/refunds HTTP/1.1',
          [key, JSON_BODY, 'transfer-encoding: chunked'],
          'zz\r\n{}\r\n0\r\n\r\n',
        ),
      400,
    ],
  ])('such as %s get a problem, and the connection ends', async (_name, bytes, status) => {
    const answer = await raw(bytes());

    expect(answer.status).toBe(status);
    expect(answer.head).toMatch(/content-type: application\/problem\+json/i);
    expect(answer.head).toMatch(/connection: close/i);
    expect(answer.head).toMatch(/cache-control: no-store/i);
    expect(answer.problem).toMatchObject({
      type: 'urn:yuanlu:error:request_invalid',
      status,
      code: 'request_invalid',
      retryable: false,
    });
    const id = /x-request-id: ([0-9a-f]{16})/i.exec(answer.head)?.[1] ?? 'missing';
    expect(answer.problem['instance']).toBe(`urn:yuanlu:request:${id}`);
    expect(api.logged).toContainEqual(expect.objectContaining({ reqId: id, code: 'request_invalid' }));
  });

  test.each([
    ['head', 'POST /v1/refunds HTTP/1.1\r\nhost: x\r\ncontent-le'],
    [
      'body',
      `POST /callbacks/wechat/wx-1 HTTP/1.1\r\nhost: x\r\n${JSON_BODY}\r\ncontent-length: 100\r\n\r\n{`,
    ],
  ])('of which half the %s comes and then nothing are told so when their time is up', async (_, half) => {
    const hasty = await apiUnderTest({ limits: { requestTimeoutMs: 600 } });
    const { port } = await onTheWire(hasty);
    const socket = connect(port, '127.0.0.1');
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.write(half);
    await once(socket, 'close');

    expect(Buffer.concat(parts).toString()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    await hasty.close();
  });

  test('may take half a minute, no longer', () => {
    expect(api.app.server.requestTimeout).toBe(30_000);
  });
});

describe('a request', () => {
  test('of an endless address is refused in few words', async () => {
    const answer = await raw(requestText(`GET /v1/refunds/${'a'.repeat(9_000)} HTTP/1.1`, [key]));

    expect(answer.problem).toMatchObject({ code: 'request_invalid', status: 422 });
    expect(JSON.stringify(answer.problem).length).toBeLessThan(1_000);
  });

  test('without a host is no HTTP/1.1', async () => {
    expect((await raw('GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n')).status).toBe(400);
  });

  test('with a body over the cap is refused before it was read, announced or in chunks', async () => {
    const before = await refundRows(api);
    const head = ['POST /v1/refunds HTTP/1.1', [key, JSON_BODY, 'idempotency-key: k']] as const;
    const announced = requestText(head[0], [...head[1], 'content-length: 10000000'], '{');
    const chunk = `10001\r\n${'x'.repeat(0x10001)}\r\n0\r\n\r\n`;
    const chunked = requestText(head[0], [...head[1], 'transfer-encoding: chunked'], chunk);

    for (const bytes of [announced, chunked]) {
      const answer = await raw(bytes);
      expect(answer.status).toBe(413);
      expect(answer.problem).toMatchObject({ code: 'body_too_large', status: 413 });
    }
    expect(await refundRows(api)).toBe(before);
  });

  test('with two keys for one refund is refused: which one counts is not for us to guess', async () => {
    const body = JSON.stringify({
      payment_no: await newPayment(api),
      amount_minor: '1',
      currency: 'CNY',
    });
    const headers = [key, JSON_BODY, 'idempotency-key: one', 'idempotency-key: two'];
    const length = `content-length: ${String(body.length)}`;

    const answer = await raw(requestText('POST /v1/refunds HTTP/1.1', [...headers, length], body));

    expect(answer.problem).toMatchObject({
      code: 'request_invalid',
      errors: [{ in: 'header', pointer: '/idempotency-key' }],
    });
  });

  test('HEAD has the headers of GET and no body', async () => {
    const got = await wire.call('/v1/refunds');
    const headed = await fetch(`${wire.url}/v1/refunds`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${api.keys.m1}` },
    });

    expect(headed.status).toBe(200);
    expect(headed.headers.get('content-length')).toBe(String(got.text.length));
    expect(await headed.text()).toBe('');
  });

  test.each(['OPTIONS', 'TRACE', 'PATCH', 'DELETE'])('%s is nothing that this API knows', async (method) => {
    const answer = await raw(requestText(`${method} /v1/refunds HTTP/1.1`, [key]));

    expect(answer.problem).toMatchObject({ code: 'not_found', status: 404 });
    expect(answer.head).not.toMatch(/access-control-allow/i);
  });

  test('that goes to another host through us gets only what is ours', async () => {
    const answer = await raw(requestText('GET http://elsewhere.example/livez HTTP/1.1', []));

    expect(answer.status).toBe(200);
    expect(answer.problem).toEqual({ alive: true });
  });
});

describe('money over the wire', () => {
  test('F19 I2: of two refunds of 60 on a payment of 100 at the same instant exactly one is taken, each round', async () => {
    for (let round = 0; round < 20; round += 1) {
      const paymentNo = await newPayment(api, '100');
      const asking = [0, 1].map(() =>
        wire.call('/v1/refunds', {
          method: 'POST',
          body: { payment_no: paymentNo, amount_minor: '60', currency: 'CNY' },
          headers: { 'idempotency-key': randomUUID() },
        }),
      );

      const answers = await Promise.all(asking);

      expect(answers.map((one) => one.status).toSorted()).toEqual([201, 422]);
      const refused = answers.find((one) => one.status === 422);
      if (refused !== undefined) problemIn(refused, 'refund_exceeds_payment');
      expect((await wire.call(`/v1/payments/${paymentNo}`)).json).toMatchObject({
        reserved_minor: '60',
        refundable_minor: '40',
      });
    }
  });

  test('F95: a storm of one-fen refunds of one payment ends at the number of parts that the channel allows', async () => {
    const paymentNo = await newPayment(api, '10000');
    const asking = Array.from({ length: 60 }, () =>
      wire.call('/v1/refunds', {
        method: 'POST',
        body: { payment_no: paymentNo, amount_minor: '1', currency: 'CNY' },
        headers: { 'idempotency-key': randomUUID() },
      }),
    );

    const answers = await Promise.all(asking);

    const refused = answers.filter((one) => one.status !== 201);
    expect(answers).toHaveLength(60);
    expect(refused).toHaveLength(10);
    for (const one of refused) problemIn(one, 'refund_parts_exhausted');
    expect((await wire.call(`/v1/payments/${paymentNo}`)).json).toMatchObject({ reserved_minor: '50' });
  });

  test('I14: the largest amount goes in and comes out to the last digit', async () => {
    const most = '9007199254740991';
    const paymentNo = await newPayment(api, most);
    const refundNo = newRefundNo();

    const answer = await wire.call('/v1/refunds', {
      method: 'POST',
      body: { refund_no: refundNo, payment_no: paymentNo, amount_minor: most, currency: 'CNY' },
      headers: { 'idempotency-key': randomUUID() },
    });

    expect(refundIn(answer).amount_minor).toBe(most);
    expect((await wire.call(`/v1/refunds/${refundNo}`)).text).toContain(`"amount_minor":"${most}"`);
    expect((await wire.call(`/v1/payments/${paymentNo}`)).json).toMatchObject({ refundable_minor: '0' });
  });
});

describe('the end of the server', () => {
  test('lets a request under way finish, takes no new one, and leaves no connection open', async () => {
    const ending = await apiUnderTest();
    const over = await onTheWire(ending);
    let release = (): void => undefined;
    const reached = new Promise<void>((resolve) => {
      const held = new Promise<void>((go) => {
        release = go;
      });
      ending.engine.start = async () => {
        resolve();
        await held;
      };
    });
    const body = {
      refund_no: newRefundNo(),
      payment_no: await newPayment(ending),
      amount_minor: '5',
      currency: 'CNY',
    };
    const underWay = over.call('/v1/refunds', {
      method: 'POST',
      body,
      headers: { 'idempotency-key': 'last' },
    });
    await reached;

    const closing = ending.app.close();
    release();
    const answer = await underWay;
    await closing;

    expect(answer.status).toBe(201);
    await expect(fetch(`${over.url}/livez`)).rejects.toThrow();
    await ending.close();
  });
});
