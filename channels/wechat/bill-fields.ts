/**
 * The fields of a bill row as places in its bytes. A row is `` `a,`b,`c ``: every field has a backtick before it and
 * there is no quoting, so fields end at a comma that a backtick follows, and at no other comma. Nothing here makes a
 * string: a bill of a million rows would make thirty million of them.
 */
import { COMMA, CR, LF } from '../byte-fields.ts';

export const BACKTICK = 0x60;

/** Field i lies in `edges[i]` to `edges[i + 1] - 2` (without its backtick and the comma after it). */
export class RowFields {
  readonly edges: Int32Array;
  /** Fields found, also those beyond the columns of the bill. */
  count = 0;
  /** Place of the row's line end. */
  lineEnd = 0;
  readonly #columns: number;

  constructor(columns: number) {
    this.#columns = columns;
    this.edges = new Int32Array(columns + 1);
  }

  /**
   * Splits the row that starts with a backtick at `from` and ends with the byte `eol`, which must be there. Comma and backtick
   * stand side by side, so one of them is at every second place: most of a reader's time goes by in this loop.
   */
  split(bytes: Buffer, from: number, eol: number): void {
    const edges = this.edges;
    const columns = this.#columns;
    const lineEnd = bytes.indexOf(eol, from);
    let count = 1;
    edges[0] = from + 1;
    for (let at = from + 2; at < lineEnd; at += 2) {
      const byte = bytes[at];
      if (byte !== BACKTICK && byte !== COMMA) continue;
      const backtick = byte === BACKTICK ? at : at + 1;
      if (bytes[backtick - 1] !== COMMA || bytes[backtick] !== BACKTICK) continue;
      if (count < columns) edges[count] = backtick + 1;
      count += 1;
    }
    this.count = count;
    this.lineEnd = lineEnd;
    const end = eol === LF && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    if (count <= columns) edges[count] = end + 2;
  }
}
