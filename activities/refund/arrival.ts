/**
 * Plans when the money should be there. The clock of a window starts when the channel accepts; until that is known the
 * request's own instant stands in, so that no refund that a worker has taken up is without a date after which somebody looks.
 */
import type { FundingSource, Refund } from '../../domain/refund/refund.ts';
import type { ArrivalPlan } from '../../domain/time/arrival-window.ts';
import { planArrival } from '../../domain/time/arrival-window.ts';
import type { BusinessCalendar } from '../../domain/time/china-calendar.ts';
import { planWindow } from '../../store/arrival-plans.ts';
import type { ActivityDeps } from '../deps.ts';

type Facts = Pick<Refund, 'channel' | 'acceptedAt' | 'requestedAt' | 'arrivalEstimateAt' | 'landsIn'> & {
  readonly fundingSource: FundingSource;
};

/** The plan that today's windows and this calendar give. */
export function planOf(calendar: BusinessCalendar, facts: Facts): ArrivalPlan {
  return planArrival({
    channel: facts.channel,
    fundingSource: facts.fundingSource,
    acceptedAt: facts.acceptedAt ?? facts.requestedAt,
    estimateAt: facts.arrivalEstimateAt,
    landsIn: facts.landsIn,
    calendar,
  });
}

export async function planArrivalOf(deps: ActivityDeps, refund: Refund): Promise<void> {
  const plan = planOf(deps.calendar, { ...refund, fundingSource: refund.payment.fundingSource });
  if (!isPlanned(refund, plan)) await planWindow(deps.pool, refund.id, plan, deps.clock.now());
}

/** Two sources may share a promise and differ in the alarm, and a new calendar may move either: all of it is compared. */
function isPlanned(refund: Refund, plan: ArrivalPlan): boolean {
  return (
    refund.promiseAt?.getTime() === plan.promiseAt.getTime() &&
    refund.alarmAt?.getTime() === plan.alarmAt.getTime() &&
    refund.escalateAt?.getTime() === plan.escalateAt.getTime() &&
    refund.windowVersion === plan.windowVersion &&
    refund.calendarRevision === plan.calendarRevision &&
    refund.windowProvisional === plan.provisional &&
    refund.windowBasis === plan.basis
  );
}
