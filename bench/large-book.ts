/** A book of many open refunds, and the bills of a few of its days. */
import { PARALLEL_ON, PLANNER_SETTINGS } from '../store/match-sql.ts';
import type { Pool } from '../store/pool.ts';
import { inTransaction } from '../store/pool.ts';
import type { MadeUpRefund } from './bill.ts';
import { ACCOUNT, MERCHANT } from './bill.ts';
import { fillBooks, onBooks } from './books.ts';
import type { Bill, WholeWay } from './matching.ts';
import { ingestPool, wholeWay } from './matching.ts';

/** Accepted before any of the days that have a bill: none of them is missing in one. */
const OPEN_SINCE = '2026-11-02T00:00:00Z';
const OPEN_DAYS = 8;

/**
 * Makes a database with the refunds of the bills and so many more that are open, each of a payment of its own, as they would be by
 * now. Filling is not measured: what indexes can be made afterwards is.
 */
export async function fillLargeBook(
  adminUrl: string,
  name: string,
  o: { readonly refunds: readonly MadeUpRefund[]; readonly open: number },
): Promise<void> {
  await fillBooks(adminUrl, o.refunds, name);
  await onBooks(adminUrl, name, async (client) => {
    await client.query(
      `set session_replication_role = replica; set maintenance_work_mem = '512MB'; set max_parallel_maintenance_workers = 1`,
    );
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `select indexname as name, indexdef as definition from pg_indexes
        where schemaname = 'yuanlu' and tablename in ('payments', 'refunds')
          and not exists (select from pg_constraint c where c.conindid = format('yuanlu.%I', indexname)::regclass)`,
    );
    for (const index of indexes) await client.query(`drop index yuanlu.${index.name}`);
    await client.query(
      `insert into yuanlu.payments (id, merchant_id, account_id, payment_no, transaction_id, captured_minor, currency, reserved_minor,
         fingerprint, created_at)
       overriding system value
       select $1 + n, $2, $3, 'OPEN' || lpad(n::text, 10, '0'), '42000033' || lpad(n::text, 20, '0'), 100000, 'CNY', 100 + n % 1000,
              'made-up', $4::timestamptz from generate_series(1, $5::int) n`,
      [FIRST_ID, MERCHANT, ACCOUNT, OPEN_SINCE, o.open],
    );
    await client.query(
      `insert into yuanlu.refunds (id, merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, fingerprint,
         requested_at, state, channel_refund_no, accepted_at, workflow_started_at, payment_no, transaction_id)
       overriding system value
       select $1 + n, $2, $3, 'wechat', $1 + n, 'OPEN' || lpad(n::text, 10, '0'), 100 + n % 1000, 'CNY', 'made-up', at, 'processing',
              '5030' || lpad(n::text, 20, '0'), at, at, 'OPEN' || lpad(n::text, 10, '0'), '42000033' || lpad(n::text, 20, '0')
         from (select n, $4::timestamptz + n * (make_interval(days => $6) / $5::int) as at from generate_series(1, $5::int) n) made_up`,
      [FIRST_ID, MERCHANT, ACCOUNT, OPEN_SINCE, o.open, OPEN_DAYS],
    );
    for (const index of indexes) await client.query(index.definition);
    await client.query('vacuum analyze yuanlu.payments, yuanlu.refunds');
  });
}

/** Ids of open refunds are above those of all bills. */
const FIRST_ID = 100_000_000;

export interface LargeBook {
  readonly ways: readonly WholeWay[];
  /** How Postgres finds the refunds of the lines, in words. */
  readonly plan: string;
}

/** The bills one after the other into the same book, by a worker that has been up for a while. */
export async function matchInLargeBook(
  url: string,
  bills: readonly Bill[],
  warmUp: Bill,
): Promise<LargeBook> {
  const pool = ingestPool(url);
  await wholeWay(pool, warmUp);
  const ways: WholeWay[] = [];
  for (const bill of bills) ways.push(await wholeWay(pool, bill));
  const plan = await planOf(pool, bills.at(-1)?.date ?? '');
  await pool.end();
  return { ways, plan };
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Of the join of all lines with the book, as it was when the day was matched: its statistics have not changed since. */
async function planOf(pool: Pool, billDate: string): Promise<string> {
  return inTransaction(pool, async (tx) => {
    const { rows: files } = await tx.query<{ id: bigint }>(
      `select id from statement_files where account_id = $1 and bill_date = $2 and status = 'loaded'`,
      [ACCOUNT, billDate],
    );
    await tx.query([PLANNER_SETTINGS, PARALLEL_ON].join(';'));
    const { rows } = await tx.query<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }>(
      `explain (format json)
       select * from line_claims(${String(files[0]?.id)}, '${ACCOUNT}', '${billDate}', true, false, '1 day')`,
    );
    return wordsOf(rows[0]?.['QUERY PLAN'][0]?.Plan).join(', ');
  });
}

/** Joins and what they read, from the outside in. */
function wordsOf(node: PlanNode | undefined): readonly string[] {
  if (node === undefined) return [];
  const { 'Node Type': type, 'Index Name': index, 'Relation Name': table } = node;
  const read = index ?? table;
  const own = read === undefined ? type : `${type} of ${read}`;
  return [own, ...(node.Plans ?? []).flatMap(wordsOf)];
}
