/** The payer was paid another way, as two people had decided: the number by which that payment is found. */
import { AppError } from '../domain/errors.ts';
import type { Refund } from '../domain/refund/refund.ts';
import { observeInside } from './observations.ts';
import type { Pool } from './pool.ts';
import { inTransaction } from './pool.ts';
import { getRefund } from './refunds.ts';

export interface FallbackPayment {
  /** Of the transfer, as the bank or the wallet prints it. */
  readonly reference: string;
  readonly paidAt: Date;
  /** Who says so. */
  readonly by: string;
}

/**
 * Records the payment once; the same again changes nothing.
 * @throws AppError `refund_unknown`; `fallback_not_approved` when nobody let it be paid another way, or it was paid under
 *   another number already
 */
export function recordFallbackPayment(
  pool: Pool,
  refund: { readonly merchantId: string; readonly refundNo: string },
  payment: FallbackPayment,
  now: Date,
): Promise<Refund> {
  const { merchantId, refundNo } = refund;
  return inTransaction(pool, async (tx) => {
    await tx.query('select 1 from refunds where merchant_id = $1 and refund_no = $2 for no key update', [
      merchantId,
      refundNo,
    ]);
    const known = await getRefund(tx, merchantId, refundNo);
    if (known === null) throw new AppError('refund_unknown', { refund_no: refundNo });
    const { reference, by } = payment;
    const { rows } = await tx.query<{ ref: string }>(
      `select ref from observations where refund_id = $1 and kind = 'fallback_paid'`,
      [known.id],
    );
    if (rows[0]?.ref === reference) return known;
    if (known.stateReason !== 'fallback_approved')
      throw new AppError('fallback_not_approved', { refund_no: refundNo, state: known.state });
    return observeInside(tx, known.id, [
      {
        ...{ kind: 'fallback_paid', source: 'operator', ref: reference, at: now.toISOString() },
        ...{ reference, paidAt: payment.paidAt.toISOString(), by },
      },
    ]);
  });
}
