/**
 * A month of an account as a folder that stands without the books: the file of each closed day, the statements as they came, and
 * a manifest with the hash of each. It is written beside its place and takes it when all of it is there.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { MerkleTree } from '../../closing/merkle.ts';
import { statementIdsOf } from '../../closing/record.ts';
import { AppError } from '../../domain/errors.ts';
import type { Closing } from '../../store/close/closed-days.ts';
import { newestClosing } from '../../store/close/closed-days.ts';
import { dayLeaves } from '../../store/close/day-leaves.ts';
import type { AccountMonth } from '../../store/close/months.ts';
import { daysOfMonth } from '../../store/close/months.ts';
import type { FileStore } from '../../store/file-store.ts';
import type { Pool } from '../../store/pool.ts';
import { inTransaction } from '../../store/pool.ts';
import type { StatementFile } from '../../store/statements-files.ts';
import { statementsOfMonth } from '../../store/statements-files.ts';
import type { ArchivedFile, Manifest } from './manifest.ts';
import { MANIFEST_NAME, MANIFEST_VERSION, manifestText } from './manifest.ts';

export interface ArchiveDeps {
  readonly pool: Pool;
  readonly files: Pick<FileStore, 'open'>;
  readonly onProgress: (text: string) => void;
}

export interface WrittenArchive {
  readonly manifest: Manifest;
  readonly manifestSha256: string;
  readonly bytes: number;
}

/**
 * Writes the month to `place`, which must not be there yet.
 * @throws AppError `path_unusable`; `day_differs` where a day is not what was closed; `file_missing` of a statement that the file
 *   store has no more; then nothing is left at `place`
 */
export async function archiveMonth(
  deps: ArchiveDeps,
  of: AccountMonth,
  place: string,
  now: Date,
): Promise<WrittenArchive> {
  if (await isThere(place)) throw new AppError('path_unusable', { path: place, why: 'it is there already' });
  const draft = `${place}.part`;
  await rm(draft, { recursive: true, force: true });
  try {
    await mkdir(draft, { recursive: true });
    const closings = await writeClosings(deps, of, draft);
    const statements = await writeStatements(deps, of, draft);
    const { accountId: account_id, month } = of;
    const made_at = now.toISOString();
    const manifest: Manifest = {
      version: MANIFEST_VERSION,
      account_id,
      month,
      made_at,
      closings,
      statements,
    };
    const text = manifestText(manifest);
    await writeFile(join(draft, MANIFEST_NAME), text);
    await rename(draft, place);
    const bytes = [...closings, ...statements.map(({ packed }) => packed)].reduce(
      (sum, file) => sum + (file?.bytes ?? 0),
      Buffer.byteLength(text),
    );
    return { manifest, manifestSha256: createHash('sha256').update(text).digest('hex'), bytes };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function writeClosings(
  { pool, onProgress }: ArchiveDeps,
  of: AccountMonth,
  folder: string,
): Promise<Manifest['closings']> {
  const written: Manifest['closings'][number][] = [];
  for (const billDate of await daysOfMonth(pool, of)) {
    onProgress(`closed day ${billDate}`);
    const closing = await newestClosing(pool, { accountId: of.accountId, billDate });
    if (closing === null)
      throw new AppError('day_not_closed', { account_id: of.accountId, bill_date: billDate });
    const name = join('days', `${billDate}-closing-${String(closing.closing)}.ndjson.gz`);
    const file = await inTransaction(pool, async (tx) => {
      await tx.query('set transaction isolation level repeatable read, read only');
      const leaves = dayLeaves(tx, { ...closing, fileIds: statementIdsOf(closing.record), closing });
      return write(folder, name, checked(closing, leaves), true);
    });
    written.push({ bill_date: billDate, closing: closing.closing, root: closing.root, ...file });
  }
  return written;
}

/** The file of the day as `yuanlu close export` writes it; not to its end where it is not what was closed. */
async function* checked(
  { record, root, accountId, billDate }: Closing,
  batches: ReturnType<typeof dayLeaves>,
): AsyncGenerator<Buffer> {
  const tree = new MerkleTree();
  yield Buffer.from(`${record}\n`);
  for await (const { leaves } of batches) {
    for (const { leaf } of leaves) tree.add(leaf);
    yield Buffer.from(leaves.map(({ leaf }) => `${leaf}\n`).join(''));
  }
  if (tree.finish().root.toString('hex') !== root)
    throw new AppError('day_differs', { account_id: accountId, bill_date: billDate });
}

async function writeStatements(
  { pool, files, onProgress }: ArchiveDeps,
  of: AccountMonth,
  folder: string,
): Promise<Manifest['statements']> {
  const written: Manifest['statements'][number][] = [];
  for (const file of await statementsOfMonth(pool, of)) {
    onProgress(`statement ${file.id} of ${file.billDate}`);
    const name = join('statements', `${file.billDate}-${file.kind}-${file.id}`);
    const packed = file.uri === null ? null : await write(folder, name, files.open(file.uri), false);
    written.push({ ...factsOf(file), packed });
  }
  return written;
}

function factsOf(file: StatementFile): Omit<Manifest['statements'][number], 'packed'> {
  const { id, kind, billDate: bill_date, part, revision, status, sha256, lines } = file;
  return { id, kind, bill_date, part, revision, status, sha256, lines };
}

/** @returns what the file is known by: the hash is of what lies on the disk */
async function write(
  folder: string,
  name: string,
  source: AsyncIterable<Buffer>,
  packs: boolean,
): Promise<ArchivedFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  const target = createWriteStream(path);
  await (packs ? pipeline(source, createGzip(), measured, target) : pipeline(source, measured, target));
  return { file: name, bytes, sha256: hash.digest('hex') };
}
