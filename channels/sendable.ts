/** What may be sent at all: a refund that its channel cannot take as it is never leaves this process. */
import { AppError } from '../domain/errors.ts';
import type { RefundNoRule } from '../domain/ids.ts';
import { assertRefundNoFits } from '../domain/ids.ts';
import { MINOR_MAX } from '../domain/money.ts';
import type { RefundOrder } from './channel.ts';

/** @throws AppError `refund_no_invalid`, `amount_invalid` */
export function assertSendable(order: RefundOrder, rule: RefundNoRule): void {
  assertRefundNoFits(order.refundNo, rule);
  for (const minor of [order.amountMinor, order.capturedMinor])
    if (minor <= 0n || minor > MINOR_MAX) throw new AppError('amount_invalid', { amount: minor.toString() });
}
