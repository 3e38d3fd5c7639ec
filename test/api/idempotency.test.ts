/** Asking twice is asking once, whatever happens in between. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { observe } from '../../store/observations.ts';
import { getRefund } from '../../store/refunds.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, digest, NOW } from './api-under-test.ts';
import { ask, call, newPayment, newRefundNo, problemIn, refundIn, refundRows } from './calls.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await apiUnderTest();
});

afterAll(async () => {
  await api.close();
});

describe('the same key', () => {
  test.each([
    ['with a number', true],
    ['without a number', false],
  ])('F20 fifty times at once %s makes one refund and fifty equal answers', async (_name, numbered) => {
    const body = {
      payment_no: await newPayment(api),
      amount_minor: '100',
      currency: 'CNY',
      ...(numbered ? { refund_no: newRefundNo() } : {}),
    };
    const before = await refundRows(api);
    const idempotencyKey = randomUUID();

    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(api, body, { idempotencyKey })));

    expect(await refundRows(api)).toBe(before + 1);
    expect(answers.filter((one) => one.status === 201)).toHaveLength(1);
    expect(new Set(answers.map((one) => one.text)).size).toBe(1);
    const { json } = await call(api, `/v1/payments/${body.payment_no}`);
    expect(json).toMatchObject({ reserved_minor: '100' });
  });

  test('without a number is the same refund on another day, and a year later', async () => {
    const body = { payment_no: await newPayment(api), amount_minor: '7', currency: 'CNY' };
    const idempotencyKey = randomUUID();
    const first = refundIn(await ask(api, body, { idempotencyKey }));
    const before = api.clock.at;

    try {
      for (const days of [1, 400]) {
        api.clock.at = new Date(before.getTime() + days * 86_400_000);
        const again = await ask(api, body, { idempotencyKey });
        expect(again.status).toBe(200);
        expect(refundIn(again)).toEqual(first);
      }
    } finally {
      api.clock.at = before;
    }
  });

  test('means the same with and without the quotes of a structured field', async () => {
    const body = { payment_no: await newPayment(api), amount_minor: '7', currency: 'CNY' };
    const key = randomUUID();

    const first = await ask(api, body, { idempotencyKey: key });
    const quoted = await ask(api, body, { idempotencyKey: `"${key}"` });

    expect([first.status, quoted.status]).toEqual([201, 200]);
    expect(quoted.json).toEqual(first.json);
  });

  test.each([
    ['amount', { amount_minor: '6' }],
    ['reason', { reason: 'another' }],
    ['number', { refund_no: 'another-number' }],
    ['payment', { payment_no: '' }],
  ])('F21 with another %s is a conflict, and the first refund stays as it is', async (field, part) => {
    const paymentNo = await newPayment(api);
    const body = { payment_no: paymentNo, amount_minor: '5', currency: 'CNY', reason: 'first' };
    const idempotencyKey = randomUUID();
    const first = refundIn(await ask(api, body, { idempotencyKey }));
    const rows = await refundRows(api);
    const other = field === 'payment' ? { payment_no: await newPayment(api) } : part;

    const answer = await ask(api, { ...body, ...other }, { idempotencyKey });

    problemIn(answer, 'idempotency_conflict');
    expect((await call(api, `/v1/refunds/${first.refund_no}`)).json).toEqual(first);
    expect(await refundRows(api)).toBe(rows);
  });

  test('of two merchants stands for two refunds', async () => {
    const idempotencyKey = randomUUID();
    const mine = await ask(
      api,
      { payment_no: await newPayment(api), amount_minor: '5', currency: 'CNY' },
      { idempotencyKey },
    );
    const theirs = await ask(
      api,
      {
        payment_no: 'PAY-theirs',
        payment: { account_id: 'wx-3', captured_minor: '5', currency: 'CNY' },
        amount_minor: '5',
        currency: 'CNY',
      },
      { idempotencyKey, key: api.keys.m2 },
    );

    expect([mine.status, theirs.status]).toEqual([201, 201]);
  });
});

describe('the same number', () => {
  test('under another key with the same content is the same refund', async () => {
    const body = {
      refund_no: newRefundNo(),
      payment_no: await newPayment(api),
      amount_minor: '5',
      currency: 'CNY',
    };
    const first = await ask(api, body);

    const again = await ask(api, body);

    expect(again.status).toBe(200);
    expect(again.json).toEqual(first.json);
  });

  test('with other content is a conflict, and the first refund stays as it is', async () => {
    const body = {
      refund_no: newRefundNo(),
      payment_no: await newPayment(api),
      amount_minor: '5',
      currency: 'CNY',
    };
    const first = await ask(api, body);

    problemIn(await ask(api, { ...body, amount_minor: '4' }), 'refund_conflict');

    expect((await call(api, `/v1/refunds/${body.refund_no}`)).json).toEqual(first.json);
  });
});

describe('a refund that was recorded while its caller lost the answer', () => {
  test('F24 is the one that a repeat finds', async () => {
    const lonely = await apiUnderTest();
    let release = (): void => undefined;
    const started = new Promise<void>((resolve) => {
      const held = new Promise<void>((go) => {
        release = go;
      });
      lonely.engine.start = async () => {
        resolve();
        await held;
      };
    });
    try {
      const body = {
        refund_no: newRefundNo(),
        payment_no: await newPayment(lonely),
        amount_minor: '5',
        currency: 'CNY',
      };
      await lonely.app.listen({ host: '127.0.0.1', port: 0 });
      const { port } = lonely.app.server.address() as AddressInfo;
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      const text = JSON.stringify(body);
      socket.write(
        [
          'POST /v1/refunds HTTP/1.1',
          'host: localhost',
          `authorization: Bearer ${lonely.keys.m1}`,
          'idempotency-key: lost',
          'content-type: application/json',
          `content-length: ${String(Buffer.byteLength(text))}`,
          '',
          text,
        ].join('\r\n'),
      );
      await started;
      socket.destroy();
      await once(socket, 'close');
      release();

      const again = await ask(lonely, body, { idempotencyKey: 'lost' });

      expect(again.status).toBe(200);
      expect(refundIn(again).refund_no).toBe(body.refund_no);
      expect(await refundRows(lonely)).toBe(1);
    } finally {
      release();
      await lonely.close();
    }
  });

  test('is answered 503 while Temporal is away, started by the repeat, and never made twice', async () => {
    const body = {
      refund_no: newRefundNo(),
      payment_no: await newPayment(api),
      amount_minor: '5',
      currency: 'CNY',
    };
    const idempotencyKey = randomUUID();
    api.engine.away = true;

    const refused = await ask(api, body, { idempotencyKey });

    api.engine.away = false;
    const problem = problemIn(refused, 'temporal_unavailable');
    expect(problem.detail).toBe(
      `Refund ${body.refund_no} is recorded and goes on by itself; repeating with the same key is safe.`,
    );
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await ask(api, body, { idempotencyKey })).status).toBe(200);
    expect(api.engine.started.filter((one) => one.refundNo === body.refund_no)).toHaveLength(1);
  });

  test('is not started again once it has come to its end', async () => {
    const body = {
      refund_no: newRefundNo(),
      payment_no: await newPayment(api),
      amount_minor: '5',
      currency: 'CNY',
    };
    await ask(api, body, { idempotencyKey: 'ended' });
    const refund = await getRefund(api.database.pool, 'm1', body.refund_no);
    await observe(api.database.pool, refund?.id ?? '', [
      { kind: 'channel_report', source: 'query', ref: 'q1', at: NOW.toISOString(), status: 'success' },
    ]);
    const starts = api.engine.started.length;

    const again = await ask(api, body, { idempotencyKey: 'ended' });

    expect(refundIn(again).state).toBe('succeeded');
    expect(api.engine.started).toHaveLength(starts);
  });
});

describe('a made number', () => {
  test('that is taken already is made again', async () => {
    let calls = 0;
    // Request ids take 8 bytes of chance, too; only the changes of the counter matter.
    const chance = (size: number): Buffer => {
      calls += 1;
      return Buffer.alloc(size, calls > 9 ? calls : 1);
    };
    const unlucky = await apiUnderTest({ randomBytes: chance });
    try {
      const paymentNo = await newPayment(unlucky);
      const asked = { payment_no: paymentNo, currency: 'CNY' };
      const first = refundIn(await ask(unlucky, { ...asked, amount_minor: '1' }));
      const second = await ask(unlucky, { ...asked, amount_minor: '2' });
      // Every number was the same one: the clash is told, nothing is overwritten.
      problemIn(second, 'refund_conflict');
      calls = 100;
      const third = refundIn(await ask(unlucky, { ...asked, amount_minor: '2' }));

      expect(third.refund_no).not.toBe(first.refund_no);
    } finally {
      await unlucky.close();
    }
  });
});

test('keys are kept as digests only', () => {
  expect(digest(api.keys.m1)).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.stringify(api.logged)).not.toContain(api.keys.m1);
});
