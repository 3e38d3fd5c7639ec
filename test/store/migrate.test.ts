/** F89: the schema is brought up to date once, in order, by whoever comes first, and never by guessing. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { assertSchemaCurrent, migrate, readMigrations } from '../../store/migrate.ts';
import type { Pool } from '../../store/pool.ts';
import { createPool } from '../../store/pool.ts';
import { withDatabase } from '../support/database.ts';
import { required } from '../support/required.ts';

const adminUrl = required('YUANLU_TEST_DATABASE_URL');
const made: string[] = [];
let url: string;
let owner: Pool;

async function asAdmin(sql: string): Promise<void> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(sql);
  } finally {
    await admin.end();
  }
}

beforeEach(async () => {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(`create database ${name}`);
  made.push(name);
  url = withDatabase(adminUrl, name);
  owner = createPool({ url, role: null, max: 2, name: 'test-migrate' });
});

afterEach(() => owner.end());

afterAll(async () => {
  for (const name of made) await asAdmin(`drop database if exists ${name} with (force)`);
});

const names = async (): Promise<string[]> => (await readMigrations()).map((one) => one.name);

async function recorded(): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>('select name from schema_migrations order by name');
  return rows.map((row) => row.name);
}

/** Everything that there is in the schema, so that "nothing changed" means nothing. */
async function inventory(): Promise<unknown> {
  const { rows } = await owner.query(
    `select c.relname, c.relkind, c.relacl::text, (select count(*) from pg_attribute a where a.attrelid = c.oid) as columns
       from pg_class c where c.relnamespace = 'yuanlu'::regnamespace order by c.relname`,
  );
  return rows;
}

describe('an empty database', () => {
  test('gets all migrations in the order of their numbers, and is current afterwards', async () => {
    const all = await names();

    expect(await migrate(url)).toEqual({ applied: all });

    expect(all).toEqual(all.toSorted());
    expect(new Set(all.map((name) => name.slice(0, 4))).size).toBe(all.length);
    expect(await recorded()).toEqual(all);
    await expect(assertSchemaCurrent(owner)).resolves.toBeUndefined();
  });

  test('gets them once when four processes start at the same time', async () => {
    const ends = await Promise.all([migrate(url), migrate(url), migrate(url), migrate(url)]);

    expect(ends.map(({ applied }) => applied.length).toSorted()).toEqual([0, 0, 0, (await names()).length]);
    await expect(assertSchemaCurrent(owner)).resolves.toBeUndefined();
  });

  test('is not current, and says what to do', async () => {
    await expect(assertSchemaCurrent(owner)).rejects.toMatchObject({
      code: 'schema_outdated',
      details: { why: 'the schema is not there' },
    });
  });
});

/** Applies what came before the migration of that number. */
async function migrateBefore(number: string): Promise<void> {
  const earlier = (await readMigrations()).filter((one) => one.name < number);
  await owner.query('create schema yuanlu');
  await owner.query(
    `create table yuanlu.schema_migrations (name text primary key, checksum text not null, applied_at timestamptz default now())`,
  );
  for (const { sql } of earlier) await owner.query(sql);
  for (const { name, checksum } of earlier)
    await owner.query('insert into schema_migrations (name, checksum) values ($1, $2)', [name, checksum]);
}

describe('a database with rows of an earlier version', () => {
  test('is told what the lines of each file prove, by the channel of its account', async () => {
    await migrateBefore('0012');
    for (const channel of ['wechat', 'alipay', 'unionpay']) {
      await owner.query(
        `insert into channel_accounts (id, merchant_id, channel, external_id) values ($1, 'shop', $1, $1)`,
        [channel],
      );
      await owner.query(
        `insert into statement_files (account_id, kind, bill_date, revision, status, received_at)
         values ($1, 'trade', '2026-01-01', 1, 'loaded', now())`,
        [channel],
      );
    }

    await migrate(url);

    const { rows } = await owner.query('select account_id, proves from statement_files order by id');
    expect(rows).toEqual([
      { account_id: 'wechat', proves: 'acceptance' },
      { account_id: 'alipay', proves: 'completion' },
      { account_id: 'unionpay', proves: 'clearing' },
    ]);
  });

  test('takes every statement that was matched for followed, and no other', async () => {
    await migrateBefore('0058');
    await owner.query(
      `insert into channel_accounts (id, merchant_id, channel, external_id) values ('wx', 'shop', 'wechat', '1')`,
    );
    for (const [billDate, matchedAt] of [
      ['2026-01-01', '2026-01-02T02:00:00Z'],
      ['2026-01-02', null],
    ]) {
      await owner.query(
        `insert into statement_files (account_id, kind, bill_date, revision, status, received_at, matched_at)
         values ('wx', 'trade', $1, 1, 'loaded', now(), $2)`,
        [billDate, matchedAt],
      );
    }

    await migrate(url);

    const { rows } = await owner.query('select followed_at from statement_files order by id');
    expect(rows).toEqual([{ followed_at: new Date('2026-01-02T02:00:00Z') }, { followed_at: null }]);
  });

  test('has the numbers of its payments beside each refund, and neither audit nor webhooks speak of it', async () => {
    await migrateBefore('0053');
    await owner.query(
      `insert into channel_accounts (id, merchant_id, channel, external_id) values ('wx', 'shop', 'wechat', '1')`,
    );
    for (const [paymentNo, transactionId] of [
      ['P1', 'T1'],
      ['P2', null],
    ]) {
      await owner.query(
        `with paid as (
           insert into payments (merchant_id, account_id, payment_no, transaction_id, captured_minor, currency, fingerprint, created_at)
           values ('shop', 'wx', $1, $2, 100, 'CNY', '', now()) returning id)
         insert into refunds (merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, fingerprint, requested_at)
         select 'shop', 'wx', 'wechat', id, 'R-' || $1, 1, 'CNY', '', now() from paid`,
        [paymentNo, transactionId],
      );
    }
    const told = async (): Promise<unknown> => {
      const counted = await owner.query<Record<string, bigint>>(
        'select (select count(*) from audit) as audit, (select count(*) from webhook_events) as events',
      );
      return counted.rows;
    };
    const before = await told();

    await migrate(url);

    expect(await told()).toEqual(before);

    const { rows } = await owner.query(
      'select refund_no, payment_no, transaction_id from refund_book order by id',
    );
    expect(rows).toEqual([
      { refund_no: 'R-P1', payment_no: 'P1', transaction_id: 'T1' },
      { refund_no: 'R-P2', payment_no: 'P2', transaction_id: null },
    ]);
  });
});

describe('a database that is up to date', () => {
  beforeEach(async () => {
    await migrate(url);
  });

  test('is left as it is', async () => {
    const before = await inventory();
    expect(await migrate(url)).toEqual({ applied: [] });
    expect(await inventory()).toEqual(before);
  });

  test('can be looked at by each role that runs', async () => {
    for (const role of ['yuanlu_app', 'yuanlu_ingest', 'yuanlu_report'] as const) {
      const pool = createPool({ url, role, max: 1, name: 'test-role' });
      await expect(assertSchemaCurrent(pool)).resolves.toBeUndefined();
      await pool.end();
    }
  });

  test('F89 whose migration was edited after it was applied is refused by everybody, and not touched', async () => {
    const [, second] = await names();
    await owner.query(`update schema_migrations set checksum = 'other' where name = $1`, [second]);
    const before = await inventory();

    for (const attempt of [() => migrate(url), () => assertSchemaCurrent(owner)]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'schema_outdated',
        details: { why: `${second ?? ''} was edited after it was applied` },
      });
    }
    expect(await inventory()).toEqual(before);
  });

  test('F89 that a newer version has migrated is refused by everybody', async () => {
    await owner.query(`insert into schema_migrations (name, checksum) values ('9999-later.sql', 'x')`);
    for (const attempt of [() => migrate(url), () => assertSchemaCurrent(owner)]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'schema_outdated',
        details: { why: expect.stringContaining('9999-later.sql') as string },
      });
    }
  });

  test('F89 that lacks the newest migration is refused at start, with its name', async () => {
    const last = (await names()).at(-1) ?? '';
    await owner.query('delete from schema_migrations where name = $1', [last]);
    await expect(assertSchemaCurrent(owner)).rejects.toMatchObject({
      code: 'schema_outdated',
      details: { missing: last },
    });
  });
});

describe('a migration that fails half way', () => {
  test('F89 leaves nothing of itself, keeps those before it, and is done by the next run', async () => {
    const all = await names();
    // Somebody made a table that 0003 is about to make as its second.
    await owner.query('create schema yuanlu');
    await owner.query('create table yuanlu.audit (mine int)');

    await expect(migrate(url)).rejects.toThrow(/"audit" already exists/);

    expect(await recorded()).toEqual(all.filter((name) => name < '0003'));
    const { rows } = await owner.query(`select to_regclass('yuanlu.callbacks') as callbacks`);
    expect(rows).toEqual([{ callbacks: null }]);

    await owner.query('drop table yuanlu.audit');
    expect(await migrate(url)).toEqual({ applied: all.filter((name) => name > '0003') });
  });

  test('keeps no lock and no connection', async () => {
    await owner.query('create schema yuanlu');
    await owner.query('create table yuanlu.audit (mine int)');
    await expect(migrate(url)).rejects.toThrow();

    await vi.waitFor(async () => {
      const { rows } = await owner.query(
        `select pid from pg_stat_activity where datname = current_database() and application_name = 'migrate'`,
      );
      expect(rows).toEqual([]);
    });
  });
});

test('a server that is not there is said in the words of the catalogue', async () => {
  const nowhere = new URL(url);
  nowhere.port = '1';
  await expect(migrate(nowhere.toString())).rejects.toMatchObject({ code: 'database_unavailable' });
  const pool = createPool({ url: nowhere.toString(), role: 'yuanlu_app', max: 1, name: 'test-nowhere' });
  await expect(assertSchemaCurrent(pool)).rejects.toMatchObject({ code: 'database_unavailable' });
  await pool.end();
});
