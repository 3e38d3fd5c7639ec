/** How activities of one refund name it, and what they answer: ids and the state, never money or personal data. */
import { AppError } from '../../domain/errors.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import type { RefundState, StateReason } from '../../domain/refund/state.ts';
import { isFinal } from '../../domain/refund/state.ts';
import { getRefundById } from '../../store/refunds.ts';
import type { ActivityDeps } from '../deps.ts';

export interface RefundRef {
  readonly refundId: string;
  readonly merchantId: string;
  readonly refundNo: string;
}

/** Where the refund stands now. */
export interface RefundStanding extends RefundRef {
  readonly state: RefundState;
  readonly reason: StateReason;
  /** Present while the channel still follows the money to the payer's bank. */
  readonly bankLeg?: 'pending';
}

export function standing(deps: ActivityDeps, refund: Refund): RefundStanding {
  return {
    refundId: refund.id,
    merchantId: refund.merchantId,
    refundNo: refund.refundNo,
    state: refund.state,
    reason: refund.stateReason,
    ...(isBankLegOpen(deps, refund) ? { bankLeg: 'pending' } : {}),
  };
}

/**
 * Whether the channel has more to tell of the way to the payer's bank. A notice of success may say nothing of it; then
 * the channel is asked, and what it says to a question is its word on that.
 */
function isBankLegOpen(deps: ActivityDeps, refund: Refund): boolean {
  if (refund.bankLeg !== null) return refund.bankLeg === 'pending';
  const isPaid = refund.state === 'succeeded' || refund.state === 'settled';
  if (!isPaid || refund.lastAnswer === 'success') return false;
  const { fundingSource } = refund.payment;
  const goesToBank = fundingSource === 'debit_card' || fundingSource === 'credit_card';
  return goesToBank && deps.channels.get(refund.accountId).limits.bankLegPollMs !== null;
}

/** The channel has had its last word, also about the way to the payer's bank where it tells of that. */
export function hasLastWord(deps: ActivityDeps, refund: Refund): boolean {
  return isFinal(refund.state) && !isBankLegOpen(deps, refund);
}

/** @throws AppError `refund_unknown` */
export async function loadRefund(deps: ActivityDeps, ref: RefundRef): Promise<Refund> {
  const refund = await getRefundById(deps.pool, ref.refundId);
  if (refund === null) throw new AppError('refund_unknown', { refund_no: ref.refundNo });
  return refund;
}
