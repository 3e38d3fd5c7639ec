/** What each scope of a key opens, route by route: exactly what the table says. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scope } from '../../domain/scopes.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { ALL_SCOPES, apiUnderTest } from './api-under-test.ts';
import type { Call } from './calls.ts';
import { call, problemIn } from './calls.ts';

const NEEDED: readonly (readonly [string, string, Scope])[] = [
  ['POST', '/v1/refunds', 'refunds:write'],
  ['GET', '/v1/refunds', 'refunds:read'],
  ['GET', '/v1/refunds/RF-1', 'refunds:read'],
  ['GET', '/v1/refunds/RF-1/observations', 'refunds:read'],
  ['GET', '/v1/refunds/RF-1/windows', 'refunds:read'],
  ['POST', '/v1/refunds/RF-1/receipt-links', 'refunds:write'],
  ['GET', '/v1/refunds/RF-1/receipt-links', 'refunds:read'],
  ['DELETE', '/v1/refunds/RF-1/receipt-links', 'refunds:write'],
  ['DELETE', '/v1/refunds/RF-1/receipt-links/1', 'refunds:write'],
  ['GET', '/v1/refunds/RF-1/receipt', 'refunds:read'],
  ['GET', '/v1/refunds/RF-1/receipt.pdf', 'refunds:read'],
  ['GET', '/v1/refunds/RF-1/proof-pack', 'refunds:read'],
  ['GET', '/v1/overdue', 'refunds:read'],
  ['GET', '/v1/analytics/arrival', 'refunds:read'],
  ['GET', '/v1/overdue/RF-1', 'refunds:read'],
  ['PUT', '/v1/payments/PAY-1', 'payments:write'],
  ['GET', '/v1/payments/PAY-1', 'payments:read'],
  ['POST', '/v1/quotes', 'quotes:write'],
  ['GET', '/v1/quotes/1', 'quotes:read'],
  ['GET', '/v1/breaks', 'statements:read'],
  ['GET', '/v1/breaks/1', 'statements:read'],
  ['POST', '/v1/breaks/1/assignment', 'breaks:write'],
  ['POST', '/v1/breaks/1/parking', 'breaks:write'],
  ['POST', '/v1/breaks/1/comments', 'breaks:write'],
  ['POST', '/v1/breaks/1/resolution', 'breaks:write'],
  ['POST', '/v1/breaks/suggestions', 'breaks:write'],
  ['GET', '/v1/approvals', 'approvals:read'],
  ['GET', '/v1/approvals/1', 'approvals:read'],
  ['POST', '/v1/approvals', 'approvals:write'],
  ['POST', '/v1/approvals/1/decision', 'approvals:write'],
  ['POST', '/v1/webhook-endpoints', 'webhooks:write'],
  ['GET', '/v1/webhook-endpoints', 'webhooks:read'],
  ['GET', '/v1/webhook-endpoints/1', 'webhooks:read'],
  ['DELETE', '/v1/webhook-endpoints/1', 'webhooks:write'],
  ['POST', '/v1/webhook-endpoints/1/enable', 'webhooks:write'],
  ['POST', '/v1/webhook-endpoints/1/rotate', 'webhooks:write'],
  ['POST', '/v1/webhook-endpoints/1/test', 'webhooks:write'],
  ['POST', '/v1/webhook-endpoints/1/replay', 'webhooks:write'],
  ['GET', '/v1/webhook-deliveries', 'webhooks:read'],
  ['GET', '/v1/webhook-deliveries/1', 'webhooks:read'],
  ['POST', '/v1/webhook-deliveries/1/replay', 'webhooks:write'],
  ['GET', '/metrics', 'metrics:read'],
];

const CLAIM = { account_id: 'wx-1', captured_minor: '1', currency: 'CNY' };

function requestOf(api: ApiUnderTest, method: string): Call {
  return {
    method: method as 'GET',
    key: api.keys.reader,
    ...(method === 'GET' ? {} : { body: CLAIM, headers: { 'idempotency-key': 'k' } }),
  };
}

describe.each(ALL_SCOPES)('a key that may only %s', (scope) => {
  let api: ApiUnderTest;

  beforeAll(async () => {
    api = await apiUnderTest({ readerScopes: [scope] });
  });

  afterAll(async () => {
    await api.close();
  });

  test.each(NEEDED)('%s %s', async (method, url, needed) => {
    const answer = await call(api, url, requestOf(api, method));

    if (needed === scope) expect([401, 403]).not.toContain(answer.status);
    else expect(problemIn(answer, 'forbidden').detail).toBe(`needed ${needed}`);
  });
});
