/**
 * Reads Alipay's files as they stream in: business details (`trade`) and the account's ledger (`signcustomer`), CSV in
 * GB 18030. Comments say whose file it is and end with counts and sums; without those the file is not whole.
 */
import { AppError } from '../../domain/errors.ts';
import type { StatementReader, StatementSummary, StatementTotals } from '../../domain/statement/statement.ts';
import { CR, dayText } from '../byte-fields.ts';
import { CopyText } from '../copy-text.ts';
import type { LineFault } from '../set-aside.ts';
import { RAW_CHARACTERS_MAX, SetAside } from '../set-aside.ts';
import { WholeLines, refuseLongLine } from '../whole-lines.ts';
import { HEAD_BYTES_MAX, notABill } from './bill-bytes.ts';
import type { BillEncoding } from './bill-encoding.ts';
import { GB18030 } from './bill-encoding.ts';
import { missingFooter, readDay, readFooter, readOwner } from './bill-footer.ts';
import type { BillLayout } from './bill-layout.ts';
import { isHeader, layoutOf } from './bill-layout.ts';
import { LedgerRows } from './bill-ledger-rows.ts';
import type { BillRows } from './bill-rows.ts';
import type { SummaryFigures } from './bill-summary.ts';
import { readSummaryFile } from './bill-summary.ts';
import { TradeRows } from './bill-trade-rows.ts';

/** The documented fields of a row add up to less than 8 KiB; a line beyond this is no row. */
const LINE_BYTES_MAX = 1024 ** 2;
/** Comment lines before the header. */
const PREAMBLE_LINES_MAX = 50;
const HASH = 0x23;
/** What is left of payments after refunds. */
const NET = 'net_minor';

const NOT_TEXT: LineFault = { code: 'line_encoding_invalid', reason: 'bytes that are not GB 18030' };

export class AlipayBillReader implements StatementReader {
  readonly #incoming = new WholeLines();
  readonly #out = new CopyText();
  readonly #setAside = new SetAside();
  readonly #declared: Record<string, bigint> = {};
  readonly #encoding: BillEncoding;
  #bill: { readonly layout: BillLayout; readonly rows: BillRows } | null = null;
  /** The first bytes, until the header was found. */
  #head: Buffer = Buffer.alloc(0);
  #summaryFile: Buffer | null = null;
  #summary: SummaryFigures | null = null;
  #owner: string | null = null;
  #day: string | null = null;
  #lineNo = 0;
  #lines = 0;
  #refundLines = 0;

  constructor(encoding: BillEncoding = GB18030) {
    this.#encoding = encoding;
  }

  /** The summary file beside this one, to be compared at the end: which columns it has to have is known by then. */
  declare(summaryFile: Buffer): void {
    this.#summaryFile = summaryFile;
  }

  push(chunk: Buffer): Buffer {
    this.#keepHead(chunk);
    for (const lines of this.#incoming.add(chunk)) this.#readLines(lines);
    refuseLongLine(this.#incoming.pending, LINE_BYTES_MAX, this.#lineNo + 1);
    return this.#out.take();
  }

  end(): Buffer {
    const rest = this.#incoming.rest();
    if (rest.length > 0) this.#readLines(Buffer.concat([rest, Buffer.from([this.#incoming.eol])]));
    if (this.#bill === null) throw notABill(this.#head, this.#lineNo);
    const missing = missingFooter(this.#bill.layout.kind, this.#declared);
    if (missing !== null) throw new AppError('statement_summary_missing', { missing, lines: this.#lines });
    if (this.#summaryFile !== null)
      this.#summary = readSummaryFile(this.#summaryFile, this.#bill.layout.kind);
    if (this.#setAside.isTooMuchOf(this.#lines)) {
      throw new AppError('statement_unrecognised', {
        reason: `${String(this.#setAside.count)} of ${String(this.#lines)} rows cannot be read`,
        first_reason: this.#setAside.kept[0]?.reason,
      });
    }
    return this.#out.take();
  }

  summary(): StatementSummary {
    if (this.#bill === null) throw new AppError('invariant_broken', { why: 'a summary before the end' });
    const { layout, rows } = this.#bill;
    const computed = rows.totals();
    const days = rows.days();
    return {
      kind: layout.kind,
      variant: layout.kind === 'trade' ? 'trade' : 'signcustomer',
      lines: this.#lines,
      refundLines: this.#refundLines,
      quarantined: this.#setAside.kept,
      quarantinedCount: this.#setAside.count,
      currency: 'CNY',
      totals: { declared: this.#allDeclared(), computed, agree: this.#agrees(computed) },
      merchantNos: this.#owner === null ? [] : [this.#owner],
      firstDate: dayText(days.first) ?? this.#day,
      lastDate: dayText(days.last) ?? this.#day,
      ...this.#remarks(),
    };
  }

  /** What of the summary file could not be compared. */
  #remarks(): Pick<StatementSummary, 'remarks'> {
    const { missing = [] } = this.#summary ?? {};
    if (missing.length === 0) return {};
    return { remarks: [`the summary file names no ${missing.join(', ')}: they were not compared`] };
  }

  /** The trailer's figures, and beside them what only the summary file says. */
  #allDeclared(): StatementTotals {
    return { ...this.#summary?.totals, ...this.#declared };
  }

  /** Trailer and summary file agree with the rows, and with each other; rows set aside may have their share in any. */
  #agrees(computed: StatementTotals): boolean {
    return [this.#declared, this.#summary?.totals ?? {}].every((source) =>
      Object.entries(source).every(([name, value]) => this.#isEqual(name, value, computed[name])),
    );
  }

  #isEqual(name: string, declared: bigint, computed: bigint | undefined): boolean {
    if (computed === undefined || declared === computed) return true;
    // A refund that was set aside makes the net larger, a payment smaller: nothing can be said of it.
    return this.#setAside.count > 0 && (name === NET || declared > computed);
  }

  #readLines(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const eol = this.#incoming.eol;
    const isText = this.#encoding.isText(bytes);
    this.#out.expect(bytes.length);
    for (let at = 0; at < bytes.length; ) {
      const lineEnd = bytes.indexOf(eol, at);
      const to = lineEnd > at && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
      this.#lineNo += 1;
      refuseLongLine(lineEnd - at, LINE_BYTES_MAX, this.#lineNo);
      if (to > at) this.#line(bytes, at, to, isText);
      at = lineEnd + 1;
    }
  }

  #line(bytes: Buffer, from: number, to: number, isText: boolean): void {
    if (!isText && !this.#encoding.isText(bytes.subarray(from, to))) {
      if (this.#bill === null) throw notABill(this.#head, this.#lineNo);
      this.#lines += 1;
      this.#keepAside(bytes, from, to, NOT_TEXT);
      return;
    }
    if (this.#bill === null || bytes[from] === HASH) this.#comment(bytes.subarray(from, to));
    else this.#row(bytes, from, to, this.#bill.rows);
  }

  #row(bytes: Buffer, from: number, to: number, rows: BillRows): void {
    const result = rows.read({ bytes, from, to, lineNo: this.#lineNo });
    if (typeof result === 'object') {
      // Old files print their trailer without the sign of a comment.
      if (this.#takeFooter(this.#encoding.decode(bytes.subarray(from, to)))) return;
      this.#keepAside(bytes, from, to, result.setAside);
    } else if (result === 'refund') this.#refundLines += 1;
    this.#lines += 1;
  }

  #comment(bytes: Buffer): void {
    const line = this.#encoding.decode(bytes);
    if (this.#bill === null && isHeader(line)) {
      const layout = layoutOf(line);
      const rows =
        layout.kind === 'trade'
          ? new TradeRows(layout, this.#out, this.#encoding)
          : new LedgerRows(layout, this.#out, this.#encoding);
      this.#bill = { layout, rows };
      return;
    }
    if (this.#bill === null && this.#lineNo > PREAMBLE_LINES_MAX) throw notABill(this.#head, this.#lineNo);
    this.#owner ??= readOwner(line);
    this.#day ??= readDay(line);
    this.#takeFooter(line);
  }

  #takeFooter(line: string): boolean {
    const figures = readFooter(line);
    if (figures === null) return false;
    for (const [name, value] of Object.entries(figures))
      if ((this.#declared[name] ?? value) !== value)
        throw new AppError('statement_summary_missing', { said_twice: name, line: this.#lineNo });
    Object.assign(this.#declared, figures);
    return true;
  }

  #keepAside(bytes: Buffer, from: number, to: number, fault: LineFault): void {
    this.#setAside.add({ lineNo: this.#lineNo, byteOffset: this.#incoming.at + from, ...fault }, () =>
      this.#encoding
        .decode(bytes.subarray(from, Math.min(to, from + 4 * RAW_CHARACTERS_MAX)))
        .slice(0, RAW_CHARACTERS_MAX),
    );
  }

  #keepHead(chunk: Buffer): void {
    const room = HEAD_BYTES_MAX - this.#head.length;
    if (this.#bill === null && room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
  }
}
