/** Splits a delivery of a statement into ranges that workers load by themselves. */
import type { StatementRanges } from '../domain/statement/ranges.ts';
import type { StatementKind } from '../domain/statement/statement.ts';
import type { FileStore } from './file-store.ts';
import type { Pool } from './pool.ts';
import type { NewSplit, SplitOwner } from './statement-splits.ts';
import {
  addRange,
  clearSplit,
  countRanges,
  findSplit,
  keepCut,
  openSplit,
  rangesName,
} from './statement-splits.ts';
import { recordRefusal } from './statements-aside.ts';
import { cutStatement } from './statements-cut.ts';
import type { Delivery } from './statements-finish.ts';
import type { Progress } from './statements-load.ts';
import { BytesSeen, tellProgress, untilAborted } from './statements-load.ts';
import { findAnnounced } from './statements.ts';

export interface SplitOptions extends Delivery, SplitOwner {
  readonly kind: StatementKind;
  readonly billDate: string;
  readonly uri: string;
  readonly ranges: StatementRanges;
  /** Unpacked bytes of a range, at least. */
  readonly rangeBytes: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** `whole`: there is nothing to split, or something to refuse; one worker reads the file and says what there is to say. */
export type SplitResult =
  | { readonly outcome: 'cut'; readonly fileId: string; readonly ranges: number }
  | { readonly outcome: 'whole' };

/**
 * Reads a delivery once and keeps its ranges in the file store. A repeat by the same run finds what was done; what another
 * run or attempt has left is removed first.
 * @throws AppError what is wrong with the file as a whole, and then a row of statement_files says why it was refused
 */
export async function splitStatement(
  ingest: Pool,
  files: FileStore,
  options: SplitOptions,
): Promise<SplitResult> {
  const seen = new BytesSeen(options.expectHash?.algorithm === 'sha1');
  // From the beginning on: what was left behind may take a while to remove.
  const told = tellProgress(options.onProgress, seen);
  try {
    return (await findCut(ingest, files, options)) ?? (await cutAnew(ingest, files, options, seen));
  } finally {
    told.stop();
  }
}

/** What this run has cut already. Anything else that is there is cleared away. */
async function findCut(ingest: Pool, files: FileStore, options: SplitOptions): Promise<SplitResult | null> {
  const before = await findSplit(ingest, options.owner);
  if (before === null) return null;
  const { fileId, cut, run, uri } = before;
  if (cut !== null && run === options.run && uri === options.uri)
    return { outcome: 'cut', fileId, ranges: await countRanges(ingest, fileId) };
  await clearSplit(ingest, files, fileId);
  return null;
}

async function cutAnew(
  ingest: Pool,
  files: FileStore,
  options: SplitOptions,
  seen: BytesSeen,
): Promise<SplitResult> {
  // Known already by the channel's hash: nothing needs to be read.
  if ((await findAnnounced(ingest, options)) !== null) return { outcome: 'whole' };

  const { owner, run, accountId, kind, billDate, uri } = options;
  const split: NewSplit = { owner, run, accountId, kind, billDate, uri };
  const fileId = await openSplit(ingest, split);
  let isKept = false;
  try {
    const result = await cutInto(ingest, files, options, { ...split, fileId }, seen);
    isKept = result.outcome === 'cut';
    return result;
  } catch (fault) {
    await recordRefusal(ingest, options, fault, seen);
    throw fault;
  } finally {
    // What cannot be removed now is removed when the workflow splits again.
    if (!isKept) await clearSplit(ingest, files, fileId).catch(() => undefined);
  }
}

async function cutInto(
  ingest: Pool,
  files: FileStore,
  options: SplitOptions,
  split: NewSplit & { readonly fileId: string },
  seen: BytesSeen,
): Promise<SplitResult> {
  const { fileId } = split;
  const { bytes, skimmer } = options.ranges.skim(files.open(options.uri));
  const name = rangesName(split);
  const { head, ranges } = await cutStatement(
    {
      source: untilAborted(bytes, options.signal),
      skimmer,
      rangeBytes: options.rangeBytes,
      keep: async (range) => {
        const { uri } = await files.put(range.bytes, { name });
        await addRange(ingest, { fileId, uri, rangeNo: range.rangeNo, place: range.place });
      },
    },
    seen,
  );
  const digests = seen.digests();
  if (ranges === 1 || !isAnnounced(options, digests)) return { outcome: 'whole' };
  await keepCut(ingest, split, { head, bytes: seen.bytes, ...digests });
  return { outcome: 'cut', fileId, ranges };
}

/** Whether these are the bytes that the channel said it would give. */
function isAnnounced(
  { expectHash }: Pick<Delivery, 'expectHash'>,
  digests: { readonly sha256: string; readonly sha1: string | null },
): boolean {
  return expectHash === null || digests[expectHash.algorithm] === expectHash.hex.toLowerCase();
}
