/** When overdue refunds were last looked for. */
import type { Db } from './pool.ts';

/** A sweep ended: flags are as of its slot. The newest to end counts, also after a clock was set back. */
export async function noteSweep(
  db: Db,
  sweep: { readonly slot: Date; readonly finishedAt: Date },
): Promise<void> {
  await db.query(
    `insert into last_sweep (slot, finished_at) values ($1, $2)
     on conflict (kind) do update set slot = excluded.slot, finished_at = excluded.finished_at`,
    [sweep.slot, sweep.finishedAt],
  );
}

export interface SweptState {
  /** When the last sweep ended; null before the first. */
  readonly lastAt: Date | null;
  /** Since when nobody has swept: since then, or since the first refund; null while there is nothing to sweep. */
  readonly unsweptSince: Date | null;
}

/** Two looks by primary key, whatever there is in the books. */
export async function sweptState(db: Db): Promise<SweptState> {
  const { rows } = await db.query<{ last_at: Date | null; first_at: Date | null }>(
    `select (select finished_at from last_sweep) as last_at,
            (select requested_at from refunds order by id limit 1) as first_at`,
  );
  const { last_at: lastAt = null, first_at: firstAt = null } = rows[0] ?? {};
  return { lastAt, unsweptSince: lastAt ?? firstAt };
}
