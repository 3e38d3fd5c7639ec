/** Deliveries as people see them: listed, tried, sent again. How they are carried out is in `webhook-outbox.ts`. */
import { AppError } from '../domain/errors.ts';
import type { DeadWhy, DeliveryStatus } from '../domain/notice/delivery.ts';
import type { EventType, TEST_EVENT_TYPE } from '../domain/notice/event.ts';
import type { Db } from './pool.ts';

export interface WebhookDelivery {
  readonly id: string;
  readonly endpointId: string;
  readonly eventId: string;
  readonly type: EventType | typeof TEST_EVENT_TYPE;
  readonly refundNo: string | null;
  readonly at: Date;
  readonly status: DeliveryStatus;
  readonly deadWhy: DeadWhy | null;
  readonly round: number;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly lastAttemptAt: Date | null;
  readonly lastStatus: number | null;
  readonly lastAnswer: string | null;
  readonly endedAt: Date | null;
}

const SELECT = `
  select d.id::text as id, d.endpoint_id::text as "endpointId", e.event_id as "eventId", e.type, e.refund_no as "refundNo", e.at,
         d.status, d.dead_why as "deadWhy", d.round, d.attempts, d.created_at as "createdAt", d.last_attempt_at as "lastAttemptAt",
         d.last_status as "lastStatus", d.last_answer as "lastAnswer", d.ended_at as "endedAt"
    from webhook_deliveries d join webhook_events e on e.id = d.event`;

export interface DeliveryFilter {
  readonly status?: DeliveryStatus | undefined;
  readonly endpointId?: string | undefined;
  readonly refundNo?: string | undefined;
}

/** Newest first. */
export async function listDeliveries(
  db: Db,
  merchantId: string,
  o: DeliveryFilter & { readonly limit: number; readonly after?: string | undefined },
): Promise<{ readonly deliveries: WebhookDelivery[]; readonly next: string | null }> {
  const { rows } = await db.query<WebhookDelivery>(
    `${SELECT}
      where d.merchant_id = $1 and ($3::bigint is null or d.id < $3) and ($4::text is null or d.status = $4)
        and ($5::bigint is null or d.endpoint_id = $5) and ($6::text is null or e.refund_no = $6)
      order by d.id desc limit $2`,
    [merchantId, o.limit + 1, o.after ?? null, o.status ?? null, o.endpointId ?? null, o.refundNo ?? null],
  );
  const deliveries = rows.slice(0, o.limit);
  return { deliveries, next: rows.length > o.limit ? (deliveries.at(-1)?.id ?? null) : null };
}

/** @throws AppError `webhook_delivery_unknown` */
export async function getDelivery(db: Db, merchantId: string, id: string): Promise<WebhookDelivery> {
  const { rows } = await db.query<WebhookDelivery>(`${SELECT} where d.merchant_id = $1 and d.id = $2`, [
    merchantId,
    id,
  ]);
  if (rows[0] === undefined) throw new AppError('webhook_delivery_unknown', { delivery: id });
  return rows[0];
}

/** Puts an event on its way that only tries the endpoint. @throws AppError `webhook_endpoint_disabled` */
export async function tellTest(
  db: Db,
  o: { readonly endpointId: string; readonly merchantId: string; readonly now: Date },
): Promise<WebhookDelivery> {
  const { rows } = await db.query<{ id: bigint | null }>('select tell_test($1, $2) as id', [
    o.endpointId,
    o.now,
  ]);
  const id = rows[0]?.id ?? null;
  if (id === null) throw new AppError('webhook_endpoint_disabled', { endpoint: o.endpointId });
  return getDelivery(db, o.merchantId, String(id));
}

/** The next round of what was given up. */
const AGAIN = `status = 'pending', dead_why = null, round = d.round + 1, started_at = null, attempts = 0, ended_at = null`;

/**
 * Has one that was given up sent again, under the same event id. One that is under way goes on as it does.
 * @throws AppError `webhook_delivery_unknown`, `webhook_delivered`, `webhook_endpoint_disabled`
 */
export async function replayDelivery(db: Db, merchantId: string, id: string): Promise<WebhookDelivery> {
  await db.query(
    `update webhook_deliveries d set ${AGAIN} from webhook_endpoints p
      where d.merchant_id = $1 and d.id = $2 and d.status = 'dead' and p.id = d.endpoint_id and p.disabled_at is null`,
    [merchantId, id],
  );
  const delivery = await getDelivery(db, merchantId, id);
  if (delivery.status === 'delivered') throw new AppError('webhook_delivered', { delivery: id });
  if (delivery.status === 'dead')
    throw new AppError('webhook_endpoint_disabled', { endpoint: delivery.endpointId });
  return delivery;
}

/** Deliveries of one call that sends again: more wait for the next call. */
export const REPLAYED_MAX = 10_000;

/** Has what was given up at an enabled endpoint sent again, the oldest first. Returns how many, {@link REPLAYED_MAX} at most. */
export async function replayDead(db: Db, endpointId: string): Promise<number> {
  const { rowCount } = await db.query(
    `with dead as materialized (
       select d.id from webhook_deliveries d join webhook_endpoints p on p.id = d.endpoint_id and p.disabled_at is null
        where d.endpoint_id = $1 and d.status = 'dead' order by d.id limit ${String(REPLAYED_MAX)} for no key update of d)
     update webhook_deliveries d set ${AGAIN} from dead where d.id = dead.id and d.status = 'dead'`,
    [endpointId],
  );
  return rowCount ?? 0;
}
