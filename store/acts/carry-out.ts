/** Acts of two people: what a request says to the letter, and doing what was approved. */
import type { Act, Approval, ApprovalContent, ApprovalSubject } from '../../domain/approval.ts';
import { AppError, invariant } from '../../domain/errors.ts';
import type { Db, Tx } from '../pool.ts';
import type { ActOfTwo } from './act.ts';
import { onBreaks } from './break-acts.ts';
import type { DaySealing } from './close-day.ts';
import { closeDay } from './close-day.ts';
import { fallbackRoute } from './fallback-route.ts';
import { forceMatch } from './force-match.ts';
import { liftOverdue } from './lift-overdue.ts';
import { matchTogether } from './match-together.ts';
import { recordReturn } from './record-return.ts';
import { redirectRefund } from './redirect-refund.ts';
import { onRefunds } from './refund-acts.ts';
import { releaseRefund } from './release-refund.ts';
import { reopenBreak } from './reopen-break.ts';
import { reopenDay } from './reopen-day.ts';
import { resolveRefund } from './resolve-refund.ts';
import { writeOffBreak } from './write-off-break.ts';

const ACTS_OF_TWO: Readonly<Record<Exclude<Act, 'close_day'>, ActOfTwo>> = {
  resolve_refund: onRefunds(resolveRefund),
  release_refund: onRefunds(releaseRefund),
  redirect_refund: onRefunds(redirectRefund),
  record_return: onRefunds(recordReturn),
  fallback_route: onRefunds(fallbackRoute),
  lift_overdue: onRefunds(liftOverdue),
  force_match: onBreaks(forceMatch),
  match_together: matchTogether,
  write_off_break: onBreaks(writeOffBreak),
  reopen_break: onBreaks(reopenBreak),
  reopen_day: reopenDay,
};

/** @throws AppError `receipts_not_set_up`: a day is closed under a signature, and there is nothing to sign with */
function actOf(act: Act, sealing: DaySealing | null): ActOfTwo {
  if (act !== 'close_day') return ACTS_OF_TWO[act];
  if (sealing === null) throw new AppError('receipts_not_set_up');
  return closeDay(sealing);
}

export interface ActAsked {
  readonly merchantId: string;
  readonly act: Act;
  readonly subject: ApprovalSubject;
  /** What the act itself needs to be told. */
  readonly told: ApprovalContent;
}

/**
 * What is to be approved: what was told, and what whoever approves has before them.
 * @throws AppError what says that the subject is unknown; `approval_not_applicable` naming the first part of it on which it
 *   cannot be done; `request_invalid` for too many, or several where the act is about one
 */
export async function contentOfAct(
  db: Db,
  asked: ActAsked,
  sealing: DaySealing | null = null,
): Promise<ApprovalContent> {
  const { merchantId, subject, told } = asked;
  const atHand = await actOf(asked.act, sealing).look(
    db,
    { merchantId, subject, content: told },
    { lock: false },
  );
  atHand.assertApplies();
  return { ...told, ...atHand.says, evidence: atHand.evidence };
}

/**
 * Does what was approved, on its whole subject or on none of it. Whoever approved it saw what there was when it was asked for:
 * when that has changed, it must be asked for again.
 * @throws AppError `approval_outdated`, `approval_not_applicable`, and what the act itself throws
 */
export async function carryOutAct(
  tx: Tx,
  approval: Approval,
  now: Date,
  sealing: DaySealing | null = null,
): Promise<void> {
  const { id, content, askedBy, decision } = approval;
  invariant(decision?.verdict === 'approved', 'what is carried out was approved');
  const atHand = await actOf(approval.act, sealing).look(tx, approval, { lock: true });
  if (atHand.evidence !== content['evidence']) throw new AppError('approval_outdated', { approval: id });
  atHand.assertApplies();
  await atHand.carryOut(tx, { approval, approvalId: id, content, askedBy, decidedBy: decision.by, now });
}
