/** `yuanlu statements import`: a statement file that a person has, packed or not, kept, loaded and matched at once. */
import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { matchAndFollow } from '../../activities/statement/match-and-follow.ts';
import type { Channel } from '../../channels/channel.ts';
import { AppError } from '../../domain/errors.ts';
import type { StatementKind } from '../../domain/statement/statement.ts';
import { parsePlainDate } from '../../domain/time/plain-date.ts';
import type { MatchResult } from '../../store/match.ts';
import { isFollowed } from '../../store/statements-known.ts';
import type { ImportResult } from '../../store/statements.ts';
import { importStatement } from '../../store/statements.ts';
import type { Context } from '../../workers/context.ts';
import { counted, createOutput, grouped, progress } from '../output.ts';
import type { Progress } from '../pace.ts';
import { during, paceText } from '../pace.ts';
import type { ImportFlags } from '../register-books.ts';
import { withBooks } from './books.ts';
import { assertHasKind, statementKind } from './statements.ts';

/** A file at hand, and whose statement of which day it is said to be. */
interface HandImport {
  readonly path: string;
  readonly accountId: string;
  readonly kind: StatementKind;
  readonly billDate: string;
  readonly part: string | undefined;
}

const READ_CHUNK_BYTES = 1 << 20;

export async function importStatementCommand(path: string, options: ImportFlags): Promise<void> {
  const output = createOutput(options.json);
  const hand: HandImport = {
    path,
    accountId: options.account,
    kind: statementKind(options.kind),
    billDate: parsePlainDate(options.date),
    part: options.part,
  };
  await assertReadable(path);
  const line = progress();
  const { loaded, matched } = await withBooks(async (context) => {
    const channel = context.channels.get(hand.accountId);
    assertHasKind(channel, hand.kind);
    const loaded = await load(context, channel, hand, line);
    // One whose import was cut off before it was matched and followed is the same file, and not done.
    if (loaded.outcome === 'same' && (await isFollowed(context.pool, loaded.fileId)))
      return { loaded, matched: null };
    return { loaded, matched: await match(context, loaded, hand, line) };
  }).finally(() => {
    line.done();
  });
  output.result({ file_id: loaded.fileId, outcome: loaded.outcome, revision: loaded.revision, matched }, () =>
    resultText(loaded, matched),
  );
}

/** The file is kept as it is, like one that was fetched: also when it is refused, it can be looked at later. */
async function load(
  context: Context,
  channel: Channel,
  hand: HandImport,
  line: Progress,
): Promise<ImportResult> {
  const { path, accountId, kind, billDate, part } = hand;
  const { size } = await stat(path);
  const kept = await context.files.put(createReadStream(path, { highWaterMark: READ_CHUNK_BYTES }), {
    name: `${accountId}/${kind}/${billDate}`,
    onProgress: (bytes) => {
      // What comes through a pipe has no size.
      const part = size === 0 ? `${grouped(bytes)} bytes` : `${String(Math.round((bytes / size) * 100))} %`;
      line.update(`keeping ${path}: ${part}`);
    },
  });
  let read = 0;
  const packed = telling(context.files.open(kept.uri), (bytes) => (read += bytes));
  const content = channel.openStatement(kind, packed);
  const beganAt = performance.now();
  return importStatement(context.ingest, {
    ...{ accountId, kind, billDate, uri: kept.uri, expectHash: null },
    ...(part === undefined ? {} : { part }),
    source: content.bytes,
    reader: content.reader,
    expectMerchantNo: context.channels.externalId(accountId),
    proves: channel.lineProves,
    now: context.clock.now(),
    onProgress: ({ lines }) => {
      const done = {
        count: lines,
        noun: 'line',
        part: { of: 'bytes', done: read, all: kept.bytes },
      } as const;
      line.update(`loading ${path}: ${paceText(done, performance.now() - beganAt)}`);
    },
  });
}

async function* telling(
  source: AsyncIterable<Buffer>,
  tell: (bytes: number) => void,
): AsyncGenerator<Buffer, void> {
  for await (const chunk of source) {
    tell(chunk.length);
    yield chunk;
  }
}

async function match(
  context: Context,
  { fileId, summary }: ImportResult,
  { path }: HandImport,
  line: Progress,
): Promise<MatchResult> {
  const what = `matching ${path}: ${counted(summary.refundLines, 'refund line')}`;
  return during(line, what, (begin) =>
    matchAndFollow(context, fileId, {
      matching: ({ step }) => {
        begin(step);
      },
      following: () => {
        begin('looking at what follows');
      },
    }),
  );
}

function resultText({ fileId, revision, summary }: ImportResult, matched: MatchResult | null): string {
  if (matched === null) return `Statement ${fileId} is this very file: nothing was written.`;
  const counts = [
    counted(summary.lines, 'line'),
    counted(summary.refundLines, 'refund'),
    `${String(summary.quarantinedCount)} set aside`,
  ].join(', ');
  return `Statement ${fileId}, revision ${String(revision)}: ${counts}.\nSee \`yuanlu breaks list\` for what did not agree.`;
}

/** @throws AppError `request_invalid` naming the file, before anything is opened for it. */
async function assertReadable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    throw new AppError(
      'request_invalid',
      { file: path, why: 'it is not there, or may not be read', remedy: 'Check the path.' },
      { cause: error },
    );
  }
}
