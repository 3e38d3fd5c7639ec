/**
 * A statement read in ranges: stretches of whole lines that several workers read at once, of which none sees the whole file.
 * What they find is joined in the order of the file and then judged as if one reader had read all of it.
 */
import type { QuarantinedLine, StatementReader, StatementSummary } from './statement.ts';

/** What the beginning of a file says about all of its lines. */
export interface FileHead {
  /** The line of column names. */
  readonly names: string;
  /** The byte that ends a line. */
  readonly eol: number;
}

/** Where a range begins: so many lines and unpacked bytes of the file are before it. */
export interface RangePlace {
  readonly lines: number;
  readonly bytes: number;
}

/** A sum over the rows of a range, as digits; partial where some amount could not be read. */
export interface RangeSum {
  readonly value: string;
  readonly isPartial: boolean;
}

/** All that one range adds to the judgement of the file. Survives JSON. */
export interface RangeFindings {
  readonly lines: number;
  readonly refundLines: number;
  readonly quarantined: readonly QuarantinedLine[];
  readonly quarantinedCount: number;
  readonly sums: Readonly<Record<string, RangeSum>>;
  readonly merchantNos: readonly string[];
  /** Days of the earliest and the latest line, as numbers such as 20250630; 0 without lines. */
  readonly firstDay: number;
  readonly lastDay: number;
  /** The two lines with which the file ends; null in every range but the last. */
  readonly trailer: { readonly names: string; readonly figures: string } | null;
}

/** Reads one range, as its {@link StatementReader} reads the file; `summary` is never asked for. */
export interface RangeReader extends Pick<StatementReader, 'push' | 'end'> {
  /** Valid after `end`. */
  findings(): RangeFindings;
}

/**
 * Goes through a file without reading its rows, and finds where it can be cut. What is wrong with the file as a whole is found
 * here as its reader finds it: with the same errors, in the same order.
 */
export interface StatementSkimmer {
  push(chunk: Buffer): void;
  /** Behind the last whole line, while more rows may come; null before the first row and behind the last. */
  place(): RangePlace | null;
  /** All bytes were pushed. */
  end(): FileHead;
}

/** How a channel's statements are read in ranges. */
export interface StatementRanges {
  /** Opens a delivery as it was downloaded. Nothing is read before the bytes are. */
  skim(packed: AsyncIterable<Buffer>): {
    readonly bytes: AsyncIterable<Buffer>;
    readonly skimmer: StatementSkimmer;
  };
  reader(head: FileHead, place: RangePlace): RangeReader;
  joiner(head: FileHead): RangeJoiner;
}

/** Joins what was found in the ranges of a file. */
export interface RangeJoiner {
  /** Call it for each range, in the order of the file. */
  add(found: RangeFindings): void;
  /**
   * What the whole file comes to.
   * @throws AppError `statement_unrecognised` where too many rows of it cannot be read
   */
  end(): StatementSummary;
}
