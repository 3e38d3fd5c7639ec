/**
 * WeChat Pay's bills, read as they stream in: trade bills (ALL, SUCCESS, REFUND, also the old layouts) and fund-flow
 * bills. Lines end in CR LF, or in LF or CR alone. A line of names, rows that each begin with a backtick, then two lines
 * of summary. One row that cannot be read is set aside with its place; a file that is not whole is refused.
 */
import { AppError } from '../../domain/errors.ts';
import type { FileHead, RangeFindings, RangePlace } from '../../domain/statement/ranges.ts';
import type { StatementReader, StatementSummary } from '../../domain/statement/statement.ts';
import type { StatementContent } from '../channel.ts';
import { unpack } from '../unpack.ts';
import { CopyText } from '../copy-text.ts';
import { dayText } from '../byte-fields.ts';
import type { LineFault } from '../set-aside.ts';
import { SetAside } from '../set-aside.ts';
import { BACKTICK } from './bill-fields.ts';
import { badLineAsText, looksLikeBill, notABill, refuseForeignBytes } from './bill-bytes.ts';
import { FundFlowRows } from './bill-fund-flow-rows.ts';
import type { BillLayout } from './bill-layout.ts';
import { recogniseHeader } from './bill-layout.ts';
import { WholeLines, refuseLongLine } from '../whole-lines.ts';
import type { BillRows, RowResult } from './bill-rows.ts';
import type { Summary } from './bill-summary.ts';
import { endsInFull, isSummaryHeader, readSummary, totalsAgree } from './bill-summary.ts';
import { TradeRows } from './bill-trade-rows.ts';

const NO_BACKTICK: LineFault = { code: 'line_columns_differ', reason: 'a row without its first backtick' };

/** The documented fields of a row add up to less than 8 KiB; a line beyond this is no row. */
const LINE_BYTES_MAX = 1024 ** 2;

/** Lines are read in this order: the names, the rows, the two of the summary, and then none. */
type Phase = 'names' | 'rows' | 'figures' | 'after';

export function wechatBillReader(): StatementReader {
  return new WechatBillReader();
}

function readRows(layout: BillLayout, out: CopyText): BillRows {
  return layout.kind === 'trade' ? new TradeRows(layout, out) : new FundFlowRows(layout, out);
}

/** A refund is printed when it was accepted. */
export const WECHAT_LINE_PROVES = 'acceptance';

/** A bill as it was downloaded: gzip, zip or plain; its kind is in its first line. */
export function openWechatStatement(packed: AsyncIterable<Buffer>): StatementContent {
  return { bytes: unpack(packed), reader: wechatBillReader() };
}

/** Where a reader begins that does not read from the beginning of a file. */
interface Beginning {
  readonly head: FileHead;
  readonly place: RangePlace;
}

/** What reads the rows of a bill that is laid out like this. */
type RowsOf = (layout: BillLayout, out: CopyText) => BillRows;

export class WechatBillReader implements StatementReader {
  readonly #rowsOf: RowsOf;
  readonly #incoming: WholeLines;
  readonly #out = new CopyText();
  readonly #setAside = new SetAside();
  #phase: Phase = 'names';
  #bill: { readonly layout: BillLayout; readonly rows: BillRows } | null = null;
  #names = '';
  #summaryNames = '';
  #figures = '';
  #declared: Summary | null = null;
  #lineNo: number;
  #lines = 0;
  #refundLines = 0;

  constructor(rowsOf: RowsOf = readRows, from: Beginning | null = null) {
    this.#rowsOf = rowsOf;
    this.#lineNo = from?.place.lines ?? 0;
    if (from === null) {
      this.#incoming = new WholeLines();
      return;
    }
    this.#incoming = new WholeLines({ eol: from.head.eol, bytes: from.place.bytes });
    // The first range begins with the names themselves.
    if (from.place.lines > 0) this.#takeNames(from.head.names);
  }

  push(chunk: Buffer): Buffer {
    for (const lines of this.#incoming.add(chunk)) this.#readLines(lines);
    refuseLongLine(this.#incoming.pending, LINE_BYTES_MAX, this.#lineNo + 1);
    return this.#out.take();
  }

  end(): Buffer {
    const text = this.endOfBytes();
    this.judge();
    return text;
  }

  /** The last of the text, before the file is judged as a whole. */
  endOfBytes(): Buffer {
    const rest = this.#incoming.rest();
    if (this.#phase === 'names' && !looksLikeBill(rest)) throw notABill(rest);
    if (rest.length > 0) this.#readLastLine(rest);
    return this.#out.take();
  }

  /** @throws AppError `statement_summary_missing`, or `statement_unrecognised` where too many rows cannot be read */
  judge(): void {
    this.refuseUnsummed();
    this.#refuseMostlyBad();
  }

  /** @throws AppError `statement_summary_missing` */
  refuseUnsummed(): void {
    if (this.#declared === null) throw new AppError('statement_summary_missing', { lines: this.#lines });
  }

  head(): FileHead {
    return { names: this.#names, eol: this.#incoming.eol };
  }

  /** Behind the last whole line, while rows are read. */
  place(): RangePlace | null {
    return this.#phase === 'rows' ? { lines: this.#lineNo, bytes: this.#incoming.end } : null;
  }

  /** What this reader has read, for one that joins it with the rest of the file. */
  findings(): RangeFindings {
    return {
      lines: this.#lines,
      refundLines: this.#refundLines,
      quarantined: this.#setAside.kept,
      quarantinedCount: this.#setAside.count,
      ...this.#whole().rows.findings(),
      trailer: this.#declared === null ? null : { names: this.#summaryNames, figures: this.#figures },
    };
  }

  /** Takes over what another reader found in the next range of the file. */
  add(found: RangeFindings): void {
    this.#whole().rows.add(found.lines, found);
    this.#lines += found.lines;
    this.#refundLines += found.refundLines;
    this.#setAside.addAll(found.quarantined, found.quarantinedCount);
    if (found.trailer === null) return;
    this.#summaryNames = found.trailer.names;
    this.#takeFigures(found.trailer.figures);
  }

  summary(): StatementSummary {
    const { layout, rows } = this.#whole();
    const declared = this.#declared;
    if (declared === null) {
      throw new AppError('invariant_broken', { why: 'the summary of a bill was asked for before its end' });
    }
    const computed = rows.totals();
    const days = rows.days();
    return {
      kind: layout.kind,
      variant: layout.variant,
      lines: this.#lines,
      refundLines: this.#refundLines,
      quarantined: this.#setAside.kept,
      quarantinedCount: this.#setAside.count,
      currency: 'CNY',
      totals: {
        declared: declared.declared,
        computed,
        agree: totalsAgree(declared, computed, rows.unread()),
      },
      merchantNos: rows.merchantNos(),
      firstDate: dayText(days.first),
      lastDate: dayText(days.last),
    };
  }

  #whole(): { readonly layout: BillLayout; readonly rows: BillRows } {
    if (this.#bill === null) {
      throw new AppError('invariant_broken', { why: 'a bill was used before the names of its columns' });
    }
    return this.#bill;
  }

  /** Reads lines that all have their ends. */
  #readLines(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#phase === 'names' && !looksLikeBill(bytes)) throw notABill(bytes);
    refuseForeignBytes(bytes, this.#lineNo + 1);
    this.#out.expect(bytes.length);
    for (let at = 0; at < bytes.length; ) {
      this.#lineNo += 1;
      const lineEnd =
        this.#phase === 'rows' && bytes[at] === BACKTICK
          ? this.#readRow(bytes, at)
          : this.#readOther(bytes, at);
      at = lineEnd + 1;
    }
  }

  /** Only the end of the last line may be missing, and only where it shows that nothing else is. */
  #readLastLine(rest: Buffer): void {
    const line = rest.toString('utf8');
    const isWhole =
      this.#phase === 'after' ||
      (this.#phase === 'figures' && endsInFull(this.#whole().layout, this.#summaryNames, line));
    if (!isWhole) {
      throw new AppError('statement_truncated', {
        line: this.#lineNo + 1,
        reason: 'the last line has no end',
      });
    }
    this.#readLines(Buffer.concat([rest, Buffer.from([this.#incoming.eol])]));
  }

  /** Returns the place of the row's line end. */
  #readRow(bytes: Buffer, at: number): number {
    const { rows } = this.#whole();
    const result = rows.read(bytes, at, this.#incoming.eol, this.#lineNo);
    const lineEnd = rows.lineEnd();
    refuseLongLine(lineEnd - at, LINE_BYTES_MAX, this.#lineNo);
    this.#lines += 1;
    if (result === 'refund') this.#refundLines += 1;
    else if (result !== 'line') this.#keepAside(bytes, at, lineEnd, result);
    return lineEnd;
  }

  /** Lines that are no rows: names, summary, blank ones, and what does not belong. Returns the place of the line's end. */
  #readOther(bytes: Buffer, at: number): number {
    const lineEnd = bytes.indexOf(this.#incoming.eol, at);
    refuseLongLine(lineEnd - at, LINE_BYTES_MAX, this.#lineNo);
    const line = bytes.toString('utf8', at, lineEnd).replace(/\r$/, '');
    if (line.trim() !== '') this.#take(line, bytes, at, lineEnd);
    return lineEnd;
  }

  #take(line: string, bytes: Buffer, at: number, lineEnd: number): void {
    switch (this.#phase) {
      case 'names':
        this.#takeNames(line);
        return;
      case 'rows':
        this.#takeOddRow(line, bytes, at, lineEnd);
        return;
      case 'figures':
        this.#takeFigures(line);
        return;
      case 'after':
        throw new AppError('statement_unrecognised', {
          line: this.#lineNo,
          reason: 'text after the summary',
        });
    }
  }

  #takeNames(line: string): void {
    const layout = recogniseHeader(line);
    this.#names = line;
    this.#bill = { layout, rows: this.#rowsOf(layout, this.#out) };
    this.#phase = 'rows';
  }

  #takeFigures(line: string): void {
    this.#declared = readSummary(this.#whole().layout, this.#summaryNames, line);
    this.#figures = line;
    this.#phase = 'after';
  }

  /** Rows begin with a backtick. This is where they end, or it is none. */
  #takeOddRow(line: string, bytes: Buffer, at: number, lineEnd: number): void {
    const { layout, rows } = this.#whole();
    if (isSummaryHeader(layout, line)) {
      this.#summaryNames = line;
      this.#phase = 'figures';
      return;
    }
    rows.skip();
    this.#lines += 1;
    this.#keepAside(bytes, at, lineEnd, { setAside: NO_BACKTICK });
  }

  #keepAside(bytes: Buffer, at: number, lineEnd: number, result: Exclude<RowResult, string>): void {
    this.#setAside.add({ lineNo: this.#lineNo, byteOffset: this.#incoming.at + at, ...result.setAside }, () =>
      badLineAsText(bytes, at, lineEnd),
    );
  }

  /** A few bad rows are bad rows; many, or several and not one good one, are a format that we do not know. */
  #refuseMostlyBad(): void {
    const { count, kept } = this.#setAside;
    const isNothingElse = count === this.#lines && this.#lines > 1;
    if (!this.#setAside.isTooMuchOf(this.#lines) && !isNothingElse) return;
    throw new AppError('statement_unrecognised', {
      reason: `${String(count)} of ${String(this.#lines)} rows cannot be read`,
      first_bad_line: kept[0]?.lineNo,
      first_reason: kept[0]?.reason,
    });
  }
}
