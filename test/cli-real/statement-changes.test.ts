/** `yuanlu statements show` and `changes` of a restated statement, as people and programs read them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { importPlain, manyLines } from '../statements/bills.ts';
import { openAccounts } from '../store/books.ts';
import type { Deployment } from '../workers/deployment.ts';
import { openDeployment } from '../workers/deployment.ts';
import { start } from './spawned.ts';

const DAY = '2026-11-20';
const LINES = 30;

let db: TestDatabase;
let deployment: Deployment;
let restated: string;

beforeAll(async () => {
  db = await testDatabase();
  deployment = await openDeployment();
  await openAccounts(db.pool);
  const [first, ...others] = manyLines(LINES, DAY);
  if (first === undefined) throw new Error('there is one');
  await importPlain(db, { billDate: DAY, lines: [first, ...others] });
  const lines = [
    { ...first, amount: 500, type: 'refund:SUCCESS' } as const,
    ...manyLines(LINES - 1, DAY, 'NEW'),
  ];
  restated = (await importPlain(db, { billDate: DAY, lines })).fileId;
});
afterAll(async () => {
  await deployment.close();
  await db.drop();
});

async function printed(...args: readonly string[]): Promise<string> {
  const env = { ...deployment.env, YUANLU_DATABASE_URL: db.url };
  const ended = await start(['statements', ...args], env).ended;
  expect(ended.code, ended.stderr).toBe(0);
  return ended.stdout;
}

test('show says how many lines changed, which the first are, and where the others can be had', async () => {
  const text = await printed('show', restated);

  expect(text).toMatch(/^changes +29 lines added, 29 gone, 1 changed, against statement [0-9]+$/m);
  expect(text).toMatch(
    /^changed +line 2 → 2, refund_no N0: amount 0\.01 → 5\.00, payer 0\.01 → 5\.00, status – → SUCCESS$/m,
  );
  expect(text).toMatch(/^added +line 3, refund_no NEW0, refund, 0\.01 CNY, 2026-11-20 12:00$/m);
  expect(text).toContain(`… and 39 more: yuanlu statements changes ${restated}`);
});

test('changes gives all of them, page by page', async () => {
  const text = await printed('changes', restated, '--limit', '40');
  expect(text.trimEnd().split('\n')).toHaveLength(41);
  expect(text).toContain(`… and more: yuanlu statements changes ${restated} --after 40`);

  const rest = JSON.parse(await printed('changes', restated, '--after', '40', '--json')) as {
    readonly changes: readonly { readonly no: number }[];
    readonly next: number | null;
  };
  expect(rest.changes.map(({ no }) => no)).toEqual(Array.from({ length: 19 }, (_, n) => 41 + n));
  expect(rest.next).toBeNull();
});
