/** From which day on an account is looked after: its statements of days before are for who asks for them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lookedAfterSince, syncAccounts } from '../../store/accounts.ts';
import { recordEmptyStatement } from '../../store/statements.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

let made = 0;
async function account(knownAt: string): Promise<string> {
  made += 1;
  const id = `acc-${String(made)}`;
  const row = { id, merchantId: 'm1', channel: 'wechat', externalId: `19000002${String(made)}` } as const;
  await syncAccounts(db.pool, [row], new Date(knownAt));
  await syncAccounts(db.pool, [row], new Date('2026-11-30T04:00:00Z'));
  return id;
}

const sinceOf = async (id: string): Promise<string | undefined> =>
  (await lookedAfterSince(db.pool, [id])).get(id);

test('it is the Beijing day on which it became known, also when its row is written again', async () => {
  expect(await sinceOf(await account('2026-11-19T16:00:00Z'))).toBe('2026-11-20');
  expect(await sinceOf(await account('2026-11-19T15:59:59Z'))).toBe('2026-11-19');
});

test('a statement of an earlier day brings it forward to that day: what is missing since would be called missing', async () => {
  const id = await account('2026-11-20T04:00:00Z');

  await recordEmptyStatement(db.ingest, {
    ...{ accountId: id, kind: 'trade', billDate: '2026-11-15' },
    now: new Date('2026-11-21T04:00:00Z'),
  });

  expect(await sinceOf(id)).toBe('2026-11-15');
});

test('one that nobody knows has no day', async () => {
  expect(await sinceOf('nobody')).toBeUndefined();
});
