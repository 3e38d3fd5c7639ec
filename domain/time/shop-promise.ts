/**
 * What the shop itself tells its payers, in whole business days, whatever the channel says: a second clock beside the
 * channel's arrival window, which may be narrower (a wallet has it in minutes) or wider (a card at a slow bank).
 */
import type { ChannelName } from '../refund/refund.ts';
import { clearingDayOf } from './arrival-window.ts';
import type { BusinessCalendar } from './china-calendar.ts';
import type { PlainDate } from './plain-date.ts';
import { addDays, beijingDateOf, beijingInstant } from './plain-date.ts';

interface BusinessDays {
  readonly min: number;
  readonly max: number;
}

/** One edition of the promise. Editions are added, never changed: what a payer was told stays what it was. */
interface Edition {
  readonly version: string;
  /** The day in Beijing from which requests fall under it. */
  readonly since: PlainDate;
  readonly overall: BusinessDays;
  /** Narrower promises; a channel without one has the overall promise. */
  readonly byChannel: Readonly<Partial<Record<ChannelName, BusinessDays>>>;
}

/** Oldest first. The first one also holds for everything before it. */
const EDITIONS: readonly [Edition, ...Edition[]] = [
  {
    version: '2026-01',
    since: '2026-01-01',
    overall: { min: 1, max: 7 },
    byChannel: { wechat: { min: 1, max: 3 }, unionpay: { min: 3, max: 5 } },
  },
];

export interface ShopPromise {
  readonly businessDays: BusinessDays;
  /** The end of the last promised business day, Beijing time. */
  readonly by: Date;
  readonly version: string;
  /** A year without published holidays was counted. */
  readonly provisional: boolean;
}

/**
 * The shop's promise for a refund, of the edition in force when it was asked for. The days count from the channel's day
 * of acceptance; before that is known, from the request.
 */
export function shopPromise(refund: {
  readonly channel: ChannelName;
  readonly requestedAt: Date;
  readonly acceptedAt: Date | null;
  readonly calendar: BusinessCalendar;
}): ShopPromise {
  const { version, overall, byChannel } = editionOf(beijingDateOf(refund.requestedAt));
  const businessDays = byChannel[refund.channel] ?? overall;
  const from = clearingDayOf(refund.channel, refund.acceptedAt ?? refund.requestedAt);
  const last = refund.calendar.addBusinessDays(from, businessDays.max);
  return { businessDays, by: beijingInstant(addDays(last.date, 1)), version, provisional: last.provisional };
}

function editionOf(day: PlainDate): Edition {
  return EDITIONS.findLast((edition) => edition.since <= day) ?? EDITIONS[0];
}
