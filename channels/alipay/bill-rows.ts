/** The rows of Alipay's files: each is checked, added up and written as COPY text, or named with the reason why not. */
import type { StatementTotals } from '../../domain/statement/statement.ts';
import { TIME_BYTES, UNREADABLE, fieldIs, readDay, readDecimal } from '../byte-fields.ts';
import type { CopyText } from '../copy-text.ts';
import { word } from '../line-words.ts';
import type { BillEncoding } from './bill-encoding.ts';
import { CsvFields } from './bill-fields.ts';
import type { BillLayout } from './bill-layout.ts';
import { ABSENT } from './bill-layout.ts';
import type { LineFault } from '../set-aside.ts';
import { columnsDiffer, LINE_FAULTS } from '../set-aside.ts';

/** Commas too many, and not where a name may hold some. */
const MORE_FIELDS: LineFault = { code: 'line_columns_differ', reason: 'more fields than columns' };

const POINT = 0x2e;
export const YUAN = 2;
/** Commas in the texts of a row; a row with more is none. */
const COMMAS_MAX = 100;

/** What a row turned out to be; text is the reason for setting it aside. */
export type RowResult = 'line' | 'refund' | { readonly setAside: LineFault };

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

export abstract class Rows implements BillRows {
  protected readonly fields = new CsvFields();
  protected readonly out: CopyText;
  protected readonly encoding: BillEncoding;
  readonly #layout: {
    readonly columns: number;
    readonly at: { readonly goods: number; readonly time: number };
    readonly remark: number;
  };
  #firstDay = 0;
  #lastDay = 0;

  constructor(layout: BillLayout, out: CopyText, encoding: BillEncoding) {
    this.#layout = layout;
    this.out = out;
    this.encoding = encoding;
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
    if (fields.count < columns) return { setAside: columnsDiffer(fields.count, columns) };
    const day = fields.count > columns ? this.#dayAmongCommas(bytes) : this.#day(bytes, at.time);
    if (day === 0) return { setAside: fields.count > columns ? MORE_FIELDS : LINE_FAULTS.time };
    this.out.reserve(2 * (to - from));
    const result = this.readFields(bytes, lineNo);
    if (typeof result === 'object') return result;
    if (this.#firstDay === 0 || day < this.#firstDay) this.#firstDay = day;
    if (day > this.#lastDay) this.#lastDay = day;
    return result;
  }

  protected amount(bytes: Buffer, column: number, decimals: number): number {
    const from = this.fields.from(bytes, column);
    const to = this.fields.to(bytes, column);
    // One decimal more than the column has, be it a zero, is none of Alipay's.
    if (to - from > decimals + 1 && bytes.subarray(from, to - decimals - 1).includes(POINT))
      return UNREADABLE;
    return readDecimal(bytes, from, to, decimals);
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
      const decoded = word(this.encoding.decode(bytes.subarray(from, to)));
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
