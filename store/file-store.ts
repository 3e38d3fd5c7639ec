/** Where statement files are kept as they came: a directory. The uri says where; the bytes are never changed. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { AppError } from '../domain/errors.ts';

export interface StoredFile {
  readonly uri: string;
  readonly bytes: number;
  /** SHA-256 of the stored (packed) bytes, hex. */
  readonly sha256: string;
}

export interface FileStore {
  /**
   * Streams a file in. The same bytes under the same name are kept once.
   * @throws AppError `statement_too_large` over the store's cap; then nothing is kept
   */
  put(
    source: AsyncIterable<Buffer>,
    o: { readonly name: string; readonly onProgress?: (bytes: number) => void },
  ): Promise<StoredFile>;
  /** Streams a stored file out. @throws AppError `statement_unknown` for an address outside this store. */
  open(uri: string): AsyncIterable<Buffer>;
}

const READ_CHUNK_BYTES = 1 << 20;

/** What a delivery may take of the disk: as much as is read of one. A download that never ends stops here. */
const FILE_BYTES_MAX = 2 * 1024 ** 3;

/**
 * A file store in a directory. Files are written under a temporary name and renamed when complete, so a reader never
 * sees half a file; the final name ends in the hash of the content.
 */
export function directoryFileStore(
  directory: string,
  temporaryName: () => string,
  fileBytesMax = FILE_BYTES_MAX,
): FileStore {
  const root = resolve(directory);
  return {
    put: async (source, o) => {
      const folder = join(root, ...o.name.split('/').map(safeSegment));
      await mkdir(folder, { recursive: true });
      const spool = join(folder, `.spool-${safeSegment(temporaryName())}`);
      try {
        const { bytes, sha256 } = await writeAll(spool, capped(source, fileBytesMax), o.onProgress);
        const path = join(folder, sha256);
        await rename(spool, path);
        return { uri: `file:${path.slice(root.length + 1)}`, bytes, sha256 };
      } finally {
        await rm(spool, { force: true });
      }
    },
    open: (uri) => createReadStream(pathOf(root, uri), { highWaterMark: READ_CHUNK_BYTES }),
  };
}

async function* capped(source: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Buffer, void> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > bytesMax)
      throw new AppError('statement_too_large', { cap: 'stored bytes', cap_bytes: bytesMax });
    yield chunk;
  }
}

async function writeAll(
  path: string,
  source: AsyncIterable<Buffer>,
  onProgress?: (bytes: number) => void,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file: FileHandle = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of source) {
      hash.update(chunk);
      await file.writeFile(chunk);
      bytes += chunk.length;
      onProgress?.(bytes);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Names come from account ids and dates; anything that could leave the folder is replaced. */
function safeSegment(text: string): string {
  return text.replace(/[^0-9A-Za-z_-]/g, '_').slice(0, 100);
}

function pathOf(root: string, uri: string): string {
  const path = resolve(root, uri.replace(/^file:/, ''));
  if (!uri.startsWith('file:') || !path.startsWith(root + sep))
    throw new AppError('statement_unknown', { uri });
  return path;
}
