/** Arrival plans: the current one in the refund's row, and every one that it ever had, appended and never changed. */
import type { ArrivalBasis } from '../domain/time/arrival-basis.ts';
import type { ArrivalPlan } from '../domain/time/arrival-window.ts';
import type { Db } from './pool.ts';

/** Makes `plan`, worked out at `plannedAt`, the refund's current one and keeps it; one statement, so both or neither. */
export async function planWindow(
  db: Db,
  refundId: string,
  plan: ArrivalPlan,
  plannedAt: Date,
): Promise<void> {
  await db.query(
    `with planned as (
       update refunds set promise_at = $2, alarm_at = $3, window_version = $4, calendar_revision = $5,
              window_provisional = $6, window_basis = $7, escalate_at = $9
        where id = $1 returning id
     )
     insert into arrival_plans (refund_id, promise_at, alarm_at, window_version, calendar_revision, provisional, basis,
                                planned_at, escalate_at)
     select id, $2, $3, $4, $5, $6, $7, $8, $9 from planned`,
    [
      ...[refundId, plan.promiseAt, plan.alarmAt, plan.windowVersion, plan.calendarRevision],
      ...[plan.provisional, plan.basis, plannedAt, plan.escalateAt],
    ],
  );
}

/** A plan as it was kept. */
export interface KeptPlan extends Omit<ArrivalPlan, 'basis' | 'escalateAt'> {
  /** Null of a plan from before there was a third level. */
  readonly escalateAt: Date | null;
  /** Null of a plan from before plans were kept. */
  readonly plannedAt: Date | null;
  /** Null where it was not kept. */
  readonly basis: ArrivalBasis | null;
}

/** Every plan that the refund ever had, in the order in which they were made. */
export async function plansOf(db: Db, refundId: string): Promise<KeptPlan[]> {
  const { rows } = await db.query<KeptPlan>(
    `select planned_at as "plannedAt", promise_at as "promiseAt", alarm_at as "alarmAt", escalate_at as "escalateAt",
            window_version as "windowVersion", calendar_revision as "calendarRevision", provisional, basis
       from arrival_plans where refund_id = $1 order by id`,
    [refundId],
  );
  return rows;
}
