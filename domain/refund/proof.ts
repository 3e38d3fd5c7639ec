/** The numbers by which somebody outside finds a refund: what a payer is told to quote, and to whom. */

/** What the books know a refund and its payment by. */
export interface RefundSerials {
  readonly refundNo: string;
  readonly paymentNo: string;
  /** The channel's numbers of the refund and of the payment; null while it has not given them. */
  readonly channelRefundNo: string | null;
  readonly transactionId: string | null;
  /** The day on which the channel cleared the refund, as it prints it; null where it has named none. */
  readonly clearingDate: string | null;
}

/**
 * Who looks a number up for whom: the payer's bank or the channel's own support for the payer, the channel's or the
 * acquirer's support for the merchant.
 */
export const PROOF_READERS = ['payer_bank', 'payer_channel', 'merchant_channel'] as const;
export type ProofReader = (typeof PROOF_READERS)[number];

export interface ProofNumber {
  /** As those who look it up call it. */
  readonly name: { readonly zh: string; readonly en: string };
  /** Null while the channel has not given it. */
  readonly value: string | null;
  readonly readers: readonly ProofReader[];
}
