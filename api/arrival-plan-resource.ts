/** The arrival plans of a refund as programs outside see them. */
import { z } from 'zod';
import { ARRIVAL_BASES } from '../domain/time/arrival-basis.ts';
import type { KeptPlan } from '../store/arrival-plans.ts';
import { instantField } from './fields.ts';

export const basisField = z
  .enum(ARRIVAL_BASES)
  .nullable()
  .describe(
    "Where the promise came from: `estimate` the channel's own for this refund, `bank` the window of the bank that issued the card, `source` the window of what the payer paid from, `channel_default` the widest window of the channel. Null of a plan from before this was kept",
  );

export const arrivalPlanSchema = z
  .object({
    planned_at: instantField.nullable().describe('Null of a plan from before plans were kept'),
    promise_at: instantField.describe('The payer was told: by this instant'),
    alarm_at: instantField.describe('From this instant on somebody should look into it'),
    escalate_at: instantField
      .nullable()
      .describe('From this instant on it is escalated. Null of a plan from before this was planned'),
    basis: basisField,
    provisional: z.boolean().describe('Counted over a year whose holidays are not published yet'),
    window_version: z.string(),
    calendar_revision: z.string(),
  })
  .meta({ id: 'ArrivalPlan', description: 'When the money should be there, as it was worked out once' });

export function toArrivalPlanResource(plan: KeptPlan): z.infer<typeof arrivalPlanSchema> {
  return {
    planned_at: plan.plannedAt?.toISOString() ?? null,
    promise_at: plan.promiseAt.toISOString(),
    alarm_at: plan.alarmAt.toISOString(),
    escalate_at: plan.escalateAt?.toISOString() ?? null,
    basis: plan.basis,
    provisional: plan.provisional,
    window_version: plan.windowVersion,
    calendar_revision: plan.calendarRevision,
  };
}
