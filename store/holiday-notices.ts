/** Holiday notices that were imported. Append-only: of each year the highest revision counts, the others are history. */
import { AppError } from '../domain/errors.ts';
import type { ImportedNotice } from '../domain/time/imported-notices.ts';
import type { Db, Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

interface Row {
  readonly year: number;
  readonly revision: number;
  readonly source: string;
  readonly issued_on: string;
  readonly off_from: string[];
  readonly off_to: string[];
  readonly make_up_days: string[];
}

/** Those that count, by year. */
export async function currentNotices(db: Db): Promise<readonly ImportedNotice[]> {
  const { rows } = await db.query<Row>(
    `select distinct on (year) year, revision, source, issued_on::text, off_from::text[], off_to::text[], make_up_days::text[]
       from yuanlu.holiday_notices order by year, revision desc`,
  );
  return rows.map((row) => ({
    ...{ year: row.year, revision: row.revision, source: row.source, issuedOn: row.issued_on },
    holidays: row.off_from.map((from, index) => [from, row.off_to[index] ?? from] as const),
    makeUpDays: row.make_up_days,
  }));
}

/**
 * Keeps a notice, as the owner. False when this very notice is the one that counts already.
 * @throws AppError `calendar_revision_low` when its year has this revision or a higher one with other days
 */
export async function keepNotice(
  owner: Pool,
  notice: ImportedNotice,
  act: { readonly person: string; readonly now: Date },
): Promise<boolean> {
  return inTransaction(owner, async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('yuanlu/holiday-notices', 0))`);
    const kept = (await currentNotices(tx)).find(({ year }) => year === notice.year);
    if (kept !== undefined && JSON.stringify(kept) === JSON.stringify(inOrder(notice))) return false;
    if (kept !== undefined && kept.revision >= notice.revision)
      throw new AppError('calendar_revision_low', { year: notice.year, kept: kept.revision });
    await tx.query(
      `insert into yuanlu.holiday_notices
         (year, revision, source, issued_on, off_from, off_to, make_up_days, imported_at, imported_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8, concat_ws(' for ', session_user::text, $9::text))`,
      [
        ...[notice.year, notice.revision, notice.source, notice.issuedOn],
        ...[notice.holidays.map(([from]) => from), notice.holidays.map(([, to]) => to), notice.makeUpDays],
        ...[act.now, act.person],
      ],
    );
    return true;
  });
}

/** The members in the order in which they are read back. */
function inOrder({ year, revision, source, issuedOn, holidays, makeUpDays }: ImportedNotice): ImportedNotice {
  return { year, revision, source, issuedOn, holidays, makeUpDays };
}
