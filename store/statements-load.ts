/**
 * The streaming half of an import: bytes of a statement in, COPY text out, one pass, hashed on the way. Nothing here
 * commits; a source, a reader or a server that fails takes the whole transaction with it.
 */
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { AppError } from '../domain/errors.ts';
import type { StatementReader, StatementSummary } from '../domain/statement/statement.ts';
import { LINE_COLUMNS } from '../domain/statement/statement.ts';
import type { Tx } from './pool.ts';

/** How often progress is told at most. */
const PROGRESS_EVERY_MS = 250;

export interface Progress {
  /** Unpacked bytes read so far. */
  readonly bytes: number;
  /** Lines handed to the database so far. */
  readonly lines: number;
}

export interface LoadOptions {
  readonly accountId: string;
  /** yyyy-mm-dd; null takes the day of the first line. */
  readonly billDate: string | null;
  /** The day of a file without any line, when `billDate` is null. */
  readonly fallbackDate: string;
  readonly source: AsyncIterable<Buffer>;
  readonly reader: StatementReader;
  /** Whether the SHA-1 is wanted too: some channels give that one. */
  readonly sha1: boolean;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Loaded {
  readonly fileId: string;
  readonly billDate: string;
  readonly summary: StatementSummary;
  readonly copied: number;
}

/** What is known of the bytes, also when reading them ended early. */
export class BytesSeen {
  bytes = 0;
  lines = 0;
  readonly #sha256 = createHash('sha256');
  readonly #sha1 = createHash('sha1');
  readonly #wantsSha1: boolean;
  #digests: { sha256: string; sha1: string | null } | undefined;

  constructor(wantsSha1: boolean) {
    this.#wantsSha1 = wantsSha1;
  }

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#sha256.update(chunk);
    if (this.#wantsSha1) this.#sha1.update(chunk);
  }

  /** Hex digests of what was added; nothing can be added afterwards. */
  digests(): { sha256: string; sha1: string | null } {
    this.#digests ??= {
      sha256: this.#sha256.digest('hex'),
      sha1: this.#wantsSha1 ? this.#sha1.digest('hex') : null,
    };
    return this.#digests;
  }
}

/**
 * Copies the statement into a fresh table of its own, not yet attached. The table is gone when `tx` is rolled back.
 * @throws AppError what the reader throws, or `statement_encoding_invalid` where Postgres refuses a line
 */
export async function loadLines(tx: Tx, options: LoadOptions, seen: BytesSeen): Promise<Loaded> {
  const { rows } = await tx.query<{ id: bigint }>(`select nextval('yuanlu.statement_files_id_seq') as id`);
  const fileId = String(rows[0]?.id);

  const told = tellProgress(options.onProgress, seen);
  try {
    const text = copyText(options, seen);
    const first = await text.next();
    const firstText = first.done === true ? null : first.value;
    const billDate = options.billDate ?? dayOfFirstLine(firstText) ?? options.fallbackDate;
    const table = await tx.query<{ leaf: string }>('select yuanlu.open_line_table($1, $2, $3) as leaf', [
      fileId,
      options.accountId,
      billDate,
    ]);
    const leaf = String(table.rows[0]?.leaf);
    const copied = await copyLines(tx, leaf, startingWith(firstText, text));
    return { fileId, billDate, summary: options.reader.summary(), copied };
  } finally {
    told.stop();
  }
}

/** Copies lines into a table of them, and says how many they were. @throws AppError as {@link loadLines} */
export async function copyLines(tx: Tx, table: string, text: AsyncIterable<Buffer>): Promise<number> {
  const copy = tx.query(copyFrom(`copy yuanlu.${table} (${LINE_COLUMNS.join(', ')}) from stdin`));
  await pipeline(text, copy).catch(explainCopyError);
  return copy.rowCount;
}

/** What a reader makes of a source. */
export async function* copyText(
  options: {
    readonly source: AsyncIterable<Buffer>;
    readonly reader: Pick<StatementReader, 'push' | 'end'>;
    readonly signal?: AbortSignal | undefined;
  },
  seen: BytesSeen,
): AsyncGenerator<Buffer, void> {
  const { reader, signal } = options;
  for await (const chunk of untilAborted(options.source, signal)) {
    seen.add(chunk);
    const text = reader.push(chunk);
    if (text.length === 0) continue;
    seen.lines = lastLineNo(text);
    yield text;
  }
  const rest = reader.end();
  if (rest.length > 0) yield rest;
}

async function* startingWith(
  first: Buffer | null,
  rest: AsyncGenerator<Buffer, void>,
): AsyncGenerator<Buffer, void> {
  if (first !== null) yield first;
  yield* rest;
}

/** Ends a read that never comes back: a stalled source must not keep the transaction open after an abort. */
export async function* untilAborted(
  source: AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  const stop = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const fail = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail, { once: true, signal: stop.signal });
  });
  aborted.catch(() => undefined);
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    stop.abort();
    // Not awaited: a source that stalls would stall this too. Its own failure was or will be reported by `next`.
    void iterator.return?.().catch(() => undefined);
  }
}

/** COPY text starts each line with its number; the last line of a batch says how far we are. */
function lastLineNo(text: Buffer): number {
  const start = text.lastIndexOf(0x0a, text.length - 2) + 1;
  return Number.parseInt(text.toString('latin1', start, start + 12), 10);
}

/** The date part of the third column (`occurred_at`) of the first line. */
function dayOfFirstLine(text: Buffer | null): string | null {
  if (text === null) return null;
  return text.toString('utf8', 0, 200).split('\t', 3)[2]?.slice(0, 10) ?? null;
}

/** Tells how far it is, every now and then, until it is stopped. */
export function tellProgress(
  onProgress: ((progress: Progress) => void) | undefined,
  seen: Progress,
): { stop(): void } {
  if (onProgress === undefined) return { stop: () => undefined };
  const timer = setInterval(() => {
    onProgress({ bytes: seen.bytes, lines: seen.lines });
  }, PROGRESS_EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}

/** A value that Postgres refuses (class 22) is the file's fault, not the server's. The line's content is not repeated. */
function explainCopyError(error: unknown): never {
  const { code, where, message } = error as { code?: unknown; where?: unknown; message?: unknown };
  if (typeof code === 'string' && code.startsWith('22')) {
    const line = /line (\d+)/.exec(String(where))?.[1] ?? 'unknown';
    throw new AppError(
      'statement_encoding_invalid',
      { copy_line: line, reason: String(message) },
      { cause: error },
    );
  }
  throw error;
}
