/** Closings of days as they are kept: written once, never edited, with what has changed about their days since. */
import type { Db, Tx } from '../pool.ts';
import { sqlState } from '../pool.ts';
import { AppError, invariant } from '../../domain/errors.ts';
import type { AccountDay } from './day-facts.ts';
import { keepBreakLeaves } from './day-leaves.ts';

export const DAY_CHANGES = [
  'statement_added',
  'match_added',
  'match_removed',
  'break_opened',
  'break_closed',
] as const;
export type DayChange = (typeof DAY_CHANGES)[number];

export interface Closing extends AccountDay {
  readonly id: string;
  readonly merchantId: string;
  /** 1, 2, … for the closings of one day. */
  readonly closing: number;
  readonly approvalId: string;
  readonly closedAt: Date;
  readonly treeSize: number;
  /** Hex. */
  readonly root: string;
  /** The signed record, to the byte. */
  readonly record: string;
  readonly changesSeen: bigint;
  readonly reopened: { readonly at: Date; readonly by: string; readonly reason: string } | null;
  /** What has changed about the day since, how often. */
  readonly changedSince: Readonly<Partial<Record<DayChange, number>>>;
}

const SELECT = `
  select c.*, a.merchant_id, r.reopened_at, r.reopened_by, r.reason as reopened_for,
         (select coalesce(jsonb_object_agg(change, times), '{}')
            from (select change, count(*) as times from yuanlu.closed_day_changes h
                   where h.account_id = c.account_id and h.bill_date = c.bill_date and h.id > c.changes_seen
                   group by change) since) as changed_since
    from yuanlu.closed_days c
    join yuanlu.channel_accounts a on a.id = c.account_id
    left join yuanlu.reopened_days r on r.closed_day_id = c.id`;

interface Row {
  readonly id: bigint;
  readonly account_id: string;
  readonly merchant_id: string;
  readonly bill_date: string;
  readonly closing: number;
  readonly approval_id: bigint;
  readonly closed_at: Date;
  readonly tree_size: bigint;
  readonly root: string;
  readonly record: string;
  readonly changes_seen: bigint;
  readonly reopened_at: Date | null;
  readonly reopened_by: string | null;
  readonly reopened_for: string | null;
  readonly changed_since: Partial<Record<DayChange, number>>;
}

function toClosing(row: Row): Closing {
  const { reopened_at: at, reopened_by: by, reopened_for: reason } = row;
  return {
    id: String(row.id),
    accountId: row.account_id,
    merchantId: row.merchant_id,
    billDate: row.bill_date,
    closing: row.closing,
    approvalId: String(row.approval_id),
    closedAt: row.closed_at,
    treeSize: Number(row.tree_size),
    root: row.root,
    record: row.record,
    changesSeen: row.changes_seen,
    reopened: at === null || by === null || reason === null ? null : { at, by, reason },
    changedSince: row.changed_since,
  };
}

/** Whether anything is different from what was closed, as long as the closing stands. */
export function hasChanged({ changedSince }: Pick<Closing, 'changedSince'>): boolean {
  return Object.keys(changedSince).length > 0;
}

/** The newest closing of a day, reopened or not; null for a day that was never closed. */
export async function newestClosing(db: Db, { accountId, billDate }: AccountDay): Promise<Closing | null> {
  const { rows } = await db.query<Row>(
    `${SELECT} where c.account_id = $1 and c.bill_date = $2 order by c.closing desc limit 1`,
    [accountId, billDate],
  );
  return rows[0] === undefined ? null : toClosing(rows[0]);
}

/** Closings of a merchant's accounts, newest first. */
export async function listClosings(
  db: Db,
  filter: {
    readonly merchantId: string;
    readonly accountId?: string;
    readonly from?: string;
    readonly to?: string;
    /** Only days that are closed now and changed since. */
    readonly changed?: boolean;
    readonly after?: string;
    readonly limit: number;
  },
): Promise<{ readonly closings: Closing[]; readonly next: string | null }> {
  const { rows } = await db.query<Row>(
    `${SELECT}
      where a.merchant_id = $1 and ($2::text is null or c.account_id = $2)
        and ($3::date is null or c.bill_date >= $3) and ($4::date is null or c.bill_date <= $4)
        and (not $5 or r.id is null and exists (select from yuanlu.closed_day_changes h
              where h.account_id = c.account_id and h.bill_date = c.bill_date and h.id > c.changes_seen))
        and ($6::bigint is null or c.id < $6)
      order by c.id desc limit $7`,
    [
      ...[filter.merchantId, filter.accountId ?? null, filter.from ?? null, filter.to ?? null],
      ...[filter.changed ?? false, filter.after ?? null, filter.limit + 1],
    ],
  );
  const page = rows.slice(0, filter.limit).map(toClosing);
  return { closings: page, next: rows.length > filter.limit ? (page.at(-1)?.id ?? null) : null };
}

/** Closings of the days on which a refund is matched or has a break, newest first. */
export async function closingsOfRefund(
  db: Db,
  refund: { readonly accountId: string; readonly id: string },
): Promise<Closing[]> {
  const { rows } = await db.query<Row>(
    `${SELECT}
      where c.account_id = $1 and c.bill_date in (
        select m.bill_date from yuanlu.matches m where m.account_id = $1 and m.refund_id = $2
        union select h.bill_date from yuanlu.closed_day_changes h where h.account_id = $1 and h.refund_id = $2
        union select yuanlu.day_of_break(b.bill_date, b.detail) from yuanlu.breaks b where b.refund_id = $2)
      order by c.id desc limit ${String(CLOSINGS_OF_REFUND_MAX)}`,
    [refund.accountId, refund.id],
  );
  return rows.map(toClosing);
}

/** A refund stands in the bills of a few days, and a day is closed a few times. */
const CLOSINGS_OF_REFUND_MAX = 50;

export interface DayChangeSeen {
  readonly change: DayChange;
  readonly recordedAt: Date;
  readonly statementId: string | null;
  readonly lineNo: number | null;
  readonly breakId: string | null;
  readonly refundNo: string | null;
}

/** What has changed about a day since the closing, in order, the first `limit` of it. */
export async function changesSince(
  db: Db,
  { accountId, billDate, changesSeen }: Closing,
  limit: number,
): Promise<DayChangeSeen[]> {
  const { rows } = await db.query<{
    change: DayChange;
    recorded_at: Date;
    file_id: bigint | null;
    line_no: number | null;
    break_id: bigint | null;
    refund_no: string | null;
  }>(
    `select h.change, h.recorded_at, h.file_id, h.line_no, h.break_id, r.refund_no
       from yuanlu.closed_day_changes h left join yuanlu.refund_book r on r.id = h.refund_id
      where h.account_id = $1 and h.bill_date = $2 and h.id > $3 order by h.id limit $4`,
    [accountId, billDate, String(changesSeen), limit],
  );
  return rows.map((row) => ({
    change: row.change,
    recordedAt: row.recorded_at,
    statementId: row.file_id === null ? null : String(row.file_id),
    lineNo: row.line_no,
    breakId: row.break_id === null ? null : String(row.break_id),
    refundNo: row.refund_no,
  }));
}

/** The record of the newest closing of the account, whichever day it was of: the next one names it. */
export async function lastRecord(db: Db, accountId: string): Promise<string | null> {
  const { rows } = await db.query<{ record: string }>(
    'select record from yuanlu.closed_days where account_id = $1 order by id desc limit 1',
    [accountId],
  );
  return rows[0]?.record ?? null;
}

export interface NewClosing extends AccountDay {
  readonly closing: number;
  readonly approvalId: string;
  readonly closedAt: Date;
  readonly treeSize: number;
  readonly root: string;
  readonly record: string;
}

/** Wants the day's lock. @throws AppError `day_closed` when somebody was faster */
export async function insertClosing(tx: Tx, made: NewClosing): Promise<void> {
  try {
    const { rows } = await tx.query<{ id: bigint }>(
      `insert into yuanlu.closed_days (account_id, bill_date, closing, approval_id, closed_at, tree_size, root, record)
       values ($1, $2, $3, $4, $5, $6, $7, $8) returning id`,
      [
        ...[made.accountId, made.billDate, made.closing, made.approvalId, made.closedAt],
        ...[made.treeSize, made.root, made.record],
      ],
    );
    invariant(rows[0] !== undefined, 'a closing that was written has its number');
    await keepBreakLeaves(tx, String(rows[0].id), made);
  } catch (error) {
    if (sqlState(error) === '23000')
      throw new AppError(
        'day_closed',
        { account_id: made.accountId, bill_date: made.billDate },
        { cause: error },
      );
    throw error;
  }
}

export async function insertReopening(
  tx: Tx,
  made: {
    readonly closingId: string;
    readonly approvalId: string;
    readonly at: Date;
    readonly by: string;
    readonly reason: string;
  },
): Promise<void> {
  await tx.query(
    `insert into yuanlu.reopened_days (closed_day_id, approval_id, reopened_at, reopened_by, reason)
     values ($1, $2, $3, $4, $5)`,
    [made.closingId, made.approvalId, made.at, made.by, made.reason],
  );
}

/** Until the transaction ends nobody changes the day, nor closes it. */
export async function holdDayAlone(tx: Tx, { accountId, billDate }: AccountDay): Promise<void> {
  await tx.query('select yuanlu.hold_day($1, $2::date, true)', [accountId, billDate]);
}
