/** The rows of Alipay's files: each is checked, added up and written as COPY text, or named with the reason why not. */
import type { LineType, StatementTotals } from '../../domain/statement/statement.ts';
import { TIME_BYTES, UNREADABLE, fieldIs, readDay, readDecimal } from '../byte-fields.ts';
import type { CopyText } from '../copy-text.ts';
import { CNY, LINE_TYPES, word } from '../line-words.ts';
import { CsvFields } from './bill-fields.ts';
import type { BillLayout, LedgerLayout, TradeLayout } from './bill-layout.ts';
import { ABSENT } from './bill-layout.ts';

const YUAN = 2;
const FEE = 5;
const POINT = 0x2e;
/** Commas in the texts of a row; a row with more is none. */
const COMMAS_MAX = 100;

/** What a row turned out to be; text is the reason for setting it aside. */
export type RowResult = 'line' | 'refund' | { readonly setAside: string };

export interface Place {
  readonly bytes: Buffer;
  readonly from: number;
  /** Place after the row's last byte. */
  readonly to: number;
  readonly lineNo: number;
}

export interface BillRows {
  read(row: Place): RowResult;
  totals(): StatementTotals;
  /** Days of the earliest and the latest line, as numbers such as 20250630; 0 without lines. */
  days(): { readonly first: number; readonly last: number };
}

export function billRows(layout: BillLayout, out: CopyText): BillRows {
  return layout.kind === 'trade' ? new TradeRows(layout, out) : new LedgerRows(layout, out);
}

const gb18030 = (...bytes: number[]): Buffer => Buffer.from(bytes);

/** 交易 and 退款 as the files write them. */
const PAYMENT = gb18030(0xbd, 0xbb, 0xd2, 0xd7);
const REFUND = gb18030(0xcd, 0xcb, 0xbf, 0xee);
const SUCCESS = word('SUCCESS');

abstract class Rows implements BillRows {
  protected readonly fields = new CsvFields();
  protected readonly out: CopyText;
  readonly #layout: {
    readonly columns: number;
    readonly at: { readonly goods: number; readonly time: number };
    readonly remark: number;
  };
  #firstDay = 0;
  #lastDay = 0;

  constructor(layout: BillLayout, out: CopyText) {
    this.#layout = layout;
    this.out = out;
  }

  abstract totals(): StatementTotals;
  /** The columns are where they belong and the time is one. */
  protected abstract readFields(bytes: Buffer, lineNo: number): RowResult;

  days(): { first: number; last: number } {
    return { first: this.#firstDay, last: this.#lastDay };
  }

  read({ bytes, from, to, lineNo }: Place): RowResult {
    const { columns, at } = this.#layout;
    const { fields } = this;
    fields.split(bytes, from, to);
    if (fields.count < columns)
      return { setAside: `${String(fields.count)} fields instead of ${String(columns)}` };
    const day = fields.count > columns ? this.#dayAmongCommas(bytes) : this.#day(bytes, at.time);
    if (day === 0)
      return { setAside: fields.count > columns ? 'more fields than columns' : 'no time as documented' };
    this.out.reserve(2 * (to - from));
    const result = this.readFields(bytes, lineNo);
    if (typeof result === 'object') return result;
    if (this.#firstDay === 0 || day < this.#firstDay) this.#firstDay = day;
    if (day > this.#lastDay) this.#lastDay = day;
    return result;
  }

  protected amount(bytes: Buffer, column: number, decimals: number): number {
    return readDecimal(bytes, this.fields.from(bytes, column), this.fields.to(bytes, column), decimals);
  }

  protected is(bytes: Buffer, column: number, expected: Buffer): boolean {
    return fieldIs(bytes, this.fields.from(bytes, column), this.fields.to(bytes, column), expected);
  }

  /** A field as UTF-8. Numbers are ASCII; only what is not has to be decoded. */
  protected text(bytes: Buffer, column: number): void {
    if (column === ABSENT) {
      this.out.nothing();
      return;
    }
    const from = this.fields.from(bytes, column);
    const to = this.fields.to(bytes, column);
    for (let at = from; at < to; at += 1) {
      if ((bytes[at] ?? 0) < 0x80) continue;
      const decoded = word(new TextDecoder('gb18030').decode(bytes.subarray(from, to)));
      this.out.field(decoded, 0, decoded.length);
      return;
    }
    this.out.field(bytes, from, to);
  }

  protected time(bytes: Buffer): void {
    this.out.time(bytes, this.fields.from(bytes, this.#layout.at.time));
  }

  /**
   * Names of goods and remarks may hold commas, and nothing marks them: the columns behind the goods are found from their
   * time. It is the last of the row's times, so the furthest place where one stands is right; commas that are still too
   * many then are the remark's, if that is the last column and all before it is what it should be.
   */
  #dayAmongCommas(bytes: Buffer): number {
    const { columns, at, remark } = this.#layout;
    const { fields } = this;
    const surplus = fields.count - columns;
    if (surplus > COMMAS_MAX) return 0;
    const least = remark === columns - 1 ? 0 : surplus;
    for (let ofGoods = surplus; ofGoods >= least; ofGoods -= 1) {
      fields.shiftAfter(at.goods, ofGoods);
      const day = this.#day(bytes, at.time);
      if (day !== 0) return ofGoods === surplus || this.isWholeBeforeRemark(bytes) ? day : 0;
    }
    return 0;
  }

  /** Whether the columns up to the remark are what they should be, so that commas too many can only be the remark's. */
  protected abstract isWholeBeforeRemark(bytes: Buffer): boolean;

  #day(bytes: Buffer, column: number): number {
    const from = this.fields.from(bytes, column);
    return this.fields.to(bytes, column) - from === TIME_BYTES ? readDay(bytes, from) : 0;
  }
}

class TradeRows extends Rows {
  readonly #at: TradeLayout['at'];
  readonly #counts = { payment: 0n, refund: 0n };
  readonly #received = { payment: 0n, refund: 0n };

  constructor(layout: TradeLayout, out: CopyText) {
    super(layout, out);
    this.#at = layout.at;
  }

  /** A comma inside an amount would leave a piece without its decimals, or amounts where the number belongs. */
  protected override isWholeBeforeRemark(bytes: Buffer): boolean {
    const { amount, received, requestNo, fee } = this.#at;
    const hasPoint = (column: number): boolean =>
      bytes.subarray(this.fields.from(bytes, column), this.fields.to(bytes, column)).includes(POINT);
    return [amount, received, fee].every(hasPoint) && !hasPoint(requestNo);
  }

  override totals(): StatementTotals {
    return {
      payments: this.#counts.payment,
      received_minor: this.#received.payment,
      refunds: this.#counts.refund,
      refunded_minor: this.#received.refund,
      net_minor: this.#received.payment - this.#received.refund,
    };
  }

  protected override readFields(bytes: Buffer, lineNo: number): RowResult {
    const at = this.#at;
    const amount = this.amount(bytes, at.amount, YUAN);
    const received = this.amount(bytes, at.received, YUAN);
    const fee = this.amount(bytes, at.fee, FEE);
    if (Math.max(amount, received, fee) === UNREADABLE) return { setAside: 'an amount that cannot be read' };
    const type = this.is(bytes, at.type, REFUND)
      ? 'refund'
      : this.is(bytes, at.type, PAYMENT)
        ? 'payment'
        : null;
    if (type === null) return { setAside: 'an unknown kind of business' };
    this.#counts[type] += 1n;
    // Refunds are printed with a minus by some files and without by others: the kind says what it is.
    this.#received[type] += BigInt(Math.abs(received));
    this.#write(bytes, lineNo, type, { amount: Math.abs(amount), received: Math.abs(received), fee });
    return type === 'refund' ? 'refund' : 'line';
  }

  #write(
    bytes: Buffer,
    lineNo: number,
    type: Extract<LineType, 'payment' | 'refund'>,
    row: { readonly amount: number; readonly received: number; readonly fee: number },
  ): void {
    const { out } = this;
    const at = this.#at;
    out.integer(lineNo);
    out.word(LINE_TYPES[type]);
    this.time(bytes);
    this.text(bytes, at.tradeNo);
    this.text(bytes, at.orderNo);
    out.nothing();
    if (type === 'refund') this.text(bytes, at.requestNo);
    else out.nothing();
    out.integer(row.amount);
    out.integer(row.received);
    // Printed as what it does to the merchant; kept, like every channel's, as what the merchant pays.
    out.integer(0 - row.fee);
    out.word(CNY);
    out.word(SUCCESS);
    out.nothing();
    out.endRow();
  }
}

class LedgerRows extends Rows {
  readonly #at: LedgerLayout['at'];
  readonly #remark: number;
  readonly #counts = { in: 0n, out: 0n };
  readonly #sums = { in: 0n, out: 0n };

  constructor(layout: LedgerLayout, out: CopyText) {
    super(layout, out);
    this.#at = layout.at;
    this.#remark = layout.remark;
  }

  /** Remarks are numbers here. */
  protected override isWholeBeforeRemark(): boolean {
    return false;
  }

  override totals(): StatementTotals {
    return {
      in_count: this.#counts.in,
      in_minor: this.#sums.in,
      out_count: this.#counts.out,
      out_minor: this.#sums.out,
    };
  }

  protected override readFields(bytes: Buffer, lineNo: number): RowResult {
    const at = this.#at;
    const income = this.amount(bytes, at.income, YUAN);
    const expense = this.amount(bytes, at.expense, YUAN);
    if (Math.max(income, expense) === UNREADABLE) return { setAside: 'an amount that cannot be read' };
    if ((income === 0) === (expense === 0)) return { setAside: 'neither income nor expense, or both' };
    const direction = income === 0 ? 'out' : 'in';
    const amount = Math.abs(income === 0 ? expense : income);
    this.#counts[direction] += 1n;
    this.#sums[direction] += BigInt(amount);
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
    // An expense is a refund, a fee or a payout; what it is about stands in the remark.
    this.text(bytes, direction === 'out' ? this.#remark : ABSENT);
    out.integer(amount);
    out.nothing();
    out.nothing();
    out.word(CNY);
    this.text(bytes, at.type);
    out.nothing();
    out.endRow();
  }
}
