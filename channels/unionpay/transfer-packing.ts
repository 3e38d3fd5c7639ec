/**
 * What a file transfer carries: base64 of deflated bytes that are a zip. A transfer whose content cannot be inflated is
 * delivered as it came, so that it is kept; what is the matter with it is said when it is opened.
 */
import { createInflate, inflateSync } from 'node:zlib';
import { AppError } from '../../domain/errors.ts';
import { inflateFault, inflated } from '../inflated.ts';

/** A zip of a day, still packed; the members are counted again when they are unpacked. */
const ZIP_BYTES_MAX = 512 * 1024 ** 2;
/** What is inflated in memory; deflating a zip gains next to nothing, so an honest one is smaller than its answer. */
const HELD_ZIP_BYTES_MAX = 128 * 1024 ** 2;

/** First byte of deflated bytes with the usual window; a zip begins with another. */
const DEFLATED = 0x78;
const CHECK_DIVISOR = 31;
const HEADER_BYTES = 2;

/** The zip in the content of a transfer, or its deflated bytes where they cannot be inflated in memory. */
export function transferred(content: string): Buffer {
  const deflated = Buffer.from(content, 'base64');
  try {
    return inflateSync(deflated, { maxOutputLength: HELD_ZIP_BYTES_MAX });
  } catch {
    return deflated;
  }
}

/**
 * The delivery with deflated bytes inflated, anything else as it is.
 * @throws AppError `statement_truncated`, `statement_corrupt`, `statement_too_large` for deflated bytes that are damaged
 */
export async function* withoutTransferPacking(delivery: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  const source = delivery[Symbol.asyncIterator]();
  try {
    let head = Buffer.alloc(0);
    while (head.length < HEADER_BYTES) {
      const next = await source.next();
      if (next.done === true) break;
      head = Buffer.concat([head, next.value]);
    }
    const whole = following(head, source);
    yield* isDeflated(head) ? inflate(whole) : whole;
  } finally {
    await source.return?.();
  }
}

async function* following(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  if (head.length > 0) yield head;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function isDeflated(head: Buffer): boolean {
  return head.length >= HEADER_BYTES && head[0] === DEFLATED && head.readUInt16BE(0) % CHECK_DIVISOR === 0;
}

async function* inflate(deflated: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let bytes = 0;
  try {
    for await (const piece of inflated(deflated, createInflate())) {
      bytes += piece.length;
      if (bytes > ZIP_BYTES_MAX)
        throw new AppError('statement_too_large', { packing: 'deflate', cap_bytes: ZIP_BYTES_MAX });
      yield piece;
    }
  } catch (error) {
    throw inflateFault(error, 'deflate');
  }
}
