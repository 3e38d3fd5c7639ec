/**
 * WeChat Pay's bills, read as they stream in: trade bills (ALL, SUCCESS, REFUND, also the old layouts) and fund-flow
 * bills. Lines end in CR LF, or in LF or CR alone. A line of names, rows that each begin with a backtick, then two lines
 * of summary. One row that cannot be read is set aside with its place; a file that is not whole is refused.
 */
import { isUtf8 } from 'node:buffer';
import { AppError } from '../../domain/errors.ts';
import type { QuarantinedLine, StatementReader, StatementSummary } from '../../domain/statement/statement.ts';
import { CopyText } from './bill-copy.ts';
import { BACKTICK, CR, LF, dayText } from './bill-fields.ts';
import { FundFlowRows } from './bill-fund-flow-rows.ts';
import type { BillLayout } from './bill-layout.ts';
import { looksLikeHeader, recogniseHeader } from './bill-layout.ts';
import type { BillRows, RowResult } from './bill-rows.ts';
import type { Summary } from './bill-summary.ts';
import { isSummaryHeader, readSummary, totalsAgree } from './bill-summary.ts';
import { TradeRows } from './bill-trade-rows.ts';

/** The documented fields of a row add up to less than 8 KiB; a line beyond this is no row. */
const LINE_BYTES_MAX = 1024 ** 2;
/** Rows kept aside with their text; beyond it they are only counted. */
const QUARANTINED_KEPT_MAX = 1_000;
/** Rows set aside beyond which, and of which share of all, the file as a whole is taken to be something else. */
const QUARANTINED_FLOOR = 100;
const QUARANTINED_SHARE_MAX = 0.1;
const RAW_CHARACTERS_MAX = 2_000;
/** Enough of a file that is none to see what it is. */
const GLIMPSE_BYTES = 64;

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const NOTHING = Buffer.alloc(0);

type Phase = 'names' | 'rows' | 'figures' | 'after';

export function wechatBillReader(): StatementReader {
  return new WechatBillReader();
}

class WechatBillReader implements StatementReader {
  readonly #out = new CopyText();
  readonly #quarantined: QuarantinedLine[] = [];
  #phase: Phase = 'names';
  #eol = LF;
  #layout: BillLayout | null = null;
  #rows: BillRows | null = null;
  #summaryNames = '';
  #declared: Summary | null = null;
  #lineNo = 0;
  #refundLines = 0;
  #setAside = 0;
  #lines = 0;
  /** What came in of the line that is not whole yet, and the place of its first byte in the file. */
  #rest: Buffer = NOTHING;
  #restAt = 0;

  push(chunk: Buffer): Buffer {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.#phase === 'names') this.#chooseLineEnd(bytes);
    const whole = bytes.lastIndexOf(this.#eol) + 1;
    this.#readLines(bytes, whole);
    this.#restAt += whole;
    // A copy: the chunk's memory is the caller's.
    this.#rest = Buffer.from(bytes.subarray(whole));
    if (this.#rest.length > LINE_BYTES_MAX) {
      throw new AppError('statement_too_large', {
        line: this.#lineNo + 1,
        cap: 'bytes of a line',
        cap_bytes: LINE_BYTES_MAX,
      });
    }
    return this.#out.take();
  }

  end(): Buffer {
    if (this.#phase === 'names' && !looksLikeBill(this.#rest)) throw notABill(this.#rest);
    if (this.#rest.length > 0) {
      const isWhole = this.#phase === 'figures' || this.#phase === 'after';
      if (!isWhole)
        throw new AppError('statement_truncated', {
          line: this.#lineNo + 1,
          reason: 'the last line has no end',
        });
      const last = Buffer.concat([this.#rest, Buffer.from([this.#eol])]);
      this.#rest = NOTHING;
      this.#readLines(last, last.length);
    }
    if (this.#declared === null) throw new AppError('statement_summary_missing', { lines: this.#lines });
    this.#refuseMostlyBad();
    return this.#out.take();
  }

  summary(): StatementSummary {
    const { layout, rows, declared } = this.#whole();
    const computed = rows.totals();
    const days = rows.days();
    return {
      kind: layout.kind,
      variant: layout.variant,
      lines: this.#lines,
      refundLines: this.#refundLines,
      quarantined: this.#quarantined,
      quarantinedCount: this.#setAside,
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

  #whole(): { layout: BillLayout; rows: BillRows; declared: Summary } {
    if (this.#layout === null || this.#rows === null || this.#declared === null) {
      throw new AppError('invariant_broken', { why: 'the summary of a bill was asked for before its end' });
    }
    return { layout: this.#layout, rows: this.#rows, declared: this.#declared };
  }

  /** Old Mac line ends are met in files that went through a spreadsheet. */
  #chooseLineEnd(bytes: Buffer): void {
    const lf = bytes.indexOf(LF);
    const cr = bytes.indexOf(CR);
    if (lf === -1 && cr !== -1 && cr < bytes.length - 1) this.#eol = CR;
  }

  #readLines(bytes: Buffer, whole: number): void {
    if (whole === 0) return;
    refuseForeignBytes(bytes.subarray(0, whole), this.#lineNo + 1);
    this.#out.expect(whole);
    for (let at = 0; at < whole; ) {
      this.#lineNo += 1;
      at =
        this.#phase === 'rows' && bytes[at] === BACKTICK
          ? this.#readRow(bytes, at)
          : this.#readOther(bytes, at);
    }
  }

  /** Returns the place after the row. */
  #readRow(bytes: Buffer, at: number): number {
    const { rows } = this;
    const result = rows.read(bytes, at, this.#eol, this.#lineNo);
    const lineEnd = rows.lineEnd();
    if (lineEnd - at > LINE_BYTES_MAX) {
      throw new AppError('statement_too_large', {
        line: this.#lineNo,
        cap: 'bytes of a line',
        cap_bytes: LINE_BYTES_MAX,
      });
    }
    this.#lines += 1;
    if (result === 'refund') this.#refundLines += 1;
    else if (result !== 'line') this.#keepAside(bytes, at, lineEnd, result);
    return lineEnd + 1;
  }

  get rows(): BillRows {
    if (this.#rows === null)
      throw new AppError('invariant_broken', { why: 'a row before the names of its columns' });
    return this.#rows;
  }

  /** Lines that are no rows: names, summary, blank ones, and what does not belong. */
  #readOther(bytes: Buffer, at: number): number {
    const lineEnd = bytes.indexOf(this.#eol, at);
    const line = bytes.toString('utf8', at, lineEnd).replace(/\r$/, '');
    if (line.trim() !== '') this.#take(line, bytes, at, lineEnd);
    return lineEnd + 1;
  }

  #take(line: string, bytes: Buffer, at: number, lineEnd: number): void {
    switch (this.#phase) {
      case 'names':
        this.#takeNames(line);
        return;
      case 'rows':
        if (isSummaryHeader(line)) {
          this.#summaryNames = line;
          this.#phase = 'figures';
          return;
        }
        this.rows.skip();
        this.#lines += 1;
        this.#keepAside(bytes, at, lineEnd, { setAside: 'a row without its first backtick' });
        return;
      case 'figures':
        this.#declared = readSummary(this.#summaryNames, line);
        this.#phase = 'after';
        return;
      case 'after':
        throw new AppError('statement_unrecognised', {
          line: this.#lineNo,
          reason: 'text after the summary',
        });
    }
  }

  #takeNames(line: string): void {
    const names = line.replace(/^\uFEFF/, '');
    const layout = recogniseHeader(names);
    this.#layout = layout;
    this.#rows =
      layout.kind === 'trade' ? new TradeRows(layout, this.#out) : new FundFlowRows(layout, this.#out);
    this.#phase = 'rows';
  }

  #keepAside(bytes: Buffer, at: number, lineEnd: number, result: Exclude<RowResult, string>): void {
    this.#setAside += 1;
    if (this.#quarantined.length >= QUARANTINED_KEPT_MAX) return;
    this.#quarantined.push({
      lineNo: this.#lineNo,
      byteOffset: this.#restAt + at,
      reason: result.setAside,
      raw: bytes.toString('utf8', at, lineEnd).replace(/\r$/, '').slice(0, RAW_CHARACTERS_MAX),
    });
  }

  /** A few bad rows are bad rows; many are a format that we do not know. */
  #refuseMostlyBad(): void {
    if (this.#setAside <= QUARANTINED_FLOOR || this.#setAside <= this.#lines * QUARANTINED_SHARE_MAX) return;
    throw new AppError('statement_unrecognised', {
      reason: `${String(this.#setAside)} of ${String(this.#lines)} rows cannot be read`,
      first_bad_line: this.#quarantined[0]?.lineNo,
      first_reason: this.#quarantined[0]?.reason,
    });
  }
}

/** Bills are UTF-8 without NUL. Anything else would be stored as something that the channel did not say. */
function refuseForeignBytes(bytes: Buffer, lineNo: number): void {
  if (lineNo === 1 && !looksLikeBill(bytes)) throw notABill(bytes);
  const isText = isUtf8(bytes);
  if (isText && !bytes.includes(0)) return;
  throw new AppError('statement_encoding_invalid', {
    from_line: lineNo,
    reason: isText ? 'a NUL byte' : 'not UTF-8',
  });
}

function looksLikeBill(bytes: Buffer): boolean {
  const from = bytes.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0;
  return looksLikeHeader(bytes.toString('utf8', from, from + GLIMPSE_BYTES));
}

/** Says which it is: a bill in another encoding, or no bill at all (an error page of some gateway, say). */
function notABill(bytes: Buffer): AppError {
  const head = bytes.subarray(0, GLIMPSE_BYTES);
  if (bytes.length === 0) return new AppError('statement_truncated', { reason: 'the file is empty' });
  const inGb18030 = looksLikeHeader(new TextDecoder('gb18030').decode(head));
  if (inGb18030)
    return new AppError('statement_encoding_invalid', { from_line: 1, reason: 'GB 18030 instead of UTF-8' });
  return new AppError('statement_unrecognised', {
    starts_with: head.toString('utf8').replace(/[^\x20-\x7e\u4e00-\u9fff]/g, '·'),
  });
}
