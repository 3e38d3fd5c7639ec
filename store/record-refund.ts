/** A refund is recorded once, whatever is asked how often and at the same time. */
import { AppError, invariant } from '../domain/errors.ts';
import type { RefundNoRule } from '../domain/ids.ts';
import { assertRefundNo, assertRefundNoFits } from '../domain/ids.ts';
import { parseMinor } from '../domain/money.ts';
import type { ReleaseLimits } from '../domain/refund/limits.ts';
import { NO_LIMITS } from '../domain/refund/limits.ts';
import type { Payment, Refund, RefundRequest } from '../domain/refund/refund.ts';
import { fingerprint } from './fingerprint.ts';
import type { Pool, Tx } from './pool.ts';
import { brokenConstraint, inTransaction } from './pool.ts';
import type { RefundRules } from './refund-payment.ts';
import { citedQuote } from './quote-cited.ts';
import { checkParts, checkPayment, paymentOf } from './refund-payment.ts';
import type { RefundRow } from './refund-rows.ts';
import { REFUND_SELECT, toRefund } from './refund-rows.ts';
import { getRefundById } from './refunds.ts';
import { holdForRelease } from './release-limits.ts';

export interface RecordOptions {
  readonly now: Date;
  /** What the channel of an account takes. @throws AppError `account_unknown` */
  readonly limitsOf: (accountId: string) => RefundRules['limits'];
  /** Null for callers that have only the refund number as their key. */
  readonly idempotencyKey: string | null;
  /** Limits above which it waits for two people. */
  readonly releaseLimits?: ReleaseLimits;
}

/**
 * Records a refund, or finds the one that the same request made before. The refund number and the idempotency key are
 * both unique in the database, and the payment's guard holds the sum: whatever runs at the same time.
 * @throws AppError `refund_conflict`, `idempotency_conflict`, `payment_unknown`, `payment_conflict`, `currency_mismatch`,
 *   `refund_exceeds_payment`, `refund_too_late`, `refund_parts_exhausted`, `refund_no_invalid`, `amount_invalid`,
 *   `account_unknown`, `request_invalid` for goods that came back in the future, and what {@link citedQuote} throws
 */
export async function recordRefund(
  pool: Pool,
  request: RefundRequest,
  o: RecordOptions,
): Promise<{ refund: Refund; created: boolean }> {
  assertRefundNo(request.refundNo);
  parseMinor(request.amountMinor);
  const goodsReceivedAt = goodsReceivedOf(request, o.now);
  const mark = fingerprint({
    merchant: request.merchantId,
    refund: request.refundNo,
    amount: request.amountMinor,
    currency: request.currency,
    payment: request.paymentNo,
    reason: request.reason,
    // Left out where it is not given: requests of before it could be have their marks already.
    goods_received: goodsReceivedAt?.toISOString(),
    quote: request.quoteId,
  });
  return inTransaction(pool, async (tx) => {
    // Repeats of one key or number wait here for the first, and then find what it did.
    await lockNames(tx, request, o.idempotencyKey);
    const known = await findKnown(tx, request, o.idempotencyKey, mark);
    if (known !== null) {
      // A repeat that tells the payment otherwise than it is registered is no repeat.
      if (request.payment !== undefined) await paymentOf(tx, request, o.now);
      await rememberKey(tx, request, o, mark, known.id);
      return { refund: known, created: false };
    }
    const { payment, isNew } = await paymentOf(tx, request, o.now);
    const rules = { now: o.now, limits: o.limitsOf(payment.accountId) };
    const rule = rules.limits.refundNo;
    if (rule !== undefined) assertRefundNoFits(request.refundNo, rule);
    checkPayment(payment, request, rules);
    // Nobody else can see a payment that was registered just now, let alone have it refunded.
    if (!isNew) await checkParts(tx, payment, rules);
    const quote = await citedQuote(tx, request, { payment, now: o.now });
    const id = await insertRefund(tx, payment, request, {
      mark,
      goodsReceivedAt,
      now: o.now,
      tail: tailOf(request.refundNo, rule),
      key: o.idempotencyKey,
    });
    await holdForRelease(tx, id, request, {
      limits: o.releaseLimits ?? NO_LIMITS,
      now: o.now,
      needsReview: quote !== null && quote.reviewReasons.length > 0,
    });
    const refund = await getRefundById(tx, id);
    invariant(refund !== null, 'a refund that was just recorded can be read');
    return { refund, created: true };
  });
}

/** @throws AppError `request_invalid` for text that is no instant, and for one that has not come yet. */
function goodsReceivedOf({ goodsReceivedAt: text }: RefundRequest, now: Date): Date | null {
  if (text === undefined) return null;
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new AppError('request_invalid', { goods_received_at: text.slice(0, 40) });
  if (at.getTime() > now.getTime())
    throw new AppError('request_invalid', { goods_received_at: 'lies in the future' });
  return at;
}

async function lockNames(tx: Tx, request: RefundRequest, key: string | null): Promise<void> {
  const names = [
    `refund/${request.merchantId}/${request.refundNo}`,
    ...(key === null ? [] : [`key/${request.merchantId}/${key}`]),
  ];
  // One after the other in the order of the array, so that two that want the same names never wait for each other.
  await tx.query(
    'select pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest($1::text[]) as names (name)',
    [names.toSorted()],
  );
}

async function findKnown(
  tx: Tx,
  request: RefundRequest,
  key: string | null,
  mark: string,
): Promise<Refund | null> {
  if (!(await isKnown(tx, request, key))) return null;
  if (key !== null) {
    const { rows } = await tx.query<{ fingerprint: string; refund_id: bigint; refund_no: string }>(
      `select k.fingerprint, k.refund_id, r.refund_no from idempotency_keys k join refunds r on r.id = k.refund_id
        where k.merchant_id = $1 and k.key = $2`,
      [request.merchantId, key],
    );
    const used = rows[0];
    if (used !== undefined && used.fingerprint !== mark)
      throw new AppError('idempotency_conflict', { refund_no: used.refund_no });
    if (used !== undefined) return getRefundById(tx, String(used.refund_id));
  }
  const { rows } = await tx.query<RefundRow>(
    `${REFUND_SELECT} where r.merchant_id = $1 and r.refund_no = $2`,
    [request.merchantId, request.refundNo],
  );
  const row = rows[0];
  if (row === undefined) return null;
  if (row.fingerprint !== mark) throw new AppError('refund_conflict', { refund_no: request.refundNo });
  return toRefund(row);
}

/** Most requests are new: one question tells, and what exactly is known is asked only of the others. */
async function isKnown(
  tx: Tx,
  { merchantId, refundNo }: RefundRequest,
  key: string | null,
): Promise<boolean> {
  const { rows } = await tx.query<{ known: boolean }>(
    `select exists (select from idempotency_keys where merchant_id = $1 and key = $2)
         or exists (select from refunds where merchant_id = $1 and refund_no = $3) as known`,
    [merchantId, key, refundNo],
  );
  return rows[0]?.known === true;
}

/** The refund and, in the same breath, the key under which it was asked for. */
async function insertRefund(
  tx: Tx,
  payment: Payment,
  request: RefundRequest,
  row: {
    readonly mark: string;
    readonly goodsReceivedAt: Date | null;
    readonly now: Date;
    readonly tail: string | null;
    readonly key: string | null;
  },
): Promise<string> {
  try {
    const { rows } = await tx.query<{ id: bigint }>(
      `with made as (
         insert into refunds (merchant_id, account_id, channel, payment_id, refund_no, amount_minor, currency, reason,
           fingerprint, requested_at, number_tail, goods_received_at, quote_id)
         select $1, $2, a.channel, $3, $4, $5, $6, $7, $8, $9, $10, $12, $13 from channel_accounts a where a.id = $2
         returning id, merchant_id, fingerprint, requested_at
       ), kept as (
         insert into idempotency_keys (merchant_id, key, fingerprint, refund_id, created_at)
         select merchant_id, $11, fingerprint, id, requested_at from made where $11::text is not null
         on conflict on constraint idempotency_key_once do nothing
       )
       select id from made`,
      [
        request.merchantId,
        payment.accountId,
        payment.id,
        request.refundNo,
        request.amountMinor,
        request.currency,
        request.reason ?? null,
        row.mark,
        row.now,
        row.tail,
        row.key,
        row.goodsReceivedAt,
        request.quoteId ?? null,
      ],
    );
    invariant(rows[0] !== undefined, 'the account of a payment has a row');
    return String(rows[0].id);
  } catch (error) {
    const constraint = brokenConstraint(error);
    if (constraint === 'refund_exceeds_payment') {
      const left = payment.capturedMinor - payment.reservedMinor;
      throw new AppError(
        'refund_exceeds_payment',
        { asked_minor: request.amountMinor, left_minor: left.toString() },
        { cause: error },
      );
    }
    // Two merchants behind one channel account share its number space.
    if (constraint === 'refund_no_once_at_channel')
      throw new AppError('refund_conflict', { refund_no: request.refundNo }, { cause: error });
    if (constraint === 'refund_tail_once') {
      const rule = 'its last digits are those of another refund of this account';
      throw new AppError('refund_no_invalid', { refund_no: request.refundNo, rule }, { cause: error });
    }
    throw error;
  }
}

/** The digits that the channel wants unique, or null where it does not care. */
function tailOf(refundNo: string, rule: RefundNoRule | undefined): string | null {
  const digits = rule?.uniqueTailDigits ?? null;
  return digits === null ? null : refundNo.slice(-digits);
}

/** From now on the key stands for this content, also when the refund itself was made under another key. */
async function rememberKey(
  tx: Tx,
  request: RefundRequest,
  o: RecordOptions,
  mark: string,
  id: string,
): Promise<void> {
  if (o.idempotencyKey === null) return;
  await tx.query(
    `insert into idempotency_keys (merchant_id, key, fingerprint, refund_id, created_at) values ($1, $2, $3, $4, $5)
     on conflict on constraint idempotency_key_once do nothing`,
    [request.merchantId, o.idempotencyKey, mark, id, o.now],
  );
}
