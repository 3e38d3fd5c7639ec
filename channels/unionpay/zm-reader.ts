/** Reads a ZM file as it streams in. It has no summary of its own: the printed report beside it in the zip is one. */
import { AppError } from '../../domain/errors.ts';
import type {
  LineType,
  StatementReader,
  StatementSummary,
  StatementTotals,
} from '../../domain/statement/statement.ts';
import { CR, fieldIs } from '../byte-fields.ts';
import { CopyText } from '../copy-text.ts';
import type { LineFault } from '../set-aside.ts';
import { LINE_FAULTS, RAW_CHARACTERS_MAX, SetAside, kindUnknown, lengthWrong } from '../set-aside.ts';
import { WholeLines, refuseLongLine } from '../whole-lines.ts';
import { CNY, LINE_TYPES } from '../line-words.ts';
import { Sum } from '../sum.ts';
import { cardWord } from './card-types.ts';
import { TraceTimes } from './trace-time.ts';
import type { Place } from './fixed-fields.ts';
import { FEE_E5_PER_FEN, textEnd } from './fixed-fields.ts';
import { ZM, ZM_BYTES, digitsAt, signedAt } from './zm-record.ts';
import type { ZmField } from './zm-record.ts';
import { SignsSeen, moneyOf } from './zm-signs.ts';

/** A record is 607 bytes; a line beyond this is none. */
const LINE_BYTES_MAX = 64 * 1024;
/** The letters, digits and signs of ASCII. */
const FIRST_PRINTED = 0x20;
const LAST_PRINTED = 0x7e;
const MERCHANTS_MAX = 1_000;

const TYPES: ReadonlyMap<number | null, LineType> = new Map([
  [1, 'payment'],
  [4, 'refund'],
  [31, 'revoked'],
]);
/** What names a transaction; anything but ASCII in it would be another number, or none. */
const NAMES = ['queryId', 'orderId', 'originalQueryId', 'merId', 'originalOrderId'] as const;

export class ZmReader implements StatementReader {
  readonly #incoming = new WholeLines();
  readonly #out = new CopyText();
  readonly #setAside = new SetAside();
  readonly #merchants = new Set<string>();
  /** The clearing date by the file's name (yyyy-mm-dd), which gives the records their year. */
  readonly #clearingDate: string;
  #declared: StatementTotals = {};
  #lineNo = 0;
  #lines = 0;
  #refundLines = 0;
  readonly #times: TraceTimes;
  readonly #gross = new Sum();
  readonly #fee = new Sum();
  readonly #net = new Sum();
  readonly #signs = new SignsSeen();
  /** The merchant of the last record, as a rule that of the next. */
  #merchant = Buffer.alloc(0);

  constructor(clearingDate: string) {
    this.#clearingDate = clearingDate;
    this.#times = new TraceTimes(clearingDate);
  }

  /** The line that was read last. */
  get lineNo(): number {
    return this.#lineNo;
  }

  /** What the printed report says, to be compared with the sums at the end. */
  declare(totals: StatementTotals): void {
    this.#declared = totals;
  }

  push(chunk: Buffer): Buffer {
    for (const lines of this.#incoming.add(chunk)) this.#readLines(lines);
    refuseLongLine(this.#incoming.pending, LINE_BYTES_MAX, this.#lineNo + 1);
    return this.#out.take();
  }

  end(): Buffer {
    if (this.#incoming.pending > 0)
      throw new AppError('statement_truncated', {
        line: this.#lineNo + 1,
        reason: 'the last record has no end',
      });
    const { count, kept } = this.#setAside;
    if (this.#setAside.isTooMuchOf(this.#lines) || (this.#lines > 0 && count === this.#lines)) {
      throw new AppError('statement_unrecognised', {
        reason: `${String(count)} of ${String(this.#lines)} records cannot be read`,
        first_reason: kept[0]?.reason,
      });
    }
    return this.#out.take();
  }

  summary(): StatementSummary {
    const computed = {
      orders: BigInt(this.#lines),
      gross_minor: this.#gross.value(),
      fee_minor: this.#fee.value(),
      net_minor: this.#net.value(),
    };
    return {
      kind: 'trade',
      variant: 'zm',
      lines: this.#lines,
      refundLines: this.#refundLines,
      quarantined: this.#setAside.kept,
      quarantinedCount: this.#setAside.count,
      currency: 'CNY',
      totals: { declared: this.#declared, computed, agree: this.#agrees(computed) },
      merchantNos: [...this.#merchants],
      // A clearing day runs from 23:00 to 23:00 and its records carry the times of their trades: the name says the day.
      firstDate: this.#lines === 0 ? null : this.#clearingDate,
      lastDate: this.#lines === 0 ? null : this.#clearingDate,
      remarks: this.#signs.remarks(),
    };
  }

  /** The report's figures are ours, as far as no record set aside may have its share in them; and gross less fee is net. */
  #agrees(computed: StatementTotals): boolean {
    const same = Object.entries(this.#declared).every(
      ([name, value]) => computed[name] === value || (this.#setAside.count > 0 && name !== 'orders'),
    );
    return same && this.#gross.value() - this.#fee.value() === this.#net.value();
  }

  #readLines(bytes: Buffer): void {
    const { eol } = this.#incoming;
    this.#out.expect(bytes.length);
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(eol, at);
      this.#lineNo += 1;
      refuseLongLine(end - at, LINE_BYTES_MAX, this.#lineNo);
      this.#line(bytes, at, end > at && bytes[end - 1] === CR ? end - 1 : end);
      at = end + 1;
    }
  }

  #line(bytes: Buffer, at: number, end: number): void {
    if (end === at) return;
    this.#lines += 1;
    const why = end - at === ZM_BYTES ? this.#record(bytes, at) : lengthWrong(end - at, ZM_BYTES);
    if (why === null) return;
    this.#setAside.add({ lineNo: this.#lineNo, byteOffset: this.#incoming.at + at, ...why }, () =>
      new TextDecoder('gb18030').decode(bytes.subarray(at, Math.min(end, at + RAW_CHARACTERS_MAX))),
    );
  }

  /** Null when the record was taken; else why not. */
  #record(bytes: Buffer, at: number): LineFault | null {
    const amount = digitsAt(bytes, at, 'amount');
    const fee = signedAt(bytes, at, 'fee');
    const settlement = signedAt(bytes, at, 'settlement');
    if (amount === null || fee === null || settlement === null) return LINE_FAULTS.amount;
    const type = TYPES.get(digitsAt(bytes, at, 'txnType'));
    if (type === undefined) return kindUnknown('an unknown kind of transaction');
    const time = this.#times.near(bytes, at + ZM.traceTime[0]);
    if (time === null) return LINE_FAULTS.time;
    for (const field of NAMES) if (!isPlain(bytes, at, ZM[field])) return NO_TEXT;
    const money = moneyOf(type, { amount, fee, settlement });
    if (money === null) return LINE_FAULTS.sums;
    if (!money.asPrinted) this.#signs.saw(type, { fee, settlement });

    this.#gross.add(money.gross);
    this.#fee.add(0 - money.fee);
    this.#net.add(money.gross + money.fee);
    this.#sawMerchant(bytes, at);
    if (type === 'refund') this.#refundLines += 1;
    this.#write(bytes, at, { type, time, amount, fee: money.fee });
    return null;
  }

  #sawMerchant(bytes: Buffer, at: number): void {
    const from = at + ZM.merId[0];
    const to = textEnd(bytes, at, ZM.merId);
    if (fieldIs(bytes, from, to, this.#merchant)) return;
    this.#merchant = Buffer.from(bytes.subarray(from, to));
    if (this.#merchants.size < MERCHANTS_MAX) this.#merchants.add(this.#merchant.toString('latin1'));
  }

  #write(
    bytes: Buffer,
    at: number,
    row: { type: LineType; time: Buffer; amount: number; fee: number },
  ): void {
    const out = this.#out;
    const isRefund = row.type === 'refund';
    out.reserve(ZM_BYTES);
    out.integer(this.#lineNo);
    out.word(LINE_TYPES[row.type]);
    out.time(row.time, 0);
    this.#field(bytes, at, isRefund ? 'originalQueryId' : 'queryId');
    this.#field(bytes, at, isRefund ? 'originalOrderId' : 'orderId');
    if (isRefund) {
      this.#field(bytes, at, 'queryId');
      this.#field(bytes, at, 'orderId');
    } else {
      out.nothing();
      out.nothing();
    }
    out.integer(row.amount);
    out.integer(row.amount);
    out.integer((0 - row.fee) * FEE_E5_PER_FEN);
    out.word(CNY);
    out.nothing();
    const card = cardWord(bytes, at, ZM.cardType);
    if (card === undefined) out.nothing();
    else out.word(card);
    out.endRow();
  }

  #field(bytes: Buffer, at: number, field: ZmField): void {
    const place = ZM[field];
    this.#out.field(bytes, at + place[0], textEnd(bytes, at, place));
  }
}

const NO_TEXT: LineFault = { code: 'line_number_invalid', reason: 'a number that is no text' };

function isPlain(bytes: Buffer, at: number, [first, width]: Place): boolean {
  const end = at + first + width;
  for (let place = at + first; place < end; place += 1) {
    const byte = bytes[place] ?? 0;
    if (byte < FIRST_PRINTED || byte > LAST_PRINTED) return false;
  }
  return true;
}
