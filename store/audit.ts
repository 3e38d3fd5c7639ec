/** The audit trail's own proof: every refund's records are linked by hashes, so a change anywhere shows. */
import type { Db } from './pool.ts';

export interface BrokenRecord {
  readonly id: string;
  readonly refundId: string;
  readonly seq: number;
  readonly why: 'changed' | 'record before it is missing' | 'chain is broken';
}

/** The first record that does not hold, in the order of recording; null when all of them do. */
export async function verifyAudit(db: Db): Promise<BrokenRecord | null> {
  const { rows } = await db.query<{ id: bigint; refund_id: bigint; seq: number; why: BrokenRecord['why'] }>(
    `select id, refund_id, seq, why from (
       select a.id, a.refund_id, a.seq,
              case when a.hash <> audit_hash(a.refund_id, a.seq, a.at, a.actor, a.action, a.before, a.after, a.previous_hash) then 'changed'
                   when a.seq <> coalesce(lag(a.seq) over chain, 0) + 1 then 'record before it is missing'
                   when a.previous_hash <> coalesce(lag(a.hash) over chain, '') then 'chain is broken' end as why
         from audit a window chain as (partition by a.refund_id order by a.seq)
     ) checked where why is not null order by id limit 1`,
  );
  const row = rows[0];
  return row === undefined
    ? null
    : { id: String(row.id), refundId: String(row.refund_id), seq: row.seq, why: row.why };
}
