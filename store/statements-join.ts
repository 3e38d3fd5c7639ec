/** Makes a statement of its ranges: judged as one reader would have judged it, and live from then on. */
import { AppError, invariant } from '../domain/errors.ts';
import type { RangeFindings, StatementRanges } from '../domain/statement/ranges.ts';
import type { StatementSummary } from '../domain/statement/statement.ts';
import type { Pool, Tx } from './pool.ts';
import { inTransaction } from './pool.ts';
import type { Split } from './statement-splits.ts';
import { getSplit, limitTableWait } from './statement-splits.ts';
import { recordRefusal } from './statements-aside.ts';
import { getStatementFile } from './statements-files.ts';
import type { Delivery, ImportResult } from './statements-finish.ts';
import { finishImport, sameAs } from './statements-finish.ts';

export interface JoinOptions extends Omit<Delivery, 'accountId' | 'kind' | 'billDate' | 'part' | 'uri'> {
  readonly fileId: string;
  readonly ranges: StatementRanges;
}

/**
 * Joins the ranges of a file, all of which are loaded. A repeat finds the statement that it became.
 * @throws AppError as {@link importStatement}; then a row of statement_files says why, and the lines are still to be cleared away
 */
export async function joinStatement(ingest: Pool, options: JoinOptions): Promise<ImportResult> {
  const joined = await getStatementFile(ingest, options.fileId);
  if (joined !== null) return sameAs(ingest, joined);
  const split = await getSplit(ingest, options.fileId);
  if (split?.cut === null || split === null)
    throw new AppError('invariant_broken', {
      why: `file ${options.fileId} is not in ranges, or not any more`,
    });
  const { cut } = split;
  const delivery: Delivery = { ...options, ...placeOf(split) };
  try {
    return await inTransaction(ingest, (tx) => join(tx, delivery, options.ranges, { ...split, cut }));
  } catch (fault) {
    await recordRefusal(ingest, delivery, fault, { bytes: cut.bytes, digests: () => cut });
    throw fault;
  }
}

type CutSplit = Split & { readonly cut: NonNullable<Split['cut']> };

async function join(
  tx: Tx,
  delivery: Delivery,
  ranges: StatementRanges,
  split: CutSplit,
): Promise<ImportResult> {
  const { fileId, billDate, cut } = split;
  // Two that join at once: the second waits, and finds the file.
  await tx.query('select from yuanlu.statement_splits where file_id = $1 for update', [fileId]);
  const joined = await getStatementFile(tx, fileId);
  if (joined !== null) return sameAs(tx, joined);

  const { summary, copied } = await sumUp(tx, ranges, split);
  await limitTableWait(tx);
  return finishImport(tx, delivery, { fileId, billDate, summary, copied }, cut);
}

/** One range after the other: all that was set aside in a thousand of them is more than fits. */
async function sumUp(
  tx: Tx,
  ranges: StatementRanges,
  { fileId, cut }: CutSplit,
): Promise<{ readonly summary: StatementSummary; readonly copied: number }> {
  const joiner = ranges.joiner(cut.head);
  let copied = 0;
  for (let rangeNo = 1; ; rangeNo += 1) {
    const { rows } = await tx.query<{ findings: RangeFindings | null; copied: number | null }>(
      'select findings, copied from yuanlu.statement_ranges where file_id = $1 and range_no = $2',
      [fileId, rangeNo],
    );
    const [range] = rows;
    if (range === undefined) break;
    invariant(
      range.findings !== null,
      `range ${String(rangeNo)} of file ${fileId} was loaded before it is joined`,
    );
    joiner.add(range.findings);
    copied += range.copied ?? 0;
  }
  return { summary: joiner.end(), copied };
}

function placeOf({
  accountId,
  kind,
  billDate,
  uri,
}: Split): Pick<Delivery, 'accountId' | 'kind' | 'billDate' | 'uri'> {
  return { accountId, kind, billDate, uri };
}
