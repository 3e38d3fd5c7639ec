/** The rows of a fund-flow bill: movements on the merchant's account, in or out. */
import type { StatementTotals } from '../../domain/statement/statement.ts';
import type { CopyText } from '../copy-text.ts';
import { UNREADABLE } from '../byte-fields.ts';
import { CNY, LINE_TYPES, word } from '../line-words.ts';
import { Sum } from '../sum.ts';
import type { FundFlowLayout } from './bill-layout.ts';
import type { RowResult } from './bill-rows.ts';
import { Rows, YUAN } from './bill-rows.ts';
import { kindUnknown, LINE_FAULTS } from '../set-aside.ts';

const INCOME = word('收入');
const EXPENSE = word('支出');
const REFUND_TYPES = [word('退款'), word('退款关闭')];
/** WeChat Pay's own numbers tell themselves apart: refunds begin with 5, payments with 4. */
const FIRST_OF_REFUND_NO = 0x35;

export class FundFlowRows extends Rows {
  readonly #at: FundFlowLayout['at'];
  readonly #sums = { in: new Sum(), out: new Sum() };
  readonly #counts = { in: new Sum(), out: new Sum() };

  constructor(layout: FundFlowLayout, out: CopyText) {
    super(layout.names.length, out);
    this.#at = layout.at;
  }

  /** This bill names no merchant in a column of its own. */
  override merchantNos(): readonly string[] {
    return [];
  }

  protected override keepMerchantNo(): void {
    // There is none to keep.
  }

  override totals(): StatementTotals {
    const sums = Object.entries(this.namedSums()).map(([name, sum]) => [name, sum.value()] as const);
    return { movements: BigInt(this.count), ...Object.fromEntries(sums) };
  }

  protected override namedSums(): Readonly<Record<string, Sum>> {
    return {
      in_count: this.#counts.in,
      in_minor: this.#sums.in,
      out_count: this.#counts.out,
      out_minor: this.#sums.out,
    };
  }

  protected override readFields(bytes: Buffer, lineNo: number): RowResult {
    const at = this.#at;
    const direction = this.#direction(bytes);
    if (direction === null) {
      this.#partial('in');
      this.#partial('out');
      return { setAside: kindUnknown('neither income nor expense') };
    }
    const amount = this.amount(bytes, at.amount, YUAN);
    this.#counts[direction].add(1);
    this.#sums[direction].add(amount);
    if (amount === UNREADABLE) return { setAside: LINE_FAULTS.amount };
    if (amount < 0) return { setAside: LINE_FAULTS.negative };
    const day = this.day(bytes, at.time);
    if (day === 0) return { setAside: LINE_FAULTS.time };
    this.keepDay(day);
    this.#write(bytes, lineNo, direction, amount);
    return 'line';
  }

  #direction(bytes: Buffer): 'in' | 'out' | null {
    if (this.is(bytes, this.#at.direction, INCOME)) return 'in';
    return this.is(bytes, this.#at.direction, EXPENSE) ? 'out' : null;
  }

  #partial(direction: 'in' | 'out'): void {
    this.#sums[direction].isPartial = true;
    this.#counts[direction].isPartial = true;
  }

  #write(bytes: Buffer, lineNo: number, direction: 'in' | 'out', amount: number): void {
    const at = this.#at;
    const { out } = this;
    const isRefund = this.#isAboutRefund(bytes);
    out.reserve(this.fields.lineEnd - this.from(0));
    out.integer(lineNo);
    out.word(LINE_TYPES[direction]);
    this.time(bytes, at.time);
    if (isRefund) this.#twoNothings();
    this.text(bytes, at.channelNo);
    this.text(bytes, at.voucherNo);
    if (!isRefund) this.#twoNothings();
    out.integer(amount);
    out.nothing();
    out.nothing();
    out.word(CNY);
    this.text(bytes, at.businessType);
    out.nothing();
    out.endRow();
  }

  /** Both numbers are the refund's, or both the payment's: also for fees, and for a refund that was closed. */
  #isAboutRefund(bytes: Buffer): boolean {
    const { businessType, channelNo } = this.#at;
    return (
      REFUND_TYPES.some((type) => this.is(bytes, businessType, type)) ||
      bytes[this.from(channelNo)] === FIRST_OF_REFUND_NO
    );
  }

  #twoNothings(): void {
    this.out.nothing();
    this.out.nothing();
  }
}
