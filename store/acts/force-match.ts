import { AppError, invariant } from '../../domain/errors.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import { writeBreakEvent } from '../break-events.ts';
import type { Break } from '../breaks.ts';
import { answerMissing, isAboutLooseLine } from '../breaks.ts';
import { matchedLineOf } from '../matched-lines.ts';
import { observationsOf, observeInside } from '../observations.ts';
import type { Db, Tx } from '../pool.ts';
import { getRefund } from '../refunds.ts';
import { evidenceSeen } from './act.ts';
import type { BreakAct } from './break-acts.ts';

/**
 * Two people give a line that no rule could place to a refund of the same account and amount. From there on it proves what a
 * line of this channel proves, and no more; matching keeps to it.
 */
export const forceMatch: BreakAct = {
  act: 'force_match',
  bulk: false,
  look: async (db, one, { merchantId, content }) => {
    const refundNo = content['refund_no'] ?? '';
    const refund = await getRefund(db, merchantId, refundNo);
    if (refund === null) throw new AppError('refund_unknown', { refund_no: refundNo });
    const evidence = evidenceSeen({ refund, known: await observationsOf(db, refund.id) });
    const why = await refusal(db, one, refund);
    return {
      evidence: `${refund.id} ${evidence}`,
      refused: why === null ? null : { refund_no: refundNo, why },
    };
  },
  carryOut: async (tx, one, { approvalId, content, askedBy, decidedBy, now }) => {
    const refund = await getRefund(tx, one.merchantId, content['refund_no'] ?? '');
    invariant(refund !== null, 'the refund was there when it was looked at');
    const isNews = await tellsMore(tx, one, refund);
    await writeBreakEvent(tx, {
      ...{ breakId: one.id, at: now, kind: 'force_matched', by: decidedBy, approvalId },
      reasonCode: content['code'],
      detail: { refund_id: refund.id, refund_no: refund.refundNo, asked_by: askedBy },
    });
    const line = isNews ? await matchedLineOf(tx, refund.id, now) : null;
    if (line !== null) await observeInside(tx, refund.id, [line]);
    await answerMissing(tx, { refundId: refund.id }, now);
  },
};

/** In words, why this line cannot be that refund's; null when it can. */
async function refusal(db: Db, one: Break, refund: Refund): Promise<string | null> {
  if (one.status !== 'open') return 'the break is closed';
  if (!isAboutLooseLine(one)) return 'it is not about a line that has no refund';
  if (refund.accountId !== one.accountId) return 'the refund is of another account';
  if (refund.amountMinor !== one.amountMinor || refund.currency !== one.currency)
    return 'the refund has another amount';
  const { rows } = await db.query<{ live: boolean; taken: boolean }>(
    `select exists (select from statement_files f where f.id = $1 and f.status = 'loaded') as live,
            exists (select from live_matches m where m.account_id = $2 and m.refund_id = $3) as taken`,
    [one.line.fileId, one.accountId, refund.id],
  );
  if (rows[0]?.live !== true) return 'a newer delivery has taken the place of its statement';
  return rows[0].taken ? 'a line of a statement has this refund already' : null;
}

/** Whether the line says more than the books know: then it is recorded, as matching has it recorded. */
async function tellsMore(tx: Tx, { line }: Break, { id }: Refund): Promise<boolean> {
  const { rows } = await tx.query<{ news: boolean }>(
    `select line_is_news(r.state, r.state_reason, f.proves = 'acceptance') as news
       from refunds r, statement_files f where r.id = $1 and f.id = $2`,
    [id, line?.fileId],
  );
  return rows[0]?.news === true;
}
