/** The description of the API is a valid OpenAPI 3.1 document, says the truth, and leaves nothing out. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERRORS, isErrorCode } from '../../domain/errors.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest } from './api-under-test.ts';
import type { Answer, Call } from './calls.ts';
import { newBreak } from './new-break.ts';
import { ask, call, newPayment, refundIn } from './calls.ts';
import type { Json, OpenApi } from './openapi-document.ts';
import { objectsIn, operationsOf, readOpenApi, schemasOf } from './openapi-document.ts';

let api: ApiUnderTest;
let document: OpenApi;
let compile: ReturnType<typeof schemasOf>;

beforeAll(async () => {
  api = await apiUnderTest();
  document = await readOpenApi(api);
  compile = schemasOf(document);
});

afterAll(async () => {
  await api.close();
});

/** A refund whose payment is wx-1's and whose evidence is empty. */
async function newRefund(): Promise<string> {
  const body = { payment_no: await newPayment(api), amount_minor: '1', currency: 'CNY' };
  return refundIn(await ask(api, body)).refund_no;
}

describe('the document', () => {
  test('is OpenAPI 3.1 with the fields that its specification requires', () => {
    expect(document.openapi).toMatch(/^3\.1\.[0-9]+$/);
    expect(document.info).toMatchObject({
      title: 'Yuanlu',
      version: '0.0.0-test',
      license: { identifier: 'Apache-2.0' },
    });
    const known = ['openapi', 'info', 'servers', 'paths', 'webhooks', 'components', 'security', 'tags'];
    expect(Object.keys(document).filter((name) => !known.includes(name))).toEqual([]);
  });

  test('names every operation once, says what it does, and files it under a tag that is explained', () => {
    const operations = operationsOf(document);
    const tags = document.tags.map((tag) => tag.name);

    expect(operations.length).toBeGreaterThanOrEqual(11);
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of operations) {
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(operation.summary.length).toBeGreaterThan(5);
      expect(operation.tags).toHaveLength(1);
      expect(tags).toContain(operation.tags[0]);
    }
  });

  test('declares the parameters of each path, and no others', () => {
    for (const { path, operation } of operationsOf(document)) {
      const inPath = [...path.matchAll(/\{([a-z_]+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((one) => one.in === 'path');
      expect(declared.map((one) => one.name).toSorted(), path).toEqual(inPath.toSorted());
      for (const one of declared) expect(one.required, path).toBe(true);
    }
  });

  test('refers to nothing that is not there, and holds no schema that nobody refers to', () => {
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name ?? '',
    );

    for (const name of references) expect(Object.keys(document.components.schemas)).toContain(name);
    for (const name of Object.keys(document.components.schemas)) expect(references).toContain(name);
    expect([...text.matchAll(/"\$ref":"(?!#\/components\/schemas\/)/g)]).toEqual([]);
  });

  test('has schemas that a strict JSON Schema 2020-12 validator takes', () => {
    for (const { pointer, value } of objectsIn(document.paths)) {
      if ('schema' in value) expect(() => compile(value['schema'] as Json), pointer).not.toThrow();
    }
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      expect(() => compile(schema), name).not.toThrow();
    }
  });

  test('gives only examples that its own schemas accept', () => {
    let checked = 0;
    for (const { pointer, value } of objectsIn(document)) {
      const schema = 'schema' in value && 'example' in value ? value['schema'] : value;
      const examples = 'example' in value ? [value['example']] : value['examples'];
      if (!Array.isArray(examples)) continue;
      const accepts = compile(schema as Json);
      for (const example of examples) {
        expect(accepts(example), `${pointer}: ${JSON.stringify(accepts.errors)}`).toBe(true);
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThan(20);
  });

  test('asks for a key wherever one is needed, and nowhere else', () => {
    const open = operationsOf(document)
      .filter(({ operation }) => operation.security?.length === 0)
      .map(({ path }) => path);

    expect(document.security).toEqual([{ key: [] }]);
    expect(document.components.securitySchemes['key']).toMatchObject({ type: 'http', scheme: 'bearer' });
    expect(open.toSorted()).toEqual([
      '/.well-known/yuanlu-receipt-keys.json',
      '/callbacks/{channel}/{account}',
      '/livez',
      '/r/{token}',
      '/r/{token}/receipt.pdf',
      '/readyz',
      '/verify',
      '/verify',
    ]);
  });

  test('says the same to everybody, each time', async () => {
    expect(await readOpenApi(api)).toEqual(document);
  });
});

describe('the routes', () => {
  /** The tree that the router prints: `├── /v1/refunds (POST, GET, HEAD)`, children deeper in. */
  function routesOf(tree: string): string[] {
    const above: string[] = [];
    return tree.split('\n').flatMap((line) => {
      const found = /^([│ ]*)[├└]── (\S+)(?: \(([A-Z, ]+)\))?$/.exec(line);
      if (found === null) return [];
      const depth = (found[1] ?? '').length / 4;
      above.length = depth;
      above.push(found[2] ?? '');
      const path = above.join('').replaceAll(/:([a-z_]+)/g, '{$1}');
      return (found[3] ?? '').split(', ').map((method) => `${method} ${path}`);
    });
  }

  test('are all in the document, and the document has no other', () => {
    const real = routesOf(api.app.printRoutes({ commonPrefix: false })).filter(
      (one) => !one.startsWith('HEAD ') && one !== 'GET /openapi.json' && one !== 'GET /docs',
    );
    const documented = operationsOf(document).map(({ method, path }) => `${method.toUpperCase()} ${path}`);

    expect(real.length).toBeGreaterThanOrEqual(11);
    expect(documented.toSorted()).toEqual(real.toSorted());
  });

  test('refuse with problems whose codes are in the catalogue, under the statuses that they have there', () => {
    let codes = 0;
    for (const { method, path, operation } of operationsOf(document)) {
      if (!path.startsWith('/v1/')) continue;
      for (const [status, response] of Object.entries(operation.responses)) {
        if (Number(status) < 400) continue;
        const where = `${method} ${path} ${status}`;
        expect(Object.keys(response.content ?? {}), where).toEqual(['application/problem+json']);
        for (const [, code = ''] of response.description.matchAll(/^`([a-z_]+)`: /gm)) {
          if (!isErrorCode(code))
            throw new Error(`${where} documents ${code}, which is not in the catalogue`);
          expect(ERRORS[code].status, `${where} ${code}`).toBe(Number(status));
          codes += 1;
        }
      }
    }
    expect(codes).toBeGreaterThan(50);
  });

  test('that may say "later" say when', () => {
    for (const { path, operation } of operationsOf(document)) {
      for (const status of ['429', '503']) {
        const response = operation.responses[status];
        if (response === undefined) continue;
        expect(response.headers?.['retry-after']?.schema, `${path} ${status}`).toEqual({ type: 'integer' });
        expect(response.headers?.['retry-after']?.required).toBe(true);
      }
    }
  });

  test('take what the document gives as examples', async () => {
    const other = await apiUnderTest();
    try {
      const examplesOf = (name: string): Json[] => document.components.schemas[name]?.['examples'] as Json[];
      const [claim] = examplesOf('PaymentClaim');
      const [asked] = examplesOf('RefundAsked');
      const paymentNo = String(asked?.['payment_no']);

      const registered = await call(other, `/v1/payments/${paymentNo}`, {
        method: 'PUT',
        body: { ...claim, account_id: 'wx-1' },
      });

      expect(registered.status, registered.text).toBe(201);
      expect((await ask(other, asked)).status).toBe(201);
    } finally {
      await other.close();
    }
  });
});

describe('every answer has the documented shape', () => {
  /** Checks an answer against the response that the document gives for its status. */
  function expectDocumented(answer: Answer, method: string, path: string): void {
    const response = document.paths[path]?.[method]?.responses[String(answer.status)];
    const where = `${method} ${path} ${String(answer.status)} ${answer.text}`;
    if (response === undefined) throw new Error(`${where} is not documented`);
    if (answer.text === '') {
      expect(response.content, where).toBeUndefined();
      return;
    }
    const type = (answer.headers['content-type'] ?? '').split(';')[0] ?? '';
    const media = response.content?.[type];
    if (media === undefined) throw new Error(`${where}: ${type} is not documented`);
    const accepts = compile(media.schema);
    expect(accepts(answer.json), `${where}: ${JSON.stringify(accepts.errors)}`).toBe(true);
    for (const [name, header] of Object.entries(response.headers ?? {})) {
      if (header.required === true) expect(answer.headers[name], `${where}: ${name}`).toBeDefined();
    }
  }

  const cases: readonly [string, string, string, () => Promise<[string, Call]>][] = [
    [
      'a payment that is registered',
      'put',
      '/v1/payments/{payment_no}',
      async () => [
        `/v1/payments/P-${randomUUID()}`,
        { body: { account_id: 'wx-1', captured_minor: '5', currency: 'CNY' } },
      ],
    ],
    [
      'a payment that is read',
      'get',
      '/v1/payments/{payment_no}',
      async () => [`/v1/payments/${await newPayment(api)}`, {}],
    ],
    [
      'a payment that is not there',
      'get',
      '/v1/payments/{payment_no}',
      async () => ['/v1/payments/none', {}],
    ],
    [
      'a payment with a fault',
      'put',
      '/v1/payments/{payment_no}',
      async () => [
        '/v1/payments/P-1',
        { body: { account_id: 'wx-1', captured_minor: '0', currency: 'CNY' } },
      ],
    ],
    [
      'a refund that is asked for',
      'post',
      '/v1/refunds',
      async () => [
        '/v1/refunds',
        {
          body: { payment_no: await newPayment(api), amount_minor: '5', currency: 'CNY' },
          headers: { 'idempotency-key': randomUUID() },
        },
      ],
    ],
    ['a refund without a key of its own', 'post', '/v1/refunds', async () => ['/v1/refunds', { body: {} }]],
    [
      'a refund with several faults',
      'post',
      '/v1/refunds',
      async () => [
        '/v1/refunds',
        { body: { amount_minor: '0', currency: 'USD' }, headers: { 'idempotency-key': 'k' } },
      ],
    ],
    [
      'a refund in a wrong media type',
      'post',
      '/v1/refunds',
      async () => [
        '/v1/refunds',
        { body: 'x', headers: { 'content-type': 'text/plain', 'idempotency-key': 'k' } },
      ],
    ],
    [
      'a refund in a body over the cap',
      'post',
      '/v1/refunds',
      async () => [
        '/v1/refunds',
        { body: { reason: 'x'.repeat(70_000) }, headers: { 'idempotency-key': 'k' } },
      ],
    ],
    [
      'a refund that is read',
      'get',
      '/v1/refunds/{refund_no}',
      async () => [`/v1/refunds/${await newRefund()}`, {}],
    ],
    ['a refund that is not there', 'get', '/v1/refunds/{refund_no}', async () => ['/v1/refunds/none', {}]],
    [
      'the evidence of a refund',
      'get',
      '/v1/refunds/{refund_no}/observations',
      async () => [`/v1/refunds/${await newRefund()}/observations`, {}],
    ],
    [
      'the windows of a refund',
      'get',
      '/v1/refunds/{refund_no}/windows',
      async () => [`/v1/refunds/${await newRefund()}/windows`, {}],
    ],
    ['a list of refunds', 'get', '/v1/refunds', async () => [`/v1/refunds?limit=2&state=requested`, {}]],
    ['a list with a bad cursor', 'get', '/v1/refunds', async () => ['/v1/refunds?cursor=x', {}]],
    ['a list without an API key', 'get', '/v1/refunds', async () => ['/v1/refunds', { key: null }]],
    ['overdue refunds', 'get', '/v1/overdue', async () => ['/v1/overdue', {}]],
    [
      'a refund that is not overdue',
      'get',
      '/v1/overdue/{refund_no}',
      async () => [`/v1/overdue/${await newRefund()}`, {}],
    ],
    ['breaks', 'get', '/v1/breaks', async () => ['/v1/breaks', {}]],
    ['a break', 'get', '/v1/breaks/{break_no}', async () => [`/v1/breaks/${await newBreak(api)}`, {}]],
    ['a break that is not there', 'get', '/v1/breaks/{break_no}', async () => ['/v1/breaks/999', {}]],
    [
      'a break that somebody takes',
      'post',
      '/v1/breaks/{break_no}/assignment',
      async () => [
        `/v1/breaks/${await newBreak(api)}/assignment`,
        { key: api.people.alice, body: { to: 'bob' } },
      ],
    ],
    [
      'a break with more at stake than one may end',
      'post',
      '/v1/breaks/{break_no}/resolution',
      async () => [
        `/v1/breaks/${await newBreak(api, 30_000n)}/resolution`,
        { key: api.people.alice, body: { reason_code: 'reviewed', note: 'fine' } },
      ],
    ],
    [
      'breaks that the key may not see',
      'get',
      '/v1/breaks',
      async () => ['/v1/breaks', { key: api.keys.reader }],
    ],
    ['health', 'get', '/livez', async () => ['/livez', { key: null }]],
    ['readiness', 'get', '/readyz', async () => ['/readyz', { key: null }]],
    [
      'a callback for nobody',
      'post',
      '/callbacks/{channel}/{account}',
      async () => ['/callbacks/wechat/none', { key: null, body: {} }],
    ],
    [
      'a callback that nobody signed',
      'post',
      '/callbacks/{channel}/{account}',
      async () => ['/callbacks/wechat/wx-1', { key: null, body: {} }],
    ],
  ];

  test.each(cases)('%s', async (_name, method, path, make) => {
    const [url, request] = await make();

    const answer = await call(api, url, { method: method.toUpperCase() as 'GET', ...request });

    expectDocumented(answer, method, path);
  });
});
