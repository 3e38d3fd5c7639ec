/** The statements of a run: each read whole or refused, the same bytes counted once, then matched against the list. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { AppError, isStatementFault } from '../../domain/errors.ts';
import type { StatementSummary } from '../../domain/statement/statement.ts';
import { matchStatement } from '../../store/match.ts';
import { importStatement } from '../../store/statements.ts';
import type { Books } from './books.ts';
import type { ReconcileChannel } from './channels.ts';
import { counted } from '../output.ts';
import { ACCOUNT } from './listed-table.ts';
import type { Progress } from '../pace.ts';
import { during, paceText } from '../pace.ts';
import { recognise } from './recognise.ts';

const READ_CHUNK_BYTES = 1 << 20;

/** A statement as it was given and read. */
export interface LoadedStatement {
  readonly fileId: string;
  /** The path as it was given. */
  readonly file: string;
  /** Other paths with the same content: packed in another way, or named twice. */
  readonly givenAgain: readonly string[];
  /** Of the unpacked bytes. */
  readonly sha256: string;
  readonly summary: StatementSummary;
}

interface Refusal {
  readonly file: string;
  readonly error: AppError;
}

/**
 * Loads the files one after the other. All are looked at, so that all refusals are said at once.
 * @throws AppError the `statement_…` code of the first file that cannot be used, naming every such file
 */
export async function loadStatements(
  books: Books,
  o: {
    readonly files: readonly string[];
    readonly channel: ReconcileChannel;
    readonly now: Date;
    readonly progress: Progress;
  },
): Promise<LoadedStatement[]> {
  const loaded = new Map<string, LoadedStatement>();
  const refusals: Refusal[] = [];
  for (const [index, file] of o.files.entries()) {
    try {
      const one = await loadStatement(books, { ...o, file, part: String(index) });
      const before = loaded.get(one.fileId);
      loaded.set(
        one.fileId,
        before === undefined ? one : { ...before, givenAgain: [...before.givenAgain, file] },
      );
    } catch (error) {
      if (!isStatementFault(error)) throw error;
      refusals.push({ file, error: await namingItsChannel(error, file, o.channel) });
    }
  }
  const [first, ...more] = refusals;
  if (first === undefined) return [...loaded.values()];
  const { error } = first;
  if (more.length === 0) throw new AppError(error.code, { file: first.file, ...error.details });
  throw new AppError(error.code, { errors: refusals.map((one) => `${one.file}: ${one.error.message}`) });
}

/** Says of a file that cannot be made out whose it is, where another channel knows it. */
async function namingItsChannel(error: AppError, file: string, asked: ReconcileChannel): Promise<AppError> {
  if (error.code !== 'statement_unrecognised' && error.code !== 'statement_encoding_invalid') return error;
  const owner = await recognise(file, asked);
  if (owner === null) return error;
  return new AppError(
    'statement_unrecognised',
    {
      this_is: `a statement of ${owner.title}, given for ${asked.title}: give it with --channel ${owner.name}`,
    },
    { cause: error },
  );
}

async function loadStatement(
  books: Books,
  o: {
    readonly file: string;
    readonly part: string;
    readonly channel: ReconcileChannel;
    readonly now: Date;
    readonly progress: Progress;
  },
): Promise<LoadedStatement> {
  const packed = createReadStream(o.file, { highWaterMark: READ_CHUNK_BYTES });
  const content = o.channel.openStatement(packed);
  const { size } = await stat(o.file);
  const beganAt = performance.now();
  o.progress.update(`loading ${o.file}`);
  const result = await importStatement(books.ingest, {
    ...{ accountId: ACCOUNT, kind: null, billDate: null, part: o.part, uri: null },
    ...{ expectHash: null, expectMerchantNo: null, now: o.now, proves: o.channel.lineProves },
    source: content.bytes,
    reader: content.reader,
    onProgress: (seen) => {
      const part = { of: 'bytes', done: packed.bytesRead, all: size } as const;
      const pace = paceText({ count: seen.lines, noun: 'line', part }, performance.now() - beganAt);
      o.progress.update(`loading ${o.file}: ${pace}`);
    },
  });
  const { fileId, sha256, summary } = result;
  return { fileId, file: o.file, givenAgain: [], sha256, summary };
}

/** Matches the trade statements against the list. Fund-flow statements name no refund by number and match nothing. */
export async function matchStatements(
  books: Books,
  statements: readonly LoadedStatement[],
  o: { readonly channel: ReconcileChannel; readonly now: Date; readonly progress: Progress },
): Promise<void> {
  const numberWithin = o.channel.refundNo.uniqueWithin;
  for (const { file, fileId, summary } of statements) {
    await during(o.progress, `matching ${file}: ${counted(summary.refundLines, 'refund line')}`, (begin) =>
      matchStatement(books.ingest, fileId, {
        ...{ now: o.now, numberWithin, ourNumbers: 'listed' },
        onProgress: ({ step }) => {
          begin(step);
        },
      }),
    );
  }
}
