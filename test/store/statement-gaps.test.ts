/** F41: missing statements, found in the books, and said by the scheduler once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GAP_AFTER_MS } from '../../domain/statement/gaps.ts';
import { findStatementGaps } from '../../store/statement-gaps.ts';
import { recordEmptyStatement } from '../../store/statements.ts';
import { watchGaps } from '../../workers/scheduler/watch-gaps.ts';
import { importPlain } from '../statements/bills.ts';
import { plainStatement } from '../statements/plain-statement.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, openAccounts, refundOf } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

const HOUR_MS = 3_600_000;
const account = { id: ACCOUNT, kinds: ['trade'], readyAfterMs: 10 * HOUR_MS } as const;
/** When the statement of 27 November is a gap, and that of the 28th is not yet. */
const NOW = new Date(Date.parse('2026-11-28T10:00:00+08:00') + GAP_AFTER_MS);

const missing = async (): Promise<string[]> =>
  (await findStatementGaps(db.pool, NOW, [account])).map((gap) =>
    [gap.billDate, ...(gap.refusedCode === null ? [] : [gap.refusedCode])].join(' '),
  );

test('statements that came, empty ones and refused ones are told apart, from the account’s first day on', async () => {
  expect(await missing()).toEqual([]);

  await refundOf(db.pool, 100n);
  expect(await missing()).toEqual(['2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27']);

  await importPlain(db, { billDate: '2026-11-25' });
  await recordEmptyStatement(db.ingest, {
    accountId: ACCOUNT,
    kind: 'trade',
    billDate: '2026-11-26',
    now: NOW,
  });
  const cut = plainStatement([]).slice(0, 6);
  await expect(importPlain(db, { billDate: '2026-11-27', text: cut })).rejects.toThrow();

  const { rows } = await db.owner.query<{ code: string }>(
    `select refusal_code as code from statement_files where status = 'refused'`,
  );
  expect(await missing()).toEqual([`2026-11-27 ${rows[0]?.code ?? ''}`]);
});

test('are said by the scheduler once, and again when they came', async () => {
  const lines: string[] = [];
  const log = {
    warn: (_facts: object, text: string) => lines.push(text),
    info: (_facts: object, text: string) => lines.push(text),
  };
  const watch = { pool: db.pool, log: log as never, said: new Map() };
  const clock = { now: () => NOW, wallNow: () => NOW, toWallMs: (ms: number) => ms };
  const look = (): Promise<void> => watchGaps({ ...watch, clock }, [account]);

  await look();
  await look();
  expect(lines).toEqual(['a statement is missing; see `yuanlu statements gaps`']);

  await importPlain(db, { billDate: '2026-11-27' });
  await look();
  expect(lines.slice(1)).toEqual(['a statement that was missing is there']);
});

test('many days without a statement are said in one line', async () => {
  await db.owner.query(
    'truncate statement_lines, matches, breaks, quarantined_lines, statement_files cascade',
  );
  const lines: object[] = [];
  const log = { warn: (facts: object) => lines.push(facts), info: () => undefined };
  const clock = { now: () => NOW, wallNow: () => NOW, toWallMs: (ms: number) => ms };
  await watchGaps({ pool: db.pool, log: log as never, said: new Map(), clock }, [account]);

  expect(lines).toEqual([
    expect.objectContaining({
      ...{ account_id: ACCOUNT, kind: 'trade', statements: 4 },
      ...{ first_bill_date: '2026-11-24', last_bill_date: '2026-11-27' },
    }),
  ]);
});
