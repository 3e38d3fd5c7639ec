/** Runs a statement reader over bytes and reads its COPY text back, with code of its own. */
import type { StatementReader, StatementSummary } from '../../domain/statement/statement.ts';
import { LINE_COLUMNS } from '../../domain/statement/statement.ts';

export type Line = Readonly<Record<(typeof LINE_COLUMNS)[number], string | null>>;

export interface Reading {
  readonly lines: readonly Line[];
  readonly summary: StatementSummary;
}

/** Pushes the bytes in pieces of the given sizes, the last size repeating. */
export function readAll(
  reader: StatementReader,
  bytes: Buffer,
  sizes: readonly number[] = [65_536],
): Reading {
  const text: Buffer[] = [];
  let turn = 0;
  for (let at = 0; at < bytes.length; turn += 1) {
    const size = sizes[Math.min(turn, sizes.length - 1)] ?? 65_536;
    // A copy that is spoilt afterwards: a reader must not hold on to memory that is not its own.
    const piece = Buffer.from(bytes.subarray(at, at + size));
    text.push(Buffer.from(reader.push(piece)));
    piece.fill(0);
    at += size;
  }
  text.push(Buffer.from(reader.end()));
  return { lines: linesOf(Buffer.concat(text).toString('utf8')), summary: reader.summary() };
}

export async function readStream(reader: StatementReader, source: AsyncIterable<Buffer>): Promise<Reading> {
  const text: Buffer[] = [];
  for await (const piece of source) text.push(Buffer.from(reader.push(piece)));
  text.push(Buffer.from(reader.end()));
  return { lines: linesOf(Buffer.concat(text).toString('utf8')), summary: reader.summary() };
}

/** COPY's text format, as Postgres documents it. */
function linesOf(copyText: string): Line[] {
  if (copyText === '') return [];
  if (!copyText.endsWith('\n')) throw new Error('the last row has no end');
  return copyText
    .slice(0, -1)
    .split('\n')
    .map((row) => {
      const cells = row.split('\t').map(unescape);
      if (cells.length !== LINE_COLUMNS.length) throw new Error(`${String(cells.length)} columns: ${row}`);
      return Object.fromEntries(LINE_COLUMNS.map((name, index) => [name, cells[index] ?? null])) as Line;
    });
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

function unescape(cell: string): string | null {
  if (cell === '\\N') return null;
  return cell.replace(/\\(.)/gs, (_whole, letter: string) => ESCAPES[letter] ?? letter);
}
