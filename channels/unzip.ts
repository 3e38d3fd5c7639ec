/**
 * The one file in a zip, as a stream. A zip's list of members is at its end, so it is spooled to a file of our own name,
 * which is removed whatever happens. Names in the zip choose a member and are never used as a path.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { openPromise } from 'yauzl';
import { AppError } from '../domain/errors.ts';
import { INFLATE_CHUNK_BYTES, inflated } from './inflated.ts';

const DEFLATED = 8;
const FLAG_ENCRYPTED = 0x1;
const FLAG_UTF8_NAME = 0x800;
const MADE_ON_UNIX = 3;
const FILE_TYPE_MASK = 0o170000;
const SYMBOLIC_LINK = 0o120000;

/** Chooses the member of a zip by its name, where it may hold several files. */
export type MemberChoice = (name: string) => boolean;

/** A piece of output, and how much input it and all before it took. */
export interface Unpacked {
  readonly bytes: Buffer;
  readonly packedBytes: number;
}

/** A file in a zip. */
export interface ZipMember {
  readonly name: string;
  /** Its bytes, checked against its sum. */
  read(): AsyncGenerator<Unpacked, void>;
}

/**
 * The only file in a zip, or the only one that `choose` takes.
 * @throws AppError `statement_unrecognised` for none or several
 */
export function onlyMember(members: readonly ZipMember[], choose?: MemberChoice): ZipMember {
  const files = members.filter(({ name }) => choose === undefined || choose(name));
  const [only, ...more] = files;
  if (only === undefined || more.length > 0)
    throw new AppError('statement_unrecognised', { packing: 'zip', files_to_read: files.length });
  return only;
}

/**
 * What `read` makes of the files in the zip, which are there only as long as it runs.
 * @throws AppError `statement_truncated` (no list of members), `statement_corrupt` (lies about a size, wrong check
 *   sum), `statement_too_large` (too many members), `statement_unrecognised` (encrypted, a link, a name with a path)
 */
export async function* unzip<T>(
  packed: AsyncIterable<Buffer>,
  membersMax: number,
  read: (members: readonly ZipMember[]) => AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  const folder = await mkdtemp(join(tmpdir(), 'yuanlu-unzip-'));
  try {
    const spool = join(folder, 'packed.zip');
    await pipeline(packed, createWriteStream(spool, { flags: 'wx', mode: 0o600 }));
    // Names stay bytes: yauzl would read every old name as CP437, and channels write GB 18030.
    const zip = await openPromise(spool, { autoClose: false, decodeStrings: false }).catch(damaged);
    try {
      yield* read(await membersOf(zip, membersMax));
    } finally {
      zip.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* readMember(zip: ZipFile, member: Entry): AsyncGenerator<Unpacked, void> {
  let check = 0;
  let size = 0;
  try {
    for await (const bytes of contentOf(zip, member)) {
      size += bytes.length;
      // What is longer than it says is not read to its end to know how much.
      if (size > member.uncompressedSize) break;
      check = crc32(bytes, check);
      yield { bytes, packedBytes: member.compressedSize };
    }
  } catch (error) {
    damaged(error);
  }
  if (size !== member.uncompressedSize)
    throw new AppError('statement_corrupt', { packing: 'zip', reason: 'size' });
  if (check !== member.crc32)
    throw new AppError('statement_corrupt', { packing: 'zip', reason: 'check sum' });
}

/** The library inflates into pieces of 16 KiB, each of them a turn of the event loop; ours are larger. */
async function* contentOf(zip: ZipFile, member: Entry): AsyncGenerator<Buffer, void> {
  const isDeflated = member.compressionMethod === DEFLATED;
  const content = (await zip.openReadStreamPromise(
    member,
    isDeflated ? { decodeFileData: false } : {},
  )) as Readable & AsyncIterable<Buffer>;
  try {
    if (isDeflated) yield* inflated(content, createInflateRaw({ chunkSize: INFLATE_CHUNK_BYTES }));
    else yield* content;
  } finally {
    content.destroy();
  }
}

async function membersOf(zip: ZipFile, membersMax: number): Promise<readonly ZipMember[]> {
  // The count is the zip's own claim; the loop below holds whatever it says.
  if (zip.entryCount > membersMax) tooMany(membersMax);
  const members: ZipMember[] = [];
  let seen = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      seen += 1;
      if (seen > membersMax) tooMany(membersMax);
      const name = nameOf(entry);
      refuseOdd(entry, name);
      if (!name.endsWith('/')) members.push({ name, read: () => readMember(zip, entry) });
    }
  } catch (error) {
    damaged(error);
  }
  return members;
}

function tooMany(membersMax: number): never {
  throw new AppError('statement_too_large', { cap: 'members of the zip', cap_members: membersMax });
}

function nameOf(entry: Entry): string {
  const raw = entry.fileNameRaw;
  const inUtf8 = (entry.generalPurposeBitFlag & FLAG_UTF8_NAME) !== 0 || isUtf8(raw);
  return new TextDecoder(inUtf8 ? 'utf-8' : 'gb18030').decode(raw);
}

/** What no channel sends: each of these is an attack on somebody's unpacker, or not a statement. */
function refuseOdd(entry: Entry, name: string): void {
  const reason = oddity(entry, name);
  if (reason !== null) throw new AppError('statement_unrecognised', { packing: 'zip', reason });
}

function oddity(entry: Entry, name: string): string | null {
  const inner = name.endsWith('/') ? name.slice(0, -1) : name;
  if (inner === '' || inner === '.' || inner === '..') return 'a member without a name';
  if (/[/\\\0]/.test(inner) || /^[A-Za-z]:/.test(inner)) return 'a member whose name is a path';
  if ((entry.generalPurposeBitFlag & FLAG_ENCRYPTED) !== 0) return 'an encrypted member';
  const unixMode = entry.versionMadeBy >>> 8 === MADE_ON_UNIX ? entry.externalFileAttributes >>> 16 : 0;
  if ((unixMode & FILE_TYPE_MASK) === SYMBOLIC_LINK) return 'a symbolic link';
  return null;
}

/** yauzl and zlib throw plain errors; ours pass, and so do those of the disk. */
function damaged(error: unknown): never {
  if (error instanceof AppError) throw error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && !code.startsWith('Z_')) throw error;
  const reason = String(message);
  const shortened = reason.startsWith('End of central directory record signature not found');
  throw new AppError(
    shortened ? 'statement_truncated' : 'statement_corrupt',
    { packing: 'zip', reason },
    { cause: error },
  );
}
