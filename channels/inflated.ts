/** Inflating as a stream of bytes, for whatever wraps the deflated ones. */
import { pipeline } from 'node:stream/promises';
import type { Gunzip, Inflate, InflateRaw } from 'node:zlib';
import { AppError } from '../domain/errors.ts';

/** Size of the pieces that come out of inflating: larger ones mean fewer turns of the event loop, and more memory. */
export const INFLATE_CHUNK_BYTES = 256 * 1024;

/** What `inflate` makes of the source. @throws what the source or zlib throws */
export async function* inflated(
  source: AsyncIterable<Buffer>,
  inflate: Gunzip | Inflate | InflateRaw,
): AsyncGenerator<Buffer, void> {
  // An error of either side also ends the loop below.
  const fed = pipeline(source, inflate).catch(() => undefined);
  try {
    yield* inflate as AsyncIterable<Buffer>;
  } finally {
    inflate.destroy();
    await fed;
  }
}

/** What zlib found, in the words of the catalogue: `statement_truncated` or `statement_corrupt`; other errors as they are. */
export function inflateFault(error: unknown, packing: 'gzip' | 'deflate'): unknown {
  const code = (error as { code?: unknown }).code;
  if (code === 'Z_BUF_ERROR') return new AppError('statement_truncated', { packing }, { cause: error });
  if (code !== 'Z_DATA_ERROR' && code !== 'Z_NEED_DICT') return error;
  const reason = (error as Error).message;
  return new AppError('statement_corrupt', { packing, reason }, { cause: error });
}
