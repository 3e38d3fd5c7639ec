/** `yuanlu breaks …` as people run it: read from the books, worked on over the API. */
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiUnderTest } from '../api/api-under-test.ts';
import { apiUnderTest } from '../api/api-under-test.ts';
import { newBreak } from '../api/new-break.ts';
import type { Deployment } from '../workers/deployment.ts';
import { openDeployment } from '../workers/deployment.ts';
import type { Ended } from './spawned.ts';
import { start } from './spawned.ts';

let api: ApiUnderTest;
let deployment: Deployment;
let url: string;
beforeAll(async () => {
  api = await apiUnderTest();
  deployment = await openDeployment();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${String((api.app.server.address() as AddressInfo).port)}`;
});
afterAll(async () => {
  await deployment.close();
  await api.close();
});

/** As one of two people, at the API and its books. */
const breaksAs = (person: 'alice' | 'bob', ...args: readonly string[]): Promise<Ended> =>
  start(args, {
    ...deployment.env,
    ...{ YUANLU_DATABASE_URL: api.database.url, YUANLU_API_URL: url, YUANLU_API_KEY: api.people[person] },
  }).ended;

const said = (ended: Ended): string => {
  expect(ended.code, ended.stderr).toBe(0);
  return ended.stdout;
};

test('a break is found, explained, taken, put off, written off by two people and opened again', async () => {
  const number = await newBreak(api, 300n);
  const alice = async (...args: readonly string[]): Promise<string> =>
    said(await breaksAs('alice', 'breaks', ...args));

  expect(await alice('list', '--due')).toMatch(new RegExp(`^ *${number} .*missing_at_channel`, 'm'));
  expect(await alice('explain', number)).toMatch(/suggestion +ask the channel/);
  expect(await alice('assign', number, 'bob', '--note', 'you know them')).toContain('bob has it');
  // Which day it is the people say, and the API's clock stands still in its tests.
  expect(await alice('park', number, '--until', '2026-12-01', '--code', 'asked_the_channel')).toContain(
    'put off until 2026-12-01',
  );
  expect(await alice('unpark', number)).not.toContain('put off');

  const asked = JSON.parse(
    await alice(
      'write-off',
      number,
      '--code',
      'not_worth_pursuing',
      '--proof',
      'ticket',
      '--reason',
      'small',
      '--json',
    ),
  ) as { id: string; fingerprint: string };
  const bob = await breaksAs(
    ...(['bob', 'approvals', 'approve', asked.id] as const),
    ...['--fingerprint', asked.fingerprint, '--reason', 'seen'],
  );
  expect(said(bob)).toContain(`write_off_break of break ${number}, used`);
  expect(await alice('list', '--all')).toMatch(/written_off/);
  expect(await alice('reopen', number, '--reason', 'they answered')).toContain('yuanlu approvals approve');
  const explained = JSON.parse(await alice('explain', number, '--json')) as { history: { kind: string }[] };
  expect(explained.history.map(({ kind }) => kind)).toEqual([
    'assigned',
    'parked',
    'unparked',
    'written_off',
  ]);
}, 120_000);

test('a deed that cannot be done ends with its code', async () => {
  const number = await newBreak(api, 30_000n);

  const { code, stderr } = await breaksAs(
    'alice',
    'breaks',
    'resolve',
    number,
    '--code',
    'reviewed',
    '--note',
    'fine',
  );

  expect(code).not.toBe(0);
  expect(stderr).toContain('break_needs_two_people');
});
