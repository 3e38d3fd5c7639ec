/** The audit trail's own proof: every refund's records are linked by hashes, so a change anywhere shows. */
import type { Db } from './pool.ts';

export interface BrokenRecord {
  /** Null when a refund has no record at all. */
  readonly id: string | null;
  readonly refundId: string;
  readonly seq: number;
  readonly why:
    | 'changed'
    | 'record before it is missing'
    | 'chain is broken'
    | 'refund differs from its last record'
    | 'refund has no record'
    | 'record of no refund';
}

/**
 * The first record that does not hold, in the order of recording; null when all of them do. Every record must hash to
 * what it says, follow the one before without a gap, and the last of each refund must say what the refund's row says:
 * so records cut off at the end show as well.
 */
export async function verifyAudit(db: Db): Promise<BrokenRecord | null> {
  const { rows } = await db.query<{
    id: bigint | null;
    refund_id: bigint;
    seq: number;
    why: BrokenRecord['why'];
  }>(
    `with checked as (
       select a.id, a.refund_id, a.seq,
              case when a.hash <> audit_hash(a.refund_id, a.seq, a.at, a.actor, a.action, a.before, a.after, a.previous_hash) then 'changed'
                   when a.seq <> coalesce(lag(a.seq) over chain, 0) + 1 then 'record before it is missing'
                   when a.previous_hash <> coalesce(lag(a.hash) over chain, '') then 'chain is broken'
                   when lead(a.id) over chain is not null then null
                   when r.id is null then 'record of no refund'
                   when (a.after->>'state', a.after->>'reason', a.after->>'counted', a.after->>'overdue_level')
                     is distinct from (r.state, r.state_reason, r.counted::text, r.overdue_level::text)
                     then 'refund differs from its last record' end as why
         from audit a left join refunds r on r.id = a.refund_id
       window chain as (partition by a.refund_id order by a.seq)
     ), unrecorded as (
       select null::bigint as id, r.id as refund_id, 0 as seq, 'refund has no record' as why
         from refunds r where not exists (select from audit a where a.refund_id = r.id)
     )
     select id, refund_id, seq, why from (select * from checked union all select * from unrecorded) found
      where why is not null order by id nulls last, refund_id limit 1`,
  );
  const row = rows[0];
  if (row === undefined) return null;
  const id = row.id === null ? null : String(row.id);
  return { id, refundId: String(row.refund_id), seq: row.seq, why: row.why };
}
