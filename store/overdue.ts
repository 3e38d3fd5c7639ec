/** Lateness, in sets: which refunds are due without evidence, the flags on them, and the list that people work from. */
import type { BankLeg } from '../domain/refund/observation.ts';
import type { ChannelName } from '../domain/refund/refund.ts';
import type { RefundState } from '../domain/refund/state.ts';
import type { Db } from './pool.ts';

/**
 * Nobody has proof that the money left, or the channel says that it left and is still on its way to the payer's bank.
 * The indexes `refunds_open_by_promise` and `refunds_open_by_window` have the same words.
 */
export const OPEN = `(r.state in ('requested', 'unknown', 'processing', 'needs_action')
  or r.state = 'succeeded' and r.bank_leg = 'pending')`;

/** The opposite; a channel that tells nothing of the bank leaves the leg null. */
const CLOSED = `${OPEN} is not true`;

/** The level a refund has earned at `$1`: 2 after the alarm, 1 after the promise, 0 with evidence or in time. */
const EARNED = `case when ${CLOSED} then 0 when r.alarm_at <= $1 then 2 when r.promise_at <= $1 then 1 else 0 end`;

export interface DueRefund {
  readonly refundId: string;
  readonly merchantId: string;
  readonly refundNo: string;
  readonly accountId: string;
}

/**
 * Refunds that are about to earn a higher flag: their promise or alarm has passed without evidence. Those that have
 * their flag already are not asked about again by every sweep; their own workflow keeps asking.
 */
export async function findDue(
  db: Db,
  o: { readonly now: Date; readonly limit: number; readonly after?: string },
): Promise<DueRefund[]> {
  const { rows } = await db.query<{ id: bigint; merchant_id: string; refund_no: string; account_id: string }>(
    `select r.id, r.merchant_id, r.refund_no, r.account_id from refunds r
      where ${OPEN} and r.promise_at <= $1 and r.id > $3 and ${EARNED} > r.overdue_level
      order by r.id limit $2`,
    [o.now, o.limit, o.after ?? 0],
  );
  return rows.map((row) => ({
    refundId: String(row.id),
    merchantId: row.merchant_id,
    refundNo: row.refund_no,
    accountId: row.account_id,
  }));
}

/**
 * Raises flags that were earned and lifts those that evidence has answered, in one statement; each change is kept. A
 * flag never goes down while evidence is missing. Rows are locked in the order of their ids, so that two sweeps never
 * wait for each other, and judged as they are then: evidence that arrives meanwhile counts.
 */
export async function flagOverdue(db: Db, now: Date): Promise<{ raised: number; lifted: number }> {
  const { rows } = await db.query<{ raised: bigint; lifted: bigint }>(
    `with candidates as (
       select r.id from refunds r where ${OPEN} and r.promise_at <= $1 and ${EARNED} > r.overdue_level
       union all
       select r.id from refunds r where r.overdue_level > 0 and ${CLOSED}
     ), locked as materialized (
       select r.id from refunds r where r.id in (select id from candidates) order by r.id for no key update
     ), changed as (
       update refunds r
          set overdue_level = ${EARNED},
              overdue_since = case when ${EARNED} = 0 then null else coalesce(r.overdue_since, $1) end
         from locked l
        where r.id = l.id and (${EARNED} > r.overdue_level or ${CLOSED} and r.overdue_level > 0)
       returning r.id, r.overdue_level
     ), kept as (
       insert into overdue_flags (refund_id, level, at) select id, overdue_level, $1 from changed
     )
     select count(*) filter (where overdue_level > 0) as raised, count(*) filter (where overdue_level = 0) as lifted from changed`,
    [now],
  );
  return { raised: Number(rows[0]?.raised ?? 0n), lifted: Number(rows[0]?.lifted ?? 0n) };
}

export interface OverdueRow {
  readonly refundNo: string;
  readonly merchantId: string;
  readonly accountId: string;
  readonly channel: ChannelName;
  readonly paymentNo: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly state: RefundState;
  readonly stateReason: string | null;
  /** 1 promise missed, 2 alarm. */
  readonly level: number;
  readonly promiseAt: Date;
  readonly overdueSince: Date;
  readonly channelRefundNo: string | null;
  readonly transactionId: string | null;
  readonly clearingDate: string | null;
  readonly landsIn: string | null;
  /** `pending`: the channel has paid, and the payer's bank is what is late. */
  readonly bankLeg: BankLeg | null;
  readonly lastAskedAt: Date | null;
  readonly lastAnswer: string | null;
}

/** Flagged refunds, the longest overdue first. Null lists all merchants. */
export async function listOverdue(
  db: Db,
  merchantId: string | null,
  o: { readonly limit: number },
): Promise<OverdueRow[]> {
  const { rows } = await db.query(
    `select r.refund_no as "refundNo", r.merchant_id as "merchantId", r.account_id as "accountId", r.channel,
            p.payment_no as "paymentNo", r.amount_minor as "amountMinor", r.currency,
            s.effective_state as state, r.state_reason as "stateReason", r.overdue_level as level, r.promise_at as "promiseAt",
            r.overdue_since as "overdueSince", r.channel_refund_no as "channelRefundNo", p.transaction_id as "transactionId",
            r.clearing_date as "clearingDate", r.lands_in as "landsIn", r.bank_leg as "bankLeg",
            r.last_asked_at as "lastAskedAt", r.last_answer as "lastAnswer"
       from refunds r
       join payments p on p.id = r.payment_id
       join refund_status s on s.id = r.id
      where r.overdue_level > 0 and ($1::text is null or r.merchant_id = $1)
      order by r.promise_at, r.id limit $2`,
    [merchantId, o.limit],
  );
  return rows as OverdueRow[];
}
