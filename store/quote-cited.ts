/** A refund cites a quote: the checks in the words of the catalogue. The database holds the same rules (migration 0038). */
import { AppError } from '../domain/errors.ts';
import { parseMinor } from '../domain/money.ts';
import type { Payment, RefundRequest } from '../domain/refund/refund.ts';
import type { Quote } from './quotes.ts';
import { getQuote } from './quotes.ts';
import type { Tx } from './pool.ts';

/**
 * The quote that a request cites, null where it cites none. The payment is locked in `tx`: what was refunded of it stays as it is.
 * @throws AppError `quote_unknown`, `quote_payment_differs`, `quote_amount_differs`, `quote_used`, `quote_expired`,
 *   `quote_outdated`
 */
export async function citedQuote(
  tx: Tx,
  request: RefundRequest,
  { payment, now }: { readonly payment: Payment; readonly now: Date },
): Promise<Quote | null> {
  const { quoteId } = request;
  if (quoteId === undefined) return null;
  const quote = /^[0-9]{1,18}$/.test(quoteId) ? await getQuote(tx, request.merchantId, quoteId) : null;
  if (quote === null) throw new AppError('quote_unknown', { quote_id: quoteId.slice(0, 40) });
  if (quote.paymentId !== payment.id)
    throw new AppError('quote_payment_differs', { quote_id: quoteId, payment_no: quote.paymentNo });
  if (quote.totalMinor !== parseMinor(request.amountMinor))
    throw new AppError('quote_amount_differs', {
      quote_id: quoteId,
      total_minor: quote.totalMinor.toString(),
    });
  if (quote.refundNo !== null)
    throw new AppError('quote_used', { quote_id: quoteId, refund_no: quote.refundNo });
  if (now >= quote.expiresAt)
    throw new AppError('quote_expired', { quote_id: quoteId, expired_at: quote.expiresAt.toISOString() });
  const { rows } = await tx.query<{ reserved_minor: bigint }>(
    'select reserved_minor from payments where id = $1',
    [payment.id],
  );
  if (rows[0]?.reserved_minor !== quote.refundedMinor)
    throw new AppError('quote_outdated', { quote_id: quoteId, quoted_at: quote.quotedAt.toISOString() });
  return quote;
}
