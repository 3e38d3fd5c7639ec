/**
 * The yardstick of what a statement costs in Postgres, as a script for one evening does it: nine fields of each row, one hash, one
 * bare table, one join with our planner settings, and what differs named. No row is checked, nothing is kept for the next run, a
 * run that is repeated does everything twice.
 */
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { PARALLEL_OFF, PARALLEL_ON, PLANNER_SETTINGS } from '../store/match-sql.ts';
import type { Bill, WholeWay } from './matching.ts';
import { gunzip, packed } from './reading.ts';

/** What was found, as for ours, and how long all of it took. */
type BareWay = Pick<WholeWay, 'lines' | 'found'> & { readonly ms: number };

/** Puts the books in order, which is not counted, and then does the day, which is. */
export async function bareWay(url: string, bill: Bill): Promise<BareWay> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const step of books(bill.date)) await client.query(step);
    const began = performance.now();
    await client.query('set default_statistics_target = 20');
    await client.query('begin');
    await client.query(LINES);
    await pipeline(
      packed(bill.path),
      gunzip(),
      (source: AsyncIterable<Buffer>) => copyRows(source, bill.sha1),
      client.query(copyFrom('copy bare.lines from stdin')),
    );
    await client.query('commit');
    await client.query('analyze bare.lines (refund_no)');
    await client.query('begin');
    for (const step of MATCHING) await client.query(step);
    await client.query('commit');
    const ms = performance.now() - began;
    return { ...(await countFound(client)), ms };
  } finally {
    await client.end();
  }
}

const [TAB, LINE_FEED, COMMA, TICK, POINT, RETURN] = [9, 10, 44, 96, 46, 13];
/** When, transaction, payment, kind, currency, the channel's refund, ours, how much, how it stands. */
const KEPT = [0, 5, 6, 9, 11, 14, 15, 16, 19];
const AMOUNT = 16;

/** Rows as `copy` takes them: file, line, and the nine fields, the amount in fen. */
async function* copyRows(source: AsyncIterable<Buffer>, sha1: string): AsyncGenerator<Buffer, void> {
  const hash = createHash('sha1');
  let rest: Buffer = Buffer.alloc(0);
  let lineNo = 0;
  for await (const piece of source) {
    hash.update(piece);
    const text = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const out = Buffer.allocUnsafe(text.length * 2);
    let [at, start] = [0, 0];
    for (let end = text.indexOf(LINE_FEED); end >= 0; end = text.indexOf(LINE_FEED, start)) {
      const row = copyRow(text, { start, end, out, at, lineNo });
      if (row > at) lineNo += 1;
      at = row;
      start = end + 1;
    }
    rest = text.subarray(start);
    yield out.subarray(0, at);
  }
  if (hash.digest('hex') !== sha1) throw new Error('the bill is not the one that the channel hashed');
}

interface Row {
  readonly start: number;
  readonly end: number;
  readonly out: Buffer;
  readonly at: number;
  readonly lineNo: number;
}

/** Writes one row at `at` and says where it ends; names and sums, which have other columns, write nothing. */
function copyRow(text: Buffer, { start, end, out, at: from, lineNo }: Row): number {
  if (text[start] !== TICK) return from;
  let at = from + out.write(`1\t${String(lineNo + 1)}`, from, 'latin1');
  let [column, kept, field] = [0, 0, start + 1];
  for (let place = field; place <= end; place += 1) {
    const byte = text[place];
    const isLast = byte === RETURN || byte === LINE_FEED;
    if (!isLast && (byte !== COMMA || text[place + 1] !== TICK)) continue;
    if (column === KEPT[kept]) {
      out[at] = TAB;
      at += 1;
      for (let one = field; one < place; one += 1) {
        const digit = text[one] ?? 0;
        if (column === AMOUNT && digit === POINT) continue;
        out[at] = digit;
        at += 1;
      }
      kept += 1;
    }
    column += 1;
    field = place + 2;
    if (isLast || kept === KEPT.length) break;
  }
  if (kept < KEPT.length) return from;
  out[at] = LINE_FEED;
  return at + 1;
}

const books = (date: string): readonly string[] => [
  'drop schema if exists bare cascade',
  'create schema bare',
  `create table bare.refunds as
     select id, refund_no, channel_refund_no, amount_minor, requested_at from yuanlu.refunds
      where requested_at between date '${date}' - 7 and date '${date}' + 7`,
  'alter table bare.refunds add primary key (id)',
  'create unique index on bare.refunds (refund_no)',
  'create unique index on bare.refunds (channel_refund_no)',
  'vacuum analyze bare.refunds',
];

const LINES = `
  create table bare.lines (file_id integer, line_no integer, occurred_at timestamp, transaction_id text, payment_no text,
    line_type text, currency text, channel_refund_no text, refund_no text, amount_minor bigint, status text)`;

const JUDGED = `case when r.id is null then 'missing_in_books' when r.amount_minor <> l.amount_minor then 'amount_differs'
  when r.requested_at > (l.occurred_at at time zone 'Asia/Shanghai') + interval '1 day' then 'state_conflict' else 'agrees' end`;

/** By number, by the channel's number where that finds nothing, what comes twice, and what never came. */
const MATCHING: readonly string[] = [
  PLANNER_SETTINGS,
  PARALLEL_ON,
  `create table bare.verdicts as
     select l.line_no, r.id as refund_id, false as by_channel, ${JUDGED} as verdict
       from bare.lines l left join bare.refunds r on r.refund_no = l.refund_no`,
  PARALLEL_OFF,
  'analyze bare.verdicts',
  `update bare.verdicts v set refund_id = r.id, by_channel = true, verdict = ${JUDGED}
     from bare.lines l join bare.refunds r on r.channel_refund_no = l.channel_refund_no
    where v.refund_id is null and l.line_no = v.line_no`,
  `create table bare.breaks as
     select v.verdict as kind, v.refund_id, l.line_no, l.refund_no, l.channel_refund_no, l.amount_minor
       from bare.verdicts v join bare.lines l using (line_no) where v.verdict <> 'agrees'
     union all
     select 'duplicate_line', refund_id, max(line_no), null, null, null
       from bare.verdicts where refund_id is not null group by refund_id having count(*) > 1
     union all
     select 'missing_at_channel', r.id, null, r.refund_no, r.channel_refund_no, r.amount_minor
       from bare.refunds r where not exists (select from bare.verdicts v where v.refund_id = r.id)`,
];

async function countFound(client: pg.Client): Promise<Omit<BareWay, 'ms'>> {
  const { rows: kinds } = await client.query<{ kind: string; n: number }>(
    'select kind, count(*)::int as n from bare.breaks group by kind',
  );
  const breaks = Object.fromEntries(kinds.map(({ kind, n }) => [kind, n]));
  const { rows } = await client.query<{ lines: number; agree: number; by_channel: number }>(
    `select count(*)::int as lines, count(*) filter (where verdict = 'agrees')::int as agree,
            count(*) filter (where verdict = 'agrees' and by_channel)::int as by_channel from bare.verdicts`,
  );
  const [all] = rows;
  if (all === undefined) throw new Error('nothing was counted');
  const matched = all.agree - (breaks['duplicate_line'] ?? 0);
  return { lines: all.lines, found: { matched, byChannelNumber: all.by_channel, breaks } };
}
