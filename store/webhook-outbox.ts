/** The outbox of webhooks, for those who carry it out: what has to be started, what is sent, what came of it. */
import type { DeadWhy } from '../domain/notice/delivery.ts';
import { invariant } from '../domain/errors.ts';
import type { StatementKind } from '../domain/statement/statement.ts';
import type { EventType, WebhookEvent } from '../domain/notice/event.ts';
import { TEST_EVENT_TYPE } from '../domain/notice/event.ts';
import type { RefundState, StateReason } from '../domain/refund/state.ts';
import type { Db, Pool } from './pool.ts';
import { inTransaction } from './pool.ts';
import { storableText } from './storable-text.ts';
import { disableEndpoint } from './webhook-endpoints.ts';

/** One round of one delivery: what its workflow is about. */
export interface DeliveryRound {
  readonly deliveryId: string;
  readonly eventId: string;
  readonly endpointId: string;
  /** Counts from 1; one more with each replay. */
  readonly round: number;
}

/**
 * Deliveries that nobody carries, the oldest first: never started, or started before `staleSince` and not tried since.
 */
export async function deliveriesToStart(
  db: Db,
  o: { readonly staleSince: Date | null; readonly limit: number },
): Promise<DeliveryRound[]> {
  const { rows } = await db.query<DeliveryRound>(
    `with waiting as (
       (select d.id from webhook_deliveries d where d.status = 'pending' and d.started_at is null order by d.id limit $2)
       union all
       (select d.id from webhook_deliveries d
         where d.status = 'pending' and d.started_at < $1 and coalesce(d.last_attempt_at, d.started_at) < $1
         order by d.started_at limit $2))
     select d.id::text as "deliveryId", e.event_id as "eventId", d.endpoint_id::text as "endpointId", d.round
       from waiting w join webhook_deliveries d on d.id = w.id join webhook_events e on e.id = d.event
      order by d.id limit $2`,
    [o.staleSince, o.limit],
  );
  return rows;
}

/** Notes that the workflows of these rounds were started, or found running, at `at` (wall time). */
export async function markDeliveriesStarted(
  db: Db,
  started: readonly DeliveryRound[],
  at: Date,
): Promise<void> {
  if (started.length === 0) return;
  await db.query(
    `update webhook_deliveries d set started_at = $3
       from unnest($1::bigint[], $2::int[]) as s (id, round) where d.id = s.id and d.round = s.round`,
    [started.map((one) => one.deliveryId), started.map((one) => one.round), at],
  );
}

/** What is to be sent, and where to. */
export interface PendingDelivery {
  readonly event: WebhookEvent;
  readonly merchantId: string;
  readonly endpointId: string;
  readonly url: string;
  readonly isDisabled: boolean;
  /** Encrypted; the first signs, the second beside it while it is there. */
  readonly secrets: readonly Buffer[];
}

interface PendingRow {
  readonly event_id: string;
  readonly type: EventType | typeof TEST_EVENT_TYPE;
  readonly at: Date;
  readonly refund_no: string | null;
  readonly state: RefundState | null;
  readonly reason: StateReason;
  readonly overdue_level: number | null;
  readonly account_id: string | null;
  readonly statement_kind: StatementKind | null;
  readonly bill_date: string | null;
  readonly due_at: Date | null;
  readonly merchant_id: string;
  readonly endpoint_id: bigint;
  readonly url: string;
  readonly disabled_at: Date | null;
  readonly secret: Buffer;
  readonly previous_secret: Buffer | null;
  readonly previous_until: Date | null;
}

/** Null where this round has ended, or another one has begun. */
export async function pendingDelivery(
  db: Db,
  { deliveryId, round }: DeliveryRound,
  now: Date,
): Promise<PendingDelivery | null> {
  const { rows } = await db.query<PendingRow>(
    `select e.event_id, e.type, e.at, e.refund_no, e.state, e.reason, e.overdue_level, e.account_id, e.statement_kind,
            e.bill_date, e.due_at, p.merchant_id, p.id as endpoint_id, p.url, p.disabled_at, p.secret, p.previous_secret, p.previous_until
       from webhook_deliveries d join webhook_events e on e.id = d.event join webhook_endpoints p on p.id = d.endpoint_id
      where d.id = $1 and d.round = $2 and d.status = 'pending'`,
    [deliveryId, round],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { previous_secret: previous, previous_until: until } = row;
  return {
    event: eventOf(row),
    merchantId: row.merchant_id,
    endpointId: String(row.endpoint_id),
    url: row.url,
    isDisabled: row.disabled_at !== null,
    secrets: [row.secret, ...(previous !== null && until !== null && now < until ? [previous] : [])],
  };
}

function eventOf(row: PendingRow): WebhookEvent {
  const { event_id: eventId, type, at } = row;
  switch (type) {
    case TEST_EVENT_TYPE:
      return { eventId, type, at, refund: null };
    case 'statement.missing':
    case 'statement.received': {
      const { account_id: accountId, statement_kind: kind, bill_date: billDate, due_at: dueAt } = row;
      invariant(
        accountId !== null && kind !== null && billDate !== null && dueAt !== null,
        'an event of a statement says which',
      );
      return { eventId, type, at, refund: null, statement: { accountId, kind, billDate, dueAt } };
    }
    default: {
      const { refund_no: refundNo, state, reason, overdue_level: overdueLevel } = row;
      invariant(
        refundNo !== null && state !== null && overdueLevel !== null,
        'an event of a refund says how it stands',
      );
      return { eventId, type, at, refund: { refundNo, state, reason, overdueLevel } };
    }
  }
}

/** What one try brought: the status of an answer and its beginning, or null and why there was none. */
export interface Attempt {
  readonly at: Date;
  readonly status: number | null;
  readonly answer: string;
}

const ATTEMPT = `attempts = attempts + 1, last_attempt_at = $3, last_status = $4, last_answer = $5`;

/** Notes a try that has to be repeated. */
export async function noteAttempt(db: Db, round: DeliveryRound, attempt: Attempt): Promise<void> {
  await write(db, round, ATTEMPT, attempt);
}

export async function noteDelivered(db: Db, round: DeliveryRound, attempt: Attempt): Promise<void> {
  await write(db, round, `${ATTEMPT}, status = 'delivered', ended_at = $3`, attempt);
}

/** A 410: nothing is sent there any more. */
export function noteGone(
  pool: Pool,
  round: DeliveryRound,
  o: { readonly merchantId: string; readonly attempt: Attempt; readonly now: Date },
): Promise<void> {
  return inTransaction(pool, async (tx) => {
    await disableEndpoint(tx, {
      ...{ id: round.endpointId, merchantId: o.merchantId, by: 'answer 410', now: o.now, why: 'gone' },
    });
    await write(tx, round, `${ATTEMPT}, status = 'dead', dead_why = 'gone', ended_at = $3`, o.attempt);
  });
}

/** Gives a round up without another try. */
export async function giveUp(db: Db, round: DeliveryRound, why: DeadWhy, at: Date): Promise<void> {
  await db.query(
    `update webhook_deliveries set status = 'dead', dead_why = $3, ended_at = $4
      where id = $1 and round = $2 and status = 'pending'`,
    [round.deliveryId, round.round, why, at],
  );
}

async function write(db: Db, round: DeliveryRound, set: string, attempt: Attempt): Promise<void> {
  await db.query(`update webhook_deliveries set ${set} where id = $1 and round = $2 and status = 'pending'`, [
    round.deliveryId,
    round.round,
    attempt.at,
    attempt.status,
    storableText(attempt.answer),
  ]);
}
