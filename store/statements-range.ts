/** Loads one range of a statement: its lines and what was found in them come in one transaction, or not at all. */
import { AppError, isStatementFault } from '../domain/errors.ts';
import type { FileHead, RangeFindings, RangePlace, StatementRanges } from '../domain/statement/ranges.ts';
import type { FileStore } from './file-store.ts';
import type { Pool } from './pool.ts';
import type { Split } from './statement-splits.ts';
import { getSplit } from './statement-splits.ts';
import { recordRefusal } from './statements-aside.ts';
import type { Progress } from './statements-load.ts';
import { BytesSeen, copyLines, copyText, tellProgress } from './statements-load.ts';
import { copyTransaction } from './statements-transaction.ts';
import { storable } from './storable-text.ts';

export interface RangeOptions {
  readonly fileId: string;
  readonly rangeNo: number;
  readonly ranges: StatementRanges;
  readonly now: Date;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** `same`: somebody has loaded it; nothing was written. */
export interface RangeResult {
  readonly outcome: 'loaded' | 'same';
  /** Lines that are in the table, those set aside left out. */
  readonly lines: number;
}

interface Range {
  readonly uri: string;
  readonly head: FileHead;
  readonly place: RangePlace;
  /** Lines that were copied; null while the range is not loaded. */
  readonly copied: number | null;
}

/**
 * Loads the range into the table of its file. Of several that load it at once one commits; the others find that out and take
 * their lines back.
 * @throws AppError `statement_…` where a line cannot be stored; `file_missing` and other faults of store and database
 */
export async function loadRange(ingest: Pool, files: FileStore, options: RangeOptions): Promise<RangeResult> {
  const split = await getSplit(ingest, options.fileId);
  if (split?.cut === null || split === null) throw notUnderWay(options);
  const range = await findRange(ingest, split.cut.head, options);
  if (range.copied !== null) return { outcome: 'same', lines: range.copied };
  try {
    return await loadOnce(ingest, files, options, range);
  } catch (fault) {
    await recordRangeRefusal(ingest, split, fault, options.now);
    throw fault;
  }
}

async function loadOnce(
  ingest: Pool,
  files: FileStore,
  options: RangeOptions,
  range: Range,
): Promise<RangeResult> {
  const { fileId, rangeNo, signal } = options;
  const reader = options.ranges.reader(range.head, range.place);
  const seen = new BytesSeen(false);
  const told = tellProgress(options.onProgress, seen);
  try {
    return await copyTransaction<RangeResult>(ingest, async (tx) => {
      const text = copyText({ source: files.open(range.uri), reader, signal }, seen);
      const copied = await copyLines(tx, `statement_lines_f${fileId}`, text);
      const { rowCount } = await tx.query(
        `update yuanlu.statement_ranges set findings = $3, copied = $4
          where file_id = $1 and range_no = $2 and findings is null`,
        [fileId, rangeNo, storable<RangeFindings>(reader.findings()), copied],
      );
      const isKept = rowCount === 1;
      return { result: { outcome: isKept ? 'loaded' : 'same', lines: copied }, isKept };
    });
  } finally {
    told.stop();
  }
}

async function findRange(ingest: Pool, head: FileHead, o: RangeOptions): Promise<Range> {
  const { rows } = await ingest.query<{
    uri: string;
    lines_before: number;
    bytes_before: bigint;
    copied: number | null;
  }>(
    `select uri, lines_before, bytes_before, copied from yuanlu.statement_ranges
      where file_id = $1 and range_no = $2`,
    [o.fileId, o.rangeNo],
  );
  const [row] = rows;
  if (row === undefined) throw notUnderWay(o);
  const place = { lines: row.lines_before, bytes: Number(row.bytes_before) };
  return { uri: row.uri, head, place, copied: row.copied };
}

/** The file is refused with its range, under the hash of the whole. */
async function recordRangeRefusal(ingest: Pool, split: Split, fault: unknown, now: Date): Promise<void> {
  const { cut } = split;
  if (cut === null || !isStatementFault(fault)) return;
  await recordRefusal(ingest, { ...split, now }, fault, { bytes: cut.bytes, digests: () => cut });
}

function notUnderWay({ fileId, rangeNo }: RangeOptions): AppError {
  return new AppError('invariant_broken', {
    why: `range ${String(rangeNo)} of file ${fileId} is not to be loaded, or not any more`,
  });
}
