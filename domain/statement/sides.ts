/** The two sides of a difference, a line and a refund, compared key by key. */
import type { Currency } from '../money.ts';

/** What a line, or a refund of ours, says of itself. */
export interface Side {
  readonly refundNo: string | null;
  readonly channelRefundNo: string | null;
  readonly transactionId: string | null;
  readonly paymentNo: string | null;
  readonly amountMinor: bigint;
  readonly currency: Currency;
  /** When the money moved, as far as this side knows. */
  readonly at: Date | null;
}

export const KEYS = [
  ...(['refund_no', 'channel_refund_no', 'transaction_id', 'payment_no'] as const),
  ...(['amount', 'time'] as const),
] as const;
export type Key = (typeof KEYS)[number];

/** `close`: one character is wrong, missing or too many, or two neighbours are swapped. `absent`: one side does not say. */
export const AGREEMENTS = ['agrees', 'close', 'differs', 'absent'] as const;
export type Agreement = (typeof AGREEMENTS)[number];

export type KeyAgreements = Readonly<Record<Key, Agreement>>;

/** As far from each other as pass (c) of matching lets them be. */
const TIME_APART_MAX_MS = 3 * 86_400_000;

export function compareSides(ours: Side, theirs: Side): KeyAgreements {
  return {
    refund_no: numbersAgree(ours.refundNo, theirs.refundNo),
    channel_refund_no: numbersAgree(ours.channelRefundNo, theirs.channelRefundNo),
    transaction_id: numbersAgree(ours.transactionId, theirs.transactionId),
    payment_no: numbersAgree(ours.paymentNo, theirs.paymentNo),
    amount:
      ours.amountMinor === theirs.amountMinor && ours.currency === theirs.currency ? 'agrees' : 'differs',
    time: timesAgree(ours.at, theirs.at),
  };
}

function numbersAgree(one: string | null, other: string | null): Agreement {
  if (one === null || other === null) return 'absent';
  if (one === other) return 'agrees';
  return isOneSlip(one, other) ? 'close' : 'differs';
}

function timesAgree(one: Date | null, other: Date | null): Agreement {
  if (one === null || other === null) return 'absent';
  return Math.abs(one.getTime() - other.getTime()) <= TIME_APART_MAX_MS ? 'agrees' : 'differs';
}

/** Numbers shorter than this are too easily like each other by chance. */
const SLIP_LENGTH_MIN = 6;

/** Whether one of two different texts is the other with a single slip of the hand. */
export function isOneSlip(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  if (short.length < SLIP_LENGTH_MIN || long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at += 1;
  if (short.length < long.length) return short.slice(at) === long.slice(at + 1);
  if (short.slice(at + 1) === long.slice(at + 1)) return true;
  const swapped = short[at] === long[at + 1] && short[at + 1] === long[at];
  return swapped && short.slice(at + 2) === long.slice(at + 2);
}

/**
 * Whether a refund and a line are one and the same as far as people would say: the amount is the same to the fen, no number
 * speaks against it but by a slip, and at least one number speaks for it.
 */
export function couldBeOne(keys: KeyAgreements): boolean {
  if (keys.amount !== 'agrees' || keys.time === 'differs') return false;
  // The payment's number of ours says less than the channel's: many refunds have it.
  const said = [keys.refund_no, keys.channel_refund_no, keys.transaction_id];
  return said.some((one) => one === 'agrees' || one === 'close') && keys.transaction_id !== 'differs';
}
