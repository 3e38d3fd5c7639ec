/** Reads the files of a clearing day as one statement: one behind the other, lines and bytes counted through. */
import { AppError } from '../../domain/errors.ts';
import type { StatementReader, StatementSummary } from '../../domain/statement/statement.ts';
import { CR, LF } from '../byte-fields.ts';
import { CopyText } from '../copy-text.ts';
import { RAW_CHARACTERS_MAX, SetAside } from '../set-aside.ts';
import { ZmReader } from './zm-reader.ts';
import { readZme } from './zme-reader.ts';

/** A file beside that of the transactions. */
export type Beside =
  | { readonly kind: 'zme'; readonly clearingDate: string }
  | { readonly kind: 'other'; readonly name: string };

/** Whoever unpacks the zip says which file the next bytes are of; the transactions come first, the others whole. */
export class DayReader implements StatementReader {
  readonly #out = new CopyText();
  readonly #setAside = new SetAside();
  readonly #merchants = new Set<string>();
  #zm: ZmReader | null = null;
  #file: Beside | null = null;
  /** What the last of the transactions gave. */
  #late: Buffer = Buffer.alloc(0);
  #bytes = 0;
  /** Lines of the files beside, and the number of the last line of all. */
  #lines = 0;
  #lineNo = 0;

  /** The transactions of this day (yyyy-mm-dd) come next. */
  begin(clearingDate: string): ZmReader {
    this.#zm = new ZmReader(clearingDate);
    return this.#zm;
  }

  /** The next bytes are all of this file. */
  beside(file: Beside): void {
    if (this.#file === null) this.#endTransactions();
    this.#file = file;
  }

  push(chunk: Buffer): Buffer {
    const before = this.#bytes;
    this.#bytes += chunk.length;
    const file = this.#file;
    if (file === null) return this.#begun().push(chunk);
    const lines = file.kind === 'zme' ? this.#correct(chunk, before, file) : this.#keep(chunk, before, file);
    this.#lines += lines;
    this.#lineNo += lines;
    return this.#take();
  }

  end(): Buffer {
    if (this.#file === null) this.#endTransactions();
    return this.#take();
  }

  summary(): StatementSummary {
    const zm = this.#begun().summary();
    return {
      ...zm,
      lines: zm.lines + this.#lines,
      quarantined: [...zm.quarantined, ...this.#setAside.kept],
      quarantinedCount: zm.quarantinedCount + this.#setAside.count,
      merchantNos: [...new Set([...zm.merchantNos, ...this.#merchants])],
    };
  }

  #endTransactions(): void {
    const zm = this.#begun();
    this.#late = zm.end();
    this.#lineNo = zm.lineNo;
  }

  #take(): Buffer {
    const late = this.#late;
    this.#late = Buffer.alloc(0);
    const text = this.#out.take();
    return late.length === 0 ? text : Buffer.concat([late, text]);
  }

  #correct(bytes: Buffer, before: number, file: Extract<Beside, { kind: 'zme' }>): number {
    return readZme(bytes, {
      out: this.#out,
      setAside: this.#setAside,
      merchants: this.#merchants,
      clearingDate: file.clearingDate,
      afterLine: this.#lineNo,
      afterByte: before,
    });
  }

  /** Not a file that has anything to match; each of its lines is kept for whoever has to look into it. */
  #keep(bytes: Buffer, before: number, file: Extract<Beside, { kind: 'other' }>): number {
    let lines = 0;
    for (let at = 0; at < bytes.length; ) {
      const found = bytes.indexOf(LF, at);
      const next = found === -1 ? bytes.length : found + 1;
      const from = at;
      lines += 1;
      this.#setAside.add(
        {
          lineNo: this.#lineNo + lines,
          byteOffset: before + at,
          code: 'line_not_matched',
          reason: `a line of ${file.name.slice(0, 60)}, which is kept and not matched`,
        },
        () => decoded(bytes.subarray(from, next)),
      );
      at = next;
    }
    return lines;
  }

  #begun(): ZmReader {
    // Only the name of the file in the zip says which day it is: without a zip there is no day.
    if (this.#zm === null)
      throw new AppError('statement_unrecognised', { reason: 'not the zip of a clearing day' });
    return this.#zm;
  }
}

function decoded(line: Buffer): string {
  let to = line.length;
  while (to > 0 && (line[to - 1] === LF || line[to - 1] === CR)) to -= 1;
  return new TextDecoder('gb18030').decode(line.subarray(0, Math.min(to, RAW_CHARACTERS_MAX)));
}
