/** The books in memory: one payment and its refunds, each with the evidence that was committed about it. */
import type { Observation } from '../../domain/refund/observation.ts';
import type { RefundStatus } from '../../domain/refund/state.ts';
import type { Rules } from './sim-rules.ts';

export interface SimRefund {
  readonly refundNo: string;
  readonly amountMinor: bigint;
  known: readonly Observation[];
  status: RefundStatus;
  /** Whether the amount counts against the payment, as the row of a refund has it. */
  counted: boolean;
  /** Every state it has had, with the evidence that brought it there. */
  readonly path: { readonly status: RefundStatus; readonly by: string }[];
}

export interface SimBooks {
  readonly capturedMinor: bigint;
  readonly refunds: readonly SimRefund[];
  reservedMinor(): bigint;
  /** Accepts a refund when it fits into what is left, as the database does; null when it does not. */
  request(amountMinor: bigint): SimRefund | null;
  /** Commits evidence: all of it or nothing. */
  commit(refund: SimRefund, ...evidence: readonly Observation[]): void;
}

export function simBooks(capturedMinor: bigint, rules: Rules): SimBooks {
  const refunds: SimRefund[] = [];
  const reservedMinor = (): bigint =>
    refunds.reduce((sum, refund) => (refund.counted ? sum + refund.amountMinor : sum), 0n);
  return {
    capturedMinor,
    refunds,
    reservedMinor,
    request: (amountMinor) => {
      if (reservedMinor() + amountMinor > capturedMinor) return null;
      const refund: SimRefund = {
        ...{ refundNo: `R${String(refunds.length + 1)}`, amountMinor, known: [], counted: true, path: [] },
        status: rules.statusOf(amountMinor, []),
      };
      refunds.push(refund);
      return refund;
    },
    commit: (refund, ...evidence) => {
      const known = evidence.reduce(rules.advance, refund.known);
      if (known === refund.known) return;
      refund.known = known;
      refund.status = rules.statusOf(refund.amountMinor, known);
      const counts = rules.reservesAmount(refund.status);
      const fits = reservedMinor() + refund.amountMinor <= capturedMinor;
      // An amount that was freed is taken again where it still fits; the evidence is kept in any case.
      refund.counted = counts && (refund.counted || fits);
      refund.path.push({ status: refund.status, by: evidence.map((one) => one.kind).join('+') });
    },
  };
}
