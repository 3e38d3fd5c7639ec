/** Whether somebody waits for a lock: the database says so itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestDatabase } from '../support/database.ts';

const LOOK_EVERY_MS = 5;

/** Waits until `work` has ended, or somebody in this database waits for a lock that another holds. */
export async function untilBlockedOr(db: TestDatabase, work: Promise<unknown>): Promise<void> {
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  work.then(end, end);
  while (!ended) {
    const { rowCount } = await db.owner.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (rowCount !== 0) return;
    await sleep(LOOK_EVERY_MS);
  }
}
