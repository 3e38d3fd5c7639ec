/**
 * What the payer gets and what fee comes back with a part of a payment. A share is rounded half up to the fen; the part
 * that completes the payment takes what is left, so that the parts add up to the whole.
 */

export interface Shares {
  /** What the payer is given. */
  readonly payerMinor: bigint;
  /** The fee that the merchant gets back with it. */
  readonly feeMinor: bigint;
}

export interface SharedPayment extends Shares {
  readonly totalMinor: bigint;
}

/** @param earlier the parts that were taken already, in terms of the payment, with their shares */
export function sharesOf(
  payment: SharedPayment,
  earlier: readonly (Shares & { readonly amountMinor: bigint })[],
  amountMinor: bigint,
): Shares {
  const payerLeft = earlier.reduce((left, one) => left - one.payerMinor, payment.payerMinor);
  const feeLeft = earlier.reduce((left, one) => left - one.feeMinor, payment.feeMinor);
  if (sumOf(earlier) + amountMinor === payment.totalMinor)
    return { payerMinor: payerLeft, feeMinor: feeLeft };
  return {
    payerMinor: least(share(payment.payerMinor, amountMinor, payment.totalMinor), payerLeft),
    feeMinor: least(share(payment.feeMinor, amountMinor, payment.totalMinor), feeLeft),
  };
}

export function sumOf(parts: readonly { readonly amountMinor: bigint }[]): bigint {
  return parts.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
}

/** What a channel keeps of a sum at a rate in 1/10000, half a fen upwards. */
export function feeOf(minor: bigint, rate: bigint): bigint {
  return (minor * rate + 5_000n) / 10_000n;
}

function share(whole: bigint, part: bigint, total: bigint): bigint {
  return (whole * part * 2n + total) / (total * 2n);
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
