/**
 * Files as channels deliver them, unpacked as a stream: gzip, zip with one file in it, or plain, told by the first
 * bytes and never by a name. Whatever the file claims about its size, the bytes are counted here. A damaged file may
 * have delivered all its bytes before the damage shows: whoever reads must not commit before the stream has ended.
 */
import { createGunzip } from 'node:zlib';
import { AppError } from '../domain/errors.ts';
import { INFLATE_CHUNK_BYTES, inflateFault, inflated } from './inflated.ts';
import type { MemberChoice, Unpacked, ZipMember } from './unzip.ts';
import { onlyMember, unzip } from './unzip.ts';

/** How large a delivery may be. */
export interface UnpackCaps {
  readonly packedBytesMax: number;
  readonly unpackedBytesMax: number;
  /** Unpacked bytes per packed byte, looked at once `RATIO_FLOOR_BYTES` came out. */
  readonly ratioMax: number;
  /** Files and folders in a zip. */
  readonly membersMax: number;
}

/**
 * A day of 50 million payments fits. Bills pack 7:1 to 20:1, made-up ones of equal lines up to 50:1; the densest bomb
 * that deflate can build is 1,032:1.
 */
export const DEFAULT_UNPACK_CAPS: UnpackCaps = {
  packedBytesMax: 2 * 1024 ** 3,
  unpackedBytesMax: 16 * 1024 ** 3,
  ratioMax: 200,
  membersMax: 16,
};

/** Small files of zeros or blanks may pack better than any bill: no harm below this size. */
const RATIO_FLOOR_BYTES = 1024 ** 2;

/** As many first bytes as the longest signature has. */
const SIGNATURE_BYTES = 4;

export type Packing = 'gzip' | 'zip' | 'plain';

/**
 * The unpacked bytes of `source`. Back-pressure reaches the source; stopping early closes it.
 * @param choose which member of a zip to read; without it the zip must hold exactly one file
 * @throws AppError `statement_truncated` (nothing at all, or ends too early), `statement_corrupt`,
 *   `statement_too_large`, `statement_unrecognised` (a zip that is not one plain file); what the source throws
 */
export async function* unpack(
  source: AsyncIterable<Buffer>,
  caps: UnpackCaps = DEFAULT_UNPACK_CAPS,
  choose?: MemberChoice,
): AsyncGenerator<Buffer, void> {
  yield* unpackDelivery(source, (members) => unpackMember(onlyMember(members, choose), caps), caps);
}

/**
 * As {@link unpack}, for channels whose zips hold several files that belong together: `readZip` makes the bytes out of them.
 */
export async function* unpackDelivery(
  source: AsyncIterable<Buffer>,
  readZip: (members: readonly ZipMember[]) => AsyncGenerator<Buffer, void>,
  caps: UnpackCaps = DEFAULT_UNPACK_CAPS,
): AsyncGenerator<Buffer, void> {
  const packed = new PackedBytes(source, caps.packedBytesMax);
  try {
    const packing = packingOf(await packed.peek(SIGNATURE_BYTES));
    switch (packing) {
      case 'gzip':
        yield* refuseNested(capped(gunzip(packed), caps));
        return;
      case 'zip':
        yield* unzip(packed, caps.membersMax, readZip);
        return;
      case 'plain':
        yield* capped(plain(packed), caps);
        return;
    }
  } finally {
    // However it ends: a source that nobody reads on from is closed by the time that its reader knows.
    await packed.close();
  }
}

/** How a file is packed, by its first bytes. @throws AppError `statement_truncated` when there are none */
export function packingOf(head: Buffer): Packing {
  if (head.length === 0) throw new AppError('statement_truncated', { size_bytes: 0 });
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  const signature = head.length < 4 ? 0 : head.readUInt32BE(0);
  // A zip starts with a member, or with its end record when it holds none.
  return signature === 0x504b0304 || signature === 0x504b0506 ? 'zip' : 'plain';
}

/** The source, counted, with a look at its first bytes. */
class PackedBytes implements AsyncIterable<Buffer> {
  readonly #source: AsyncIterator<Buffer>;
  readonly #bytesMax: number;
  #head: Buffer = Buffer.alloc(0);
  #total = 0;

  constructor(source: AsyncIterable<Buffer>, bytesMax: number) {
    this.#source = source[Symbol.asyncIterator]();
    this.#bytesMax = bytesMax;
  }

  /** At least `size` first bytes, or all there are. */
  async peek(size: number): Promise<Buffer> {
    while (this.#head.length < size) {
      const next = await this.#source.next();
      if (next.done === true) break;
      this.#head = Buffer.concat([this.#head, next.value]);
    }
    return this.#head;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    if (this.#head.length > 0) yield this.#counted(this.#head);
    for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next()) {
      yield this.#counted(next.value);
    }
  }

  /** Tells the source that nothing more is read from it. One that has ended takes no notice. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  #counted(bytes: Buffer): Buffer {
    this.#total += bytes.length;
    if (this.#total > this.#bytesMax) {
      throw new AppError('statement_too_large', { cap: 'packed bytes', cap_bytes: this.#bytesMax });
    }
    return bytes;
  }
}

async function* plain(packed: AsyncIterable<Buffer>): AsyncGenerator<Unpacked, void> {
  let packedBytes = 0;
  for await (const bytes of packed) {
    packedBytes += bytes.length;
    yield { bytes, packedBytes };
  }
}

/** Several members are one stream, as gzip says; a member that was flushed half way is nothing special to inflate. */
async function* gunzip(packed: AsyncIterable<Buffer>): AsyncGenerator<Unpacked, void> {
  const inflate = createGunzip({ chunkSize: INFLATE_CHUNK_BYTES });
  try {
    for await (const bytes of inflated(packed, inflate)) yield { bytes, packedBytes: inflate.bytesWritten };
  } catch (error) {
    throw inflateFault(error, 'gzip');
  }
}

/**
 * The bytes of one member of a zip, under the caps that hold for every delivery.
 * @throws AppError `statement_too_large`, `statement_unrecognised`
 */
export async function* unpackMember(member: ZipMember, caps: UnpackCaps): AsyncGenerator<Buffer, void> {
  yield* refuseNested(capped(member.read(), caps));
}

/**
 * A small member as a whole.
 * @throws AppError as {@link unpackMember}
 */
export async function readMember(member: ZipMember, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const caps = { ...DEFAULT_UNPACK_CAPS, unpackedBytesMax: bytesMax };
  for await (const piece of unpackMember(member, caps)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* capped(pieces: AsyncIterable<Unpacked>, caps: UnpackCaps): AsyncGenerator<Buffer, void> {
  let total = 0;
  for await (const { bytes, packedBytes } of pieces) {
    total += bytes.length;
    if (total > caps.unpackedBytesMax) {
      throw new AppError('statement_too_large', { cap: 'unpacked bytes', cap_bytes: caps.unpackedBytesMax });
    }
    if (total > RATIO_FLOOR_BYTES && total > packedBytes * caps.ratioMax) {
      throw new AppError('statement_too_large', { cap: 'ratio', cap_ratio: caps.ratioMax });
    }
    yield bytes;
  }
}

/** A packed file in a packed file is no statement; unpacking once more would start the counting anew. */
async function* refuseNested(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let held: Buffer | null = Buffer.alloc(0);
  for await (const bytes of pieces) {
    if (held === null) {
      yield bytes;
      continue;
    }
    held = Buffer.concat([held, bytes]);
    if (held.length < SIGNATURE_BYTES) continue;
    if (packingOf(held) !== 'plain') {
      throw new AppError('statement_unrecognised', { reason: 'a packed file in a packed file' });
    }
    yield held;
    held = null;
  }
  if (held !== null && held.length > 0) yield held;
}
