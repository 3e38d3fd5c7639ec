/** Rows of the account's log: every movement of its money. */
import type { StatementTotals } from '../../domain/statement/statement.ts';
import { UNREADABLE } from '../byte-fields.ts';
import type { CopyText } from '../copy-text.ts';
import { CNY, LINE_TYPES } from '../line-words.ts';
import { Sum } from '../sum.ts';
import type { BillEncoding } from './bill-encoding.ts';
import type { LedgerLayout } from './bill-layout.ts';
import { ABSENT } from './bill-layout.ts';
import type { RowResult } from './bill-rows.ts';
import { Rows, YUAN } from './bill-rows.ts';
import { kindUnknown, LINE_FAULTS } from '../set-aside.ts';

export class LedgerRows extends Rows {
  readonly #at: LedgerLayout['at'];
  readonly #remark: number;
  readonly #counts = { in: 0, out: 0 };
  readonly #sums = { in: new Sum(), out: new Sum() };

  constructor(layout: LedgerLayout, out: CopyText, encoding: BillEncoding) {
    super(layout, out, encoding);
    this.#at = layout.at;
    this.#remark = layout.remark;
  }

  /** Remarks are numbers here. */
  protected override isWholeBeforeRemark(): boolean {
    return false;
  }

  override totals(): StatementTotals {
    return {
      in_count: BigInt(this.#counts.in),
      in_minor: this.#sums.in.value(),
      out_count: BigInt(this.#counts.out),
      out_minor: this.#sums.out.value(),
    };
  }

  protected override readFields(bytes: Buffer, lineNo: number): RowResult {
    const at = this.#at;
    const income = this.amount(bytes, at.income, YUAN);
    const expense = this.amount(bytes, at.expense, YUAN);
    if (Math.max(income, expense) === UNREADABLE) return { setAside: LINE_FAULTS.amount };
    if ((income === 0) === (expense === 0))
      return { setAside: kindUnknown('neither income nor expense, or both') };
    const direction = income === 0 ? 'out' : 'in';
    const amount = Math.abs(income === 0 ? expense : income);
    this.#counts[direction] += 1;
    this.#sums[direction].add(amount);
    this.#write(bytes, lineNo, direction, amount);
    return 'line';
  }

  #write(bytes: Buffer, lineNo: number, direction: 'in' | 'out', amount: number): void {
    const { out } = this;
    const at = this.#at;
    out.integer(lineNo);
    out.word(LINE_TYPES[direction]);
    this.time(bytes);
    this.text(bytes, at.tradeNo);
    this.text(bytes, at.orderNo);
    out.nothing();
    // An expense is a refund, a fee or a payout, an income may be a refund's fee; what it is about stands in the remark.
    this.text(bytes, direction === 'out' || this.#isGivenBack(bytes) ? this.#remark : ABSENT);
    out.integer(amount);
    out.nothing();
    out.nothing();
    out.word(CNY);
    this.text(bytes, at.type);
    out.nothing();
    out.endRow();
  }

  /** The words for what is given back all begin with the same character. */
  #isGivenBack(bytes: Buffer): boolean {
    const from = this.fields.from(bytes, this.#at.type);
    const { givenBack } = this.encoding;
    return bytes.subarray(from, from + givenBack.length).equals(givenBack);
  }
}
