/** The files of a zip that somebody hands in, all in memory: nothing in it is believed about its size, and names are plain. */
import type { Readable } from 'node:stream';
import type { Entry, ZipFile } from 'yauzl';
import { fromBuffer } from 'yauzl';

/** Far more than a pack has, its two papers and a long timeline in it. */
export const PACK_BYTES_MAX = 32 * 1024 * 1024;
const UNPACKED_BYTES_MAX = 64 * 1024 * 1024;
const FILES_MAX = 64;

export function isZip(bytes: Buffer): boolean {
  return bytes.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004', 'latin1'));
}

/** Null for what is no zip, is damaged, holds a name twice, or holds more than any pack. */
export async function filesInZip(bytes: Buffer): Promise<ReadonlyMap<string, Buffer> | null> {
  if (bytes.length > PACK_BYTES_MAX) return null;
  try {
    return await readAll(await opened(bytes));
  } catch {
    // yauzl has no kinds of errors: whatever it stumbles over, this is no pack.
    return null;
  }
}

function opened(bytes: Buffer): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: true, strictFileNames: true }, (error, zip) => {
      if (error === null) resolve(zip);
      else reject(error);
    });
  });
}

async function readAll(zip: ZipFile): Promise<ReadonlyMap<string, Buffer>> {
  if (zip.entryCount > FILES_MAX) throw new Error('more files than any pack has');
  const entries = await entriesOf(zip);
  if (entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0) > UNPACKED_BYTES_MAX)
    throw new Error('larger than any pack');
  const files = new Map<string, Buffer>();
  for (const entry of entries) {
    if (files.has(entry.fileName)) throw new Error('a name twice');
    files.set(entry.fileName, await contentOf(zip, entry));
  }
  return files;
}

function entriesOf(zip: ZipFile): Promise<readonly Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    zip.on('entry', (entry: Entry) => {
      entries.push(entry);
      zip.readEntry();
    });
    zip.on('end', () => {
      resolve(entries);
    });
    zip.on('error', reject);
    zip.readEntry();
  });
}

/** As many bytes as the directory says: yauzl ends with an error at the first one more. */
async function contentOf(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const stream = await new Promise<Readable>((resolve, reject) => {
    zip.openReadStream(entry, (error, source) => {
      if (error === null) resolve(source);
      else reject(error);
    });
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
