/** Cuts a statement into ranges as its bytes go by: one pass, nothing kept in memory but the piece at hand. */
import type { FileHead, RangePlace, StatementSkimmer } from '../domain/statement/ranges.ts';
import type { BytesSeen } from './statements-load.ts';

/** Ranges of one file; the last takes all that is left. Each is a child of one workflow, whose history has an end. */
const RANGES_MAX = 1_000;
/** After so many the next ones are twice as large: the largest file that is read comes to fewer than there may be. */
const DOUBLED_EVERY = 100;

const NOTHING = Buffer.alloc(0);

export interface CutOptions {
  /** The unpacked bytes. */
  readonly source: AsyncIterable<Buffer>;
  readonly skimmer: StatementSkimmer;
  /** Unpacked bytes of each of the first ranges, at least; the last has what is left. */
  readonly rangeBytes: number;
  /** Keeps the bytes of a range, which begins at `place`. */
  readonly keep: (range: {
    readonly rangeNo: number;
    readonly place: RangePlace;
    readonly bytes: AsyncIterable<Buffer>;
  }) => Promise<void>;
}

/**
 * Reads all of the source and keeps each range of it.
 * @throws AppError what is wrong with the file as a whole, as its reader says it; what source and `keep` throw
 */
export async function cutStatement(
  options: CutOptions,
  seen: BytesSeen,
): Promise<{ readonly head: FileHead; readonly ranges: number }> {
  const cutter = new Cutter(options, seen);
  try {
    let ranges = 0;
    while (cutter.head === null) {
      ranges += 1;
      await options.keep({
        rangeNo: ranges,
        place: cutter.place,
        bytes: cutter.range(ranges),
      });
    }
    return { head: cutter.head, ranges };
  } finally {
    await cutter.close();
  }
}

class Cutter {
  /** Known at the end of the file. */
  head: FileHead | null = null;
  /** Where the next range begins. */
  place: RangePlace = { lines: 0, bytes: 0 };
  readonly #pieces: AsyncIterator<Buffer>;
  readonly #options: CutOptions;
  readonly #seen: BytesSeen;
  /** What was read of the next range already. */
  #rest: Buffer = NOTHING;

  constructor(options: CutOptions, seen: BytesSeen) {
    this.#options = options;
    this.#seen = seen;
    this.#pieces = inPieces(options.source, options.rangeBytes);
  }

  /** The bytes of the next range. */
  async *range(rangeNo: number): AsyncGenerator<Buffer, void> {
    const { skimmer, rangeBytes } = this.#options;
    const bytesMin = rangeBytes * 2 ** Math.floor((rangeNo - 1) / DOUBLED_EVERY);
    const begin = this.place;
    if (this.#rest.length > 0) yield this.#rest;
    this.#rest = NOTHING;
    for (let next = await this.#pieces.next(); next.done !== true; next = await this.#pieces.next()) {
      const piece = next.value;
      this.#seen.add(piece);
      skimmer.push(piece);
      const place = skimmer.place();
      if (place !== null) this.#seen.lines = place.lines;
      const behind = place === null ? piece.length : this.#seen.bytes - place.bytes;
      const isFull = place !== null && place.bytes - begin.bytes >= bytesMin && behind <= piece.length;
      if (isFull && rangeNo < RANGES_MAX) {
        this.place = place;
        const own = piece.length - behind;
        this.#rest = piece.subarray(own);
        if (own > 0) yield piece.subarray(0, own);
        return;
      }
      yield piece;
    }
    this.head = skimmer.end();
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}

/** A source may give more at once than a range has. */
async function* inPieces(source: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Buffer, void> {
  for await (const chunk of source)
    for (let at = 0; at < chunk.length; at += bytesMax) yield chunk.subarray(at, at + bytesMax);
}
