/** The proof of the audit of API keys: each key's records are linked by hashes, and the last one says what the key's row says. */
import type { Db } from './pool.ts';

export interface BrokenKeyRecord {
  readonly keyId: string;
  readonly seq: number;
  readonly why:
    | 'changed'
    | 'record before it is missing'
    | 'chain is broken'
    | 'key differs from its last record'
    | 'key has no record'
    | 'record of no key';
}

/** The first record that does not hold; null when all of them do. */
export async function verifyApiKeyAudit(db: Db): Promise<BrokenKeyRecord | null> {
  const { rows } = await db.query<{ key_id: bigint; seq: number; why: BrokenKeyRecord['why'] }>(
    `with checked as (
       select a.id, a.key_id, a.seq,
              case when a.hash <> audit_hash(a.key_id, a.seq, a.at, a.actor, a.action, a.before, a.after, a.previous_hash) then 'changed'
                   when a.seq <> coalesce(lag(a.seq) over chain, 0) + 1 then 'record before it is missing'
                   when a.previous_hash <> coalesce(lag(a.hash) over chain, '') then 'chain is broken'
                   when lead(a.id) over chain is not null then null
                   when k.id is null then 'record of no key'
                   when a.after is distinct from api_key_facts(k) then 'key differs from its last record' end as why
         from api_key_audit a left join api_keys k on k.id = a.key_id
       window chain as (partition by a.key_id order by a.seq)
     ), unrecorded as (
       select null::bigint as id, k.id as key_id, 0 as seq, 'key has no record' as why
         from api_keys k where not exists (select from api_key_audit a where a.key_id = k.id)
     )
     select key_id, seq, why from (select * from checked union all select * from unrecorded) found
      where why is not null order by id nulls last, key_id limit 1`,
  );
  const row = rows[0];
  return row === undefined ? null : { keyId: String(row.key_id), seq: row.seq, why: row.why };
}
