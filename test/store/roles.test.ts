/** F93 I12: each process gets the rights that its work needs, and no role can change what was recorded. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { observe } from '../../store/observations.ts';
import type { Pool } from '../../store/pool.ts';
import { createPool } from '../../store/pool.ts';
import { recordEmptyStatement } from '../../store/statements.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';
import { importPlain } from '../statements/bills.ts';
import { ACCOUNT, minute, openAccounts, refundOf, said } from './books.ts';

let db: TestDatabase;
let report: Pool;
beforeAll(async () => {
  db = await testDatabase();
  report = createPool({ url: db.url, role: 'yuanlu_report', max: 2, name: 'test-report' });
  await openAccounts(db.pool);
  const refund = await refundOf(db.pool, 500n);
  await observe(db.pool, refund.id, [said('success', 3)]);
  await importPlain(db, {
    billDate: '2026-11-24',
    lines: [{ at: '2026-11-24 12:00:00', refundNo: 'R', amount: 1 }],
  });
});
afterAll(async () => {
  await report.end();
  await db.drop();
});

const DENIED = { code: '42501' };

const TABLES = [
  'channel_accounts',
  'payments',
  'refunds',
  'quotes',
  'idempotency_keys',
  'observations',
  'overdue_flags',
  'last_sweep',
  'arrival_plans',
  'holiday_notices',
  'api_keys',
  'act_audit',
  'approvals',
  'receipt_links',
  'webhook_events',
  'webhook_deliveries',
  'callbacks',
  'unbelieved_answers',
  'audit',
  'statement_files',
  'statement_lines',
  'quarantined_lines',
  'statement_splits',
  'statement_ranges',
  'line_changes',
  'matches',
  'match_news',
  'movement_matches',
  'movement_shares',
  'movement_leftovers',
  'movement_days',
  'breaks',
  'break_events',
  'forced_matches',
  'closed_days',
  'reopened_days',
  'closed_day_breaks',
  'closed_day_changes',
  'schema_migrations',
];

/** Secrets stand in it: reports read its other columns only. */
const WITH_SECRETS = 'webhook_endpoints';

const poolOf = (role: string): Pool => ({ app: db.pool, ingest: db.ingest, report })[role] ?? db.owner;

/** What matching itself takes back when a newer file says otherwise. */
const JUDGEMENTS = ['matches', 'movement_matches', 'movement_shares', 'movement_leftovers', 'movement_days'];

/** What is there only while a statement is loaded in ranges, and is no evidence of anything. */
const UNDER_WAY = ['statement_splits', 'statement_ranges'];

/** Every table and role, without the two exceptions. */
const DELETES = ['app', 'ingest', 'report'].flatMap((role) =>
  [...TABLES, WITH_SECRETS]
    .filter((table) => role !== 'ingest' || ![...JUDGEMENTS, ...UNDER_WAY].includes(table))
    .map((table) => [role, table] as const),
);

describe('no role', () => {
  test.each(DELETES)('%s deletes or empties %s', async (role, table) => {
    await expect(poolOf(role).query(`delete from ${table}`)).rejects.toMatchObject(DENIED);
    await expect(poolOf(role).query(`truncate ${table}`)).rejects.toMatchObject(DENIED);
  });

  test.each(
    ['app', 'ingest', 'report'].flatMap((role) =>
      [
        `update observations set observed_at = now()`,
        `update audit set actor = 'nobody'`,
        `insert into audit (refund_id, seq, action, after, previous_hash, hash) values (1, 99, 'x', '{}', '', '')`,
        `update statement_lines set amount_minor = 0`,
        `insert into statement_lines (file_id, occurred_at, amount_minor, bill_date, line_no, account_id, line_type, currency)
         values (1, now(), 1, '2026-11-24', 1, '${ACCOUNT}', 'refund', 'CNY')`,
        `update quarantined_lines set raw = ''`,
        `update overdue_flags set level = 0`,
        `update arrival_plans set promise_at = now()`,
        `update idempotency_keys set fingerprint = ''`,
        `update receipt_links set expires_at = now()`,
        `update receipt_links set handle = '0123456789abcdef'`,
        `update schema_migrations set checksum = ''`,
        `insert into schema_migrations values ('9999-x.sql', '')`,
        `update payments set captured_minor = 1`,
        `update payments set reserved_minor = 0`,
        `update refunds set amount_minor = 1`,
        `update refunds set refund_no = 'other'`,
        `update refunds set fingerprint = ''`,
        `update refunds set goods_received_at = now()`,
        `update refunds set quote_id = 1`,
        `update refunds set payment_no = 'other'`,
        `update refunds set transaction_id = 'other'`,
        `update quotes set total_minor = 1`,
        `update matches set amount_agrees = true`,
        `update match_news set refund_id = 1`,
        `update line_changes set after_line = 1`,
        `update movement_shares set minor = 1`,
        `update movement_leftovers set minor = 1`,
        `update callbacks set body = ''`,
        `insert into api_keys (merchant_id, name, sha256, scopes, created_at) values ('m', 'n', repeat('0', 64), '{x}', now())`,
        `update api_keys set scopes = '{x}'`,
        `insert into closed_day_changes (account_id, bill_date, change) values ('${ACCOUNT}', '2026-11-24', 'break_opened')`,
        `update closed_days set record = 'x'`,
        `update closed_days set changes_seen = 9`,
        `update closed_day_breaks set leaf = '{}'`,
        `update reopened_days set reason = 'x'`,
        `update webhook_events set type = 'refund.failed'`,
        `insert into webhook_events (merchant_id, type, at) values ('m', 'webhook.test', now())`,
        `insert into webhook_deliveries (event, endpoint_id, merchant_id) values (1, 1, 'm')`,
        `update webhook_deliveries set endpoint_id = 1`,
        `update webhook_endpoints set url = 'https://other.example.com'`,
        `update webhook_endpoints set merchant_id = 'other'`,
        `update api_keys set revoked_at = null, expires_at = null`,
        `insert into act_audit (subject, subject_id, seq, at, actor, action, after, previous_hash, hash) values ('api_key', 1, 9, now(), 'x', 'api_key.x', '{}', '', '')`,
      ].map((sql) => [role, sql] as const),
    ),
  )('%s rewrites what was recorded: %s', async (role, sql) => {
    await expect(poolOf(role).query(sql)).rejects.toMatchObject(DENIED);
  });

  test.each(
    ['app', 'ingest', 'report'].flatMap((role) =>
      [
        'create table yuanlu.mine (id int)',
        'create table public.mine (id int)',
        'create view yuanlu.mine as select 1',
        'create schema mine',
        'create function yuanlu.mine() returns int language sql as $$ select 1 $$',
        'alter table audit disable trigger append_only',
        'drop trigger keep_reserved on refunds',
        'alter table observations add column x int',
        'alter table payments drop constraint refund_exceeds_payment',
        'drop table audit',
        'create index on refunds (reason)',
        'set session_replication_role = replica',
        'create role mine',
      ].map((sql) => [role, sql] as const),
    ),
  )('%s does DDL or opens a door: %s', async (role, sql) => {
    await expect(poolOf(role).query(sql)).rejects.toMatchObject(DENIED);
  });
});

test('no role can hand out rights, to itself or to others', async () => {
  for (const pool of [db.pool, db.ingest, report]) {
    // Without the right to grant Postgres refuses, or warns that nothing was granted.
    await pool.query('grant insert, delete on audit to yuanlu_app').catch(() => undefined);
  }
  await expect(db.pool.query('delete from audit')).rejects.toMatchObject(DENIED);
});

describe('the role of statements (ingest)', () => {
  test.each([
    `insert into refunds (merchant_id) values ('x')`,
    `update refunds set state = 'succeeded'`,
    `update refunds set overdue_level = 0`,
    `insert into payments (merchant_id) values ('x')`,
    `update payments set transaction_id = 'x'`,
    `insert into observations (refund_id, source, kind, ref, observed_at, body) values (1, 'x', 'x', 'x', now(), '{}')`,
    `insert into idempotency_keys values ('m', 'k', 'f', 1, now())`,
    `insert into quotes (merchant_id) values ('x')`,
    `insert into callbacks (channel, received_at, headers, body, body_sha256, verdict) values ('wechat', now(), '{}', '', '', 'refused')`,
    `insert into channel_accounts (id, merchant_id, channel, external_id) values ('x', 'x', 'wechat', 'x')`,
    `insert into overdue_flags (refund_id, level, at) values (1, 1, now())`,
    `select * from api_keys`,
    `update api_keys set last_used_at = now()`,
    `select * from webhook_endpoints`,
    `select * from webhook_deliveries`,
    `update webhook_deliveries set status = 'delivered'`,
    `select tell_test(1, now())`,
  ])('does not touch refunds and their evidence: %s', async (sql) => {
    await expect(db.ingest.query(sql)).rejects.toMatchObject(DENIED);
  });

  test('does not read callbacks, which carry what payers are called', async () => {
    await expect(db.ingest.query('select * from callbacks')).rejects.toMatchObject(DENIED);
  });
});

describe('the role of requests (app)', () => {
  test.each([
    `insert into statement_files (account_id, kind, bill_date, revision, status, received_at) values ('${ACCOUNT}', 'trade', '2026-01-01', 1, 'empty', now())`,
    `update statement_files set matched_at = null`,
    `insert into matches (file_id, refund_id, amount_minor, occurred_at, line_no, bill_date, pass, amount_agrees, account_id)
     values (1, 1, 1, now(), 1, '2026-11-24', 1, true, '${ACCOUNT}')`,
    `insert into breaks (kind, dedupe_key, account_id, refund_id, currency, opened_at) values ('late', 'x', '${ACCOUNT}', 1, 'CNY', now())`,
    `update breaks set kind = 'late'`,
    `update breaks set expected_minor = 1`,
    `insert into match_news (file_id, refund_id) values (1, 1)`,
    `insert into line_changes (file_id, change_no, after_line) values (1, 1, 1)`,
    `select open_line_table(99, 'x', '2026-11-24')`,
    `select attach_line_table(99, 'x', '2026-11-24')`,
    `select claim_match_table(99, 'x', '2026-11-24', true, false, '1 day')`,
    `select seal_match_table(99, 'x', '2026-11-24')`,
    `select attach_match_table(99, 'x', '2026-11-24')`,
    `select attach_file_table('matches', 99, 'x', '2026-11-24')`,
    `select tell_partitions('matches', 'x', '2026-11-24')`,
    `select tell_settled_file(1, 'x', '2026-11-24', now())`,
    `select carry_decisions(1, now())`,
    `insert into forced_matches (break_id, account_id, file_id, line_no, refund_id, event_id, made_at) values (1, 'x', 1, 1, 1, 1, now())`,
    `update breaks set assigned_to = 'eve'`,
  ])('writes nothing of the statements: %s', async (sql) => {
    await expect(db.pool.query(sql)).rejects.toMatchObject(DENIED);
  });

  test('cannot take on another role, nor the rights of the owner', async () => {
    const granted = await db.owner.query<{ role: string; inherits: string[] }>(
      `select r.rolname as role, array_agg(m.rolname::text) as inherits from pg_auth_members am
         join pg_roles r on r.oid = am.member join pg_roles m on m.oid = am.roleid
        where r.rolname in ('yuanlu_app', 'yuanlu_ingest', 'yuanlu_report') group by 1`,
    );
    expect(granted.rows).toEqual([]);
    const { rows } = await db.owner.query(
      `select rolname from pg_roles where rolname in ('yuanlu_app', 'yuanlu_ingest', 'yuanlu_report')
          and (rolsuper or rolcreaterole or rolcreatedb or rolcanlogin or rolbypassrls or rolreplication)`,
    );
    expect(rows).toEqual([]);
  });
});

describe('the role of reports', () => {
  test('reads the books and the trail', async () => {
    for (const table of [
      ...TABLES,
      'refund_status',
      'refund_book',
      'live_matches',
      'matched_line_evidence',
      'all_movement_matches',
    ]) {
      await expect(report.query(`select * from ${table} limit 1`)).resolves.toBeDefined();
    }
  });

  test('reads of webhook endpoints everything but their secrets, encrypted as they are', async () => {
    await expect(report.query('select id, url, disabled_why from webhook_endpoints')).resolves.toBeDefined();
    for (const column of ['secret', 'previous_secret', '*'])
      await expect(report.query(`select ${column} from webhook_endpoints`)).rejects.toMatchObject(DENIED);
  });

  test('F93 writes nothing at all', async () => {
    const { rows } = await db.owner.query<{ table: string; right: string }>(
      `select table_name as "table", privilege_type as right from information_schema.table_privileges
        where grantee = 'yuanlu_report' and table_schema = 'yuanlu' and privilege_type <> 'SELECT'`,
    );
    expect(rows).toEqual([]);
    await expect(
      recordEmptyStatement(report, {
        accountId: ACCOUNT,
        kind: 'trade',
        billDate: '2026-11-25',
        now: minute(1),
      }),
    ).rejects.toMatchObject(DENIED);
  });
});

test('everybody else has no right to anything of the schema', async () => {
  const { rows } = await db.owner.query(
    `select table_name from information_schema.table_privileges where table_schema = 'yuanlu' and grantee = 'PUBLIC'
      union all
     select nspname from pg_namespace where nspname = 'yuanlu'
        and exists (select from aclexplode(nspacl) where grantee = 0)`,
  );
  expect(rows).toEqual([]);
});
