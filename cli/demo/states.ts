/** Where refunds stand, all at once. */
import type { RefundState } from '../../domain/refund/state.ts';
import type { Pool } from '../../store/pool.ts';
import { inEffect } from '../../store/settled.ts';

interface Row {
  readonly id: bigint;
  readonly refund_no: string;
  readonly effective_state: RefundState;
}

/** By refund number; of those given, or of all. */
export async function readStates(
  pool: Pool,
  refundNos: readonly string[] | null = null,
): Promise<ReadonlyMap<string, RefundState>> {
  const { rows } = await pool.query<Row>(
    `select id, refund_no, state as effective_state from refunds where $1::text[] is null or refund_no = any ($1)`,
    [refundNos],
  );
  return new Map((await inEffect(pool, rows)).map((row) => [row.refund_no, row.effective_state]));
}
