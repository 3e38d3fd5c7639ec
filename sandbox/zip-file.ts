/** Writes a zip as the channels deliver their files: names in bytes of their own, members deflated. */
import { crc32, deflateRawSync } from 'node:zlib';
import { halves, words } from './zip-words.ts';

export interface ZipEntry {
  /** As bytes: channels write GBK, and do not say so. */
  readonly name: Buffer;
  readonly content: Buffer;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const DEFLATED = 8;

export function zipFile(entries: readonly ZipEntry[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content } of entries) {
    const packed = deflateRawSync(content);
    const facts = [crc32(content), packed.length, content.length];
    // Version, flags and method, then time and date, which nobody set.
    const shared = Buffer.concat([
      halves(VERSION, 0, DEFLATED, 0, 0),
      words(...facts),
      halves(name.length, 0),
    ]);
    const body = Buffer.concat([words(LOCAL), shared, name, packed]);
    bodies.push(body);
    // Comment, disk and attributes are empty; the last word is the place of the body.
    directory.push(words(CENTRAL), halves(VERSION), shared, halves(0, 0, 0), words(0, at), name);
    at += body.length;
  }
  const list = Buffer.concat(directory);
  const end = [words(END), halves(0, 0, entries.length, entries.length), words(list.length, at), halves(0)];
  return Buffer.concat([...bodies, list, ...end]);
}
