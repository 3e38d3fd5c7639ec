/** How activities of one refund name it, and what they answer: ids and the state, never money or personal data. */
import { AppError } from '../../domain/errors.ts';
import { isAtBank } from '../../domain/refund/bank-leg.ts';
import type { Refund } from '../../domain/refund/refund.ts';
import type { RefundState, StateReason } from '../../domain/refund/state.ts';
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

export function standing(refund: Refund): RefundStanding {
  return {
    refundId: refund.id,
    merchantId: refund.merchantId,
    refundNo: refund.refundNo,
    state: refund.state,
    reason: refund.stateReason,
    ...(isAtBank(refund) ? { bankLeg: 'pending' } : {}),
  };
}

/** @throws AppError `refund_unknown` */
export async function loadRefund(deps: ActivityDeps, ref: RefundRef): Promise<Refund> {
  const refund = await getRefundById(deps.pool, ref.refundId);
  if (refund === null) throw new AppError('refund_unknown', { refund_no: ref.refundNo });
  return refund;
}
