/**
 * What a channel's statement is once it is read: lines in one neutral shape, totals, and rows that could not be read.
 * Readers are byte splitters: bytes in, COPY text out, no object per line.
 */
import type { LineFaultCode } from '../errors.ts';
import type { Currency } from '../money.ts';

/**
 * `trade`: payments and refunds by order. The others: movements of money, one for each fund account that the merchant's account
 * has at the channel. `fund_flow` is the one that money is paid into, and the only one of most channels; WeChat Pay has one for
 * operations and one for fees beside it.
 */
export const STATEMENT_KINDS = ['trade', 'fund_flow', 'fund_flow_operation', 'fund_flow_fees'] as const;

export type StatementKind = (typeof STATEMENT_KINDS)[number];

export type FundFlowKind = Exclude<StatementKind, 'trade'>;

export const FUND_FLOW_KINDS: readonly FundFlowKind[] = STATEMENT_KINDS.filter(isFundFlow);

export function isFundFlow(kind: StatementKind): kind is FundFlowKind {
  return kind !== 'trade';
}

/** What a file shows of its kind. Which fund account it is of stands nowhere in it: whoever brings the file says that. */
export type StatementContentKind = 'trade' | 'fund_flow';

export function contentKindOf(kind: StatementKind): StatementContentKind {
  return isFundFlow(kind) ? 'fund_flow' : 'trade';
}

/**
 * The columns of a line in COPY order. `line_no` is the 1-based line of the unpacked file (header = 1). Text columns are
 * empty → \N. Times are `yyyy-mm-dd hh:mm:ss+08`. `amount_minor` is what the line is about (a refund's order-value
 * amount, positive); `payer_minor` what the payer got or paid; `fee_e5` the fee in 1/100000 yuan (signed).
 */
export const LINE_COLUMNS = [
  'line_no',
  'line_type',
  'occurred_at',
  'transaction_id',
  'payment_no',
  'channel_refund_no',
  'refund_no',
  'amount_minor',
  'payer_minor',
  'fee_e5',
  'currency',
  'status',
  'funding',
] as const;

/**
 * `payment` / `refund` / `revoked` in a trade statement; `in` / `out` in a fund-flow statement. `adjustment`: corrects an
 * earlier line (a chargeback, a refund that the payer's bank sent back). It names that line by `channel_refund_no`, with a
 * `_` for each character that it does not print; `status` says whether the merchant gets the amount (`in`) or pays it (`out`).
 */
export type LineType = 'payment' | 'refund' | 'revoked' | 'adjustment' | 'in' | 'out';

/** Named sums of a statement in minor units (fees in 1/100000 yuan), counts as plain integers; all as bigint. */
export type StatementTotals = Readonly<Record<string, bigint>>;

/** A row that could not be read, kept aside with its place and reason. */
export interface QuarantinedLine {
  readonly lineNo: number;
  /** Offset of the row's first byte in the unpacked file. */
  readonly byteOffset: number;
  /** Which fault it is, by the catalogue. Null for rows that were kept before rows had codes. */
  readonly code: LineFaultCode | null;
  /** The same in words, with what was found. */
  readonly reason: string;
  /** The row as text, at most 2,000 characters. */
  readonly raw: string;
}

export interface StatementSummary {
  readonly kind: StatementContentKind;
  /** The variant by its header, e.g. `all`, `success`, `refund`, `fund_flow`. */
  readonly variant: string;
  readonly lines: number;
  readonly refundLines: number;
  readonly quarantined: readonly QuarantinedLine[];
  readonly quarantinedCount: number;
  readonly currency: Currency;
  readonly totals: {
    readonly declared: StatementTotals;
    readonly computed: StatementTotals;
    readonly agree: boolean;
  };
  /** The merchant numbers and first / last dates (yyyy-mm-dd, Beijing) found in the lines, to check the file's owner. */
  readonly merchantNos: readonly string[];
  readonly firstDate: string | null;
  readonly lastDate: string | null;
  /** What was unlike what is documented and was read all the same, in sentences for people. */
  readonly remarks?: readonly string[];
}

/**
 * Reads the unpacked bytes of one statement. Call `push` for each chunk and `end` once; each returns COPY text
 * (UTF-8, LINE_COLUMNS, tab-separated, LF) for the lines completed so far. `summary` is valid after `end`.
 * Quarantined rows are counted in the totals check where their amount could be read, else the totals cannot agree.
 * @throws AppError `statement_unrecognised`, `statement_truncated`, `statement_summary_missing`,
 *   `statement_encoding_invalid`, `statement_too_large`
 */
export interface StatementReader {
  push(chunk: Buffer): Buffer;
  end(): Buffer;
  summary(): StatementSummary;
}
