/**
 * One run: the list and the statements into a database, matched by the code that matches in production, judged, shown.
 * The list is read while the database is made; what it does not hold yet waits in memory up to a limit.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { invariant } from '../../domain/errors.ts';
import type { Books } from './books.ts';
import { noteCorrections } from './corrections.ts';
import type { Findings } from './document.ts';
import { DIFFERENCES_PER_KIND } from './document.ts';
import { judge } from './judge.ts';
import { markListedAgain } from './listed-again.ts';
import { createListedTable, fillListedTable, indexListed, listedCopyText } from './listed-table.ts';
import type { ReconcilePlan } from './options.ts';
import { instantOf } from './options.ts';
import type { Progress } from '../pace.ts';
import { during, paceText } from '../pace.ts';
import type { ListSummary } from './refund-list.ts';
import { RefundListReader } from './refund-list.ts';
import type { BreakRow } from './rows.ts';
import { breakRows, renumberedRows } from './rows.ts';
import { loadStatements, matchStatements } from './statements.ts';

/** How much of the list may wait for its table. */
const READ_AHEAD_BYTES = 64 * 1024 ** 2;
/** Small pieces: between them the database that is being made gets its turns. */
const READ_CHUNK_BYTES = 64 * 1024;

/** A list up to this size is checked to its end before a Postgres is started for it. */
const CHECKED_FIRST_BYTES = 2 * 1024 ** 2;

/** How often progress is told at most. */
const PROGRESS_EVERY_MS = 250;

export interface OpenedList {
  readonly copyText: Readable;
  /** Refunds and bytes read so far, how fast, and how long the rest will take where the list is a file. */
  pace(): string;
  /** Settles when all of it was read; rejects with what is wrong with it. */
  readonly done: Promise<ListSummary>;
}

/** Begins to read the list. @throws AppError `refund_list_invalid` at once for a list of ordinary size */
export async function openList(plan: ReconcilePlan): Promise<OpenedList> {
  const { channel, list: file } = plan;
  const beganAt = performance.now();
  const reader = new RefundListReader({ file, channel: channel.name, rules: channel });
  const bytes = createReadStream(file, { highWaterMark: READ_CHUNK_BYTES });
  const batches = reader.read(bytes);
  const copyText = new PassThrough({ highWaterMark: READ_AHEAD_BYTES });
  const done = pipeline(Readable.from(listedCopyText(batches), { objectMode: true }), copyText).then(() =>
    reader.summary(),
  );
  done.catch(() => undefined);
  const found = await stat(file);
  if (found.isFile() && found.size <= CHECKED_FIRST_BYTES) await done;
  const pace = (): string => {
    const part = found.isFile() ? ({ of: 'bytes', done: bytes.bytesRead, all: found.size } as const) : null;
    const { refunds: count } = reader.summary();
    return paceText({ count, noun: 'refund', part }, performance.now() - beganAt);
  };
  return { copyText, done, pace };
}

/**
 * @throws AppError `refund_list_invalid`, any `statement_…` code, `database_unavailable`, `invariant_broken`
 */
export async function reconcile(
  plan: ReconcilePlan,
  books: Books,
  list: OpenedList,
  o: { readonly now: Date; readonly progress: Progress },
): Promise<Findings> {
  const startedAt = performance.now();
  await createListedTable(books.owner, plan.channel.name);
  const summary = await loadList(books, list, () => {
    o.progress.update(`reading ${plan.list}: ${list.pace()}`);
  });
  const statements = await loadStatements(books, { ...o, files: plan.statements, channel: plan.channel });
  await during(o.progress, 'preparing the list for matching', async () => {
    await indexListed(books.owner, statements.length);
    if (summary.mayNameTwice) await markListedAgain(books.owner, plan.channel.refundNo.uniqueWithin);
  });
  await matchStatements(books, statements, { ...o, channel: plan.channel });
  const asOf = instantOf(plan.asOf, statements, o.now);
  const judgement = await during(o.progress, 'looking for what is left over', async () => {
    const corrections = await noteCorrections(books, statements, o.now);
    return judge(books.owner, {
      ...{ channel: plan.channel, asOf, statements, refunds: summary.refunds, corrections },
    });
  });
  const elapsedMs = performance.now() - startedAt;
  const differences: BreakRow[] = [];
  for await (const row of breakRows(books.owner, DIFFERENCES_PER_KIND)) differences.push(row);
  const renumbered = await firstOf(renumberedRows(books.owner), DIFFERENCES_PER_KIND);
  return {
    ...{ channel: plan.channel, asOf, statements, list: summary, judgement, differences, renumbered },
    elapsedMs,
  };
}

/** The first are kept, all are counted. */
async function firstOf<Row>(
  rows: AsyncIterable<Row>,
  most: number,
): Promise<{ readonly first: readonly Row[]; readonly count: number }> {
  const first: Row[] = [];
  let count = 0;
  for await (const row of rows) {
    if (count < most) first.push(row);
    count += 1;
  }
  return { first, count };
}

async function loadList(books: Books, list: OpenedList, tell: () => void): Promise<ListSummary> {
  const loading = fillListedTable(books.owner, list.copyText);
  // What is wrong with the list says more than the COPY that ended early because of it.
  loading.catch(() => undefined);
  const telling = setInterval(tell, PROGRESS_EVERY_MS);
  try {
    const summary = await list.done;
    const rows = await loading;
    invariant(rows === summary.refunds, `every listed refund is in its table (${String(rows)})`);
    return summary;
  } finally {
    clearInterval(telling);
  }
}
