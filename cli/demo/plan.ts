/**
 * The demo's month, decided before it begins: which payments, which refunds of them, when, and which trouble befalls
 * which refund. Pure, and the same for the same seed.
 */
import type { ChannelName } from '../../domain/refund/refund.ts';
import type { Dice } from './dice.ts';
import { dice } from './dice.ts';
import type { DemoChannel, DemoChannels, PaySource, PlannedTrouble } from './trouble.ts';
import { allTroubles } from './trouble.ts';

export interface PlannedPayment {
  readonly channel: ChannelName;
  readonly paymentNo: string;
  readonly source: PaySource;
  readonly amountMinor: bigint;
  /** Ms after the start of the month. */
  readonly paidAtMs: number;
}

export interface PlannedRefund {
  readonly refundNo: string;
  readonly payment: PlannedPayment;
  readonly amountMinor: bigint;
  readonly requestedAtMs: number;
  readonly trouble: PlannedTrouble | null;
}

export interface DemoPlan {
  readonly refunds: readonly PlannedRefund[];
  /** Refunds somebody makes by hand in the merchant console: the books do not know them. */
  readonly byHand: readonly {
    readonly payment: PlannedPayment;
    readonly amountMinor: bigint;
    readonly atMs: number;
  }[];
  /** Days (0 = first) whose statements come late. */
  readonly lateStatements: readonly { readonly channel: ChannelName; readonly day: number }[];
}

export interface MonthOptions {
  readonly refunds: number;
  readonly seed: number;
  readonly days: number;
  readonly channels: DemoChannels;
}

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The fewest refunds with which every trouble can be planted. */
export function refundsMin(channels: DemoChannels): number {
  return allTroubles(channels).length;
}

export function planMonth(o: MonthOptions): DemoPlan {
  const roll = dice(o.seed);
  const slots = slotsOf(o, roll);
  const planted = plantTroubles(o, roll);
  const refunds = slots.map((requestedAtMs, index): PlannedRefund => {
    const { at, trouble } = planted.get(index) ?? { at: byShare(o.channels, roll), trouble: null };
    const payment = newPayment({ index, requestedAtMs, at, trouble }, roll);
    const amountMinor = BigInt(roll.between(1, Number(payment.amountMinor)));
    return { refundNo: numbered('RF', index), payment, amountMinor, requestedAtMs, trouble };
  });
  return {
    refunds,
    byHand: o.channels.flatMap((at, index) => byHand(o, at, index, roll)),
    lateStatements: o.channels.flatMap(({ channel }) => lateDays(channel, refunds, roll)),
  };
}

/** One in each half of the month, where there is room. */
const LATE_BETWEEN = [
  [4, 9],
  [15, 20],
] as const;
const LATE_MAX = 22;

/** A line stands in the statement of the day on which its refund is done, so many days after it was asked for at most. */
const LINE_WITHIN_DAYS = 5;

/**
 * Days whose statement comes late. Where a channel says of a late one no more than that there is none, it is had at the second look
 * only; one that is re-issued is looked at twice, so the two never meet.
 */
function lateDays(
  channel: ChannelName,
  refunds: readonly PlannedRefund[],
  roll: Dice,
): DemoPlan['lateStatements'] {
  const reissued = refunds
    .filter(({ payment, trouble }) => payment.channel === channel && trouble?.name === 'bill_reissued')
    .map(({ requestedAtMs }) => Math.floor(requestedAtMs / DAY_MS));
  const withLines = daysWithLines(channel, refunds);
  const late = new Set<number>();
  const free = (from: number, to: number): readonly number[] =>
    Array.from({ length: to - from + 1 }, (_, n) => from + n).filter(
      (day) => !late.has(day) && reissued.every((other) => day < other - 1 || day > other + LINE_WITHIN_DAYS),
    );
  for (const [from, to] of LATE_BETWEEN) {
    const best = [free(from, to), free(0, LATE_MAX)];
    const tried = [...best.map((days) => days.filter((day) => withLines.has(day))), ...best];
    const [first, ...others] = tried.find((days) => days.length > 0) ?? [];
    if (first !== undefined) late.add(roll.pick([first, ...others]));
  }
  return [...late].map((day) => ({ channel, day }));
}

/** Days on which refunds are asked for that nothing befalls: it is most likely that their statements have something to show. */
function daysWithLines(channel: ChannelName, refunds: readonly PlannedRefund[]): ReadonlySet<number> {
  const plain = refunds.filter(({ payment, trouble }) => payment.channel === channel && trouble === null);
  return new Set(plain.map(({ requestedAtMs }) => Math.floor(requestedAtMs / DAY_MS)));
}

function byShare(channels: DemoChannels, roll: Dice): DemoChannel {
  const shares = channels.flatMap((at) => Array.from({ length: at.share }, () => at));
  return shares[roll.between(0, shares.length - 1)] ?? channels[0];
}

/** When refunds are asked for: spread over the month, more by day than by night, in order. */
function slotsOf(o: MonthOptions, roll: Dice): readonly number[] {
  const slots = Array.from({ length: o.refunds }, () => {
    const day = roll.between(0, o.days - 1);
    const hour = roll.between(0, 3) === 0 ? roll.between(0, 23) : roll.between(9, 21);
    return day * DAY_MS + hour * HOUR_MS + roll.between(0, HOUR_MS - 1);
  });
  return slots.toSorted((one, other) => one - other);
}

/**
 * Where there are refunds enough, troubles befall those of the first two weeks: a few days after the month it has shown how each of
 * them ends. Of fewer refunds nearly each has its trouble, up to the last day.
 */
const TROUBLED_SHARE = 0.45;

type Planting = ReturnType<typeof allTroubles>[number];

/** Each trouble twice where there is room, else once. */
function plantTroubles(o: MonthOptions, roll: Dice): ReadonlyMap<number, Planting> {
  const once = allTroubles(o.channels);
  const all = o.refunds >= once.length * 2 ? [...once, ...once] : once;
  const planted = new Map<number, Planting>();
  const places = Math.min(o.refunds, Math.max(all.length, Math.floor(o.refunds * TROUBLED_SHARE)));
  for (const one of all) {
    let index = roll.between(0, places - 1);
    while (planted.has(index)) index = (index + 1) % places;
    planted.set(index, one);
  }
  return planted;
}

function newPayment(
  o: {
    readonly index: number;
    readonly requestedAtMs: number;
    readonly at: DemoChannel;
    readonly trouble: PlannedTrouble | null;
  },
  roll: Dice,
): PlannedPayment {
  return {
    channel: o.at.channel,
    paymentNo: numbered('ORD', o.index),
    source: roll.pick(o.trouble?.on ?? o.at.sources),
    amountMinor: BigInt(roll.between(100, 98_800)),
    paidAtMs: o.requestedAtMs - roll.between(1, 40) * HOUR_MS,
  };
}

/** Two at each channel. */
function byHand(o: MonthOptions, at: DemoChannel, index: number, roll: Dice): DemoPlan['byHand'] {
  return [0, 1].map((nth) => {
    const atMs = roll.between(3, o.days - 8) * DAY_MS + roll.between(9, 18) * HOUR_MS;
    const payment: PlannedPayment = {
      channel: at.channel,
      paymentNo: numbered('HAND', index * 2 + nth),
      source: roll.pick(at.sources),
      amountMinor: BigInt(roll.between(1_000, 9_000)),
      paidAtMs: atMs - DAY_MS,
    };
    return { payment, amountMinor: payment.amountMinor / 2n, atMs };
  });
}

/** Numbers that fit every channel: letters, then twelve digits that no other refund has. */
function numbered(prefix: string, index: number): string {
  return `${prefix}20260901${String(index).padStart(12, '0')}`;
}
