/** Quotes: what the shop owes for a payment, as it was told. Rows are written once; the refund that cites one is found beside it. */
import { AppError, invariant } from '../domain/errors.ts';
import type { Currency } from '../domain/money.ts';
import type { PurchaseKind } from '../domain/quote/purchase.ts';
import type { QuoteLine } from '../domain/quote/quote-line.ts';
import type { QuotePromise } from '../domain/quote/quote-promise.ts';
import type { ReviewReason } from '../domain/quote/review.ts';
import type { Db, Tx } from './pool.ts';

export interface NewQuote {
  readonly merchantId: string;
  readonly paymentId: string;
  readonly kind: PurchaseKind;
  /** The purchase as the caller described it. */
  readonly purchase: Readonly<Record<string, unknown>>;
  readonly itemNos: readonly string[];
  readonly returnedItemNo: string | null;
  readonly paidMinor: bigint;
  readonly refundedMinor: bigint;
  readonly totalMinor: bigint;
  readonly currency: Currency;
  readonly lines: readonly QuoteLine[];
  readonly policyVersion: string;
  readonly reviewReasons: readonly ReviewReason[];
  readonly promise: QuotePromise;
  readonly quotedAt: Date;
  readonly expiresAt: Date;
}

export interface Quote extends NewQuote {
  readonly id: string;
  readonly paymentNo: string;
  /** The refund that cites it, when it was asked for, and when two people decided about it. */
  readonly refundNo: string | null;
  readonly citedAt: Date | null;
  readonly decidedAt: Date | null;
}

interface LineRow {
  readonly kind: QuoteLine['kind'];
  readonly amount_minor: string;
  readonly item_no: string | null;
  readonly rule: QuoteLine['rule'];
  readonly says: QuoteLine['says'];
}

interface Row {
  readonly id: bigint;
  readonly merchant_id: string;
  readonly payment_id: bigint;
  readonly kind: PurchaseKind;
  readonly purchase: Readonly<Record<string, unknown>>;
  readonly item_nos: readonly string[];
  readonly returned_item_no: string | null;
  readonly paid_minor: bigint;
  readonly refunded_minor: bigint;
  readonly total_minor: bigint;
  readonly currency: Currency;
  readonly lines: readonly LineRow[];
  readonly policy_version: string;
  readonly review_reasons: readonly ReviewReason[];
  readonly promise_by: Date;
  readonly promise_basis: QuotePromise['basis'];
  readonly window_version: string;
  readonly calendar_revision: string;
  readonly provisional: boolean;
  readonly quoted_at: Date;
  readonly expires_at: Date;
  readonly payment_no: string;
  readonly refund_no: string | null;
  readonly cited_at: Date | null;
  readonly decided_at: Date | null;
}

/** A review ends with the release, or with the decision that the refund is not to be paid. */
const QUOTE_SELECT = `
  select q.*, p.payment_no, r.refund_no, r.requested_at as cited_at,
         (select min(o.observed_at) from observations o
           where o.refund_id = r.id and o.kind in ('released', 'resolved')) as decided_at
    from quotes q
    join payments p on p.id = q.payment_id
    left join refunds r on r.quote_id = q.id`;

/** @throws AppError `quote_item_foreign`, `quote_item_returned` */
export async function recordQuote(tx: Tx, quote: NewQuote): Promise<Quote> {
  await assertOwnItems(tx, quote);
  const { promise } = quote;
  const { rows } = await tx.query<{ id: bigint }>(
    `insert into quotes (merchant_id, payment_id, kind, purchase, item_nos, returned_item_no, paid_minor, refunded_minor, total_minor,
       currency, lines, policy_version, review_reasons, promise_by, promise_basis, window_version, calendar_revision, provisional,
       quoted_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) returning id`,
    [
      ...[quote.merchantId, quote.paymentId, quote.kind, JSON.stringify(quote.purchase), quote.itemNos],
      ...[quote.returnedItemNo, quote.paidMinor, quote.refundedMinor, quote.totalMinor, quote.currency],
      ...[JSON.stringify(quote.lines.map(toLineRow)), quote.policyVersion, quote.reviewReasons],
      ...[promise.by, promise.basis, promise.windowVersion, promise.calendarRevision, promise.provisional],
      ...[quote.quotedAt, quote.expiresAt],
    ],
  );
  const made = await getQuote(tx, quote.merchantId, String(rows[0]?.id));
  invariant(made !== null, 'a quote that was just recorded can be read');
  return made;
}

/** An item was sold once: by one payment, and it comes back once. What was quoted and never asked for binds nobody. */
async function assertOwnItems(tx: Tx, quote: NewQuote): Promise<void> {
  if (quote.kind !== 'bundle') return;
  const { rows } = await tx.query<{ foreign: boolean; returned: boolean }>(
    `select exists (select from quotes q
                     where q.merchant_id = $1 and q.item_nos && $2::text[] and q.payment_id <> $3
                       and (q.expires_at > $4 or exists (select from refunds r where r.quote_id = q.id))) as foreign,
            exists (select from quotes q join refunds r on r.quote_id = q.id and r.counted
                     where q.payment_id = $3 and coalesce(q.returned_item_no, $5) = $5) as returned`,
    [quote.merchantId, quote.itemNos, quote.paymentId, quote.quotedAt, quote.returnedItemNo],
  );
  if (rows[0]?.foreign === true) throw new AppError('quote_item_foreign', { items: quote.itemNos.join(' ') });
  if (rows[0]?.returned === true)
    throw new AppError('quote_item_returned', { item_no: quote.returnedItemNo ?? '' });
}

export async function getQuote(db: Db, merchantId: string, id: string): Promise<Quote | null> {
  const { rows } = await db.query<Row>(`${QUOTE_SELECT} where q.merchant_id = $1 and q.id = $2`, [
    merchantId,
    id,
  ]);
  return rows[0] === undefined ? null : toQuote(rows[0]);
}

function toLineRow({ kind, amountMinor, itemNo, rule, says }: QuoteLine): LineRow {
  return { kind, amount_minor: amountMinor.toString(), item_no: itemNo, rule, says };
}

function toQuote(row: Row): Quote {
  return {
    id: String(row.id),
    merchantId: row.merchant_id,
    paymentId: String(row.payment_id),
    paymentNo: row.payment_no,
    kind: row.kind,
    purchase: row.purchase,
    itemNos: row.item_nos,
    returnedItemNo: row.returned_item_no,
    paidMinor: row.paid_minor,
    refundedMinor: row.refunded_minor,
    totalMinor: row.total_minor,
    currency: row.currency,
    lines: row.lines.map((line) => ({
      ...{ kind: line.kind, amountMinor: BigInt(line.amount_minor), itemNo: line.item_no },
      ...{ rule: line.rule, says: line.says },
    })),
    policyVersion: row.policy_version,
    reviewReasons: row.review_reasons,
    promise: {
      ...{ by: row.promise_by, basis: row.promise_basis, windowVersion: row.window_version },
      ...{ calendarRevision: row.calendar_revision, provisional: row.provisional },
    },
    quotedAt: row.quoted_at,
    expiresAt: row.expires_at,
    refundNo: row.refund_no,
    citedAt: row.cited_at,
    decidedAt: row.decided_at,
  };
}
