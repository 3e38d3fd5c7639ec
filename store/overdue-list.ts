/** The list of overdue refunds that people work from. */
import { AppError } from '../domain/errors.ts';
import type { FlaggedRefund } from '../domain/overdue/late-refund.ts';
import type { ChannelName } from '../domain/refund/refund.ts';
import type { Db } from './pool.ts';

export interface OverdueRow extends FlaggedRefund {
  readonly id: bigint;
  readonly merchantId: string;
  readonly accountId: string;
  readonly currency: string;
  readonly alarmAt: Date | null;
  readonly escalateAt: Date | null;
  readonly overdueSince: Date;
  readonly flaw: string | null;
}

/** What of the list is asked for. */
export interface OverdueFilter {
  /** Null lists all merchants. */
  readonly merchantId: string | null;
  readonly channel?: ChannelName;
  /** This level only. */
  readonly level?: number;
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after?: string;
}

const COLUMNS = `
  r.id, r.refund_no as "refundNo", r.merchant_id as "merchantId", r.account_id as "accountId", r.channel,
  a.external_id as "externalId", p.payment_no as "paymentNo", r.amount_minor as "amountMinor", r.currency,
  s.effective_state as state, r.state_reason as "stateReason", r.flaw, r.overdue_level as level,
  r.requested_at as "requestedAt", r.goods_received_at as "goodsReceivedAt", r.accepted_at as "acceptedAt", r.promise_at as "promiseAt", r.alarm_at as "alarmAt",
  r.escalate_at as "escalateAt", r.overdue_since as "overdueSince", r.channel_refund_no as "channelRefundNo",
  p.transaction_id as "transactionId", r.clearing_date as "clearingDate", r.lands_in as "landsIn",
  r.bank_leg as "bankLeg", r.last_asked_at as "lastAskedAt", r.last_answer as "lastAnswer",
  r.unanswered_at as "unansweredAt", r.unanswered_why as "unansweredWhy"`;

const FROM = `
  from refunds r
  join payments p on p.id = r.payment_id
  join channel_accounts a on a.id = r.account_id
  join refund_status s on s.id = r.id`;

/** Flagged refunds, the longest overdue first. */
export async function listOverdue(
  db: Db,
  o: OverdueFilter,
): Promise<{ readonly rows: OverdueRow[]; readonly next: string | null }> {
  const [afterAt, afterId] = o.after === undefined ? [null, null] : readCursor(o.after);
  const { rows } = await db.query<OverdueRow>(
    `select ${COLUMNS} ${FROM}
      where r.overdue_level > 0 and ($1::text is null or r.merchant_id = $1)
        and ($2::text is null or r.channel = $2) and ($3::int is null or r.overdue_level = $3)
        and ($4::timestamptz is null or (r.promise_at, r.id) > ($4, $5::bigint))
      order by r.promise_at, r.id limit $6`,
    [o.merchantId, o.channel ?? null, o.level ?? null, afterAt, afterId, o.limit + 1],
  );
  const page = rows.slice(0, o.limit);
  const last = page.at(-1);
  return {
    rows: page,
    next: rows.length > o.limit && last !== undefined ? cursorOf(last) : null,
  };
}

/** One flagged refund; null for one that is not overdue, or not there. Null for the merchant looks at all of them. */
export async function findOverdue(
  db: Db,
  merchantId: string | null,
  refundNo: string,
): Promise<readonly OverdueRow[]> {
  const { rows } = await db.query<OverdueRow>(
    `select ${COLUMNS} ${FROM}
      where r.overdue_level > 0 and ($1::text is null or r.merchant_id = $1) and r.refund_no = $2
      order by r.merchant_id`,
    [merchantId, refundNo],
  );
  return rows;
}

function cursorOf(row: OverdueRow): string {
  return Buffer.from(`${row.promiseAt.toISOString()} ${String(row.id)}`).toString('base64url');
}

/** @throws AppError `request_invalid` for text that no page gave out. */
function readCursor(text: string): [string, string] {
  const [at = '', id = ''] = Buffer.from(text, 'base64url').toString('utf8').split(' ');
  if (Number.isNaN(Date.parse(at)) || !/^[0-9]{1,18}$/.test(id))
    throw new AppError('request_invalid', { cursor: text.slice(0, 80) });
  return [at, id];
}
