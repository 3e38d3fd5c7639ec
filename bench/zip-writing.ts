/** Writes a zip of one large file without holding it: sizes and sum stand behind the member and in the list at the end. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw } from 'node:zlib';
import { halves, words } from '../sandbox/zip-words.ts';

const LOCAL = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const SIZES_FOLLOW = 0x8;
const DEFLATED = 8;

/** Packs `content` into the zip at `path`, as its only member. Returns how many bytes it was. */
export async function writeZip(path: string, name: Buffer, content: Iterable<Buffer>): Promise<number> {
  const seen = { sum: 0, bytes: 0, packed: 0 };
  await pipeline(
    counted(content, seen),
    createDeflateRaw(),
    (packed: AsyncIterable<Buffer>) => wrapped(name, packed, seen),
    createWriteStream(path),
  );
  return seen.bytes;
}

interface Seen {
  sum: number;
  bytes: number;
  packed: number;
}

function* counted(content: Iterable<Buffer>, seen: Seen): Generator<Buffer> {
  for (const piece of content) {
    seen.sum = crc32(piece, seen.sum);
    seen.bytes += piece.length;
    yield piece;
  }
}

async function* wrapped(name: Buffer, packed: AsyncIterable<Buffer>, seen: Seen): AsyncGenerator<Buffer> {
  const shared = (sizes: readonly number[]): Buffer =>
    Buffer.concat([halves(VERSION, SIZES_FOLLOW, DEFLATED, 0, 0), words(...sizes), halves(name.length, 0)]);
  const head = Buffer.concat([words(LOCAL), shared([0, 0, 0]), name]);
  yield head;
  for await (const piece of packed) {
    seen.packed += piece.length;
    yield piece;
  }
  const sizes = [seen.sum, seen.packed, seen.bytes];
  const behind = words(DESCRIPTOR, ...sizes);
  yield behind;
  // Comment, disk and attributes are empty; the last word is the place of the member.
  const list = Buffer.concat([
    words(CENTRAL),
    halves(VERSION),
    shared(sizes),
    halves(0, 0, 0),
    words(0, 0),
    name,
  ]);
  yield list;
  const listAt = head.length + seen.packed + behind.length;
  yield Buffer.concat([words(END), halves(0, 0, 1, 1), words(list.length, listAt), halves(0)]);
}
