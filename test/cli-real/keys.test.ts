/** `yuanlu keys …` as an operator runs it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHash } from 'node:crypto';
import { openAccounts, MERCHANT } from '../store/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import type { Ended } from './spawned.ts';
import { start } from './spawned.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

const keys = (...args: readonly string[]): Promise<Ended> =>
  start(['keys', ...args], { YUANLU_DATABASE_URL: db.url }).ended;

const documentOf = (ended: Ended): Record<string, unknown> => {
  expect(ended.code, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout) as Record<string, unknown>;
};

test('a key is made, listed without its text, exchanged and taken back', async () => {
  const made = documentOf(
    await keys(
      'create',
      '--merchant',
      MERCHANT,
      '--scope',
      'refunds:read,refunds:write',
      '--expires',
      '90d',
      '--json',
    ),
  );
  const text = String(made['key']);
  expect(text).toMatch(/^yl_[\w-]{43}$/);
  const { rows } = await db.owner.query('select sha256 from api_keys');
  expect(rows).toEqual([{ sha256: createHash('sha256').update(text).digest('hex') }]);

  const rotated = documentOf(await keys('rotate', String(made['id']), '--overlap', '1h', '--json'));
  expect(rotated).toMatchObject({ replaces: { id: made['id'], state: 'replaced' }, state: 'active' });

  const revoked = documentOf(await keys('revoke', String(rotated['id']), '--json'));
  expect(revoked).toMatchObject({ id: rotated['id'], state: 'revoked' });

  const listed = await keys('list', '--all');
  expect(listed.stdout).toContain('revoked');
  expect(listed.stdout + listed.stderr).not.toContain(text);
}, 120_000);

test('for people the text stands alone on stdout, so that it can go into a file', async () => {
  const ended = await keys('create', '--merchant', MERCHANT, '--scope', 'all');

  expect(ended.stdout).toMatch(/^yl_[\w-]{43}\n$/);
  expect(ended.stderr).toMatch(/cannot be shown again/);
}, 60_000);

test.each([
  [['create', '--merchant', MERCHANT, '--scope', 'refunds:steal'], /Scopes are/],
  [['create', '--merchant', 'nobody', '--scope', 'all'], /merchant_unknown/],
  [['create', '--merchant', MERCHANT, '--scope', 'all', '--expires', 'soon'], /such as 90d/],
  [['revoke', '7'], /such as key_7/],
  [['revoke', 'key_999'], /api_key_unknown/],
])(
  '%j is refused with what to do',
  async (args, says) => {
    const ended = await keys(...args);

    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(says);
    expect(ended.stdout).toBe('');
  },
  60_000,
);
