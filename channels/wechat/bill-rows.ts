/** What the rows of every bill have in common: columns by place, sums that stay exact, the days they span. */
import type { RangeFindings, RangeSum } from '../../domain/statement/ranges.ts';
import type { StatementTotals } from '../../domain/statement/statement.ts';
import type { CopyText } from '../copy-text.ts';
import { TIME_BYTES, fieldIs, readDay, readDecimal } from '../byte-fields.ts';
import type { Sum } from '../sum.ts';
import { RowFields } from './bill-fields.ts';
import { ABSENT } from './bill-layout.ts';
import type { LineFault } from '../set-aside.ts';
import { columnsDiffer } from '../set-aside.ts';

/** Yuan have two decimals, fees five. */
export const YUAN = 2;
export const FEE = 5;

/** What a row turned out to be; text is the reason for setting it aside. */
export type RowResult = 'line' | 'refund' | { readonly setAside: LineFault };

/** What the rows of a range add to the file. */
export type RowFindings = Pick<RangeFindings, 'sums' | 'merchantNos' | 'firstDay' | 'lastDay'>;

export interface BillRows {
  /** Reads the row whose first backtick is at `from` and whose end byte is `eol`. */
  read(bytes: Buffer, from: number, eol: number, lineNo: number): RowResult;
  /** Counts a row that is not even a row: it may stand for any amount. */
  skip(): void;
  /** Place of the end of the row that was read last. */
  lineEnd(): number;
  /** Sums of all rows, those set aside included as far as their amounts could be read. */
  totals(): StatementTotals;
  /** Names of the totals to which some row set aside may have contributed what could not be read. */
  unread(): ReadonlySet<string>;
  merchantNos(): readonly string[];
  /** Days of the earliest and the latest line, as numbers such as 20250630; 0 without lines. */
  days(): { readonly first: number; readonly last: number };
  findings(): RowFindings;
  /** Adds `count` rows that were read elsewhere. */
  add(count: number, found: RowFindings): void;
}

export abstract class Rows implements BillRows {
  protected readonly fields: RowFields;
  protected readonly out: CopyText;
  /** Rows of the bill, those set aside included: that is what its count counts. */
  protected count = 0;
  #firstDay = 0;
  #lastDay = 0;
  readonly #columns: number;
  readonly #plainTime = Buffer.alloc(TIME_BYTES);

  constructor(columns: number, out: CopyText) {
    this.fields = new RowFields(columns);
    this.out = out;
    this.#columns = columns;
  }

  abstract totals(): StatementTotals;
  abstract merchantNos(): readonly string[];
  /** One more merchant of the bill, where it names them at all. */
  protected abstract keepMerchantNo(merchantNo: string): void;
  /** The sums by the names of their totals. */
  protected abstract namedSums(): Readonly<Record<string, Sum>>;
  protected abstract readFields(bytes: Buffer, lineNo: number): RowResult;

  lineEnd(): number {
    return this.fields.lineEnd;
  }

  days(): { first: number; last: number } {
    return { first: this.#firstDay, last: this.#lastDay };
  }

  findings(): RowFindings {
    const sums = Object.entries(this.namedSums()).map(([name, sum]): [string, RangeSum] => [
      name,
      { value: String(sum.value()), isPartial: sum.isPartial },
    ]);
    return {
      sums: Object.fromEntries(sums),
      merchantNos: this.merchantNos(),
      firstDay: this.#firstDay,
      lastDay: this.#lastDay,
    };
  }

  add(count: number, found: RowFindings): void {
    this.count += count;
    for (const [name, sum] of Object.entries(this.namedSums())) {
      const { value, isPartial } = found.sums[name] ?? { value: '0', isPartial: false };
      sum.addSum(BigInt(value));
      sum.isPartial ||= isPartial;
    }
    for (const day of [found.firstDay, found.lastDay]) if (day !== 0) this.keepDay(day);
    for (const merchantNo of found.merchantNos) this.keepMerchantNo(merchantNo);
  }

  unread(): ReadonlySet<string> {
    return new Set(Object.entries(this.namedSums()).flatMap(([name, sum]) => (sum.isPartial ? [name] : [])));
  }

  skip(): void {
    this.count += 1;
    for (const sum of Object.values(this.namedSums())) sum.isPartial = true;
  }

  read(bytes: Buffer, from: number, eol: number, lineNo: number): RowResult {
    const { fields } = this;
    fields.split(bytes, from, eol);
    if (fields.count === this.#columns) {
      this.count += 1;
      return this.readFields(bytes, lineNo);
    }
    this.skip();
    return { setAside: columnsDiffer(fields.count, this.#columns) };
  }

  protected from(column: number): number {
    return this.fields.edges[column] ?? 0;
  }

  protected to(column: number): number {
    return (this.fields.edges[column + 1] ?? 0) - 2;
  }

  /** The amount of a column, 0 where the bill has no such column. */
  protected amount(bytes: Buffer, column: number, decimals: number): number {
    return column === ABSENT ? 0 : readDecimal(bytes, this.from(column), this.to(column), decimals);
  }

  /** The day of the time in a column, 0 when it is none. */
  protected day(bytes: Buffer, column: number): number {
    const from = this.from(column);
    const length = this.to(column) - from;
    if (length === TIME_BYTES) return readDay(bytes, from);
    return length === WIDE_TIME_BYTES && copyWithPlainColons(bytes, from, this.#plainTime)
      ? readDay(this.#plainTime, 0)
      : 0;
  }

  /** Writes the time of a column whose {@link day} was just read. */
  protected time(bytes: Buffer, column: number): void {
    const from = this.from(column);
    if (this.to(column) - from === TIME_BYTES) this.out.time(bytes, from);
    else this.out.time(this.#plainTime, 0);
  }

  protected keepDay(day: number): void {
    if (this.#firstDay === 0 || day < this.#firstDay) this.#firstDay = day;
    if (day > this.#lastDay) this.#lastDay = day;
  }

  protected text(bytes: Buffer, column: number): void {
    if (column === ABSENT) this.out.nothing();
    else this.out.field(bytes, this.from(column), this.to(column));
  }

  protected is(bytes: Buffer, column: number, expected: Buffer): boolean {
    return fieldIs(bytes, this.from(column), this.to(column), expected);
  }
}

const COLON = 0x3a;
/** `：` in UTF-8. Old bills have it between hours, minutes and seconds. */
const WIDE_COLON = Buffer.from([0xef, 0xbc, 0x9a]);
const WIDE_TIME_BYTES = TIME_BYTES + 2 * (WIDE_COLON.length - 1);

/** Copies a time to `to`, wide colons made plain. Returns whether it fills `to` then. */
function copyWithPlainColons(bytes: Buffer, from: number, to: Buffer): boolean {
  let length = 0;
  for (let at = from; at < from + WIDE_TIME_BYTES; length += 1) {
    const isWide = fieldIs(bytes, at, at + WIDE_COLON.length, WIDE_COLON);
    to[length] = isWide ? COLON : (bytes[at] ?? 0);
    at += isWide ? WIDE_COLON.length : 1;
  }
  return length === to.length;
}
