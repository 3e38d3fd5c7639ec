/** A matched statement line as evidence of one refund, for the few refunds for which it is news. */
import type { StatementLineSeen } from '../domain/refund/observation.ts';
import { observe } from './observations.ts';
import type { Db, Pool } from './pool.ts';

/**
 * Records the live statement line of a refund among its observations, and returns its reference (`<sha256>:<line>`), or
 * null when no live statement shows the refund any more.
 */
export async function recordMatchedLine(pool: Pool, refundId: string, now: Date): Promise<string | null> {
  const line = await matchedLineOf(pool, refundId, now);
  if (line === null) return null;
  await observe(pool, refundId, [line]);
  return line.ref;
}

/** The live statement line of a refund, as evidence of it. */
export async function matchedLineOf(db: Db, refundId: string, now: Date): Promise<StatementLineSeen | null> {
  const { rows } = await db.query<{
    amount_minor: bigint;
    line_no: number;
    bill_date: string;
    sha256: string;
    proves: StatementLineSeen['proves'];
  }>(
    `select m.amount_minor, m.line_no, m.bill_date, f.sha256, f.proves
       from refunds r cross join lateral live_matches_of(r.account_id, r.id, r.requested_at) m
       join statement_files f on f.id = m.file_id
      where r.id = $1 order by m.file_id limit 1`,
    [refundId],
  );
  const line = rows[0];
  if (line === undefined) return null;
  return {
    kind: 'statement_line',
    source: 'statement',
    ref: `${line.sha256}:${String(line.line_no)}`,
    at: now.toISOString(),
    proves: line.proves,
    amountMinor: line.amount_minor.toString(),
    fileSha256: line.sha256,
    lineNo: line.line_no,
    billDate: line.bill_date,
  };
}
