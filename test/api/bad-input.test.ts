/** What callers send that is no refund: a clear answer with a stable code, and no row. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../domain/errors.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest } from './api-under-test.ts';
import { ask, call, newPayment, problemIn, refundIn, refundRows } from './calls.ts';

let api: ApiUnderTest;
let paymentNo: string;

beforeAll(async () => {
  api = await apiUnderTest();
  paymentNo = await newPayment(api, '9007199254740991');
});

afterEach(async () => {
  expect(await refundRows(api)).toBe(0);
});

afterAll(async () => {
  await api.close();
});

function good(): Record<string, unknown> {
  return { refund_no: 'RF-1', payment_no: paymentNo, amount_minor: '1', currency: 'CNY' };
}

describe('F15 I14 an amount', () => {
  test.each([
    ['zero', '0'],
    ['a negative', '-1'],
    ['a fraction', '0.1'],
    ['1e18', '1e18'],
    ['19 digits', '1000000000000000000'],
    ['2^53', '9007199254740992'],
    ['a leading zero', '0100'],
    ['a plus sign', '+1'],
    ['blanks', ' 1 '],
    ['a line break at the end', '1\n'],
    ['no text', ''],
    ['full-width digits', '１００'],
    ['Arabic-Indic digits', '١٠٠'],
    ['hexadecimal', '0x10'],
    ['NaN as text', 'NaN'],
    ['separators', '1,000'],
  ])('that is %s is refused', async (_name, amount) => {
    const problem = problemIn(await ask(api, { ...good(), amount_minor: amount }), 'amount_invalid');

    expect(problem.errors).toMatchObject([{ in: 'body', pointer: '/amount_minor' }]);
  });

  test.each([
    '1',
    '0',
    '-5',
    '0.1',
    '23.45',
    '1e2',
    '0.30000000000000004',
    '9007199254740993',
    '1e400',
    'true',
    'null',
    '[]',
    '{}',
  ])('that is the JSON value %s is refused, and the answer says how to write it', async (json) => {
    const body = JSON.stringify(good()).replace('"amount_minor":"1"', `"amount_minor":${json}`);

    const answer = await call(api, '/v1/refunds', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
    });

    expect(problemIn(answer, 'amount_invalid').detail).toMatch(/string of digits such as "2345"/);
  });

  test('that is NaN or Infinity is no JSON at all', async () => {
    for (const word of ['NaN', 'Infinity', '０']) {
      const body = JSON.stringify(good()).replace('"amount_minor":"1"', `"amount_minor":${word}`);
      const headers = { 'content-type': 'application/json', 'idempotency-key': 'k' };
      problemIn(await call(api, '/v1/refunds', { method: 'POST', body, headers }), 'request_invalid');
    }
  });

  test('of a captured payment is held to the same rule', async () => {
    const claim = { account_id: 'wx-1', captured_minor: '0', currency: 'CNY' };

    const problem = problemIn(await ask(api, { ...good(), payment: claim }), 'amount_invalid');

    expect(problem.errors).toMatchObject([{ pointer: '/payment/captured_minor' }]);
  });
});

describe('F16 a currency', () => {
  test.each(['USD', 'cny', 'RMB', '', 'CNY ', 156, null])('%j is refused', async (currency) => {
    problemIn(await ask(api, { ...good(), currency }), 'currency_mismatch');
  });
});

describe('F17 a refund number', () => {
  test.each([
    ['blanks', 'RF 1'],
    ['Chinese', '退款1'],
    ['65 bytes', 'R'.repeat(65)],
    ['nothing', ''],
    ['a slash', 'RF/1'],
    ['a line break at the end', 'RF1\n'],
    ['a NUL', 'RF\u00001'],
    ['an emoji', 'RF😀'],
  ])('with %s is refused', async (_name, refundNo) => {
    problemIn(await ask(api, { ...good(), refund_no: refundNo }), 'refund_no_invalid');
  });
});

describe('a reason', () => {
  test.each([
    ['81 bytes', 'r'.repeat(81)],
    ['27 Chinese characters: 81 bytes', '退'.repeat(27)],
    ['F96 a line break', 'paid\r\n{"level":60,"msg":"forged"}'],
    ['a NUL', 'a\u0000b'],
    ['an escape sequence', '\u001b[31mred'],
    ['half a surrogate pair', '\ud800'],
    ['a line separator', 'a\u2028b'],
    ['F94 I13 a whole card number', '改退 6222 0212 3456 7890 128'],
    ['nothing', ''],
  ])('with %s is refused', async (_name, reason) => {
    const problem = problemIn(await ask(api, { ...good(), reason }), 'request_invalid');

    expect(problem.errors).toMatchObject([{ pointer: '/reason' }]);
  });
});

describe('a body', () => {
  test('with several faults has each of them named', async () => {
    const problem = problemIn(
      await ask(api, { amount_minor: '0', currency: 'USD', reason: '', extra: 1 }),
      'request_invalid',
    );

    const pointers = problem.errors?.map((one) => one.pointer).toSorted();
    expect(pointers).toEqual(['', '/amount_minor', '/currency', '/payment_no', '/reason']);
  });

  test('without an amount is incomplete, not wrong', async () => {
    const rest = Object.fromEntries(Object.entries(good()).filter(([name]) => name !== 'amount_minor'));

    const problem = problemIn(await ask(api, rest), 'request_invalid');

    expect(problem.errors).toEqual([{ in: 'body', pointer: '/amount_minor', detail: 'is required' }]);
  });

  test.each<[string, string | Buffer, ErrorCode]>([
    ['half a document', '{"refund_no":', 'request_invalid'],
    ['nothing', '', 'request_invalid'],
    ['null', 'null', 'request_invalid'],
    ['a list', '[]', 'request_invalid'],
    ['a text', '"refund"', 'request_invalid'],
    ['a prototype', '{"__proto__":{"amount_minor":"1"}}', 'request_invalid'],
    ['bytes that are no UTF-8', Buffer.from('{"reason":"\xff\xfe"}', 'latin1'), 'request_invalid'],
    ['64 KiB and more', `{"reason":"${'x'.repeat(65_536)}"}`, 'body_too_large'],
    ['deep nesting', '['.repeat(20_000) + ']'.repeat(20_000), 'request_invalid'],
  ])('of %s is refused', async (_name, body, code) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'k' };

    problemIn(await call(api, '/v1/refunds', { method: 'POST', body, headers }), code);
  });

  test.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'nonsense',
  ])('of type %s is refused', async (type) => {
    const headers = { 'content-type': type, 'idempotency-key': 'k' };
    const answer = await call(api, '/v1/refunds', { method: 'POST', body: JSON.stringify(good()), headers });

    problemIn(answer, 'media_type_unsupported');
  });

  test('whatever JSON it is gives a problem or a refund, never a fault of ours', async () => {
    const nothing = fc.constant(undefined);
    const bodies = fc.record({
      refund_no: fc.oneof(nothing, fc.string(), fc.string({ unit: 'binary' })),
      payment_no: fc.oneof(fc.constant('PAY-none'), fc.string({ unit: 'binary' }), fc.jsonValue()),
      payment: fc.oneof(
        nothing,
        fc.jsonValue(),
        fc.record({
          account_id: fc.constantFrom('wx-1', 'wx-3', ''),
          captured_minor: fc.oneof(fc.bigInt().map(String), fc.integer()),
          currency: fc.constant('CNY'),
          paid_at: fc.oneof(
            fc.date({ noInvalidDate: true }).map((at) => at.toISOString()),
            fc.string(),
          ),
        }),
      ),
      amount_minor: fc.oneof(fc.bigInt({ max: 0n }).map(String), fc.double(), fc.string()),
      currency: fc.oneof(fc.constant('CNY'), fc.string()),
      reason: fc.oneof(nothing, fc.string({ unit: 'binary' })),
    });

    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const answer = await ask(api, body);
        expect(answer.status, JSON.stringify(body)).toBeLessThan(500);
        expect(answer.status).toBeGreaterThanOrEqual(400);
      }),
      { numRuns: 200 },
    );
  });
});

describe('F23 an idempotency key', () => {
  test('that is missing is asked for before anything is done', async () => {
    const answer = await call(api, '/v1/refunds', { method: 'POST', body: good() });

    problemIn(answer, 'idempotency_key_missing');
  });

  test.each(['', ' ', 'ключ', 'a\u0000b', 'k'.repeat(129), '""'])('of %j is refused', async (key) => {
    const answer = await call(api, '/v1/refunds', {
      method: 'POST',
      body: good(),
      headers: { 'idempotency-key': key },
    });

    problemIn(answer, 'request_invalid');
  });
});

describe('a payment', () => {
  const claim = { account_id: 'wx-1', captured_minor: '100', currency: 'CNY' };

  test.each<[string, Record<string, unknown>, ErrorCode]>([
    ['an amount of zero', { captured_minor: '0' }, 'amount_invalid'],
    ['a number for an amount', { captured_minor: 100 }, 'amount_invalid'],
    ['another currency', { currency: 'HKD' }, 'currency_mismatch'],
    ['an account that nobody has', { account_id: 'wx-9' }, 'account_unknown'],
    ['an account of another merchant', { account_id: 'wx-3' }, 'account_unknown'],
    ['a date without a zone', { paid_at: '2026-11-01T09:00:00' }, 'request_invalid'],
    ['a day that does not exist', { paid_at: '2026-02-30T09:00:00Z' }, 'request_invalid'],
    ['a day of another century', { paid_at: '0001-01-01T00:00:00Z' }, 'request_invalid'],
    ['a field that does not exist', { amount: '1' }, 'request_invalid'],
    ['a transaction id with blanks', { transaction_id: '42 00' }, 'request_invalid'],
  ])('with %s is refused', async (_name, part, code) => {
    problemIn(await call(api, '/v1/payments/PAY-1', { method: 'PUT', body: { ...claim, ...part } }), code);
    problemIn(await call(api, '/v1/payments/PAY-1'), 'not_found');
  });

  test('is registered once: the same again is the same, other content is a conflict', async () => {
    const put = (body: unknown) => call(api, '/v1/payments/PAY-2', { method: 'PUT', body });
    const first = await put(claim);

    const again = await put(claim);
    const other = await put({ ...claim, captured_minor: '101' });

    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.json).toEqual(first.json);
    problemIn(other, 'payment_conflict');
    expect((await call(api, '/v1/payments/PAY-2')).json).toEqual(first.json);
  });

  test('of another merchant is not there', async () => {
    await call(api, '/v1/payments/PAY-3', { method: 'PUT', body: claim });

    problemIn(await call(api, '/v1/payments/PAY-3', { key: api.keys.m2 }), 'not_found');
  });
});

describe('an address', () => {
  test.each(['/', '/v1', '/v1/refund', '/v2/refunds', '/v1/refunds/a/b/c', '/../../etc/passwd', '/%2e%2e/x'])(
    '%s that is none is not found',
    async (url) => {
      problemIn(await call(api, url), 'not_found');
    },
  );

  test('that cannot be decoded is refused without a stack', async () => {
    const answer = await call(api, '/v1/refunds/%zz');

    problemIn(answer, 'request_invalid');
    expect(answer.text).not.toMatch(/node_modules|\.ts:/);
  });

  test('called with a method that it does not take is not found', async () => {
    problemIn(await call(api, '/v1/refunds', { method: 'DELETE' }), 'not_found');
  });
});

test('the house accepts what it documents as an example', async () => {
  const one = await apiUnderTest();
  try {
    const examplePayment = {
      account_id: 'wx-1',
      transaction_id: '4200002026110100000000001',
      captured_minor: '12345',
      currency: 'CNY',
      paid_at: '2026-11-01T09:00:00+08:00',
    };
    expect(
      (await call(one, '/v1/payments/PAY20261101001', { method: 'PUT', body: examplePayment })).status,
    ).toBe(201);
    refundIn(
      await ask(one, {
        refund_no: 'RF20261124001',
        payment_no: 'PAY20261101001',
        amount_minor: '2345',
        currency: 'CNY',
        reason: '商品已退货',
      }),
    );
  } finally {
    await one.close();
  }
});
