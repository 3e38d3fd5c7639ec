/** What one run of matching is about, and the same as SQL literals. */
import type { StatementLineSeen } from '../domain/refund/observation.ts';
import type { Tx } from './pool.ts';

export interface MatchScope {
  readonly fileId: string;
  readonly accountId: string;
  readonly billDate: string;
  /** Deliveries of this day that were superseded: what their lines held is free again. */
  readonly superseded: readonly string[];
  /** What a line of this account's statements proves about a refund. */
  readonly proves: StatementLineSeen['proves'];
  /** What our number names a refund in: the account, or only its payment. */
  readonly numberWithin: 'account' | 'payment';
  /**
   * Whether our numbers are those that the channel was sent: a line with another one is then another refund, however equal the
   * rest. Those of a list may be numbers that somebody made up for it.
   */
  readonly ourNumbers: 'sent' | 'listed';
  /** How far the line's time may be from the refund's for pass 3. */
  readonly windowMs: number;
  /** How much earlier than the request a line may be dated: clocks differ, bill dates are days. */
  readonly toleranceMs: number;
  readonly now: Date;
}

/** The scope as SQL literals. */
export interface Literals {
  readonly file: string;
  readonly account: string;
  readonly date: string;
  /** The table of the lines that simply agree: the file's own table of matches, on its first run. */
  readonly agreed: string;
  /** Whether this is the first run of the file. */
  readonly first: boolean;
  readonly superseded: string;
  /** Whether a line proves no more than that the channel took the refund. */
  readonly acceptance: boolean;
  /** Whether another payment may have a refund of the same number. */
  readonly withinPayment: boolean;
  /** What else of line and refund has to agree where they have the same number. */
  readonly samePayment: string;
  /** The line prints another number of ours than the refund has, and that alone makes it another refund. */
  readonly otherNumber: string;
  readonly window: string;
  readonly tolerance: string;
  readonly now: string;
}

export function literalsOf(tx: Tx, scope: MatchScope, first: boolean): Literals {
  return {
    first,
    agreed: first ? `yuanlu.matches_f${BigInt(scope.fileId).toString()}` : 'pg_temp.m_agreed',
    file: `${BigInt(scope.fileId).toString()}::bigint`,
    account: `${tx.escapeLiteral(scope.accountId)}::text`,
    date: `${tx.escapeLiteral(scope.billDate)}::date`,
    superseded: `array[${scope.superseded.map((id) => BigInt(id).toString()).join(', ')}]::bigint[]`,
    acceptance: scope.proves === 'acceptance',
    withinPayment: scope.numberWithin === 'payment',
    samePayment: scope.numberWithin === 'payment' ? SAME_PAYMENT : 'true',
    otherNumber: scope.ourNumbers === 'sent' ? OTHER_OWN_NUMBER : 'false',
    window: `interval '${String(scope.windowMs)} milliseconds'`,
    tolerance: `interval '${String(scope.toleranceMs)} milliseconds'`,
    now: `${tx.escapeLiteral(scope.now.toISOString())}::timestamptz`,
  };
}

/** Where a line `l` is, and what it is judged by first. */
export const LINE_PLACE = 'l.file_id, l.bill_date, l.line_no, l.amount_minor, l.occurred_at';

/** By the channel's number of the payment, else by ours; a refund of which neither is known is taken at its own number. */
const SAME_PAYMENT = `(r.transaction_id = l.transaction_id
       or r.transaction_id is null and coalesce(r.payment_no = l.payment_no, true))`;

const OTHER_OWN_NUMBER = 'coalesce(r.refund_no <> l.refund_no, false)';
