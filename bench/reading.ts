/** Reading a bill: ours, and the yardsticks on the same bytes. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Gunzip } from 'node:zlib';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import Papa from 'papaparse';
import { INFLATE_CHUNK_BYTES } from '../channels/inflated.ts';
import { unpack } from '../channels/unpack.ts';
import { wechatBillReader } from '../channels/wechat/bill-reader.ts';

/** Size of the pieces in which files are read, as in an import. */
const CHUNK = { highWaterMark: 1 << 20 } as const;

export function packed(path: string): NodeJS.ReadableStream & AsyncIterable<Buffer> {
  return createReadStream(path, CHUNK);
}

/** All unpack in pieces of the size that ours takes: with the library's own of 16 KiB unpacking alone takes three times as long. */
export const gunzip = (): Gunzip => createGunzip({ chunkSize: INFLATE_CHUNK_BYTES });

/** Our reader, from the packed file to the text that Postgres takes; nothing is sent. Returns lines. */
export async function readBill(path: string): Promise<number> {
  const reader = wechatBillReader();
  for await (const chunk of unpack(packed(path))) reader.push(chunk);
  reader.end();
  const { lines, totals } = reader.summary();
  if (!totals.agree) throw new Error('the made-up bill does not add up');
  return lines;
}

/** Size and SHA-1 of the unpacked bytes. */
export async function describeBill(path: string): Promise<{ bytes: number; sha1: string }> {
  const hash = createHash('sha1');
  let bytes = 0;
  for await (const chunk of packed(path).pipe(gunzip()) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha1: hash.digest('hex') };
}

/** The floor: unpacking alone. Returns bytes. */
export async function onlyUnpack(path: string): Promise<number> {
  let bytes = 0;
  for await (const chunk of packed(path).pipe(gunzip()) as AsyncIterable<Buffer>) bytes += chunk.length;
  return bytes;
}

/** What is no row in a bill: names, and two lines of summary. */
const LINES_AROUND = 3;

/** The parser that everybody has: unpack, split, one record a line, taken by events as its guide does. Returns rows. */
export async function withCsvParse(path: string): Promise<number> {
  let rows = -LINES_AROUND;
  const parser = parse({ bom: true, relax_column_count: true, quote: null });
  parser.on('readable', () => {
    while (parser.read() !== null) rows += 1;
  });
  await pipeline(packed(path), gunzip(), parser);
  return rows;
}

/** The other parser that everybody has, in the same way. Returns rows. */
export async function withPapaParse(path: string): Promise<number> {
  let rows = -LINES_AROUND;
  // A quote that no bill has: back-ticks are text to it, as to csv-parse above.
  const parser = Papa.parse(Papa.NODE_STREAM_INPUT, { quoteChar: '\0' });
  parser.on('data', () => {
    rows += 1;
  });
  await pipeline(packed(path), gunzip(), parser);
  return rows;
}

/** Each way of reading a bill by its name in a measurement: `unpack` gives bytes, the others rows. */
export const READERS = {
  ours: readBill,
  unpack: onlyUnpack,
  csv_parse: withCsvParse,
  papa_parse: withPapaParse,
} as const;
