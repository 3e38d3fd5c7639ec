/** Where the figure of an arrival plan came from, in the order in which they are asked. */
export const ARRIVAL_BASES = [
  /** The channel said of this very refund when it expects the money there. */
  'estimate',
  /** The row of the bank that issued the card, which takes longer than others. */
  'bank',
  /** The row of what the payer paid from. */
  'source',
  /** What the payer paid from is unknown, or the channel has no row for it: the widest window of the channel. */
  'channel_default',
] as const;

export type ArrivalBasis = (typeof ARRIVAL_BASES)[number];
