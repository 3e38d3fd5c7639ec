/**
 * The demo's month, decided before it begins: which payments, which refunds of them, when, and which trouble befalls
 * which refund. Pure, and the same for the same seed.
 */
import type { PaySource } from '../../sandbox/wechat/model.ts';
import type { RefundState } from '../../domain/refund/state.ts';
import type { Dice } from './dice.ts';
import { dice } from './dice.ts';

/** Every trouble that the demo plants, what becomes of the refund, and which difference remains. */
export const TROUBLES = {
  lost_answer: { expected: 'settled', about: 'the answer is lost after the channel accepted' },
  error_5xx: { expected: 'settled', about: 'the channel answers 500 although it accepted' },
  slow: { expected: 'settled', about: 'the answer takes long' },
  wrong_signature: { expected: 'settled', about: 'the answer is wrongly signed' },
  probe: { expected: 'settled', about: 'the channel probes whether signatures are checked' },
  not_enough: { expected: 'settled', about: 'the merchant balance is short until it is topped up' },
  abnormal: { expected: 'needs_action', about: "the payer's card is dead" },
  closed: { expected: 'failed', about: 'the channel closes the refund' },
  late_success: { expected: 'settled', about: 'success comes days after the promise' },
  stuck: { expected: 'processing', about: 'the channel never decides' },
  callback_lost: { expected: 'settled', about: 'no callback ever comes' },
  callback_twice: { expected: 'settled', about: 'every callback comes twice' },
  callback_out_of_order: { expected: 'settled', about: 'an older notice comes after the newer one' },
  callback_forged: { expected: 'settled', about: 'a stranger sends a notice of success' },
  callback_probe: { expected: 'settled', about: 'the channel probes with a wrongly signed notice' },
  line_missing: { expected: 'succeeded', about: 'the statement leaves the refund out' },
  amount_differs: { expected: 'needs_action', about: 'the statement shows another amount' },
  bill_reissued: {
    expected: 'settled',
    about: 'the statement leaves it out at first and is re-issued with it',
  },
} as const satisfies Record<string, { expected: RefundState; about: string }>;

export type TroubleName = keyof typeof TROUBLES;

export interface PlannedPayment {
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
  readonly trouble: TroubleName | null;
}

export interface DemoPlan {
  readonly refunds: readonly PlannedRefund[];
  /** Refunds somebody makes by hand in the merchant console: the books do not know them. */
  readonly byHand: readonly {
    readonly payment: PlannedPayment;
    readonly amountMinor: bigint;
    readonly atMs: number;
  }[];
  /** Days (0 = first) whose statement comes late. */
  readonly lateBillDays: readonly number[];
}

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The fewest refunds with which every trouble can be planted. */
export const REFUNDS_MIN = Object.keys(TROUBLES).length * 2;

export function planMonth(o: { refunds: number; seed: number; days: number }): DemoPlan {
  const roll = dice(o.seed);
  const slots = slotsOf(o, roll);
  const troubles = plantTroubles(o.refunds, roll);
  const refunds: PlannedRefund[] = [];
  for (let index = 0; index < o.refunds; index += 1) {
    const requestedAtMs = slots[index] ?? 0;
    const trouble = troubles.get(index) ?? null;
    const payment = newPayment(index, requestedAtMs, trouble, roll);
    const amountMinor = BigInt(roll.between(1, Number(payment.amountMinor)));
    refunds.push({ refundNo: numbered('RF', index), payment, amountMinor, requestedAtMs, trouble });
  }
  return { refunds, byHand: byHand(o, roll), lateBillDays: [roll.between(4, 8), roll.between(15, 20)] };
}

/** When refunds are asked for: spread over the month, more by day than by night, in order. */
function slotsOf(o: { refunds: number; days: number }, roll: Dice): readonly number[] {
  const slots = Array.from({ length: o.refunds }, () => {
    const day = roll.between(0, o.days - 1);
    const hour = roll.between(0, 3) === 0 ? roll.between(0, 23) : roll.between(9, 21);
    return day * DAY_MS + hour * HOUR_MS + roll.between(0, HOUR_MS - 1);
  });
  return slots.toSorted((one, other) => one - other);
}

/** Two of each trouble, on refunds of the first three weeks, so that the month still shows how each of them ends. */
function plantTroubles(count: number, roll: Dice): ReadonlyMap<number, TroubleName> {
  const names = Object.keys(TROUBLES) as TroubleName[];
  const planted = new Map<number, TroubleName>();
  const last = Math.max(names.length * 2, Math.floor(count * 0.7)) - 1;
  for (const name of [...names, ...names]) {
    let index = roll.between(0, Math.min(last, count - 1));
    while (planted.has(index)) index = (index + 1) % Math.min(last + 1, count);
    planted.set(index, name);
  }
  return planted;
}

/** A dead card is a card, and a channel that never decides is best seen on one. */
const CARD_TROUBLES: ReadonlySet<TroubleName | null> = new Set<TroubleName>([
  'abnormal',
  'stuck',
  'late_success',
  'closed',
]);

const CARDS = ['debit_card', 'credit_card'] as const;
/** Most payers pay from their wallet. */
const SOURCES = ['wallet', 'wallet', 'wallet', ...CARDS] as const;

function newPayment(
  index: number,
  requestedAtMs: number,
  trouble: TroubleName | null,
  roll: Dice,
): PlannedPayment {
  const source = CARD_TROUBLES.has(trouble) ? roll.pick(CARDS) : roll.pick(SOURCES);
  return {
    paymentNo: numbered('ORD', index),
    source,
    amountMinor: BigInt(roll.between(100, 98_800)),
    paidAtMs: requestedAtMs - roll.between(1, 40) * HOUR_MS,
  };
}

function byHand(o: { days: number }, roll: Dice): DemoPlan['byHand'] {
  return [0, 1].map((index) => {
    const atMs = roll.between(3, o.days - 8) * DAY_MS + roll.between(9, 18) * HOUR_MS;
    const payment: PlannedPayment = {
      paymentNo: numbered('HAND', index),
      source: 'wallet',
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
