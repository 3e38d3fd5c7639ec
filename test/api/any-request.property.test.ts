/**
 * Any request to any operation of the OpenAPI document: never a fault of ours, and never an answer that the document does not
 * describe. Values are made from the document's own schemas, and then spoiled.
 */
import type { ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { observe } from '../../store/observations.ts';
import { createPool } from '../../store/pool.ts';
import { getRefund } from '../../store/refunds.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest, NOW } from './api-under-test.ts';
import type { Answer, Call } from './calls.ts';
import { newBreak } from './new-break.ts';
import { bring } from '../statements/bills.ts';
import { closedByTwo } from '../support/closed-day.ts';
import { doneByTwo } from '../support/two-people.ts';
import { ask, call, newPayment, refundIn } from './calls.ts';
import { deliveredStatement } from './delivered-statement.ts';
import { valueOf } from './documented-values.ts';
import type { Json, OpenApi, Operation, Parameter } from './openapi-document.ts';
import { operationsOf, readOpenApi, schemasOf } from './openapi-document.ts';

const RUNS = 100;

/** Each of these takes a good part of a second, or says the same whatever is asked. */
const FEWER_RUNS: Readonly<Record<string, number>> = {
  livez: 5,
  receiptKeys: 5,
  getReceiptPdf: 8,
  showReceiptPdf: 8,
  getProofPack: 8,
};

/** What is asked at random is wrong most of the time, all of it from one address. */
const UNLIMITED = { perMinute: 1_000_000, missesPerMinute: 1_000_000 };

let api: ApiUnderTest;
let document: OpenApi;
let compile: (schema: Json) => ValidateFunction;
const compiled = new Map<Json, ValidateFunction>();
/** Numbers that exist, so that a call now and then meets something. */
let known: Readonly<Record<string, readonly string[]>>;
/** What must be there to be found, decided or taken back once; chance leaves it alone. */
let standing: Standing;

beforeAll(async () => {
  api = await apiUnderTest({
    limits: {
      links: UNLIMITED,
      verify: UNLIMITED,
      requestsPerMinute: 1_000_000,
      watch: { everyMs: 10, waitersMax: 5, waitersPerMerchantMax: 5 },
    },
    pool: (url) => createPool({ url, role: 'yuanlu_app', max: 8, name: 'any-request' }),
  });
  document = await readOpenApi(api);
  compile = schemasOf(document);
  const paymentNo = await newPayment(api);
  const asked = { payment_no: paymentNo, amount_minor: '5', currency: 'CNY' };
  await ask(api, asked);
  const refund = refundIn(await ask(api, asked));
  standing = await makeStanding(asked);
  const page = (await call(api, '/v1/refunds?limit=1')).json as { next_cursor: string };
  known = {
    payment_no: [paymentNo],
    refund_no: [refund.refund_no],
    account_id: ['wx-1', 'wx-1', 'wx-1', 'wx-3', 'wx-gone'],
    account: ['wx-1', 'none'],
    bill_date: [CLOSED_DAY, '2026-11-21', '2026-11-30'],
    channel: ['wechat', 'alipay'],
    amount_minor: ['1', '2'],
    captured_minor: ['10000'],
    value_minor: ['10000'],
    used_minor: ['0', '3000', '10001'],
    item_no: ['ITEM-1', 'ITEM-2'],
    return_item_no: ['ITEM-1'],
    'if-match': ['*'],
    cursor: [page.next_cursor, '1'],
    id: [standing.approval.id],
    break_no: [standing.breakId],
    quote_id: [await newQuote(paymentNo), '999999'],
    endpoint_id: [standing.endpointId],
    delivery_id: [standing.deliveryId],
    url: ['https://shop.example.cn/hook', 'https://10.0.0.1/hook'],
    token: [standing.token],
    limit: ['1', '50'],
    'idempotency-key': ['k-1', 'k-2', 'k-3'],
    // Waiting is tested elsewhere; here it would only take time.
    wait: ['0', '1'],
  };
});

afterAll(async () => {
  await api.close();
});

interface Standing {
  readonly approval: { readonly id: string; readonly fingerprint: string };
  readonly openRefundNo: string;
  readonly lateRefundNo: string;
  /** To be paid another way. */
  readonly owedRefundNo: string;
  readonly linkedRefundNo: string;
  readonly linkId: string;
  readonly token: string;
  readonly endpointId: string;
  readonly deliveryId: string;
  readonly statementId: string;
  readonly breakId: string;
  /** The signed receipt of the linked refund, as it was sent. */
  readonly receipt: string;
}

function quoteAsked(paymentNo: string): object {
  const purchase = { kind: 'single', value_minor: '10000', used_minor: '0' };
  return { payment_no: paymentNo, currency: 'CNY', purchase };
}

async function newQuote(paymentNo: string): Promise<string> {
  const answer = await call(api, '/v1/quotes', { method: 'POST', body: quoteAsked(paymentNo) });
  return (answer.json as { quote_id: string }).quote_id;
}

/** A day that is closed, a refund in it. */
const CLOSED_DAY = '2026-11-20';

async function closeDayWith(refundNo: string): Promise<void> {
  const { database } = api;
  const o = { accountId: 'wx-1', now: NOW };
  const lines = [{ at: `${CLOSED_DAY} 12:00:00`, refundNo, amount: 5 }];
  await bring(database, { billDate: CLOSED_DAY, lines }, o);
  await bring(database, { billDate: '2026-11-21' }, o);
  const { rows } = await database.owner.query<{ id: bigint }>('select id from breaks');
  const day = { merchantId: 'm1', accountId: 'wx-1', billDate: CLOSED_DAY };
  await closedByTwo(database.pool, day, { now: NOW, breaks: rows.map(({ id }) => String(id)) });
}

async function makeStanding(asked: object): Promise<Standing> {
  const newRefund = async (): Promise<string> => refundIn(await ask(api, asked)).refund_no;
  const [openRefundNo, lateRefundNo, linkedRefundNo, owedRefundNo] = [
    await newRefund(),
    await newRefund(),
    await newRefund(),
    await newRefund(),
  ];
  const refund = await getRefund(api.database.pool, 'm1', openRefundNo);
  await observe(api.database.pool, refund?.id ?? '', [
    { kind: 'attempt_started', source: 'submit', ref: 'a1', at: NOW.toISOString(), attempt: 1 },
  ]);
  await makeOwed(owedRefundNo);
  await closeDayWith(linkedRefundNo);
  const approval = await call(api, '/v1/approvals', {
    method: 'POST',
    key: api.people.alice,
    body: resolution(openRefundNo, 'paid'),
  });
  await api.database.owner.query(
    'update refunds set overdue_level = 1, overdue_since = $2, promise_at = $2, alarm_at = $2, escalate_at = $2 where refund_no = $1',
    [lateRefundNo, NOW],
  );
  const newLink = async (): Promise<{ id: string; url: string }> => {
    const made = await call(api, `/v1/refunds/${linkedRefundNo}/receipt-links`, { method: 'POST', body: {} });
    return made.json as { id: string; url: string };
  };
  const endpoint = await call(api, '/v1/webhook-endpoints', {
    method: 'POST',
    body: { url: 'https://shop.example.cn/hook' },
  });
  const { id: endpointId } = endpoint.json as { id: string };
  const delivery = await call(api, `/v1/webhook-endpoints/${endpointId}/test`, { method: 'POST' });
  const { id: deliveryId } = delivery.json as { id: string };
  const token = new URL((await newLink()).url).pathname.split('/').at(-1) ?? '';
  return {
    approval: approval.json as Standing['approval'],
    ...{ openRefundNo, lateRefundNo, linkedRefundNo, owedRefundNo, linkId: (await newLink()).id, token },
    ...{ endpointId, deliveryId },
    breakId: await newBreak(api),
    statementId: await deliveredStatement(api.database, 'wx-1', '2026-11-23'),
    receipt: (await call(api, `/v1/refunds/${linkedRefundNo}/receipt`)).text,
  };
}

/** The channel refused it, and two people let the payer be paid another way. */
async function makeOwed(refundNo: string): Promise<void> {
  const { pool } = api.database;
  const refund = await getRefund(pool, 'm1', refundNo);
  if (refund === null) throw new Error('it was just made');
  const attempt = { source: 'submit', ref: 'a1', at: NOW.toISOString(), attempt: 1 } as const;
  await observe(pool, refund.id, [
    { kind: 'attempt_started', ...attempt },
    { kind: 'attempt_refused', ...attempt, channelCode: 'PARAM_ERROR' },
  ]);
  const told = { method: 'cash', payee: '李*' };
  await doneByTwo(pool, { act: 'fallback_route', refunds: [refund], told, at: NOW });
}

function resolution(refundNo: string, as: string): object {
  return {
    act: 'resolve_refund',
    refund_nos: [refundNo],
    as,
    proof: 'a letter',
    reason: 'silent for a week',
  };
}

/** Texts that have broken parsers, queries, headers or logs somewhere. */
const ODD = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    'a\r\nx-evil: 1',
    "' or 1=1 --",
    '../../etc',
    '%00',
    '\ud800',
    '＝1＋1',
    '9'.repeat(400),
  ),
  fc.constantFrom('=HYPERLINK("http://x")', '{"$gt":""}', '__proto__', '-1', '1e309', 'NaN', '٣', '💸'),
);

const nameOf = (parameter: Parameter): fc.Arbitrary<string> => {
  const some = known[parameter.name];
  const fitting = valueOf(document, parameter.schema).map((value) =>
    typeof value === 'string' ? value : JSON.stringify(value),
  );
  return some === undefined
    ? fc.oneof(fitting, ODD)
    : fc.oneof({ arbitrary: fc.constantFrom(...some), weight: 5 }, { arbitrary: fitting, weight: 2 }, ODD);
};

/** Header values that a client can send at all. */
const sendable = (text: string): string => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');

interface Made {
  readonly url: string;
  readonly call: Call;
}

function requestTo(path: string, method: string, operation: Operation): fc.Arbitrary<Made> {
  const parameters = operation.parameters ?? [];
  const chosen = fc.record(
    Object.fromEntries(
      parameters.map((one) => [
        `${one.in} ${one.name}`,
        fc.option(nameOf(one), { nil: undefined, freq: one.required === true ? 20 : 3 }),
      ]),
    ),
  );
  const [[type, media] = ['application/json', { schema: {} }]] = Object.entries(
    operation.requestBody?.content ?? {},
  );
  const fitting = valueOf(document, media.schema, known).map((value) => JSON.stringify(value));
  const body =
    operation.requestBody === undefined
      ? fc.constant(undefined)
      : fc.oneof(
          { arbitrary: fitting, weight: 12 },
          fc.json(),
          ODD,
          fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
          fc.constantFrom('', '{', `{"a":"${'x'.repeat(70_000)}"}`, '{"__proto__":1}'),
        );
  const contentType = fc.oneof(
    { arbitrary: fc.constant(type), weight: 20 },
    fc.constantFrom('text/plain', 'application/xml', 'application/json; charset=utf-16', 'x', ''),
  );
  const key = fc.oneof(
    {
      arbitrary: fc.constantFrom(api.keys.m1, api.keys.m1, api.keys.m1, api.keys.m2, api.keys.reader, null),
      weight: 12,
    },
    ODD.map(sendable),
  );
  return fc
    .record({ chosen, body, contentType, key, query: fc.option(ODD, { nil: undefined, freq: 8 }) })
    .map((made) => {
      const of = (place: string): [string, string][] =>
        parameters
          .filter((one) => one.in === place)
          .flatMap((one) => {
            const value = made.chosen[`${place} ${one.name}`];
            return value === undefined ? [] : [[one.name, value] as [string, string]];
          });
      const places = new Map(of('path'));
      const filled = path.replace(/\{([a-z_]+)\}/g, (_all, name: string) =>
        encodable(places.get(name) ?? 'none'),
      );
      const query = [...of('query'), ...(made.query === undefined ? [] : [['x', made.query] as const])]
        .map(([name, value]) => `${name}=${encodable(value)}`)
        .join('&');
      return {
        url: query === '' ? filled : `${filled}?${query}`,
        call: {
          method: method.toUpperCase() as 'GET',
          key: made.key,
          headers: {
            ...Object.fromEntries(of('header').map(([name, value]) => [name, sendable(value)])),
            ...(made.body === undefined ? {} : { 'content-type': made.contentType }),
          },
          ...(made.body === undefined ? {} : { body: made.body }),
        },
      };
    });
}

/** One good request to each operation, so that what is done does not hang on chance: random ones are mostly refused. */
function goodRequest(path: string, method: string, operationId: string): Made {
  const [paymentNo = ''] = known['payment_no'] ?? [];
  const { approval, linkedRefundNo, linkId, token } = standing;
  const claim = { account_id: 'wx-1', captured_minor: '10000', currency: 'CNY' };
  const asked = { payment_no: paymentNo, amount_minor: '1', currency: 'CNY' };
  const hook = { endpoint_id: standing.endpointId, delivery_id: standing.deliveryId };
  const places: Readonly<Record<string, string>> = {
    // The link behind the token must outlive the taking back of all links of a refund.
    refund_no: operationId === 'revokeReceiptLinks' ? standing.openRefundNo : linkedRefundNo,
    ...{ payment_no: paymentNo, link_id: linkId, id: approval.id, token, channel: 'wechat', account: 'wx-1' },
    ...hook,
    ...{ statement_id: standing.statementId, break_no: standing.breakId },
    ...{ account_id: 'wx-1', bill_date: CLOSED_DAY, quote_id: known['quote_id']?.[0] ?? '' },
  };
  const decision = { verdict: 'rejected', fingerprint: approval.fingerprint, reason: 'by hand' };
  const byHand: Readonly<Record<string, Call & { readonly url?: string }>> = {
    createRefund: { body: asked, headers: { 'idempotency-key': 'by-hand' } },
    quote: { body: quoteAsked(paymentNo) },
    registerPayment: { url: '/v1/payments/BY-HAND', body: claim },
    createReceiptLink: { body: {} },
    createWebhookEndpoint: { body: { url: 'https://shop.example.cn/by-hand' } },
    rotateWebhookSecret: { body: {} },
    verifyReceipt: { body: standing.receipt },
    getThreeWay: { url: '/v1/three-way?account_id=wx-1&bill_date=2026-11-23' },
    getOverdue: { url: `/v1/overdue/${standing.lateRefundNo}` },
    askForApproval: { key: api.people.bob, body: resolution(standing.openRefundNo, 'not_paid') },
    decideApproval: { key: api.people.bob, body: decision },
    acceptBreakSuggestions: { body: {} },
    assignBreak: { key: api.people.bob, body: { to: 'bob' } },
    parkBreak: { key: api.people.bob, body: { until: '2026-12-01', reason_code: 'asked_the_channel' } },
    commentBreak: { key: api.people.bob, body: { note: 'by hand' } },
    resolveBreak: { key: api.people.bob, body: { reason_code: 'reviewed', note: 'by hand' } },
    recordFallbackPayment: {
      url: `/v1/refunds/${standing.owedRefundNo}/fallback-payment`,
      ...{ key: api.people.bob, body: { reference: 'T20261124', paid_at: NOW.toISOString() } },
    },
  };
  const { url, ...own } = byHand[operationId] ?? {};
  return {
    url: url ?? path.replace(/\{([a-z_]+)\}/g, (_all, name: string) => encodable(places[name] ?? 'none')),
    call: { method: method.toUpperCase() as 'GET', key: api.keys.m1, ...own },
  };
}

/** Half a surrogate pair has no percent-encoding, and a segment of dots makes another address of the whole. */
function encodable(text: string): string {
  if (/^\.{1,2}$/.test(text)) return 'dots';
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '?'));
}

function validatorOf(schema: Json): ValidateFunction {
  const made = compiled.get(schema) ?? compile(schema);
  compiled.set(schema, made);
  return made;
}

/** What about this answer is not as the document says; empty when all of it is. */
function faultsOf(answer: Answer, operation: Operation): readonly string[] {
  if (answer.status >= 500) return [`${String(answer.status)} is a fault of ours`];
  const response = operation.responses[String(answer.status)];
  if (response === undefined) return [`${String(answer.status)} is not documented`];
  const missing = Object.entries(response.headers ?? {}).flatMap(([name, header]) =>
    header.required === true && answer.headers[name] === undefined ? [`${name} is missing`] : [],
  );
  if (response.content === undefined) return answer.text === '' ? missing : [...missing, 'has a body'];
  const type = (answer.headers['content-type'] ?? '').split(';')[0] ?? '';
  const media = response.content[type];
  if (media === undefined) return [...missing, `${type} is not documented`];
  const accepts = validatorOf(media.schema);
  return accepts(/[/+]json$/.test(type) ? answer.json : answer.text)
    ? missing
    : [...missing, JSON.stringify(accepts.errors)];
}

describe('any request', () => {
  test('to every operation is answered as the document says, and never with a fault of ours', async () => {
    for (const { path, method, operation } of operationsOf(document)) {
      const answered = async (made: Made): Promise<Answer> => {
        const answer = await call(api, made.url, made.call);
        expect(faultsOf(answer, operation), `${method} ${made.url} ${answer.text.slice(0, 500)}`).toEqual([]);
        return answer;
      };
      // Requests that are all refused prove little: each call but the channels' is done once, whatever chance brings.
      const { status, text } = await answered(goodRequest(path, method, operation.operationId));
      if (operation.operationId !== 'callback')
        expect(status, `${operation.operationId}: ${text.slice(0, 500)}`).toBeLessThan(400);
      await fc.assert(
        fc.asyncProperty(requestTo(path, method, operation), async (made) => {
          await answered(made);
        }),
        { numRuns: FEWER_RUNS[operation.operationId] ?? RUNS },
      );
    }
  }, 240_000);

  test('is judged: an answer that leaves its schema, its status or its headers is found out', async () => {
    const { operation } =
      operationsOf(document).find((one) => one.operation.operationId === 'getRefund') ?? {};
    if (operation === undefined) throw new Error('getRefund is documented');
    const good = await call(api, `/v1/refunds/${known['refund_no']?.[0] ?? ''}`);
    const spoiled = (part: object): Answer => ({ ...good, json: { ...(good.json as object), ...part } });

    expect(faultsOf(good, operation)).toEqual([]);
    expect(faultsOf(spoiled({ amount_minor: 5 }), operation)).not.toEqual([]);
    expect(faultsOf(spoiled({ state: 'lost' }), operation)).not.toEqual([]);
    expect(faultsOf(spoiled({ next_step: undefined }), operation)).not.toEqual([]);
    expect(faultsOf({ ...good, status: 418 }, operation)).not.toEqual([]);
    expect(faultsOf({ ...good, status: 500 }, operation)).not.toEqual([]);
    expect(faultsOf({ ...good, headers: { ...good.headers, etag: undefined } }, operation)).not.toEqual([]);
    expect(
      faultsOf({ ...good, headers: { ...good.headers, 'content-type': 'text/html' } }, operation),
    ).not.toEqual([]);
  });
});
