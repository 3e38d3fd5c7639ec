/** Payments: registered by the merchant, confirmed by the channel. */
import { AppError } from '../domain/errors.ts';
import { parseMinor } from '../domain/money.ts';
import type { FundingSource, Payment, PaymentClaim } from '../domain/refund/refund.ts';
import { fingerprint } from './fingerprint.ts';
import { observeInside } from './observations.ts';
import type { PaymentColumns } from './payment-rows.ts';
import { PAYMENT_COLUMNS, toPayment } from './payment-rows.ts';
import type { Db, Pool, Tx } from './pool.ts';
import { inTransaction } from './pool.ts';

export interface NewPayment {
  readonly merchantId: string;
  readonly paymentNo: string;
  readonly claim: PaymentClaim;
}

/**
 * Registers a payment. The same content again is the same payment.
 * @throws AppError `payment_conflict`, `account_unknown`, `amount_invalid`, `request_invalid`
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
  const mark = fingerprint({
    account: claim.accountId,
    transaction: claim.transactionId,
    captured: parseMinor(claim.capturedMinor).toString(),
    currency: claim.currency,
    // One instant has many spellings.
    paid: claim.paidAt === undefined ? null : instant(claim.paidAt),
  });
  const inserted = await insertPayment(tx, payment, mark, now);
  if (inserted !== null) return { payment: inserted, created: true };
  await assertOwnAccount(tx, merchantId, claim.accountId);
  const { rows } = await tx.query<PaymentColumns & { fingerprint: string }>(
    `select ${PAYMENT_COLUMNS}, p.fingerprint from payments p where p.merchant_id = $1 and p.payment_no = $2`,
    [merchantId, paymentNo],
  );
  const row = rows[0];
  if (row?.fingerprint !== mark) throw new AppError('payment_conflict', { payment_no: paymentNo });
  return { payment: toPayment(row), created: false };
}

/** @throws AppError `account_unknown` */
async function assertOwnAccount(tx: Tx, merchantId: string, accountId: string): Promise<void> {
  const account = 'select 1 from channel_accounts where id = $1 and merchant_id = $2';
  const { rowCount } = await tx.query(account, [accountId, merchantId]);
  if (rowCount === 0) throw new AppError('account_unknown', { account_id: accountId });
}

/**
 * Null when the account is not the merchant's, when the merchant's number is taken, or when the channel's number is another
 * payment's.
 */
async function insertPayment(tx: Tx, payment: NewPayment, mark: string, now: Date): Promise<Payment | null> {
  const { merchantId, paymentNo, claim } = payment;
  const { rows } = await tx.query<PaymentColumns>(
    `insert into payments as p (merchant_id, account_id, payment_no, transaction_id, captured_minor, currency, paid_at, fingerprint, created_at)
     select $1, a.id, $3, $4, $5, $6, $7, $8, $9 from channel_accounts a where a.id = $2 and a.merchant_id = $1
     on conflict do nothing
     returning ${PAYMENT_COLUMNS}`,
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
  return rows[0] === undefined ? null : toPayment(rows[0]);
}

function instant(text: string): string {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new AppError('request_invalid', { paid_at: text.slice(0, 40) });
  return new Date(at).toISOString();
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
 * @throws AppError `refund_unknown`
 */
export async function confirmPayment(
  pool: Pool,
  refundId: string,
  report: ConfirmedPayment,
  at: Date,
): Promise<Confirmation> {
  return inTransaction(pool, async (tx) => {
    const payment = await lockPayment(tx, refundId);
    const fields = differences(payment, report);
    if (fields.length === 0 && !(await fillIn(tx, payment, report, at))) fields.push('transaction_id');
    const base = { source: 'payment', at: at.toISOString() } as const;
    if (fields.length > 0) {
      const ref = `${report.transactionId}/${fields.join('+')}/${base.at}`;
      await observeInside(tx, refundId, [{ ...base, kind: 'payment_mismatch', ref, fields }]);
      return { verdict: 'mismatch', fields };
    }
    const ref = `${report.transactionId}/${base.at}`;
    await observeInside(tx, refundId, [{ ...base, kind: 'payment_confirmed', ref }]);
    return { verdict: 'confirmed' };
  });
}

/**
 * Locks the refund before its payment, as every writer of evidence does, and with it those that a number which is filled in will be
 * passed on to. One that is recorded between the two locks is left to the retry that ends a deadlock.
 */
async function lockPayment(tx: Tx, refundId: string): Promise<Payment> {
  await tx.query(
    `select 1 from refunds
      where id = $1 or payment_id = (select payment_id from refunds where id = $1) and transaction_id is null
      order by id for no key update`,
    [refundId],
  );
  const { rows } = await tx.query<PaymentColumns>(
    `select ${PAYMENT_COLUMNS} from payments p join refunds r on r.payment_id = p.id where r.id = $1 for no key update of p`,
    [refundId],
  );
  if (rows[0] === undefined) throw new AppError('refund_unknown', { refund_id: refundId });
  return toPayment(rows[0]);
}

/** False when the channel's number already belongs to another payment of the account. */
async function fillIn(tx: Tx, payment: Payment, report: ConfirmedPayment, at: Date): Promise<boolean> {
  // Two payments that are told the same number at the same instant: the second looks when the first has done.
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `yuanlu/transaction/${payment.accountId}/${report.transactionId}`,
  ]);
  const { rowCount } = await tx.query(
    `update payments p
        set transaction_id = $2, paid_at = $3, funding_source = $4, confirmed_at = coalesce(p.confirmed_at, $5)
      where p.id = $1
        and not exists (select from payments o where o.account_id = p.account_id and o.transaction_id = $2 and o.id <> p.id)`,
    [payment.id, report.transactionId, report.paidAt, report.fundingSource, at],
  );
  return rowCount === 1;
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
