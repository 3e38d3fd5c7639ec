/**
 * The proof of the audit of what is no refund (API keys, approvals, webhook endpoints): the records of each subject are linked
 * by hashes, and the last one says what the subject's row says.
 */
import type { Db } from './pool.ts';

export interface BrokenActRecord {
  readonly subject: string;
  readonly subjectId: string;
  readonly seq: number;
  readonly why:
    | 'changed'
    | 'record before it is missing'
    | 'chain is broken'
    | 'subject differs from its last record'
    | 'subject has no record'
    | 'record of no subject';
}

/** The first record that does not hold; null when all of them do. */
export async function verifyActAudit(db: Db): Promise<BrokenActRecord | null> {
  const { rows } = await db.query<{
    subject: string;
    subject_id: bigint;
    seq: number;
    why: BrokenActRecord['why'];
  }>(
    `with subjects as (
       select 'api_key' as subject, k.id, api_key_facts(k) as facts from api_keys k
       union all
       select 'approval', p.id, approval_facts(p) from approvals p
       union all
       select 'webhook_endpoint', e.id, webhook_endpoint_facts(e) from webhook_endpoints e
     ), checked as (
       select a.id, a.subject, a.subject_id, a.seq,
              case when a.hash <> audit_hash(a.subject_id, a.seq, a.at, a.actor, a.action, a.before, a.after, a.previous_hash) then 'changed'
                   when a.seq <> coalesce(lag(a.seq) over chain, 0) + 1 then 'record before it is missing'
                   when a.previous_hash <> coalesce(lag(a.hash) over chain, '') then 'chain is broken'
                   when lead(a.id) over chain is not null then null
                   when s.id is null then 'record of no subject'
                   when a.after is distinct from s.facts then 'subject differs from its last record' end as why
         from act_audit a left join subjects s on s.subject = a.subject and s.id = a.subject_id
       window chain as (partition by a.subject, a.subject_id order by a.seq)
     ), unrecorded as (
       select null::bigint as id, s.subject, s.id as subject_id, 0 as seq, 'subject has no record' as why
         from subjects s
        where not exists (select from act_audit a where a.subject = s.subject and a.subject_id = s.id)
     )
     select subject, subject_id, seq, why from (select * from checked union all select * from unrecorded) found
      where why is not null order by id nulls last, subject, subject_id limit 1`,
  );
  const row = rows[0];
  return row === undefined
    ? null
    : { subject: row.subject, subjectId: String(row.subject_id), seq: row.seq, why: row.why };
}
