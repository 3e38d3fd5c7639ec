/** The few matched lines that are news for their refund become evidence of their own. */
import { observationsOf, observe } from './observations.ts';
import type { Pool } from './pool.ts';

/**
 * Records the lines that are matched to a refund as its evidence and returns the newest one's reference
 * (`<file hash>:<line>`). Recording them again changes nothing. `none` when a newer delivery of the statement has taken
 * the line back in the meantime.
 */
export async function recordMatchedLine(pool: Pool, refundId: string): Promise<string> {
  const lines = (await observationsOf(pool, refundId)).filter((one) => one.kind === 'statement_line');
  const newest = lines.at(-1);
  if (newest === undefined) return 'none';
  await observe(pool, refundId, lines);
  return newest.ref;
}
