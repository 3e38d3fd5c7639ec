/** How tests speak to the API, and what they look for in its answers. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Problem } from '../../api/problem.ts';
import type { RefundResource } from '../../api/refund-resource.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import { ERRORS } from '../../domain/errors.ts';
import type { ApiUnderTest } from './api-under-test.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  readonly json: unknown;
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON; text and bytes as they are, with the content type given in the headers. */
  readonly body?: unknown;
  /** The address that the request comes from; 127.0.0.1 when absent. */
  readonly from?: string;
}

export async function call(api: ApiUnderTest, url: string, o: Call = {}): Promise<Answer> {
  const raw = typeof o.body === 'string' || Buffer.isBuffer(o.body);
  const answer = await api.app.inject({
    method: o.method ?? 'GET',
    url,
    ...(o.from === undefined ? {} : { remoteAddress: o.from }),
    headers: {
      ...(o.key === null ? {} : { authorization: `Bearer ${o.key ?? api.keys.m1}` }),
      ...(o.body === undefined || raw ? {} : { 'content-type': 'application/json' }),
      ...o.headers,
    },
    ...(o.body === undefined ? {} : { payload: raw ? o.body : JSON.stringify(o.body) }),
  });
  const headers = answer.headers as Record<string, string | undefined>;
  const json: unknown = /[/+]json/.test(headers['content-type'] ?? '') ? JSON.parse(answer.body) : undefined;
  return { status: answer.statusCode, headers, text: answer.body, json };
}

/** Asks for a refund with a key of its own unless one is given. */
export function ask(
  api: ApiUnderTest,
  body: unknown,
  o: { readonly idempotencyKey?: string; readonly key?: string } = {},
): Promise<Answer> {
  return call(api, '/v1/refunds', {
    method: 'POST',
    body,
    headers: { 'idempotency-key': o.idempotencyKey ?? randomUUID() },
    ...(o.key === undefined ? {} : { key: o.key }),
  });
}

/** A payment of 100.00 CNY at wx-1 that nobody else uses. */
export async function newPayment(api: ApiUnderTest, capturedMinor = '10000'): Promise<string> {
  const paymentNo = `PAY-${randomUUID()}`;
  const answer = await call(api, `/v1/payments/${paymentNo}`, {
    method: 'PUT',
    body: { account_id: 'wx-1', captured_minor: capturedMinor, currency: 'CNY' },
  });
  expect(answer.status).toBe(201);
  return paymentNo;
}

export function newRefundNo(): string {
  return `RF-${randomUUID()}`;
}

export function refundIn(answer: Answer): RefundResource {
  expect([200, 201], answer.text).toContain(answer.status);
  return answer.json as RefundResource;
}

/** Expects the problem of this code, whole, and gives it back. */
export function problemIn(answer: Answer, code: ErrorCode): Problem {
  expect(answer.headers['content-type'], answer.text).toMatch(/^application\/problem\+json/);
  const problem = answer.json as Problem;
  expect(problem).toMatchObject({
    type: `urn:yuanlu:error:${code}`,
    code,
    status: ERRORS[code].status,
    title: ERRORS[code].title,
    remedy: ERRORS[code].remedy,
    retryable: ERRORS[code].retryable,
    instance: `urn:yuanlu:request:${answer.headers['x-request-id'] ?? 'missing'}`,
  });
  expect(answer.status).toBe(ERRORS[code].status);
  expect(problem.detail.length).toBeGreaterThan(0);
  return problem;
}

export async function refundRows(api: ApiUnderTest): Promise<number> {
  const { rows } = await api.database.pool.query<{ n: bigint }>('select count(*) as n from refunds');
  return Number(rows[0]?.n);
}
