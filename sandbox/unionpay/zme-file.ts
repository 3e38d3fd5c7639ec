/**
 * The ZME file: what was put right by hand or sent back by a bank, one a line of 339 bytes. A line names the trade that it
 * corrects by the banks' numbers only: trace number, time, clearing day and amount.
 */
import type { Field } from './fixed-record.ts';
import { ACQUIRER, MERCHANT_CATEGORY, NOTHING, SENDER, digits, record, withLetter } from './fixed-record.ts';
import type { Return } from './model.ts';
import { CARD_TYPES } from './model.ts';
import { clearingDateOf, settleDateOf, traceTimeOf } from './numbers.ts';

/** A return that is corrected. */
export interface Correction {
  readonly one: Return;
  readonly amountMinor: bigint;
  /** `out`: the merchant pays it, as any refund. `in`: the merchant gets it again. */
  readonly direction: 'in' | 'out';
  /** The correction's own. */
  readonly traceNo: string;
  readonly atMs: number;
  /** When the return was cleared, or would have been. */
  readonly clearedAtMs: number;
}

/** Codes are placeholders, as no document lists them. */
const CODES = { in: 'E74', out: 'E30' } as const;

export function zmeFile(corrections: readonly Correction[]): Buffer {
  return Buffer.concat(corrections.map((correction) => record(fieldsOf(correction))));
}

function fieldsOf({ one, amountMinor, direction, traceNo, atMs, clearedAtMs }: Correction): readonly Field[] {
  const { payment } = one;
  // The fee goes the other way: it comes back with a refund, and is charged again where the refund comes back.
  const fee = direction === 'out' ? one.feeMinor : -one.feeMinor;
  const settlement = direction === 'out' ? fee - amountMinor : amountMinor + fee;
  return [
    [3, CODES[direction]],
    [11, ACQUIRER],
    [11, SENDER],
    [6, traceNo],
    [10, traceTimeOf(atMs)],
    [19, payment.accNo],
    [12, digits(amountMinor, 12)],
    [4, MERCHANT_CATEGORY],
    [2, one.channelType],
    [2, CARD_TYPES[payment.source]],
    [6, one.traceNo],
    [10, traceTimeOf(one.acceptedAtMs)],
    [4, settleDateOf(clearingDateOf(clearedAtMs))],
    [12, digits(one.amountMinor, 12)],
    [13, withLetter(fee, 12)],
    [13, withLetter(settlement, 12)],
    [15, ''],
    [15, one.merId],
    [1, ''],
    [12, NOTHING.slice(0, 12)],
    [2, ''],
    [135, ''],
  ];
}
