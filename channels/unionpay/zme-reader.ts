/**
 * Reads a ZME file: adjustments, chargebacks and what a bank sent back. A record names the transaction that it corrects by
 * trace number and time, which stand inside UnionPay's number of it.
 */
import { AppError } from '../../domain/errors.ts';
import { CR, LF } from '../byte-fields.ts';
import type { CopyText } from '../copy-text.ts';
import type { LineFault, SetAside } from '../set-aside.ts';
import { LINE_FAULTS, RAW_CHARACTERS_MAX, lengthWrong } from '../set-aside.ts';
import { CNY, LINE_TYPES, word } from '../line-words.ts';
import { cardWord } from './card-types.ts';
import type { Place } from './fixed-fields.ts';
import { FEE_E5_PER_FEN, digitsIn, signedIn, textIn } from './fixed-fields.ts';
import { timeBefore, timeNear } from './trace-time.ts';
import { ZME, ZME_BYTES } from './zme-record.ts';

/** Where a file's records go, and how far the statement was read before it. */
export interface Desk {
  readonly out: CopyText;
  readonly setAside: SetAside;
  readonly merchants: Set<string>;
  /** yyyy-mm-dd, by the file's name. */
  readonly clearingDate: string;
  /** The line and the byte of the statement before the first of this file. */
  readonly afterLine: number;
  readonly afterByte: number;
}

/**
 * Writes each record as a line, sets aside those that cannot be read, and says how many there were.
 * @throws AppError `statement_truncated` when the last record has no end
 */
export function readZme(bytes: Buffer, desk: Desk): number {
  let lineNo = desk.afterLine;
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(LF, at);
    lineNo += 1;
    if (end === -1)
      throw new AppError('statement_truncated', { line: lineNo, reason: 'the last error record has no end' });
    readRecord(bytes, [at, end > at && bytes[end - 1] === CR ? end - 1 : end], lineNo, desk);
    at = end + 1;
  }
  return lineNo - desk.afterLine;
}

function readRecord(bytes: Buffer, [at, end]: readonly [number, number], lineNo: number, desk: Desk): void {
  const row = end - at === ZME_BYTES ? parse(bytes, at, desk.clearingDate) : lengthWrong(end - at, ZME_BYTES);
  if ('code' in row) {
    desk.setAside.add({ lineNo, byteOffset: desk.afterByte + at, ...row }, () =>
      new TextDecoder('gb18030').decode(bytes.subarray(at, Math.min(end, at + RAW_CHARACTERS_MAX))),
    );
    return;
  }
  desk.merchants.add(text(bytes, at, ZME.merId));
  write(desk.out, lineNo, row);
}

interface Row {
  readonly time: string;
  /** UnionPay's number of what is corrected, `_` for each digit that the record does not print. */
  readonly corrected: string;
  readonly amount: number;
  /** What the merchant gets by it; negative for what it pays. */
  readonly settlement: number;
  readonly fee: number;
  readonly card: Buffer | undefined;
}

/** The record, or why it cannot be read. */
function parse(bytes: Buffer, at: number, clearingDate: string): Row | LineFault {
  const amount = digitsIn(bytes, at, ZME.amount);
  const fee = signedIn(bytes, at, ZME.fee);
  const settlement = signedIn(bytes, at, ZME.settlement);
  if (amount === null || fee === null || settlement === null) return LINE_FAULTS.amount;
  const time = timeNear(clearingDate, text(bytes, at, ZME.traceTime));
  if (time === null) return LINE_FAULTS.time;
  const corrected = numberOf(
    timeBefore(clearingDate, text(bytes, at, ZME.previousTime)),
    text(bytes, at, ZME.previousTrace),
  );
  if (corrected === null)
    return { code: 'line_number_invalid', reason: 'no trace of the transaction that it corrects' };
  // Either the merchant gets the amount or it pays it, and the fee besides.
  if (amount + fee !== settlement && fee - amount !== settlement) return LINE_FAULTS.sums;
  return { time, corrected, amount, settlement, fee, card: cardWord(bytes, at, ZME.cardType) };
}

/**
 * UnionPay's number (queryId, 21 digits) as far as trace and time give it: two digits, then yyMMddHHmmss, the trace number,
 * and one digit more. The longer form of earlier years (yyyyMMddHHmmss) has the same digits in the same places.
 */
function numberOf(time: string | null, trace: string): string | null {
  if (time === null || !/^\d{6}$/.test(trace)) return null;
  return `__${time.replaceAll(/[^0-9]/g, '').slice(2)}${trace}_`;
}

function write(out: CopyText, lineNo: number, row: Row): void {
  out.reserve(ZME_BYTES);
  out.integer(lineNo);
  out.word(LINE_TYPES.adjustment);
  out.time(word(row.time), 0);
  out.nothing();
  out.nothing();
  out.word(word(row.corrected));
  out.nothing();
  out.integer(row.amount);
  out.nothing();
  out.integer((0 - row.fee) * FEE_E5_PER_FEN);
  out.word(CNY);
  out.word(word(row.settlement < 0 ? 'out' : 'in'));
  if (row.card === undefined) out.nothing();
  else out.word(row.card);
  out.endRow();
}

function text(bytes: Buffer, at: number, place: Place): string {
  const [from, to] = textIn(bytes, at, place);
  return bytes.toString('latin1', from, to);
}
