/** Inflating as a stream of bytes, for whatever wraps the deflated ones. */
import { pipeline } from 'node:stream/promises';
import type { Gunzip, InflateRaw } from 'node:zlib';

/** Size of the pieces that come out of inflating: larger ones mean fewer turns of the event loop, and more memory. */
export const INFLATE_CHUNK_BYTES = 256 * 1024;

/** What `inflate` makes of the source. @throws what the source or zlib throws */
export async function* inflated(
  source: AsyncIterable<Buffer>,
  inflate: Gunzip | InflateRaw,
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
