/** Where refunds stand, all at once: the books' own view is made for questions about one, and looks through the statements for each. */
import type { Pool } from '../../store/pool.ts';

const STATES = `
  select r.refund_no,
         case when r.state = 'succeeded'
               and (r.id in (select o.refund_id from observations o where o.source = 'statement' and o.kind = 'statement_line')
                 or r.id in (select m.refund_id from live_matches m where m.amount_agrees))
              then 'settled' else r.state end as state
    from refunds r`;

/** By refund number; of those given, or of all. */
export async function readStates(
  pool: Pool,
  refundNos: readonly string[] | null = null,
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ refund_no: string; state: string }>(
    `${STATES} where $1::text[] is null or r.refund_no = any ($1)`,
    [refundNos],
  );
  return new Map(rows.map((row) => [row.refund_no, row.state]));
}
