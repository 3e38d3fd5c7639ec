/**
 * The yardstick of whole days: DuckDB, with two threads, doing the same job from the same packed bill: lines read and normalised
 * into a table, matched by our number, then by the channel's, each refund once, what differs named, what is missing found, all of
 * it written to its file. Filling its books is not counted, as it is not for ours.
 */
import { rm } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { WholeWay } from './matching.ts';

/** Makes a file with the refunds that the books hold, from the CSV of `writeBooksCsv`. */
export async function fillDuck(path: string, csv: string): Promise<void> {
  await Promise.all([rm(path, { force: true }), rm(`${path}.wal`, { force: true })]);
  await within(path, async (duck) => {
    await duck.run(
      `create table refunds as select id::bigint as id, refund_no, channel_refund_no, amount_minor::bigint as amount_minor,
         requested_at::timestamptz as requested_at from read_csv('${csv}', all_varchar = true, header = true)`,
    );
  });
}

/** Lines and what was found as for ours; `matchMs` goes to the breaks, also those of what is missing, and to the disk. */
export type DuckWay = Pick<WholeWay, 'lines' | 'importMs' | 'matchMs' | 'found'>;

export function duckWholeWay(path: string, bill: string): Promise<DuckWay> {
  return within(path, async (duck) => {
    const began = performance.now();
    await duck.run(`create table lines as ${NORMALISED(bill)}`);
    const imported = performance.now();
    for (const step of MATCHING) await duck.run(step);
    await duck.run('checkpoint');
    const matched = performance.now();
    const [counts] = await rowsOf(
      duck,
      `select (select count(*) from lines)::int as lines,
              (select count(*) from verdicts where verdict = 'agrees')::int as matched,
              (select count(*) from verdicts where verdict = 'agrees' and by_channel_number)::int as "byChannelNumber"`,
    );
    const kinds = await rowsOf(duck, 'select kind, count(*)::int as n from breaks group by kind');
    const found = {
      matched: Number(counts?.['matched']),
      byChannelNumber: Number(counts?.['byChannelNumber']),
      breaks: Object.fromEntries(kinds.map((row) => [String(row['kind']), Number(row['n'])])),
    };
    return {
      ...{ lines: Number(counts?.['lines']), importMs: imported - began, matchMs: matched - imported },
      found,
    };
  });
}

async function within<T>(path: string, work: (duck: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(path, { threads: '2' });
  const duck = await instance.connect();
  try {
    return await work(duck);
  } finally {
    duck.closeSync();
    instance.closeSync();
  }
}

async function rowsOf(duck: DuckDBConnection, sql: string): Promise<readonly Record<string, unknown>[]> {
  return (await duck.runAndReadAll(sql)).getRowObjects();
}

/** The 27 columns of a trade bill. */
const COLUMNS = Array.from({ length: 27 }, (_, at) => `'c${String(at)}': 'varchar'`).join(', ');

/** Every row of the bill; names and summary have other separators, or no time in their first field. */
const NORMALISED = (bill: string): string => `
  select strptime(substr(c0, 2), '%Y-%m-%d %H:%M:%S') as occurred_at, c5 as transaction_id, c6 as payment_no, c9 as line_type,
         c11 as currency, c14 as channel_refund_no, c15 as refund_no,
         round(c16::decimal(18, 2) * 100)::bigint as amount_minor, c19 as status, c20 as goods,
         c21 as attach, c22 as fee, row_number() over () as line_no
    from read_csv('${bill}', delim = ',\`', quote = '', escape = '', header = false, skip = 1, null_padding = true,
                  strict_mode = false, auto_detect = false, columns = {${COLUMNS}})
   where c0[1:3] = '\`20'`;

const MATCHING: readonly string[] = [
  `create temp table owned as
     select l.line_no, l.amount_minor, l.occurred_at, l.channel_refund_no, r.id as refund_id, r.amount_minor as booked_minor,
            r.requested_at
       from lines l left join refunds r on r.refund_no = l.refund_no`,
  `create temp table claims as
     select line_no, amount_minor, occurred_at, refund_id, booked_minor, requested_at, false as by_channel_number
       from owned where refund_id is not null
     union all
     select o.line_no, o.amount_minor, o.occurred_at, r.id, r.amount_minor, r.requested_at, true
       from owned o left join refunds r on r.channel_refund_no = o.channel_refund_no where o.refund_id is null`,
  `create table verdicts as
     select line_no, refund_id, by_channel_number,
            case when refund_id is null then 'missing_in_books'
                 when row_number() over (partition by refund_id order by line_no) > 1 then 'duplicate_line'
                 when amount_minor <> booked_minor then 'amount_differs'
                 when requested_at > (occurred_at at time zone 'Asia/Shanghai') + interval 1 day then 'state_conflict'
                 else 'agrees' end as verdict
       from claims`,
  `create table breaks as
     select verdict as kind, v.refund_id, l.line_no, l.refund_no, l.channel_refund_no, l.amount_minor
       from verdicts v join lines l using (line_no) where verdict <> 'agrees'
     union all
     select 'missing_at_channel', r.id, null, r.refund_no, r.channel_refund_no, r.amount_minor
       from refunds r where not exists (from verdicts v where v.refund_id = r.id)`,
];
