/** What is left over after matching: differences that somebody or something must bring to an end. */

/** Kinds of difference. Each is explained in docs/glossary.md. */
export const BREAK_KINDS = [
  /** Listed by us, past its window, and in no statement. */
  'missing_at_channel',
  /** In the statement, unknown to us (for example made by hand in the merchant console). */
  'missing_in_books',
  'amount_differs',
  /** The line has a number of our refund, and another number that contradicts it: it proves nothing by itself. */
  'number_differs',
  /** The statement and our books contradict each other about what happened. */
  'state_conflict',
  'duplicate_line',
  'fee_differs',
  'returned',
  'late',
  /** One line could be several refunds, or the other way round: never guessed. */
  'ambiguous',
  /** The trade statement says refunded; no money left the account for it. */
  'missing_in_fund_flow',
  /** Money left the account for a refund that the trade statement does not show. */
  'missing_in_trade',
] as const;

export type BreakKind = (typeof BREAK_KINDS)[number];

/** Which rule made a match: our number, the channel's number, or transaction + amount inside a window. */
export const MATCH_PASSES = ['refund_no', 'channel_refund_no', 'transaction_amount'] as const;

export type MatchPass = (typeof MATCH_PASSES)[number];
