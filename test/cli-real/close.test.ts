/** `yuanlu close …` as two people run it, against an API that listens; and what a third one checks without it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { ApiUnderTest } from '../api/api-under-test.ts';
import { apiUnderTest, NOW } from '../api/api-under-test.ts';
import { call, newPayment, ask, refundIn } from '../api/calls.ts';
import { bring } from '../statements/bills.ts';
import type { Ended } from './spawned.ts';
import { start } from './spawned.ts';

/** Each command is a process of its own. */
vi.setConfig({ testTimeout: 120_000 });

const DAY = '2026-11-21';
const folder = mkdtempSync(join(tmpdir(), 'yuanlu-close-'));
const keys = join(folder, 'keys.json');

let api: ApiUnderTest;
let url: string;

beforeAll(async () => {
  api = await apiUnderTest();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${String((api.app.server.address() as AddressInfo).port)}`;
  writeFileSync(keys, (await call(api, '/.well-known/yuanlu-receipt-keys.json')).text);
  api.clock.at = new Date(`${DAY}T09:00:00+08:00`);
  const asked = { refund_no: 'R-1', payment_no: await newPayment(api), amount_minor: '234', currency: 'CNY' };
  refundIn(await ask(api, asked));
  api.clock.at = NOW;
  const o = { accountId: 'wx-1', now: NOW };
  const at = `${DAY} 12:00:00`;
  await bring(api.database, { billDate: DAY, lines: [{ at, refundNo: 'R-1', amount: 234 }] }, o);
  await bring(api.database, { billDate: '2026-11-22' }, o);
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api.close();
});

const yuanlu = (key: string, ...args: readonly string[]): Promise<Ended> =>
  start(args, { YUANLU_API_URL: url, YUANLU_API_KEY: key }).ended;

const alice = (...args: readonly string[]): Promise<Ended> => yuanlu(api.people.alice, 'close', ...args);

const documentOf = (ended: Ended): Record<string, unknown> => {
  expect(ended.code, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout) as Record<string, unknown>;
};

test('two people close a day, and a third proves it without us', async () => {
  // The refund was never sent, and yet the channel prints it: a break, which is accepted.
  const check = await alice('check', 'wx-1', DAY);
  expect(check.code, check.stderr).toBe(1);
  const [, breakId = ''] = /break ([0-9]+), state_conflict/.exec(check.stdout) ?? [];
  expect(check.stdout).toMatch(/✗ {2}no_open_break/);

  const refused = await alice('day', 'wx-1', DAY, '--reason', 'all agrees');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(`day_not_closable`);
  expect(refused.stderr).toContain(`break ${breakId}`);

  const accept = ['--accept', `${breakId}=sent by hand, ticket 8841`];
  const asked = documentOf(await alice('day', 'wx-1', DAY, '--reason', 'all agrees', ...accept, '--json'));
  const decision = ['--fingerprint', String(asked['fingerprint']), '--reason', 'seen'];
  const approved = await yuanlu(api.people.bob, 'approvals', 'approve', String(asked['id']), ...decision);
  expect(approved.stdout).toContain(`close_day of wx-1 on ${DAY}, used`);

  expect((await alice('check', 'wx-1', DAY)).code).toBe(0);
  expect((await alice('list')).stdout).toMatch(/wx-1 +2026-11-21 +1 .* closed/);
  expect((await alice('show', 'wx-1', DAY)).stdout).toContain('nothing has changed');

  const [day, proof] = [join(folder, 'day.ndjson.gz'), join(folder, 'proof.json')];
  expect(documentOf(await alice('export', 'wx-1', DAY, '--out', day, '--json'))).toMatchObject({ file: day });
  documentOf(await alice('prove', 'R-1', '--out', proof, '--json'));
  const verify = (file: string): Promise<Ended> => start(['close', 'verify', file, '--keys', keys], {}).ended;
  expect((await verify(day)).stdout).toMatch(
    /genuine\. wx-1 on 2026-11-21.* asked by alice, approved by bob/,
  );
  expect((await verify(proof)).stdout).toContain('genuine. Refund R-1 stood in wx-1 on 2026-11-21');

  await bring(
    api.database,
    { billDate: DAY, lines: [{ at: `${DAY} 12:00:00`, refundNo: 'R-1', amount: 235 }] },
    { accountId: 'wx-1', now: NOW },
  );
  expect((await alice('list', '--changed')).stdout).toContain('closed, CHANGED since');
  expect((await alice('show', 'wx-1', DAY)).stdout).toMatch(/CHANGED: .*statement added 1/);
});

test.each([
  ['a number without a reason', ['day', 'wx-1', DAY, '--reason', 'x', '--accept', '31'], 'request_invalid'],
  ['a day that is none', ['check', 'wx-1', '2026-02-30'], 'request_invalid'],
  ['an account that is none', ['check', 'none', DAY], 'account_unknown'],
  ['a day that is not closed', ['export', 'wx-1', '2026-11-22'], 'day_not_closed'],
  ['a refund that is none', ['prove', 'R-9'], 'refund_unknown'],
  ['a file that is not there', ['verify', '/nowhere/day', '--keys', keys], 'path_unusable'],
])('%s is refused with its code', async (_what, args, code) => {
  const ended = await alice(...args);

  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toContain(code);
});
