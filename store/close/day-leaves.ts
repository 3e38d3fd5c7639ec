/**
 * The leaves of a closed day, in their order: the lines of each statement by their number, then the matches of each by line and
 * refund, then the breaks by their number. A leaf is canonical JSON (RFC 8785), written by the database itself; what is hashed
 * is its UTF-8. The encoding is that of `docs/day-close.md` and changes only together with the version of the record.
 */
import type { LeafBatch, LeafSection } from '../../domain/close/leaves.ts';
import type { Db, Tx } from '../pool.ts';
import type { AccountDay } from './day-facts.ts';

/** Rows that are in memory at once. */
const BATCH = 5_000;

/** What a leaf says: SQL by name, in the order of the names, which is that of canonical JSON. */
type LeafSql = readonly (readonly [name: string, sql: string, as: 'text' | 'plain'])[];

const LINE: LeafSql = [
  ['amount_minor', 'l.amount_minor', 'text'],
  ['channel_refund_no', 'l.channel_refund_no', 'text'],
  ['currency', 'l.currency', 'text'],
  ['fee_e5', 'l.fee_e5', 'text'],
  ['funding', 'l.funding', 'text'],
  ['leaf', `'line'`, 'text'],
  ['line_no', 'l.line_no', 'plain'],
  ['line_type', 'l.line_type', 'text'],
  ['occurred_at', instant('l.occurred_at'), 'text'],
  ['payer_minor', 'l.payer_minor', 'text'],
  ['payment_no', 'l.payment_no', 'text'],
  ['refund_no', 'l.refund_no', 'text'],
  ['statement', 'l.file_id', 'text'],
  ['status', 'l.status', 'text'],
  ['transaction_id', 'l.transaction_id', 'text'],
];

const MATCH: LeafSql = [
  ['amount_agrees', 'm.amount_agrees', 'plain'],
  ['amount_minor', 'm.amount_minor', 'text'],
  ['leaf', `'match'`, 'text'],
  ['line_no', 'm.line_no', 'plain'],
  ['pass', 'm.pass', 'plain'],
  ['refund_no', 'r.refund_no', 'text'],
  ['statement', 'm.file_id', 'text'],
];

const BREAK: LeafSql = [
  ['amount_minor', 'b.amount_minor', 'text'],
  ['channel_refund_no', 'b.channel_refund_no', 'text'],
  ['closed_reason', 'b.closed_reason', 'text'],
  ['currency', 'b.currency', 'text'],
  ['expected_minor', 'b.expected_minor', 'text'],
  ['id', 'b.id', 'text'],
  ['kind', 'b.kind', 'text'],
  ['leaf', `'break'`, 'text'],
  ['line_no', 'b.line_no', 'plain'],
  ['opened_at', instant('b.opened_at'), 'text'],
  ['refund_no', 'b.refund_no', 'text'],
  ['statement', 'b.file_id', 'text'],
  ['status', 'b.status', 'text'],
  ['transaction_id', 'b.transaction_id', 'text'],
];

function instant(sql: string): string {
  return `to_char(${sql} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** Canonical JSON of those members. `to_json` escapes texts as RFC 8785 asks for. */
function leafOf(members: LeafSql): string {
  const texts = members.map(([name, sql, as]) => {
    const value = as === 'text' ? `to_json((${sql})::text)::text` : `(${sql})::text`;
    return `'"${name}":' || coalesce(${value}, 'null')`;
  });
  return `'{' || ${texts.join(` || ',' || `)} || '}'`;
}

/** As it is now, for a day that is to be closed; `closing` for a day as it was when that closing saw it. */
export interface LeavesOf extends AccountDay {
  readonly fileIds: readonly string[];
  readonly closing: { readonly id: string; readonly changesSeen: bigint } | null;
}

/** Wants a transaction in which nothing of the day changes: its lock, or a snapshot. */
export async function* dayLeaves(tx: Tx, of: LeavesOf): AsyncGenerator<LeafBatch> {
  // The first row is wanted as soon as the last one: no plan that is quick to begin and slow to end.
  await tx.query('set local cursor_tuple_fraction = 1');
  const { accountId, billDate } = of;
  for (const fileId of of.fileIds)
    yield* batches(tx, 'line', fileId, { sql: LINES, values: [accountId, billDate, fileId] });
  const seen = of.closing === null ? null : String(of.closing.changesSeen);
  for (const fileId of of.fileIds)
    yield* batches(tx, 'match', fileId, { sql: MATCHES, values: [accountId, billDate, fileId, seen] });
  const breaks =
    of.closing === null
      ? { sql: BREAKS, values: [accountId, billDate] }
      : { sql: KEPT_BREAKS, values: [of.closing.id] };
  yield* batches(tx, 'break', null, breaks);
}

const LINES = `
  select ${leafOf(LINE)} as leaf, l.line_no::text as no from yuanlu.statement_lines l
   where l.account_id = $1 and l.bill_date = $2 and l.file_id = $3 order by l.line_no`;

/**
 * The matches as they were after the change $4, or as they are now where that is null: of each match that changed since, the
 * first change says whether it was there.
 */
const MATCHES = `
  with first_change as (
    select distinct on (line_no, refund_id, pass) line_no, refund_id, pass, amount_minor, amount_agrees, file_id, change
      from yuanlu.closed_day_changes
     where account_id = $1 and bill_date = $2 and file_id = $3 and id > $4 and change in ('match_added', 'match_removed')
     order by line_no, refund_id, pass, id),
  m as (
    select n.file_id, n.line_no, n.refund_id, n.pass, n.amount_minor, n.amount_agrees from yuanlu.matches n
     where n.account_id = $1 and n.bill_date = $2 and n.file_id = $3
       and not exists (select from first_change c
                        where c.line_no = n.line_no and c.refund_id = n.refund_id and c.pass = n.pass)
    union all
    select file_id, line_no, refund_id, pass, amount_minor, amount_agrees from first_change where change = 'match_removed')
  select ${leafOf(MATCH)} as leaf, m.line_no::text as no
    from m left join yuanlu.refund_book r on r.id = m.refund_id
   order by m.line_no, m.refund_id, m.pass`;

const BREAKS = `
  select ${leafOf(BREAK)} as leaf, b.id::text as no from yuanlu.breaks b
   where b.account_id = $1 and yuanlu.day_of_break(b.bill_date, b.detail) = $2 order by b.id`;

const KEPT_BREAKS = `
  select leaf, break_id::text as no from yuanlu.closed_day_breaks where closed_day_id = $1 order by position`;

let cursors = 0;

async function* batches(
  tx: Tx,
  section: LeafSection,
  fileId: string | null,
  query: { readonly sql: string; readonly values: readonly unknown[] },
): AsyncGenerator<LeafBatch> {
  cursors += 1;
  const name = `day_leaves_${String(cursors)}`;
  await tx.query(`declare ${name} no scroll cursor for ${query.sql}`, [...query.values]);
  for (;;) {
    const { rows } = await tx.query<{ leaf: string; no: string }>(`fetch ${String(BATCH)} from ${name}`);
    if (rows.length > 0) yield { section, statementId: fileId, leaves: rows };
    if (rows.length < BATCH) break;
  }
  await tx.query(`close ${name}`);
}

/** Keeps the leaves of the breaks of a day with its closing: they go on changing. Wants the day's lock. */
export async function keepBreakLeaves(
  tx: Tx,
  closingId: string,
  { accountId, billDate }: AccountDay,
): Promise<void> {
  await tx.query(
    `insert into yuanlu.closed_day_breaks (closed_day_id, position, break_id, leaf)
     select $3, row_number() over (order by no::bigint) - 1, no::bigint, leaf from (${BREAKS}) kept`,
    [accountId, billDate, closingId],
  );
}

/** Where a refund stands in the lines, matches and breaks of a statement's day: by statement and line, and by break. */
export interface RefundPlaces {
  readonly lines: readonly { readonly fileId: string; readonly lineNo: string }[];
  readonly breakIds: readonly string[];
}

/** The leaves of a closing that are about a refund, also where its match is gone since. */
export async function placesOfRefund(
  db: Db,
  closing: { readonly id: string; readonly changesSeen: bigint } & AccountDay,
  refundId: string,
): Promise<RefundPlaces> {
  const { accountId, billDate } = closing;
  const lines = await db.query<{ file_id: bigint; line_no: number }>(
    `with first_change as (
       select distinct on (file_id, line_no, pass) file_id, line_no, pass, change from yuanlu.closed_day_changes
        where account_id = $1 and bill_date = $2 and refund_id = $3 and id > $4 and change in ('match_added', 'match_removed')
        order by file_id, line_no, pass, id)
     select m.file_id, m.line_no from yuanlu.matches m
      where m.account_id = $1 and m.bill_date = $2 and m.refund_id = $3
        and not exists (select from first_change c where c.file_id = m.file_id and c.line_no = m.line_no and c.pass = m.pass)
     union
     select file_id, line_no from first_change where change = 'match_removed'`,
    [accountId, billDate, refundId, String(closing.changesSeen)],
  );
  const breaks = await db.query<{ break_id: bigint }>(
    `select k.break_id from yuanlu.closed_day_breaks k join yuanlu.breaks b on b.id = k.break_id
      where k.closed_day_id = $1 and b.refund_id = $2`,
    [closing.id, refundId],
  );
  return {
    lines: lines.rows.map((row) => ({ fileId: String(row.file_id), lineNo: String(row.line_no) })),
    breakIds: breaks.rows.map((row) => String(row.break_id)),
  };
}
