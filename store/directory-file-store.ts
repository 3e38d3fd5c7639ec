/** Statement files in a directory. */
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { AppError, invariant } from '../domain/errors.ts';
import type { FileStore } from './file-store.ts';
import { FILE_BYTES_MAX, foldersOf, measured, safeSegment } from './file-store.ts';

const READ_CHUNK_BYTES = 1 << 20;

/** Files on their way in. */
const SPOOL = '.spool-';

/** A file on its way in that nobody wrote to for so long is nobody's: twice as long as a download may take. */
const ABANDONED_AFTER_MS = 3_600_000;

/**
 * A file store in a directory. Files are written under a temporary name and renamed when complete, so a reader never
 * sees half a file; the final name is the hash of the content. What a process that was killed left of a file goes with
 * a later file of the same name.
 */
export function directoryFileStore(
  directory: string,
  temporaryName: () => string,
  fileBytesMax = FILE_BYTES_MAX,
): FileStore {
  const root = resolve(directory);
  return {
    put: async (source, o) => {
      const folder = join(root, ...foldersOf(o.name));
      await mkdir(folder, { recursive: true }).catch(sayingNoRoom);
      const spool = join(folder, `${SPOOL}${safeSegment(temporaryName())}`);
      const { through, sum } = measured(source, fileBytesMax, o.onProgress);
      try {
        await writeAll(spool, through).catch(sayingNoRoom);
        const { bytes, sha256 } = sum();
        await removeAbandoned(folder, spool);
        const path = join(folder, sha256);
        await rename(spool, path).catch(sayingNoRoom);
        return { uri: `file:${path.slice(root.length + 1)}`, bytes, sha256 };
      } finally {
        await rm(spool, { force: true });
      }
    },
    open: (uri) => reading(pathOf(root, uri), uri),
    clear: async (name) => {
      const folder = join(root, ...foldersOf(name));
      invariant(folder !== root, 'what is cleared has a name');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** By the clock of the disk that both lie on: `own` was written to a moment ago. */
async function removeAbandoned(folder: string, own: string): Promise<void> {
  const { mtimeMs: now } = await stat(own);
  const names = (await readdir(folder)).filter((name) => name.startsWith(SPOOL));
  for (const path of names.map((name) => join(folder, name))) {
    // Another one may be through with it by now.
    const written = await stat(path).catch(() => null);
    if (written !== null && now - written.mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
  }
}

/** A full disk, a used-up quota, or a limit on how large a file of this process may be. */
const NO_ROOM: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** What is asked again until there is room; every other error is passed on as it is. */
function sayingNoRoom(error: unknown): never {
  if (error instanceof Error && 'code' in error && NO_ROOM.includes(error.code)) {
    const why = `there is no room left on its disk (${String(error.code)})`;
    throw new AppError('file_store_unavailable', { why }, { cause: error });
  }
  throw error;
}

async function writeAll(path: string, source: AsyncIterable<Buffer>): Promise<void> {
  const file: FileHandle = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of source) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function* reading(path: string, uri: string): AsyncGenerator<Buffer, void> {
  try {
    yield* createReadStream(path, { highWaterMark: READ_CHUNK_BYTES }) as AsyncIterable<Buffer>;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new AppError('file_missing', { uri }, { cause: error });
  }
}

function pathOf(root: string, uri: string): string {
  const path = resolve(root, uri.replace(/^file:/, ''));
  if (!uri.startsWith('file:') || !path.startsWith(root + sep))
    throw new AppError('statement_unknown', { uri });
  return path;
}
