/** Open refunds whose plan was worked out from an older table of windows or an older calendar, planned again in sets. */
import type { ChannelName, FundingSource } from '../domain/refund/refund.ts';
import type { ArrivalPlan } from '../domain/time/arrival-window.ts';
import { OPEN } from './overdue.ts';
import type { Db } from './pool.ts';

/** An open refund, as far as its plan depends on it. */
export interface OutdatedRefund {
  readonly id: string;
  /** Changes with every change of the row: whoever plans from what was read here plans nothing over newer facts. */
  readonly rowVersion: string;
  readonly channel: ChannelName;
  readonly fundingSource: FundingSource;
  readonly requestedAt: Date;
  readonly acceptedAt: Date | null;
  readonly arrivalEstimateAt: Date | null;
  readonly landsIn: string | null;
}

/** What plans are worked out from now. */
export interface PlanSources {
  readonly windowVersion: string;
  readonly calendarRevision: string;
}

/**
 * Planned from anything else than `$1` and `$2`. In ranges, so that the index `refunds_open_by_window` finds the few
 * without a look at the many.
 */
const OUTDATED = `(r.window_version < $1 or r.window_version > $1
  or r.window_version = $1 and (r.calendar_revision < $2 or r.calendar_revision > $2))`;

/** A page of open refunds that have a plan, but not one of today's sources; in the order of their ids. */
export async function findOutdated(
  db: Db,
  now: PlanSources,
  page: { readonly after: string | null; readonly limit: number },
): Promise<OutdatedRefund[]> {
  const { rows } = await db.query<Omit<OutdatedRefund, 'id'> & { readonly id: bigint }>(
    `select r.id, r.xmin::text as "rowVersion", r.channel, p.funding_source as "fundingSource",
            r.requested_at as "requestedAt", r.accepted_at as "acceptedAt", r.arrival_estimate_at as "arrivalEstimateAt", r.lands_in as "landsIn"
       from refunds r join payments p on p.id = r.payment_id
      where ${OPEN} and ${OUTDATED} and r.id > $3
      order by r.id limit $4`,
    [now.windowVersion, now.calendarRevision, page.after ?? 0, page.limit],
  );
  return rows.map((row) => ({ ...row, id: String(row.id) }));
}

/**
 * Gives each refund its new plan and keeps it, in one statement; a refund that has changed since it was read is passed
 * over, and found again by the next sweep unless it was planned meanwhile. Flags stay as they are. Rows are locked in
 * the order of their ids, so that two sweeps never wait for each other. Returns how many were planned.
 */
export async function replan(
  db: Db,
  planned: readonly { readonly refund: OutdatedRefund; readonly plan: ArrivalPlan }[],
  plannedAt: Date,
): Promise<number> {
  const { rowCount } = await db.query(
    `with planned as materialized (
       select * from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[],
                            $7::boolean[], $8::text[], $10::timestamptz[])
         as p (id, row_version, promise_at, alarm_at, window_version, calendar_revision, provisional, basis, escalate_at)
     ), locked as materialized (
       select r.id from refunds r join planned p on p.id = r.id and p.row_version = r.xmin::text
        order by r.id for no key update of r
     ), changed as (
       update refunds r
          set promise_at = p.promise_at, alarm_at = p.alarm_at, window_version = p.window_version,
              calendar_revision = p.calendar_revision, window_provisional = p.provisional, window_basis = p.basis,
              escalate_at = p.escalate_at
         from planned p join locked l on l.id = p.id
        where r.id = p.id
       returning p.*
     )
     insert into arrival_plans (refund_id, promise_at, alarm_at, window_version, calendar_revision, provisional, basis,
                                planned_at, escalate_at)
     select id, promise_at, alarm_at, window_version, calendar_revision, provisional, basis, $9, escalate_at from changed order by id`,
    [
      planned.map(({ refund }) => refund.id),
      planned.map(({ refund }) => refund.rowVersion),
      planned.map(({ plan }) => plan.promiseAt),
      planned.map(({ plan }) => plan.alarmAt),
      planned.map(({ plan }) => plan.windowVersion),
      planned.map(({ plan }) => plan.calendarRevision),
      planned.map(({ plan }) => plan.provisional),
      planned.map(({ plan }) => plan.basis),
      plannedAt,
      planned.map(({ plan }) => plan.escalateAt),
    ],
  );
  return rowCount ?? 0;
}
