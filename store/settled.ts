/** Which refunds are settled, asked for many at once: the statements are looked through once, not once for each refund. */
import type { Db } from './pool.ts';
import type { RefundRow } from './refund-rows.ts';

/** Those of the refunds that the channel paid and that a line of its statement agrees with. */
export async function settledAmong(db: Db, ids: readonly bigint[]): Promise<ReadonlySet<bigint>> {
  if (ids.length === 0) return new Set();
  const { rows } = await db.query<{ id: bigint }>('select id from settled_among($1::bigint[]) as s (id)', [
    ids.map(String),
  ]);
  return new Set(rows.map((row) => row.id));
}

/** Rows that say what is stored, in the state that people see. */
export async function inEffect<Row extends Pick<RefundRow, 'id' | 'effective_state'>>(
  db: Db,
  rows: readonly Row[],
): Promise<Row[]> {
  const paid = rows.filter((row) => row.effective_state === 'succeeded').map((row) => row.id);
  const settled = await settledAmong(db, paid);
  return rows.map((row) => (settled.has(row.id) ? { ...row, effective_state: 'settled' } : row));
}
