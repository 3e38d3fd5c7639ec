/** Acts of two people: what a request says to the letter, and doing what was approved. */
import { createHash } from 'node:crypto';
import type { Act, Approval, ApprovalContent } from '../../domain/approval.ts';
import { BULK_REFUNDS_MAX } from '../../domain/approval.ts';
import { AppError } from '../../domain/errors.ts';
import { observationsOf } from '../observations.ts';
import type { Db, Tx } from '../pool.ts';
import { getRefund } from '../refunds.ts';
import type { KnownRefund, TwoPersonAct } from './act.ts';
import { fallbackRoute } from './fallback-route.ts';
import { liftOverdue } from './lift-overdue.ts';
import { recordReturn } from './record-return.ts';
import { redirectRefund } from './redirect-refund.ts';
import { releaseRefund } from './release-refund.ts';
import { resolveRefund } from './resolve-refund.ts';

const ACTS_OF_TWO: Readonly<Record<Act, TwoPersonAct>> = {
  resolve_refund: resolveRefund,
  release_refund: releaseRefund,
  redirect_refund: redirectRefund,
  record_return: recordReturn,
  fallback_route: fallbackRoute,
  lift_overdue: liftOverdue,
};

export interface ActAsked {
  readonly merchantId: string;
  readonly act: Act;
  readonly refundNos: readonly string[];
  /** What the act itself needs to be told. */
  readonly told: ApprovalContent;
}

/**
 * What is to be approved: what was told, and a hash of what whoever approves has before them.
 * @throws AppError `refund_unknown`; `approval_not_applicable` naming the first refund on which it cannot be done;
 *   `request_invalid` for too many refunds, or several where the act is about one
 */
export async function contentOfAct(db: Db, asked: ActAsked): Promise<ApprovalContent> {
  const act = ACTS_OF_TWO[asked.act];
  if (asked.refundNos.length > (act.bulk ? BULK_REFUNDS_MAX : 1))
    throw new AppError('request_invalid', { refund_nos: asked.refundNos.length });
  const refunds = await known(db, asked);
  assertApplies(act, refunds, asked.told);
  return { ...asked.told, evidence: seenOf(act, refunds) };
}

/**
 * Does what was approved, on all its refunds or on none. Whoever approved it saw what there was when it was asked for: when
 * that has changed, it must be asked for again.
 * @throws AppError `approval_outdated`, `approval_not_applicable`, `refund_unknown`, and what the act itself throws
 */
export async function carryOutAct(tx: Tx, approval: Approval, now: Date): Promise<void> {
  const act = ACTS_OF_TWO[approval.act];
  await lockRefunds(tx, approval);
  const refunds = await known(tx, approval);
  if (seenOf(act, refunds) !== approval.content['evidence'])
    throw new AppError('approval_outdated', { approval: approval.id });
  assertApplies(act, refunds, approval.content);
  for (const one of refunds)
    await act.carryOut(tx, { ...one, content: approval.content, approvalId: approval.id, now });
}

function assertApplies(act: TwoPersonAct, refunds: readonly KnownRefund[], content: ApprovalContent): void {
  const not = refunds.find((one) => !act.applies(one, content));
  if (not === undefined) return;
  const { refundNo, state, stateReason } = not.refund;
  throw new AppError('approval_not_applicable', {
    ...{ refund_no: refundNo, act: act.act, state },
    ...(stateReason === null ? {} : { reason: stateReason }),
    ...(content['as'] === undefined ? {} : { as: content['as'] }),
  });
}

type RefundNames = Pick<ActAsked, 'merchantId' | 'refundNos'>;

/** In the order of their ids, as everybody locks them, so that nobody waits for each other. */
async function lockRefunds(tx: Tx, { merchantId, refundNos }: RefundNames): Promise<void> {
  await tx.query(
    `select 1 from refunds where merchant_id = $1 and refund_no = any ($2::text[]) order by id for no key update`,
    [merchantId, refundNos],
  );
}

async function known(db: Db, { merchantId, refundNos }: RefundNames): Promise<KnownRefund[]> {
  const found: KnownRefund[] = [];
  for (const refundNo of refundNos) {
    const refund = await getRefund(db, merchantId, refundNo);
    if (refund === null) throw new AppError('refund_unknown', { refund_no: refundNo });
    found.push({ refund, known: await observationsOf(db, refund.id) });
  }
  return found;
}

function seenOf(act: TwoPersonAct, refunds: readonly KnownRefund[]): string {
  const each = refunds.map((one) => [one.refund.refundNo, act.seen(one)] as const);
  const [first] = each;
  if (first !== undefined && each.length === 1) return first[1];
  return createHash('sha256').update(JSON.stringify(each)).digest('hex');
}
