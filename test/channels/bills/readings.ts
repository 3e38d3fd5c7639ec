/** What becomes of a bill: its COPY bytes and summary, or the code with which it is refused. */
import { wechatBillReader } from '../../../channels/wechat/bill-reader.ts';
import { AppError } from '../../../domain/errors.ts';
import type { StatementSummary } from '../../../domain/statement/statement.ts';
import type { Reading } from '../statement-reading.ts';
import { readAll } from '../statement-reading.ts';

export interface Taken {
  readonly copyText: string;
  readonly summary: StatementSummary;
}

export function read(bill: Buffer | string, sizes?: readonly number[]): Reading {
  return readAll(wechatBillReader(), Buffer.from(bill), sizes);
}

/** Pushes the pieces as they are, the caller's memory and all. */
export function readPieces(pieces: Iterable<Buffer>): Taken {
  const reader = wechatBillReader();
  const text: Buffer[] = [];
  for (const piece of pieces) text.push(reader.push(piece));
  text.push(reader.end());
  return { copyText: Buffer.concat(text).toString('latin1'), summary: reader.summary() };
}

/** The bytes cut into pieces of these sizes, the sizes repeating from the start. */
export function* cut(bytes: Buffer, sizes: readonly number[]): Generator<Buffer, void> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** `taken`, or the code of the refusal. Any other error is a bug and goes on. */
export function verdictOf(bill: Buffer | string, sizes?: readonly number[]): string {
  return refusalOf(bill, sizes)?.code ?? 'taken';
}

/** The error with which a bill is refused; null when it is taken. Any other error is a bug and goes on. */
export function refusalOf(bill: Buffer | string, sizes?: readonly number[]): AppError | null {
  try {
    read(bill, sizes);
    return null;
  } catch (error) {
    if (error instanceof AppError && error.code.startsWith('statement_')) return error;
    throw error;
  }
}
