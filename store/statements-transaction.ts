/** The one transaction of a COPY: bounded by its source, not by a clock, and never tried again by itself. */
import type { Pool, Tx } from './pool.ts';
import { asAppError } from './pool.ts';

/**
 * Runs `work` in a transaction that is committed where it says so, else taken back.
 * @throws AppError `database_unavailable`; all other faults as they are
 */
export async function copyTransaction<T>(
  ingest: Pool,
  work: (tx: Tx) => Promise<{ readonly result: T; readonly isKept: boolean }>,
): Promise<T> {
  const tx = await ingest.connect().catch((error: unknown) => {
    throw asAppError(error);
  });
  let isBroken = true;
  try {
    await tx.query('begin');
    const { result, isKept } = await work(tx);
    await tx.query(isKept ? 'commit' : 'rollback');
    isBroken = false;
    return result;
  } catch (error) {
    await tx.query('rollback').catch(() => undefined);
    throw asAppError(error);
  } finally {
    // A connection whose COPY was cut short is not worth keeping.
    tx.release(isBroken);
  }
}
