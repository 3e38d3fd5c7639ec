/** Payments: registered by the merchant, confirmed by the channel. */
import { AppError } from '../domain/errors.ts';
import type { Currency } from '../domain/money.ts';
import { parseMinor } from '../domain/money.ts';
import type { FundingSource, Payment, PaymentClaim } from '../domain/refund/refund.ts';
import { fingerprint } from './fingerprint.ts';
import { observe } from './observations.ts';
import type { Db, Pool, Tx } from './pool.ts';
import { brokenConstraint, inTransaction } from './pool.ts';

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

export interface NewPayment {
  readonly merchantId: string;
  readonly paymentNo: string;
  readonly claim: PaymentClaim;
}

/**
 * Registers a payment. The same content again is the same payment.
 * @throws AppError `payment_conflict`, `account_unknown`, `amount_invalid`
 */
export async function registerPayment(
  pool: Pool,
  payment: NewPayment,
  now: Date,
): Promise<{ payment: Payment; created: boolean }> {
  return inTransaction(pool, (tx) => registerInside(tx, payment, now));
}

/** As {@link registerPayment}, inside a transaction that goes on. */
export async function registerInside(
  tx: Tx,
  payment: NewPayment,
  now: Date,
): Promise<{ payment: Payment; created: boolean }> {
  const { merchantId, paymentNo, claim } = payment;
  const owner = await tx.query('select 1 from channel_accounts where id = $1 and merchant_id = $2', [
    claim.accountId,
    merchantId,
  ]);
  if (owner.rowCount === 0) throw new AppError('account_unknown', { account_id: claim.accountId });
  const mark = fingerprint({
    account: claim.accountId,
    transaction: claim.transactionId,
    captured: parseMinor(claim.capturedMinor).toString(),
    currency: claim.currency,
    paid: claim.paidAt,
  });
  const created = await insertPayment(tx, payment, mark, now);
  const { rows } = await tx.query<PaymentColumns & { fingerprint: string }>(
    `select ${PAYMENT_COLUMNS}, p.fingerprint from payments p where p.merchant_id = $1 and p.payment_no = $2`,
    [merchantId, paymentNo],
  );
  const row = rows[0];
  if (row?.fingerprint !== mark) throw new AppError('payment_conflict', { payment_no: paymentNo });
  return { payment: toPayment(row), created };
}

async function insertPayment(tx: Tx, payment: NewPayment, mark: string, now: Date): Promise<boolean> {
  const { merchantId, paymentNo, claim } = payment;
  try {
    const { rowCount } = await tx.query(
      `insert into payments (merchant_id, account_id, payment_no, transaction_id, captured_minor, currency, paid_at, fingerprint, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict on constraint payment_no_once do nothing`,
      [
        merchantId,
        claim.accountId,
        paymentNo,
        claim.transactionId ?? null,
        claim.capturedMinor,
        claim.currency,
        claim.paidAt ?? null,
        mark,
        now,
      ],
    );
    return rowCount === 1;
  } catch (error) {
    // Another payment of the account has this channel number.
    if (brokenConstraint(error) !== 'payments_by_transaction') throw error;
    throw new AppError('payment_conflict', { transaction_id: claim.transactionId }, { cause: error });
  }
}

export async function getPayment(db: Db, merchantId: string, paymentNo: string): Promise<Payment | null> {
  const { rows } = await db.query<PaymentColumns>(
    `select ${PAYMENT_COLUMNS} from payments p where p.merchant_id = $1 and p.payment_no = $2`,
    [merchantId, paymentNo],
  );
  return rows[0] === undefined ? null : toPayment(rows[0]);
}

/** What the channel's order query says of a payment. */
export interface ConfirmedPayment {
  readonly paymentNo: string;
  readonly transactionId: string;
  readonly capturedMinor: bigint;
  readonly currency: string;
  readonly paidAt: Date;
  readonly fundingSource: FundingSource;
}

export type Confirmation =
  | { readonly verdict: 'confirmed' }
  | { readonly verdict: 'mismatch'; readonly fields: readonly string[] };

/**
 * Holds the channel's report against the payment of a refund. Agreement fills in what only the channel knows; a
 * contradiction becomes evidence on the refund (payment_mismatch), and the payment stays as it was registered.
 */
export async function confirmPayment(
  pool: Pool,
  refundId: string,
  report: ConfirmedPayment,
  at: Date,
): Promise<Confirmation> {
  const { rows } = await pool.query<PaymentColumns>(
    `select ${PAYMENT_COLUMNS} from payments p join refunds r on r.payment_id = p.id where r.id = $1`,
    [refundId],
  );
  if (rows[0] === undefined) throw new AppError('refund_unknown', { refund_id: refundId });
  const payment = toPayment(rows[0]);
  const fields = differences(payment, report);
  const base = { source: 'payment', at: at.toISOString() } as const;
  if (fields.length > 0) {
    const ref = `${report.transactionId}/${fields.join('+')}/${base.at}`;
    await observe(pool, refundId, [{ ...base, kind: 'payment_mismatch', ref, fields }]);
    return { verdict: 'mismatch', fields };
  }
  await pool.query(
    `update payments set transaction_id = $2, paid_at = $3, funding_source = $4, confirmed_at = coalesce(confirmed_at, $5) where id = $1`,
    [payment.id, report.transactionId, report.paidAt, report.fundingSource, at],
  );
  await observe(pool, refundId, [
    { ...base, kind: 'payment_confirmed', ref: `${report.transactionId}/${base.at}` },
  ]);
  return { verdict: 'confirmed' };
}

function differences(payment: Payment, report: ConfirmedPayment): string[] {
  const fields: string[] = [];
  if (report.paymentNo !== payment.paymentNo) fields.push('payment_no');
  if (payment.transactionId !== null && report.transactionId !== payment.transactionId)
    fields.push('transaction_id');
  if (report.capturedMinor !== payment.capturedMinor) fields.push('captured_minor');
  if (report.currency !== payment.currency) fields.push('currency');
  return fields;
}
