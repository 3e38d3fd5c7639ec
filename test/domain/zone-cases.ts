/** What the zone of the host must not change: a plan of each channel in turn, at both ends of every published day. */
import { CHANNEL_NAMES } from '../../domain/refund/refund.ts';
import type { ArrivalPlan } from '../../domain/time/arrival-window.ts';
import { planArrival } from '../../domain/time/arrival-window.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import { addDays, beijingInstant, daysBetween } from '../../domain/time/plain-date.ts';

const FIRST = '2024-01-01';
const DAYS = daysBetween(FIRST, '2027-01-01');

export function zoneCases(): ArrivalPlan[] {
  return Array.from({ length: DAYS }, (_, index) => index).flatMap((index) =>
    ['00:00:00', '23:59:59'].map((time) =>
      planArrival({
        channel: CHANNEL_NAMES[index % CHANNEL_NAMES.length] ?? 'wechat',
        fundingSource: 'debit_card',
        acceptedAt: beijingInstant(addDays(FIRST, index), time),
        calendar: chinaCalendar,
      }),
    ),
  );
}
