/** Keys of the database as the API meets them: new at once, gone within a moment, and there while the database is not. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeApiKey } from '../../api/keys.ts';
import { createApiKey, revokeApiKey } from '../../store/api-keys.ts';
import type { Pool } from '../../store/pool.ts';
import type { LiveKeyring } from '../../workers/live-keyring.ts';
import { openKeyring } from '../../workers/live-keyring.ts';
import { MERCHANT, openAccounts } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';

const FILE_KEY = makeApiKey(randomBytes);
const REFRESH_MS = 50;

let db: TestDatabase;
let keyring: LiveKeyring;
let wallNow: Date;
const warned: unknown[] = [];

beforeEach(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
  wallNow = new Date('2026-11-24T02:30:00.000Z');
  warned.length = 0;
  keyring = await openKeyring(
    [{ id: 'of-file', merchantId: 'm', sha256: FILE_KEY.sha256, scopes: ['refunds:read'] }],
    {
      pool: db.pool,
      clock: { now: () => new Date(0), wallNow: () => wallNow, toWallMs: (ms) => ms },
      log: { warn: (...said: unknown[]) => void warned.push(said) },
      refreshEveryMs: REFRESH_MS,
    },
  );
});

afterEach(async () => {
  await keyring.stop();
  await db.drop();
});

async function newKey(
  o: { expiresAt?: Date; scopes?: string[] } = {},
): Promise<{ text: string; id: string }> {
  const { text, sha256 } = makeApiKey(randomBytes);
  const { id } = await createApiKey(
    db.owner,
    {
      merchantId: MERCHANT,
      name: 'x',
      operator: null,
      sha256,
      scopes: o.scopes ?? ['refunds:read'],
      expiresAt: o.expiresAt ?? null,
    },
    { now: wallNow, person: 'test' },
  );
  return { text, id };
}

test('a key of the accounts file works as ever, beside those of the database', async () => {
  expect(await keyring.find(FILE_KEY.text)).toMatchObject({ id: 'of-file', merchantId: 'm' });
});

test('a key works at once when it was made, and no longer than a moment after it was taken back', async () => {
  const { text, id } = await newKey();
  expect(await keyring.find(text)).toMatchObject({ id: `key_${id}`, merchantId: MERCHANT });

  await revokeApiKey(db.owner, id, { now: wallNow, person: 'test' });
  await sleep(REFRESH_MS * 6);

  expect(await keyring.find(text)).toBeUndefined();
});

test('a key ends when its time is over, also between two looks at the database', async () => {
  const { text } = await newKey({ expiresAt: new Date(wallNow.getTime() + 1_000) });
  expect(await keyring.find(text)).toBeDefined();

  wallNow = new Date(wallNow.getTime() + 1_000);

  expect(await keyring.find(text)).toBeUndefined();
});

test('a scope that this version does not know opens nothing', async () => {
  const { text } = await newKey({ scopes: ['refunds:read', 'moon:land'] });

  expect((await keyring.find(text))?.scopes).toEqual(['refunds:read']);
});

test('whoever guesses keys does not make the database work: the looks of a moment are counted', async () => {
  let looks = 0;
  const query = (...args: unknown[]): unknown => {
    if (/sha256 = \$1/.test(String(args[0]))) looks += 1;
    return (db.pool.query as (...all: unknown[]) => unknown)(...args);
  };
  const pool = Object.create(db.pool, { query: { value: query } }) as Pool;
  const guarded = await openKeyring([], {
    pool,
    clock: { now: () => wallNow, wallNow: () => wallNow, toWallMs: (ms) => ms },
    log: { warn: () => undefined },
    refreshEveryMs: 60_000,
  });

  for (let turn = 0; turn < 200; turn += 1)
    expect(await guarded.find(makeApiKey(randomBytes).text)).toBeUndefined();
  for (const text of ['', 'yl_', 'x'.repeat(10_000)]) expect(await guarded.find(text)).toBeUndefined();

  expect(looks).toBe(20);
  await guarded.stop();
});

test('while the database is away those who were let in are let in still, and the log says so', async () => {
  const { text } = await newKey();
  await keyring.find(text);
  await db.owner.query('alter table api_keys rename to api_keys_away');
  await sleep(REFRESH_MS * 6);

  expect(await keyring.find(text)).toBeDefined();
  expect(warned.length).toBeGreaterThan(0);

  await db.owner.query('alter table api_keys_away rename to api_keys');
});

test('uses are written together when the process ends', async () => {
  const { text, id } = await newKey();
  await keyring.find(text);
  await keyring.find(text);

  await keyring.stop();

  const { rows } = await db.pool.query('select last_used_at from api_keys where id = $1', [id]);
  expect(rows).toEqual([{ last_used_at: wallNow }]);
});
