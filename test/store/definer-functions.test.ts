/** The few functions that run as the owner do one thing each, whatever they are told and whoever calls them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { syncAccounts } from '../../store/accounts.ts';
import type { Tx } from '../../store/pool.ts';
import { inTransaction } from '../../store/pool.ts';
import { bring, fatesOf, importPlain } from '../statements/bills.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { ACCOUNT, MERCHANT, countOf, fresh, openAccounts, pay, requestFor, sumsOf } from './books.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await openAccounts(db.pool);
});
afterAll(() => db.drop());

/** A line of a refund that nobody asked for. */
const NOBODYS = { at: '2026-10-07 12:00:00', refundNo: 'NOBODYS', amount: 7 };

const tables = (): Promise<number> => countOf(db, `pg_class where relnamespace = 'yuanlu'::regnamespace`);

async function nextFileId(tx: Tx): Promise<string> {
  const { rows } = await tx.query<{ id: bigint }>(`select nextval('statement_files_id_seq') as id`);
  return String(rows[0]?.id);
}

const nextFileIdOf = (): Promise<string> => inTransaction(db.ingest, nextFileId);

describe('an account with an odd name', () => {
  test.each([
    `a'; drop table yuanlu.audit; --`,
    `a"; drop table yuanlu.audit; --`,
    'a%I%L%s',
    'a$$b$f$',
    "E'\\x27",
    '店铺－微信\n二',
    ' ',
    'x'.repeat(400),
  ])('has its lines and matches like any other: %j', async (id) => {
    const externalId = fresh('19000009');
    await syncAccounts(db.pool, [{ id, merchantId: fresh('m'), channel: 'wechat', externalId }]);

    const { fileId } = await bring(
      db,
      { lines: [{ at: '2026-11-24 12:00:00', refundNo: 'NOBODYS', amount: 7 }] },
      { accountId: id },
    );

    expect(await countOf(db, 'statement_lines where account_id = $1', [id])).toBe(1);
    expect(await fatesOf(db, fileId)).toEqual([{ line: 2, match: null, breaks: ['missing_in_books'] }]);
    expect(await countOf(db, `pg_class where oid = to_regclass('yuanlu.audit')`)).toBe(1);
  });
});

describe('making and attaching tables', () => {
  test('with a number that has its table already is refused', async () => {
    const { fileId } = await importPlain(db, { billDate: '2026-10-01' });
    for (const call of ['open_line_table', 'attach_line_table']) {
      await expect(
        db.ingest.query(`select ${call}($1, $2, '2026-10-01')`, [fileId, ACCOUNT]),
      ).rejects.toThrow(/already exists|is already a partition/);
    }
  });

  test.each([
    ['no number', [null, ACCOUNT, '2026-10-02']],
    ['no account', ['77777', null, '2026-10-02']],
    ['no day', ['77777', ACCOUNT, null]],
    ['a number that nobody opened', ['77777', ACCOUNT, '2026-10-02']],
  ])('with %s attaches nothing and leaves nothing behind', async (_, args) => {
    const before = await tables();
    await expect(db.ingest.query('select attach_line_table($1, $2, $3)', args)).rejects.toThrow();
    expect(await tables()).toBe(before);
  });

  test('does not pass the lines of one account or month off as those of another', async () => {
    for (const [account, day] of [
      ['stall-wechat', '2026-10-03'],
      [ACCOUNT, '2026-11-03'],
    ]) {
      const before = await tables();
      const attempt = inTransaction(db.ingest, async (tx) => {
        const id = await nextFileId(tx);
        await tx.query('select open_line_table($1, $2, $3)', [id, ACCOUNT, '2026-10-03']);
        await tx.query(
          `insert into statement_lines_f${id} (occurred_at, amount_minor, line_no, line_type, currency)
           values ('2026-10-03T04:00:00Z', 1, 2, 'refund', 'CNY')`,
        );
        await tx.query('select attach_line_table($1, $2, $3)', [id, account, day]);
      });
      await expect(attempt).rejects.toThrow(/violat/);
      expect(await tables()).toBe(before);
    }
  });

  test('ends the right to write into the table: a loaded line is never joined by another', async () => {
    const { fileId } = await importPlain(db, { billDate: '2026-10-05' });
    for (const sql of [
      `insert into statement_lines_f${fileId} (occurred_at, amount_minor, line_no, line_type, currency) values (now(), 1, 9, 'refund', 'CNY')`,
      `update statement_lines_f${fileId} set amount_minor = 0`,
      `delete from statement_lines_f${fileId}`,
      `alter table statement_lines_f${fileId} rename to mine`,
      `drop table statement_lines_f${fileId}`,
    ]) {
      await expect(db.ingest.query(sql)).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('of matches: once attached, only what goes through the parent changes it', async () => {
    const { fileId } = await bring(db, { billDate: '2026-10-07', lines: [NOBODYS] });
    for (const sql of [
      `insert into matches_f${fileId} (refund_id) values (1)`,
      `update matches_f${fileId} set amount_minor = 0`,
      `delete from matches_f${fileId}`,
      `alter table matches_f${fileId} rename to mine`,
      `drop table matches_f${fileId}`,
    ]) {
      await expect(db.ingest.query(sql)).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('of matches: one with a line that still needs a look is not sealed, and one without its seal is not attached', async () => {
    const { fileId } = await importPlain(db, {
      billDate: '2026-10-08',
      lines: [{ ...NOBODYS, at: '2026-10-08 12:00:00' }],
    });
    const before = await tables();
    for (const call of ['seal_match_table', 'attach_match_table']) {
      const attempt = inTransaction(db.ingest, async (tx) => {
        const { rows } = await tx.query<{ lines: bigint }>(
          `select claim_match_table($1, $2, '2026-10-08', true, false, interval '1 day') as lines`,
          [fileId, ACCOUNT],
        );
        expect(rows).toEqual([{ lines: 1n }]);
        await tx.query(`select ${call}($1, $2, '2026-10-08')`, [fileId, ACCOUNT]);
      });
      await expect(attempt).rejects.toThrow(/null values|must be marked NOT NULL/);
      expect(await tables()).toBe(before);
    }
  });

  test('can be taken back of lines that no statement has become, and of no others', async () => {
    const { fileId: loaded } = await importPlain(db, { billDate: '2026-10-09' });
    const open = await nextFileIdOf();
    const over = await nextFileIdOf();
    for (const id of [open, over])
      await db.ingest.query('select open_line_table($1, $2, $3)', [id, ACCOUNT, '2026-10-09']);
    const never = await nextFileIdOf();
    for (const [id, state] of [
      [loaded, 'over'],
      [open, 'open'],
      [over, 'over'],
      [never, 'over'],
    ] as const) {
      await db.ingest.query(
        `insert into statement_splits (file_id, owner, run, account_id, kind, bill_date, uri, state)
         values ($1, 'w' || $1::bigint, 'r', $2, 'trade', '2026-10-09', 'file:x', $3)`,
        [id, ACCOUNT, state],
      );
      await db.ingest.query('select drop_line_table($1)', [id]);
    }
    const left = await countOf(db, 'pg_class where relname = any ($1)', [
      [loaded, open, over, never].map((id) => `statement_lines_f${id}`),
    ]);
    expect(left).toBe(2);
    expect(await countOf(db, `pg_class where relname = 'statement_lines_f${over}'`)).toBe(0);
  });

  test('for any other parent than lines and matches is nobody’s right but the owner’s', async () => {
    for (const parent of ['refunds', 'audit', 'matches']) {
      await expect(
        db.ingest.query(`select attach_file_table($1, 1, 'x', '2026-10-05')`, [parent]),
      ).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('is not led astray by tables of the caller’s own', async () => {
    const attempt = inTransaction(db.ingest, async (tx) => {
      await tx.query('create temp table statement_lines (mine int) on commit drop');
      await tx.query('create temp table pg_class (mine int) on commit drop');
      const id = await nextFileId(tx);
      const { rows } = await tx.query<{ leaf: string }>('select yuanlu.open_line_table($1, $2, $3) as leaf', [
        id,
        ACCOUNT,
        '2026-10-06',
      ]);
      await tx.query('select yuanlu.attach_line_table($1, $2, $3)', [id, ACCOUNT, '2026-10-06']);
      const columns = await tx.query<{ n: bigint }>(
        `select count(*) as n from information_schema.columns where table_schema = 'yuanlu' and table_name = $1`,
        [rows[0]?.leaf],
      );
      return columns.rows[0]?.n;
    });
    expect(await attempt).toBe(16n);
  });
});

test('a refund carries the numbers of its payment, whatever its insert says of them', async () => {
  const payment = await pay(db.pool, 100n, { transactionId: fresh('T') });
  const { refundNo } = requestFor(payment, 60n);
  await db.pool.query(
    `insert into refunds (merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, fingerprint, requested_at,
       payment_no, transaction_id)
     values ($1, $2, 'wechat', $3, $4, 60, 'CNY', '', now(), 'made up', 'made up')`,
    [MERCHANT, ACCOUNT, payment.id, refundNo],
  );
  const numbers = 'refunds where refund_no = $1 and payment_no = $2 and transaction_id = $3';
  expect(await countOf(db, numbers, [refundNo, payment.paymentNo, payment.transactionId])).toBe(1);
});

test('I2 the guard is not led astray either: a session with tables of the same names moves the real sum', async () => {
  const payment = await pay(db.pool, 100n);
  const { refundNo } = requestFor(payment, 60n);
  await inTransaction(db.pool, async (tx) => {
    for (const name of ['payments', 'audit', 'observations']) {
      await tx.query(`create temp table ${name} (like yuanlu.${name}) on commit drop`);
    }
    await tx.query(
      `insert into refunds (merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, fingerprint, requested_at)
       values ($1, $2, 'wechat', $3, $4, 60, 'CNY', '', now())`,
      [MERCHANT, ACCOUNT, payment.id, refundNo],
    );
  });
  expect(await sumsOf(db, payment.id)).toMatchObject({ reserved: 60n, counted: 60n });
  expect(await countOf(db, `audit where after->>'refund_no' = $1`, [refundNo])).toBe(1);
});

test.each([
  [
    'I2 the sum of a payment',
    'keep_reserved',
    '(id bigint, counted boolean, amount_minor bigint, payment_id bigint)',
    '(1, true, -60, 1)',
  ],
  [
    'the numbers of its refunds',
    'pass_numbers_on',
    '(id bigint, payment_no text, transaction_id text)',
    `(1, 'other', 'other')`,
  ],
])('%s cannot be moved by putting the trigger on a table of one’s own', async (_, trigger, columns, row) => {
  for (const pool of [db.pool, db.ingest]) {
    await expect(
      inTransaction(pool, async (tx) => {
        await tx.query(`create temp table mine ${columns} on commit drop`);
        await tx.query(
          `create trigger mine after insert on mine for each row execute function yuanlu.${trigger}()`,
        );
        await tx.query(`insert into mine values ${row}`);
      }),
    ).rejects.toThrow(`permission denied for function yuanlu.${trigger}`);
  }
});

test('every function that runs as the owner has a search path of its own and is closed to the public', async () => {
  const { rows } = await db.owner.query<{ name: string }>(
    `select p.proname as name from pg_proc p
      where p.pronamespace = 'yuanlu'::regnamespace and p.prosecdef
        and (not coalesce(p.proconfig::text like '%search_path=pg_catalog, pg_temp%', false)
             or has_function_privilege('public', p.oid, 'execute'))`,
  );
  expect(rows).toEqual([]);
});
