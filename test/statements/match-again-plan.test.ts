/** A file that is matched again is compared with what is there as sets: no claim is looked for line by line. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BILL_DATE, hourAfter, makeUp } from '../../bench/bill.ts';
import { databaseUrl, fillBooks } from '../../bench/books.ts';
import { billOn, wholeWay } from '../../bench/matching.ts';
import { matchStatement } from '../../store/match.ts';
import type { Pool } from '../../store/pool.ts';
import { createPool } from '../../store/pool.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';

const LINES = 6_000;

let db: TestDatabase;
let dir: string;
let name: string;
let ingest: Pool;

/** The plans of the statements that change the file's matches, as Postgres makes them at that moment. */
const plans: string[] = [];

interface Answer {
  readonly rows: readonly { readonly 'QUERY PLAN': string }[];
}

function withPlans(pool: Pool): Pool {
  pool.on('connect', (client) => {
    const plain = client.query.bind(client) as (...args: unknown[]) => unknown;
    const explained = async (text: string): Promise<unknown> => {
      const { rows } = (await plain(`explain ${text}`)) as Answer;
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
      return plain(text);
    };
    // A COPY is a stream, and is one at once.
    const watched = (text: unknown, ...rest: unknown[]): unknown =>
      typeof text === 'string' && /^\s*(delete from|insert into) yuanlu\.matches\b/.test(text)
        ? explained(text)
        : plain(text, ...rest);
    Object.defineProperty(client, 'query', { value: watched });
  });
  return pool;
}

beforeAll(async () => {
  db = await testDatabase();
  dir = await mkdtemp(join(tmpdir(), 'yuanlu-again-'));
  name = `${new URL(db.url).pathname.slice(1)}_again`;
  await fillBooks(db.url, makeUp(LINES, 1, BILL_DATE), name);
  const url = databaseUrl(db.url, name);
  ingest = withPlans(createPool({ url, role: 'yuanlu_ingest', max: 2, name: 'test-again' }));
});

afterAll(async () => {
  await ingest.end();
  await db.owner.query(`drop database if exists ${name} with (force)`);
  await db.drop();
  await rm(dir, { recursive: true, force: true });
});

test('what was matched before is compared with the claims without a loop over either', async () => {
  const bill = await billOn(BILL_DATE, join(dir, 'bill.csv.gz'), makeUp(LINES, 1, BILL_DATE));
  await wholeWay(ingest, bill);
  const { rows } = await ingest.query<{ id: bigint }>(
    `select id from yuanlu.statement_files where status = 'loaded'`,
  );
  plans.length = 0;

  await matchStatement(ingest, String(rows[0]?.id), { now: hourAfter(BILL_DATE, 2) });

  expect(plans).toHaveLength(2);
  for (const plan of plans) expect(plan).not.toContain('Nested Loop');
});
