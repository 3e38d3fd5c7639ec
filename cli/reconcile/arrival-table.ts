/**
 * When each refund that is left over was promised. The windows are those of the house (domain/time/arrival-window.ts),
 * worked out once per day and source and applied in sets: a list may have hundreds of thousands of left-overs.
 */
import { invariant } from '../../domain/errors.ts';
import type { ChannelName, FundingSource } from '../../domain/refund/refund.ts';
import type { ArrivalPlan } from '../../domain/time/arrival-window.ts';
import { DAY_ENDS_EARLY_MS, planArrival } from '../../domain/time/arrival-window.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import type { PlainDate } from '../../domain/time/plain-date.ts';
import { beijingInstant } from '../../domain/time/plain-date.ts';
import type { Pool } from '../../store/pool.ts';

/** Days and sources of one list: thirty years of five sources. Beyond it something is wrong with the dates. */
const GROUPS_MAX = 60_000;

/** Windows in business days end at one instant for all refunds of a day; others a fixed time after each refund. */
const TABLE = `
  create unlogged table reconcile.arrival (
    source text not null, day date not null, promise_at timestamptz, promise_after interval, alarm_at timestamptz,
    alarm_after interval, provisional boolean not null)`;

/** Fills in what a list does not say: the channel is taken to have accepted each refund when it was asked for. */
export async function planLeftOver(owner: Pool, channel: ChannelName): Promise<void> {
  await owner.query(TABLE);
  const { rows } = await owner.query<{ source: FundingSource; day: PlainDate }>(
    `select distinct source, day from reconcile.left_over order by source, day limit ${String(GROUPS_MAX + 1)}`,
  );
  invariant(rows.length <= GROUPS_MAX, 'the refunds of a list are of a few thousand days');
  const groups = rows.map((group) => ({ ...group, ...windowOf(channel, group.source, group.day) }));
  await owner.query(
    `insert into reconcile.arrival
     select * from unnest($1::text[], $2::date[], $3::timestamptz[], $4::interval[], $5::timestamptz[], $6::interval[],
                          $7::boolean[])`,
    [
      groups.map(({ source }) => source),
      groups.map(({ day }) => day),
      groups.map(({ promise }) => promise.at),
      groups.map(({ promise }) => promise.after),
      groups.map(({ alarm }) => alarm.at),
      groups.map(({ alarm }) => alarm.after),
      groups.map(({ provisional }) => provisional),
    ],
  );
  await owner.query(
    `update reconcile.left_over r
        set promise_at = coalesce(a.promise_at, r.requested_at + a.promise_after),
            alarm_at = coalesce(a.alarm_at, r.requested_at + a.alarm_after), window_provisional = a.provisional
       from reconcile.arrival a where a.source = r.source and a.day = r.day`,
  );
}

interface End {
  readonly at: Date | null;
  /** A Postgres interval. */
  readonly after: string | null;
}

function windowOf(
  channel: ChannelName,
  source: FundingSource,
  day: PlainDate,
): { readonly promise: End; readonly alarm: End; readonly provisional: boolean } {
  const planAt = (acceptedAt: Date): ArrivalPlan =>
    planArrival({ channel, fundingSource: source, acceptedAt, calendar: chinaCalendar });
  const [first, last] = ['00:00:00', '23:59:59'].map(
    (time) => new Date(beijingInstant(day, time).getTime() - DAY_ENDS_EARLY_MS[channel]),
  ) as [Date, Date];
  const [early, late] = [planAt(first), planAt(last)];
  const endOf = (of: (plan: ArrivalPlan) => Date): End => {
    const [one, other] = [of(early), of(late)];
    if (one.getTime() === other.getTime()) return { at: one, after: null };
    const afterMs = one.getTime() - first.getTime();
    invariant(afterMs === other.getTime() - last.getTime(), 'a window is days or a time, not both');
    return { at: null, after: `${String(afterMs)} milliseconds` };
  };
  return {
    promise: endOf((plan) => plan.promiseAt),
    alarm: endOf((plan) => plan.alarmAt),
    provisional: early.provisional || late.provisional,
  };
}
