import { ENDED_BY_DECISION } from '../../domain/statement/break-work.ts';
import { writeBreakEvent } from '../break-events.ts';
import type { Break } from '../breaks.ts';
import type { Db } from '../pool.ts';
import type { BreakAct } from './break-acts.ts';

/** Two people take back how people, or a rule of theirs, ended a break: it is open again, and a line that was given to a refund is free. */
export const reopenBreak: BreakAct = {
  act: 'reopen_break',
  bulk: true,
  look: async (db, one) => {
    const why = await refusal(db, one);
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
                     where m.break_id = b.id and m.ended_at is null) as evidence
       from breaks b where b.id = $1`,
    [one.id],
  );
  const [found] = rows;
  if (found?.gone === true) return 'a newer delivery has taken the place of its statement';
  if (found?.again === true) return 'it has been opened again by now';
  return found?.evidence === true ? 'the line has become evidence of the refund, which stays' : null;
}
