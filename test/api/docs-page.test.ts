/** /docs: everything the API can do, on one page that asks nobody for anything. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ERRORS } from '../../domain/errors.ts';
import type { ApiUnderTest } from './api-under-test.ts';
import { apiUnderTest } from './api-under-test.ts';
import type { Answer } from './calls.ts';
import { call } from './calls.ts';
import type { OpenApi } from './openapi-document.ts';
import { operationsOf, readOpenApi } from './openapi-document.ts';

let api: ApiUnderTest;
let answer: Answer;
let document: OpenApi;

beforeAll(async () => {
  api = await apiUnderTest();
  answer = await call(api, '/docs', { key: null });
  document = await readOpenApi(api);
});

afterAll(async () => {
  await api.close();
});

test('is a page of HTML for everybody, without a key', () => {
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(answer.text).toMatch(/^<!doctype html>/);
});

test('asks nobody for anything: no script, no address but its own, and a policy that would stop both', () => {
  expect(answer.text).not.toMatch(/<script|<link|<img|<iframe|\son[a-z]+=|javascript:|style="/i);
  const addresses = [...answer.text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address = '']) => address);
  expect(addresses.filter((address) => !/^(#|\/openapi\.json$)/.test(address))).toEqual([]);
  const policy = answer.headers['content-security-policy'] ?? '';
  const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(answer.text) ?? [];
  const hash = createHash('sha256').update(style).digest('base64');
  expect(policy).toContain(`default-src 'none'`);
  expect(policy).toContain(`style-src 'sha256-${hash}'`);
  expect(policy).not.toContain('unsafe');
});

test('has every call with its parameters and every shape of the document', () => {
  for (const { method, path, operation } of operationsOf(document)) {
    expect(answer.text).toContain(
      `<h3 id="${operation.operationId}"><code>${method.toUpperCase()} ${path}</code></h3>`,
    );
    for (const parameter of operation.parameters ?? [])
      expect(answer.text).toContain(`<code>${parameter.name}</code>`);
  }
  for (const name of Object.keys(document.components.schemas))
    expect(answer.text).toContain(`id="shape-${name}"`);
});

test('says of every error that a call can end in what to do, and leads nowhere that is not there', () => {
  const ids = new Set([...answer.text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  const leads = [...answer.text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);

  expect(leads.filter((id) => !ids.has(id))).toEqual([]);
  expect(ids.size).toBe([...answer.text.matchAll(/ id="/g)].length);
  for (const code of ['refund_exceeds_payment', 'idempotency_conflict', 'rate_limited'] as const)
    expect(answer.text).toContain(ERRORS[code].remedy.split('`')[0]?.replaceAll("'", '&#39;'));
});

test('has headings in order, a language and a way past the navigation', () => {
  const levels = [...answer.text.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));

  expect(levels[0]).toBe(1);
  expect(levels.filter((level) => level === 1)).toHaveLength(1);
  for (const [index, level] of levels.entries())
    expect(level - (levels[index - 1] ?? level)).toBeLessThanOrEqual(1);
  expect(answer.text).toMatch(/<html lang="en">/);
  expect(answer.text).toMatch(/class="skip"><a href="#quick-start"/);
});

test('is small enough to open on a train', () => {
  expect(Buffer.byteLength(answer.text)).toBeLessThan(200_000);
});
