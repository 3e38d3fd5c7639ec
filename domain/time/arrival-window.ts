/**
 * When the payer may expect the money, and when we raise the alarm. Both are instants, worked out once when the channel
 * has accepted the refund and kept with the versions of what they were worked out from. They raise flags; they never
 * change where a refund stands.
 */
import type { ChannelName, FundingSource } from '../refund/refund.ts';
import type { ArrivalBasis } from './arrival-basis.ts';
import type { BusinessCalendar } from './china-calendar.ts';
import type { IssuingBank } from './issuing-bank.ts';
import { issuingBankOf } from './issuing-bank.ts';
import type { PlainDate } from './plain-date.ts';
import { addDays, beijingDateOf, beijingInstant } from './plain-date.ts';

/** A length of time: a plain duration, or business days of the calendar. */
type Span =
  | { readonly unit: 'minutes'; readonly count: number }
  | { readonly unit: 'business_days'; readonly count: number };

interface Window {
  readonly promise: Span;
  readonly alarm: Span;
  /** A credit card shows the money in a later bill, whatever day the channel expects of the bank: the alarm waits. */
  readonly alarmDespiteEstimate?: true;
}

export interface ArrivalPlan {
  /** The payer was told: by this instant. */
  readonly promiseAt: Date;
  /** From this instant on somebody should look into it. Never before `promiseAt`. */
  readonly alarmAt: Date;
  /** From this instant on it is escalated: whoever looks into it should have settled it by then. After `alarmAt`. */
  readonly escalateAt: Date;
  readonly windowVersion: string;
  readonly calendarRevision: string;
  /** A year without published holidays was counted for promise or alarm; the plan is made again when they are published. */
  readonly provisional: boolean;
  /** Where the promise came from. The alarm of a credit card may be the table's beside the channel's estimate. */
  readonly basis: ArrivalBasis;
}

const MINUTE_MS = 60_000;

const DAY_MS = 24 * 60 * MINUTE_MS;

/** Raised with every change of the tables below. */
export const WINDOW_VERSION = '2026-11.6';

const minutes = (count: number): Span => ({ unit: 'minutes', count });
const businessDays = (count: number): Span => ({ unit: 'business_days', count });

/**
 * Windows by channel and by what the payer paid from; a source that a channel does not have has no row.
 * WeChat Pay's help pages say: change within 20 minutes, bank cards within 1 to 3 working days; a credit card shows it
 * in a later bill. Alipay: its own accounts at once, cards by the bank, customarily 1 to 7 and 3 to 15 working days.
 * UnionPay: 1 to 10 clearing days, most banks within 5. The alarms are ours: long enough that a slow bank is not yet a
 * case.
 */
const WINDOWS: Readonly<Record<ChannelName, Readonly<Partial<Record<FundingSource, Window>>>>> = {
  wechat: {
    wallet: { promise: minutes(20), alarm: minutes(24 * 60) },
    debit_card: { promise: businessDays(3), alarm: businessDays(5) },
    credit_card: { promise: businessDays(3), alarm: businessDays(7) },
  },
  alipay: {
    wallet: { promise: minutes(60), alarm: minutes(24 * 60) },
    credit_line: { promise: minutes(60), alarm: minutes(24 * 60) },
    debit_card: { promise: businessDays(7), alarm: businessDays(10) },
    credit_card: { promise: businessDays(10), alarm: businessDays(15), alarmDespiteEstimate: true },
  },
  unionpay: {
    debit_card: { promise: businessDays(5), alarm: businessDays(10) },
    credit_card: { promise: businessDays(7), alarm: businessDays(15) },
  },
};

/**
 * Banks that take longer than the others of their channel. UnionPay: most post within 5 clearing days, the Industrial and
 * Commercial Bank of China within 10; credit cards have the alarm of their row.
 */
const BANK_WINDOWS: Readonly<Partial<Record<ChannelName, Readonly<Record<IssuingBank, Window>>>>> = {
  unionpay: { icbc: { promise: businessDays(10), alarm: businessDays(15) } },
};

/** How much earlier than midnight a channel's day ends: UnionPay clears from 23:00 to 23:00. */
export const DAY_ENDS_EARLY_MS: Readonly<Record<ChannelName, number>> = {
  wechat: 0,
  alipay: 0,
  unionpay: 60 * MINUTE_MS,
};

/** The channel's day to which something at this instant counts. */
export function clearingDayOf(channel: ChannelName, at: Date): PlainDate {
  return beijingDateOf(new Date(at.getTime() + DAY_ENDS_EARLY_MS[channel]));
}

/** Where the channel itself says when the bank will have posted it: a day more is promised, three are waited. */
const AFTER_ESTIMATE = { promiseMs: DAY_MS, alarmMs: 3 * DAY_MS } as const;

/**
 * How long whoever was asked at the alarm (the channel's service for merchants, the payer's bank) has to settle it. Ours:
 * a working day to ask, one for the answer and one to act on it.
 */
const ESCALATE_AFTER_ALARM_BUSINESS_DAYS = 3;

/**
 * Plans the arrival of a refund. The clock starts when the channel accepts it. "N business days" end with the N-th
 * business day after the channel's day of acceptance, at 24:00 Beijing time, which is written as 00:00 of the day after.
 * For an unknown source the widest window of the channel holds: a promise that is too short would be broken. The
 * channel's own estimate for this very refund, where there is one, goes before the tables; a slow bank's window before that of
 * the source.
 */
export function planArrival(refund: {
  readonly channel: ChannelName;
  readonly fundingSource: FundingSource;
  readonly acceptedAt: Date;
  readonly estimateAt?: Date | null;
  /** The account as the channel calls it, which may tell the bank; null while it has not. */
  readonly landsIn?: string | null;
  readonly calendar: BusinessCalendar;
}): ArrivalPlan {
  const { channel, fundingSource, acceptedAt, calendar } = refund;
  const estimateAt = refund.estimateAt ?? null;
  const windows = WINDOWS[channel];
  const bank = bankWindow(channel, refund.landsIn ?? null);
  const own = bank ?? windows[fundingSource];
  const candidates = own === undefined ? Object.values(windows) : [own];

  const accepted = { at: acceptedAt, day: clearingDayOf(channel, acceptedAt) };
  const byTable = (span: Span): End => endOf(span, accepted, calendar);
  const promise =
    estimateAt === null
      ? latest(candidates.map((window) => byTable(window.promise)))
      : after(estimateAt, AFTER_ESTIMATE.promiseMs);
  const alarm = latest(
    candidates.map((window) =>
      estimateAt === null || window.alarmDespiteEstimate === true
        ? byTable(window.alarm)
        : after(estimateAt, AFTER_ESTIMATE.alarmMs),
    ),
  );
  const alarmAt = latest([alarm, promise]).at;
  const escalate = businessDaysAfter(lastDayBefore(alarmAt), ESCALATE_AFTER_ALARM_BUSINESS_DAYS, calendar);
  return {
    promiseAt: promise.at,
    alarmAt,
    escalateAt: escalate.at,
    windowVersion: WINDOW_VERSION,
    calendarRevision: calendar.revision,
    provisional: promise.provisional || alarm.provisional,
    basis:
      estimateAt !== null
        ? 'estimate'
        : bank !== null
          ? 'bank'
          : own === undefined
            ? 'channel_default'
            : 'source',
  };
}

function bankWindow(channel: ChannelName, landsIn: string | null): Window | null {
  const bank = issuingBankOf(landsIn);
  return bank === null ? null : (BANK_WINDOWS[channel]?.[bank] ?? null);
}

function after(estimateAt: Date, ms: number): End {
  return { at: new Date(estimateAt.getTime() + ms), provisional: false };
}

/**
 * How many business days `now` is past the promise. 0 also for a promise missed today or over a weekend: whether it is
 * missed at all is told by comparing the instants.
 */
export function daysLate(promiseAt: Date, now: Date, calendar: BusinessCalendar): number {
  return calendar.businessDaysBetween(lastDayBefore(promiseAt), beijingDateOf(now));
}

/** The last moment that was still in time decides the day: what ends at 24:00 belongs to the day that ends then. */
function lastDayBefore(end: Date): PlainDate {
  return beijingDateOf(new Date(end.getTime() - 1));
}

interface End {
  readonly at: Date;
  readonly provisional: boolean;
}

interface Acceptance {
  readonly at: Date;
  readonly day: PlainDate;
}

function endOf(span: Span, accepted: Acceptance, calendar: BusinessCalendar): End {
  if (span.unit === 'minutes') {
    return { at: new Date(accepted.at.getTime() + span.count * MINUTE_MS), provisional: false };
  }
  return businessDaysAfter(accepted.day, span.count, calendar);
}

/** The end (24:00) of the `count`-th business day after this day. */
function businessDaysAfter(day: PlainDate, count: number, calendar: BusinessCalendar): End {
  const last = calendar.addBusinessDays(day, count);
  return { at: beijingInstant(addDays(last.date, 1)), provisional: last.provisional };
}

function latest(ends: readonly End[]): End {
  return ends.reduce((one, other) => (other.at.getTime() > one.at.getTime() ? other : one));
}
