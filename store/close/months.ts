/** Months of an account: what lies in them, what keeps them from being archived, and where their archives were said to be. */
import type { MonthObstacles } from '../../domain/close/month.ts';
import { OBSTACLES_MAX } from '../../domain/close/month.ts';
import type { PlainDate } from '../../domain/time/plain-date.ts';
import type { Db } from '../pool.ts';

export interface AccountMonth {
  readonly accountId: string;
  /** yyyy-mm. */
  readonly month: string;
}

export interface MonthArchive {
  readonly place: string;
  readonly manifestSha256: string;
  readonly archivedAt: Date;
  readonly archivedBy: string;
}

export interface MonthListed extends AccountMonth {
  readonly statements: number;
  readonly lines: bigint;
  /** Of the tables of its lines, as they lie on the disk. */
  readonly bytes: bigint;
  /** Days that have a statement and are closed now, of those that have one. */
  readonly closedDays: number;
  readonly days: number;
  readonly archive: MonthArchive | null;
}

/** A day that is closed and was not reopened. */
const CLOSED_NOW = (account: string, day: string): string => `
  exists (select from yuanlu.closed_days c
           where c.account_id = ${account} and c.bill_date = ${day}
             and c.closing = (select max(n.closing) from yuanlu.closed_days n where n.account_id = c.account_id and n.bill_date = c.bill_date)
             and not exists (select from yuanlu.reopened_days r where r.closed_day_id = c.id))`;

interface MonthRow {
  readonly account_id: string;
  readonly month: string;
  readonly statements: number;
  readonly lines: bigint;
  readonly bytes: bigint;
  readonly closed_days: number;
  readonly days: number;
  readonly place: string | null;
  readonly manifest_sha256: string | null;
  readonly archived_at: Date | null;
  readonly archived_by: string | null;
}

/** By account, the newest month first. */
export async function listMonths(db: Db, accountId: string | null): Promise<readonly MonthListed[]> {
  const { rows } = await db.query<MonthRow>(
    `with months as (
       select account_id, date_trunc('month', bill_date)::date as first_day, count(*)::int as statements,
              sum(lines)::bigint as lines, count(distinct bill_date)::int as days,
              coalesce(sum(pg_total_relation_size(to_regclass('yuanlu.statement_lines_f' || id))), 0)::bigint as bytes,
              array_agg(distinct bill_date) as bill_dates
         from yuanlu.statement_files
        where status in ('loaded', 'empty', 'superseded') and ($1::text is null or account_id = $1)
        group by 1, 2)
     select m.account_id, to_char(m.first_day, 'YYYY-MM') as month, m.statements, m.lines, m.bytes, m.days,
            (select count(*)::int from unnest(m.bill_dates) d (day) where ${CLOSED_NOW('m.account_id', 'd.day')}) as closed_days,
            a.place, a.manifest_sha256, a.archived_at, a.archived_by
       from months m
       left join lateral (select * from yuanlu.month_archives a
                           where a.account_id = m.account_id and a.month = m.first_day order by a.id desc limit 1) a on true
      order by m.account_id, m.first_day desc`,
    [accountId],
  );
  return rows.map((row) => ({
    ...{ accountId: row.account_id, month: row.month, statements: row.statements, lines: row.lines },
    ...{ bytes: row.bytes, closedDays: row.closed_days, days: row.days, archive: archiveOf(row) },
  }));
}

function archiveOf(
  row: Pick<MonthRow, 'place' | 'manifest_sha256' | 'archived_at' | 'archived_by'>,
): MonthArchive | null {
  const { place, manifest_sha256: manifestSha256, archived_at: archivedAt, archived_by: archivedBy } = row;
  if (place === null || manifestSha256 === null || archivedAt === null || archivedBy === null) return null;
  return { place, manifestSha256, archivedAt, archivedBy };
}

/** The newest archive of the month of a day. */
export async function archiveOfDay(
  db: Db,
  { accountId, billDate }: { readonly accountId: string; readonly billDate: PlainDate },
): Promise<MonthArchive | null> {
  const { rows } = await db.query<
    Pick<MonthRow, 'place' | 'manifest_sha256' | 'archived_at' | 'archived_by'>
  >(
    `select place, manifest_sha256, archived_at, archived_by from yuanlu.month_archives
      where account_id = $1 and month = date_trunc('month', $2::date) order by id desc limit 1`,
    [accountId, billDate],
  );
  return rows[0] === undefined ? null : archiveOf(rows[0]);
}

/** The days of the month from the account's first statement on: those that have to be closed. */
const DAYS = `
  select d::date as day
    from generate_series(greatest($2::date, (select min(bill_date) from yuanlu.statement_files where account_id = $1)),
                         $2::date + interval '1 month' - interval '1 day', interval '1 day') d`;

/** What keeps the month from being archived, of each kind the first of it. */
export async function monthObstacles(db: Db, { accountId, month }: AccountMonth): Promise<MonthObstacles> {
  const values = [accountId, `${month}-01`];
  const limit = `limit ${String(OBSTACLES_MAX)}`;
  const open = await db.query<{ day: string }>(
    `select d.day from (${DAYS}) d where not ${CLOSED_NOW('$1', 'd.day')} order by 1 ${limit}`,
    values,
  );
  const changed = await db.query<{ day: string }>(
    `select distinct c.bill_date as day from yuanlu.closed_days c
      where c.account_id = $1 and c.bill_date between $2::date and $2::date + interval '1 month' - interval '1 day'
        and c.closing = (select max(n.closing) from yuanlu.closed_days n where n.account_id = c.account_id and n.bill_date = c.bill_date)
        and exists (select from yuanlu.closed_day_changes h
                     where h.account_id = c.account_id and h.bill_date = c.bill_date and h.id > c.changes_seen)
      order by 1 ${limit}`,
    values,
  );
  const breaks = await db.query<{ id: bigint; kind: string; day: string }>(
    `select b.id, b.kind, yuanlu.day_of_break(b.bill_date, b.detail) as day from yuanlu.breaks b
      where b.account_id = $1 and b.status = 'open'
        and yuanlu.day_of_break(b.bill_date, b.detail) between $2::date and $2::date + interval '1 month' - interval '1 day'
      order by b.id ${limit}`,
    values,
  );
  const refunds = await db.query<{ refund_no: string; state: string }>(
    `select distinct r.refund_no, r.state from yuanlu.live_matches m join yuanlu.refunds r on r.id = m.refund_id
      where m.account_id = $1 and m.bill_date between $2::date and $2::date + interval '1 month' - interval '1 day'
        and r.state in ('requested', 'unknown', 'processing', 'needs_action')
      order by 1 ${limit}`,
    values,
  );
  return {
    openDays: open.rows.map(({ day }) => day),
    changedDays: changed.rows.map(({ day }) => day),
    openBreaks: breaks.rows.map(({ id, kind, day }) => ({ id: String(id), kind, day })),
    undecided: refunds.rows.map(({ refund_no: refundNo, state }) => ({ refundNo, state })),
  };
}

/** The days of the month that have to be closed. */
export async function daysOfMonth(db: Db, { accountId, month }: AccountMonth): Promise<readonly PlainDate[]> {
  const { rows } = await db.query<{ day: PlainDate }>(`${DAYS} order by 1`, [accountId, `${month}-01`]);
  return rows.map(({ day }) => day);
}

export async function keepMonthArchive(
  db: Db,
  o: AccountMonth &
    MonthArchive & { readonly statements: number; readonly closings: number; readonly bytes: number },
): Promise<void> {
  await db.query(
    `insert into yuanlu.month_archives (account_id, month, place, manifest_sha256, statements, closings, size_bytes, archived_at, archived_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[o.accountId, `${o.month}-01`, o.place, o.manifestSha256],
      ...[o.statements, o.closings, o.bytes, o.archivedAt, o.archivedBy],
    ],
  );
}
