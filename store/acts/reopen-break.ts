import { breakIdsOf } from '../../domain/approval.ts';
import { ENDED_BY_DECISION } from '../../domain/statement/break-work.ts';
import { writeBreakEvent } from '../break-events.ts';
import type { Break } from '../breaks.ts';
import type { Db } from '../pool.ts';
import type { BreakAct } from './break-acts.ts';

/** Two people take back how people, or a rule of theirs, ended a break: it is open again, and a line that was given to a refund is free. */
export const reopenBreak: BreakAct = {
  act: 'reopen_break',
  bulk: true,
  look: async (db, one, { subject }) => {
    const why = (await refusal(db, one)) ?? (await otherLines(db, one, breakIdsOf(subject)));
    return { evidence: JSON.stringify(one.closingEvidence), refused: why === null ? null : { why } };
  },
  carryOut: (tx, one, { approvalId, askedBy, decidedBy, now }) =>
    writeBreakEvent(tx, {
      ...{ breakId: one.id, at: now, kind: 'reopened', by: decidedBy, approvalId },
      detail: { asked_by: askedBy, was: one.closedReason ?? '' },
    }),
};

/** In words, why it stays closed; null when it need not. */
async function refusal(db: Db, one: Break): Promise<string | null> {
  if (one.status !== 'closed' || !ENDED_BY_DECISION.some((each) => each === one.closedReason))
    return 'neither people nor their rules have ended it';
  const { rows } = await db.query<{ gone: boolean; again: boolean; evidence: boolean }>(
    `select exists (select from statement_files f where f.id = b.file_id and f.status <> 'loaded') as gone,
            exists (select from breaks o where o.dedupe_key = b.dedupe_key and o.status = 'open') as again,
            exists (select from forced_matches m
                      join statement_files f on f.id = m.file_id
                      join observations o on o.refund_id = m.refund_id and o.source = 'statement'
                                         and o.ref = f.sha256 || ':' || m.line_no
                     where m.break_id = b.id and m.ended_at is null
                    union all
                    select from match_group_lines l
                      join match_group_lines top on top.group_id = l.group_id and top.first
                      join match_group_refunds r on r.group_id = l.group_id
                      join statement_files f on f.id = top.file_id
                      join observations o on o.refund_id = r.refund_id and o.source = 'statement'
                                         and o.ref = f.sha256 || ':' || top.line_no
                     where l.break_id = b.id and l.ended_at is null) as evidence
       from breaks b where b.id = $1`,
    [one.id],
  );
  const [found] = rows;
  if (found?.gone === true) return 'a newer delivery has taken the place of its statement';
  if (found?.again === true) return 'it has been opened again by now';
  return found?.evidence === true ? 'the line has become evidence of the refund, which stays' : null;
}

/** A match of several is taken back as a whole: in words, which of its breaks the request does not name. */
async function otherLines(db: Db, one: Break, named: readonly string[]): Promise<string | null> {
  if (one.closedReason !== 'matched_together') return null;
  const { rows } = await db.query<{ id: bigint }>(
    `select o.break_id as id from match_group_lines l join match_group_lines o on o.group_id = l.group_id
      where l.break_id = $1 and l.ended_at is null and o.break_id <> all ($2::bigint[]) order by 1`,
    [one.id, named],
  );
  if (rows.length === 0) return null;
  return `it was matched together with break ${rows.map(({ id }) => String(id)).join(' ')}: name all of them`;
}
