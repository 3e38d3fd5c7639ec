/** Where statement files are kept as they came. The uri says where; the bytes are never changed. */
import { createHash } from 'node:crypto';
import { AppError } from '../domain/errors.ts';

export interface StoredFile {
  readonly uri: string;
  readonly bytes: number;
  /** SHA-256 of the stored (packed) bytes, hex. */
  readonly sha256: string;
}

export interface FileStore {
  /**
   * Streams a file in. The same bytes under the same name are kept once; nobody ever sees half of them.
   * @throws AppError `statement_too_large` over the store's cap; then nothing is kept
   * @throws AppError `file_store_unavailable` or `config_invalid` when the store does not take it
   */
  put(
    source: AsyncIterable<Buffer>,
    o: { readonly name: string; readonly onProgress?: (bytes: number) => void },
  ): Promise<StoredFile>;
  /**
   * Streams a stored file out, in pieces of a megabyte at most.
   * @throws AppError `statement_unknown` or, of another bucket, `config_invalid` at once for an address outside this
   * store; while it is read `file_missing`, `file_store_unavailable` or `config_invalid`
   */
  open(uri: string): AsyncIterable<Buffer>;
  /**
   * Takes away all that was put under this name, also by somebody who died of it: for what is there only for a while. Where
   * nothing is, nothing is done. Deliveries are never removed.
   * @throws AppError `file_store_unavailable` or `config_invalid` when the store does not do it
   */
  clear(name: string): Promise<void>;
}

/** What a delivery may take of the store: as much as is read of one. A download that never ends stops here. */
export const FILE_BYTES_MAX = 2 * 1024 ** 3;

interface Measured {
  /** The source, as it is read for the first time. Fails with `statement_too_large` as soon as it is longer than the cap. */
  readonly through: AsyncIterable<Buffer>;
  /** Of all that went through; called once, at the end. */
  readonly sum: () => { readonly bytes: number; readonly sha256: string };
}

/** Counts and hashes a source while somebody else reads it. What was taken is told to `onProgress` when more is asked for. */
export function measured(
  source: AsyncIterable<Buffer>,
  bytesMax: number,
  onProgress?: (bytes: number) => void,
): Measured {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* through(): AsyncGenerator<Buffer, void> {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > bytesMax)
        throw new AppError('statement_too_large', { cap: 'stored bytes', cap_bytes: bytesMax });
      hash.update(chunk);
      yield chunk;
      onProgress?.(bytes);
    }
  }
  return { through: through(), sum: () => ({ bytes, sha256: hash.digest('hex') }) };
}

/** The folders of a name such as `account/kind/date`; one without a name is none. */
export function foldersOf(name: string): readonly string[] {
  return name
    .split('/')
    .filter((segment) => segment !== '')
    .map(safeSegment);
}

/** Names come from account ids and dates; anything that could leave the folder is replaced. */
export function safeSegment(text: string): string {
  return text.replace(/[^0-9A-Za-z_-]/g, '_').slice(0, 100);
}
