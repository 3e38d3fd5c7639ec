/** Troubles of a refund's line in a bill: the same at every channel, since they are faults of a file and not of a rule. */
import type { AnyRefundTrouble, TroublePlan } from './trouble-plan.ts';

export type BillTrouble =
  | { readonly kind: 'line_missing' }
  /** The line shows `fen` (default 1) more than was asked for. */
  | { readonly kind: 'amount_differs'; readonly fen?: number }
  /**
   * The first version of the bill leaves the line out (`lacks`, default) or shows an amount one fen too high
   * (`differs`); `hours` (default 24) after the bill could first be had, it is replaced by a correct one; with `untilMet` not before
   * somebody had the first.
   */
  | {
      readonly kind: 'bill_reissued';
      readonly hours?: number;
      readonly first?: 'lacks' | 'differs';
      readonly untilMet?: boolean;
    };

/** Troubles of what the bill of the account shows of a refund. The money itself goes as it should. */
export type MovementTrouble =
  | { readonly kind: 'movement_missing' }
  /** Booked `days` (default 1) later than the line of the refund. */
  | { readonly kind: 'movement_late'; readonly days?: number }
  /** The fee that comes back is `fen` (default 1) more than the line says. */
  | { readonly kind: 'movement_fee_differs'; readonly fen?: number };

const HOUR_MS = 3_600_000;
const REISSUED_AFTER_HOURS = 24;

/** What the record says of a refund that a first version was wrong about. */
export const WRONG_AT_FIRST = 'wrong in the first version';

/** By how much the line of the refund is too high in a bill that is made now; null when the line is left out. */
export function surplusInBill<T extends AnyRefundTrouble>(
  channelPlan: TroublePlan<T | BillTrouble>,
  refundNo: string,
  isMended: boolean,
): bigint | null {
  const plan = ofBills(channelPlan);
  if (plan.use(refundNo, 'left out of the bill', 'line_missing')) return null;
  const differs = plan.use(refundNo, 'another amount in the bill', 'amount_differs');
  const surplus = BigInt(differs?.fen ?? (differs === undefined ? 0 : 1));
  const reissued = plan.of(refundNo, 'bill_reissued');
  if (reissued === undefined) return surplus;
  if (isMended) {
    plan.note(refundNo, 'bill_reissued', 'right in the re-issued version');
    return surplus;
  }
  plan.note(refundNo, 'bill_reissued', WRONG_AT_FIRST);
  return reissued.first === 'differs' ? surplus + 1n : null;
}

/** Whether a correct bill has replaced the one that was wrong about this refund. */
export function isMendedBy<T extends AnyRefundTrouble>(
  channelPlan: TroublePlan<T | BillTrouble>,
  refundNo: string,
  readyAtMs: number,
  nowMs: number,
): boolean {
  const plan = ofBills(channelPlan);
  const reissued = plan.of(refundNo, 'bill_reissued');
  if (reissued === undefined) return false;
  if (reissued.untilMet === true && !plan.hasMet(refundNo, 'bill_reissued', WRONG_AT_FIRST)) return false;
  return nowMs >= readyAtMs + (reissued.hours ?? REISSUED_AFTER_HOURS) * HOUR_MS;
}

/** The same plan, asked for these kinds only. */
function ofBills<T extends AnyRefundTrouble>(plan: TroublePlan<T | BillTrouble>): TroublePlan<BillTrouble> {
  return plan as unknown as TroublePlan<BillTrouble>;
}
