/** How a payment is read from its row. */
import type { Currency } from '../domain/money.ts';
import type { FundingSource, Payment } from '../domain/refund/refund.ts';

/** Columns of a payment under the alias `p`, prefixed so that they can stand beside a refund's. */
export const PAYMENT_COLUMNS = `p.id as p_id, p.merchant_id as p_merchant_id, p.account_id as p_account_id,
  p.payment_no as p_payment_no, p.transaction_id as p_transaction_id, p.captured_minor as p_captured_minor,
  p.reserved_minor as p_reserved_minor, p.currency as p_currency, p.paid_at as p_paid_at,
  p.funding_source as p_funding_source, p.confirmed_at as p_confirmed_at`;

export interface PaymentColumns {
  readonly p_id: bigint;
  readonly p_merchant_id: string;
  readonly p_account_id: string;
  readonly p_payment_no: string;
  readonly p_transaction_id: string | null;
  readonly p_captured_minor: bigint;
  readonly p_reserved_minor: bigint;
  readonly p_currency: Currency;
  readonly p_paid_at: Date | null;
  readonly p_funding_source: FundingSource;
  readonly p_confirmed_at: Date | null;
}

export function toPayment(row: PaymentColumns): Payment {
  return {
    id: String(row.p_id),
    merchantId: row.p_merchant_id,
    accountId: row.p_account_id,
    paymentNo: row.p_payment_no,
    transactionId: row.p_transaction_id,
    capturedMinor: row.p_captured_minor,
    reservedMinor: row.p_reserved_minor,
    currency: row.p_currency,
    paidAt: row.p_paid_at,
    fundingSource: row.p_funding_source,
    confirmedAt: row.p_confirmed_at,
  };
}
