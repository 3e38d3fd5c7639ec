/** Which payment a new refund gives back, and whether it may. */
import { AppError } from '../domain/errors.ts';
import type { RefundNoRule } from '../domain/ids.ts';
import { parseMinor } from '../domain/money.ts';
import type { Payment, PaymentClaim, RefundRequest } from '../domain/refund/refund.ts';
import { getPayment, registerInside } from './payments.ts';
import type { Tx } from './pool.ts';

/**
 * The payment that a request names: as registered, or registered now from the request's own description.
 * @throws AppError `payment_unknown`, `payment_conflict`, `route_not_original`, `account_unknown`
 */
export async function paymentOf(
  tx: Tx,
  request: RefundRequest,
  now: Date,
): Promise<{ payment: Payment; isNew: boolean }> {
  const { merchantId, paymentNo, payment: claim } = request;
  const known = await getPayment(tx, merchantId, paymentNo);
  if (known !== null) {
    if (claim !== undefined) checkClaim(known, claim);
    return { payment: known, isNew: false };
  }
  if (claim === undefined) throw new AppError('payment_unknown', { payment_no: paymentNo });
  const { payment, created } = await registerInside(tx, { merchantId, paymentNo, claim }, now);
  return { payment, isNew: created };
}

/**
 * A payment that is described again must be the one that is known. What the description leaves out is not compared.
 * @throws AppError `route_not_original`, `payment_conflict`
 */
function checkClaim(known: Payment, claim: PaymentClaim): void {
  if (claim.accountId !== known.accountId)
    throw new AppError('route_not_original', { account_id: claim.accountId });
  const { transactionId = known.transactionId } = claim;
  const sameTransaction = known.transactionId === null || transactionId === known.transactionId;
  const differs = [
    ...(parseMinor(claim.capturedMinor) === known.capturedMinor ? [] : ['captured_minor']),
    ...(claim.currency === known.currency ? [] : ['currency']),
    ...(sameTransaction ? [] : ['transaction_id']),
  ];
  if (differs.length > 0)
    throw new AppError('payment_conflict', { payment_no: known.paymentNo, differs: differs.join(' and ') });
}

export interface RefundRules {
  readonly now: Date;
  readonly limits: {
    readonly refundableForMs: number;
    readonly partsPerPayment: number;
    /** Left out: any number that some channel takes. */
    readonly refundNo?: RefundNoRule;
  };
}

/**
 * What the channel would refuse is refused before it is asked: another currency, a payment that is too old.
 * @throws AppError `currency_mismatch`, `refund_too_late`
 */
export function checkPayment(payment: Payment, request: RefundRequest, o: RefundRules): void {
  if (payment.currency !== request.currency)
    throw new AppError('currency_mismatch', { payment: payment.currency, refund: request.currency });
  const { paidAt } = payment;
  if (paidAt !== null && o.now.getTime() - paidAt.getTime() > o.limits.refundableForMs) {
    throw new AppError('refund_too_late', { paid_at: paidAt.toISOString() });
  }
}

/**
 * The same of the number of its refunds.
 * @throws AppError `refund_parts_exhausted`
 */
export async function checkParts(tx: Tx, payment: Payment, o: RefundRules): Promise<void> {
  // The row lock keeps the count true until this transaction ends.
  await tx.query('select 1 from payments where id = $1 for update', [payment.id]);
  const { rows } = await tx.query<{ parts: bigint }>(
    'select count(*) as parts from refunds where payment_id = $1 and counted',
    [payment.id],
  );
  if (Number(rows[0]?.parts ?? 0n) >= o.limits.partsPerPayment) {
    throw new AppError('refund_parts_exhausted', { parts: o.limits.partsPerPayment });
  }
}
