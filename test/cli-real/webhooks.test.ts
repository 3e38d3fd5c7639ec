/** `yuanlu webhooks …` as an operator runs it, against an API that listens. */
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiUnderTest } from '../api/api-under-test.ts';
import { apiUnderTest } from '../api/api-under-test.ts';
import type { Ended } from './spawned.ts';
import { start } from './spawned.ts';

let api: ApiUnderTest;
let url: string;
beforeAll(async () => {
  api = await apiUnderTest();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${String((api.app.server.address() as AddressInfo).port)}`;
});
afterAll(() => api.close());

const webhooks = (...args: readonly string[]): Promise<Ended> =>
  start(['webhooks', ...args], { YUANLU_API_URL: url, YUANLU_API_KEY: api.keys.m1 }).ended;

const documentOf = (ended: Ended): Record<string, unknown> => {
  expect(ended.code, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout) as Record<string, unknown>;
};

test('an endpoint is added, listed without its secret, exchanged, disabled and enabled', async () => {
  const added = await webhooks(
    'add',
    'https://shop.example.cn/hook',
    '--types',
    'refund.settled, refund.failed',
  );
  expect(added.stdout).toMatch(/^whsec_\S+\n$/);
  expect(added.stderr).toContain('shown once');

  const listed = await webhooks('list');
  expect(listed.stdout).toContain('refund.settled refund.failed');
  expect(listed.stdout).not.toContain('whsec_');

  const rotated = documentOf(await webhooks('rotate', '1', '--overlap-hours', '2', '--json'));
  expect(rotated).toMatchObject({ id: '1', previous_secret_until: '2026-11-24T04:30:00.000Z' });
  expect(`${String(rotated['secret'])}\n`).not.toBe(added.stdout);

  expect((await webhooks('disable', '1')).stdout).toContain('is disabled');
  expect((await webhooks('enable', '1')).stdout).toContain('is enabled');
});

test('deliveries are listed, and what was given up is sent again', async () => {
  await api.database.owner.query(`select tell_test(1, now())`);
  await api.database.owner.query(
    `update webhook_deliveries set status = 'dead', dead_why = 'exhausted', ended_at = now(), last_status = 503, last_answer = 'no'`,
  );

  const dead = await webhooks('deliveries', '--status', 'dead');
  expect(dead.stdout).toMatch(/webhook\.test .* dead: exhausted .* 503 no/);

  expect(documentOf(await webhooks('replay', '1', '--json'))).toMatchObject({
    status: 'pending',
    replays: 1,
  });
  expect((await webhooks('replay', '--endpoint', '1')).stdout).toBe('0 events on the way again\n');
});

test.each([
  ['nothing to send again', ['replay']],
  ['both', ['replay', '1', '--endpoint', '1']],
  ['an address that is not on the internet', ['add', 'https://10.0.0.1/']],
  ['types that there are not', ['add', 'https://shop.example.cn/', '--types', 'all']],
  ['an overlap that is no number', ['rotate', '1', '--overlap-hours', 'long']],
])('%s is refused with what to do', async (_what, args) => {
  const { code, stdout, stderr } = await webhooks(...args);

  expect(code).not.toBe(0);
  expect(stdout).toBe('');
  expect(stderr.length).toBeGreaterThan(10);
});
