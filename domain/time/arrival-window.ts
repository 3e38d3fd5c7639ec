/**
 * When the payer may expect the money, and when we raise the alarm. Both are instants, worked out once when the channel
 * has accepted the refund and kept with the versions of what they were worked out from. They raise flags; they never
 * change where a refund stands.
 */
import type { ChannelName, FundingSource } from '../refund/refund.ts';
import type { BusinessCalendar } from './china-calendar.ts';
import type { PlainDate } from './plain-date.ts';
import { addDays, beijingDateOf, beijingInstant } from './plain-date.ts';

/** A length of time: a plain duration, or business days of the calendar. */
type Span =
  | { readonly unit: 'minutes'; readonly count: number }
  | { readonly unit: 'business_days'; readonly count: number };

interface Window {
  readonly promise: Span;
  readonly alarm: Span;
}

export interface ArrivalPlan {
  /** The payer was told: by this instant. */
  readonly promiseAt: Date;
  /** From this instant on somebody should look into it. Never before `promiseAt`. */
  readonly alarmAt: Date;
  readonly windowVersion: string;
  readonly calendarRevision: string;
  /** A year without published holidays was counted; the plan is made again when they are published. */
  readonly provisional: boolean;
}

const MINUTE_MS = 60_000;

/** Raised with every change of the table below. */
export const WINDOW_VERSION = '2026-11.1';

/**
 * Windows by channel and by what the payer paid from.
 * WeChat Pay's help pages say: change within 20 minutes, bank cards within 1 to 3 working days; a credit card shows it
 * in a later bill. The alarms are ours: long enough that a slow bank is not yet a case.
 */
const WINDOWS: Readonly<Record<ChannelName, Readonly<Record<Exclude<FundingSource, 'unknown'>, Window>>>> = {
  wechat: {
    wallet: { promise: { unit: 'minutes', count: 20 }, alarm: { unit: 'minutes', count: 24 * 60 } },
    debit_card: {
      promise: { unit: 'business_days', count: 3 },
      alarm: { unit: 'business_days', count: 5 },
    },
    credit_card: {
      promise: { unit: 'business_days', count: 3 },
      alarm: { unit: 'business_days', count: 7 },
    },
  },
};

/**
 * Plans the arrival of a refund. The clock starts when the channel accepts it. "N business days" end with the N-th
 * business day after the Beijing date of acceptance, at 24:00 Beijing time, which is written as 00:00 of the day after.
 * For an unknown source the widest window of the channel holds: a promise that is too short would be broken.
 */
export function planArrival(refund: {
  readonly channel: ChannelName;
  readonly fundingSource: FundingSource;
  readonly acceptedAt: Date;
  readonly calendar: BusinessCalendar;
}): ArrivalPlan {
  const { channel, fundingSource, acceptedAt, calendar } = refund;
  const windows = WINDOWS[channel];
  const candidates = fundingSource === 'unknown' ? Object.values(windows) : [windows[fundingSource]];

  const promise = latest(candidates.map((window) => endOf(window.promise, acceptedAt, calendar)));
  const alarm = latest(candidates.map((window) => endOf(window.alarm, acceptedAt, calendar)));
  return {
    promiseAt: promise.at,
    alarmAt: alarm.at,
    windowVersion: WINDOW_VERSION,
    calendarRevision: calendar.revision,
    provisional: promise.provisional || alarm.provisional,
  };
}

/**
 * How many business days `now` is past the promise. 0 also for a promise missed today or over a weekend: whether it is
 * missed at all is told by comparing the instants.
 */
export function daysLate(promiseAt: Date, now: Date, calendar: BusinessCalendar): number {
  // The last moment that was still in time decides the day: a promise for 24:00 belongs to the day that ends then.
  const lastDayInTime: PlainDate = beijingDateOf(new Date(promiseAt.getTime() - 1));
  return calendar.businessDaysBetween(lastDayInTime, beijingDateOf(now));
}

interface End {
  readonly at: Date;
  readonly provisional: boolean;
}

function endOf(span: Span, acceptedAt: Date, calendar: BusinessCalendar): End {
  if (span.unit === 'minutes') {
    return { at: new Date(acceptedAt.getTime() + span.count * MINUTE_MS), provisional: false };
  }
  const last = calendar.addBusinessDays(beijingDateOf(acceptedAt), span.count);
  return { at: beijingInstant(addDays(last.date, 1)), provisional: last.provisional };
}

function latest(ends: readonly End[]): End {
  return ends.reduce((one, other) => (other.at.getTime() > one.at.getTime() ? other : one));
}
