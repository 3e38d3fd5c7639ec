/**
 * The fields of a row of Alipay's files as places in its bytes. Fields end at commas and may end in a tab; there is no
 * quoting. Commas and tabs are never part of a GB 18030 character, so bytes can be split before anything is decoded.
 */
import { COMMA } from '../byte-fields.ts';

const TAB = 0x09;
const BLANK = 0x20;

/** Commas of a row that are kept in mind; a row with more is none. */
const FIELDS_MAX = 200;

export class CsvFields {
  readonly #starts = new Int32Array(FIELDS_MAX + 1);
  /** Fields found. */
  count = 0;
  /** Fields that stand too far right because a comma is part of the goods' name before them. */
  #shift = 0;
  #shiftFrom = 0;

  /** Splits the row between `from` and `to`. */
  split(bytes: Buffer, from: number, to: number): void {
    let count = 0;
    this.#starts[0] = from;
    for (let at = from; at < to; at += 1) {
      if (bytes[at] !== COMMA) continue;
      count += 1;
      if (count < FIELDS_MAX) this.#starts[count] = at + 1;
    }
    this.count = count + 1;
    this.#starts[Math.min(count + 1, FIELDS_MAX)] = to + 1;
    this.#shift = 0;
  }

  /** From the column after `goods` on, fields are `by` places further right than their names. */
  shiftAfter(goods: number, by: number): void {
    this.#shift = by;
    this.#shiftFrom = goods + 1;
  }

  from(bytes: Buffer, column: number): number {
    const end = this.#end(column);
    let at = this.#start(column);
    while (at < end && isPadding(bytes[at])) at += 1;
    return at;
  }

  to(bytes: Buffer, column: number): number {
    const start = this.#start(column);
    let at = this.#end(column);
    while (at > start && isPadding(bytes[at - 1])) at -= 1;
    return at;
  }

  #start(column: number): number {
    return this.#starts[column < this.#shiftFrom ? column : column + this.#shift] ?? 0;
  }

  #end(column: number): number {
    const next = column + 1 < this.#shiftFrom ? column + 1 : column + 1 + this.#shift;
    return (this.#starts[next] ?? 1) - 1;
  }
}

function isPadding(byte: number | undefined): boolean {
  return byte === TAB || byte === BLANK;
}
