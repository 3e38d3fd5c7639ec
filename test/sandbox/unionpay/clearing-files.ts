/** Fetches the files of a clearing day and reads them as their documents say, by the simplest way that is right. */
import { inflateRawSync, inflateSync } from 'node:zlib';
import { expect } from 'vitest';
import type { MerchantKeys } from '../../../sandbox/unionpay/keys.ts';
import type { Fields } from './merchant.ts';
import type { Shop } from './shop.ts';
import { timeOf } from './shop.ts';

/** Widths of the fields, in order; a blank is between two. */
const ZM_WIDTHS = [
  3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15, 1, 15, 32,
  13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98,
];
const ZME_WIDTHS = [3, 11, 11, 6, 10, 19, 12, 4, 2, 2, 6, 10, 4, 12, 13, 13, 15, 15, 1, 12, 2, 135];

/** A line by the numbers that its fields have in the documents; 0 is nothing. */
export type Line = readonly string[];

export interface ClearingDay {
  readonly names: readonly string[];
  readonly zm: readonly Line[];
  readonly zme: readonly Line[];
  /** The printed report, as lines. */
  readonly report: readonly string[];
  readonly zip: Buffer;
}

/** Asks for a day, whatever comes of it. */
export function askForDay(shop: Shop, settleDate: string, as?: MerchantKeys): Promise<Fields> {
  const fields = {
    ...{ txnType: '76', txnSubType: '01', bizType: '000000', fileType: '00', settleDate },
    txnTime: timeOf(shop.sandbox.clock().now),
  };
  return shop.call('file', fields, as === undefined ? {} : { as });
}

export async function fetchDay(shop: Shop, settleDate: string, as?: MerchantKeys): Promise<ClearingDay> {
  const said = await askForDay(shop, settleDate, as);
  expect(said).toMatchObject({ respCode: '00', settleDate });
  expect(said['fileName']).toMatch(/\.zip$/);
  const zip = inflateSync(Buffer.from(said['fileContent'] ?? '', 'base64'));
  const members = unzip(zip);
  const named = (part: string): Buffer =>
    [...members].find(([name]) => name.includes(part))?.[1] ?? Buffer.alloc(0);
  const report = new TextDecoder('gb18030', { fatal: true }).decode(named('RD2010'));
  expect(report.endsWith('\r\n')).toBe(true);
  return {
    names: [...members.keys()],
    zm: linesOf(named('88ZM_'), ZM_WIDTHS),
    zme: linesOf(named('88ZME_'), ZME_WIDTHS),
    report: report.split('\r\n'),
    zip,
  };
}

/** From the directory at the end of the zip to each member's bytes. */
function unzip(zip: Buffer): ReadonlyMap<string, Buffer> {
  const end = zip.lastIndexOf(Buffer.from('PK\u0005\u0006'));
  const members = new Map<string, Buffer>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [packed, length, size] = [
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
      zip.readUInt32LE(at + 24),
    ];
    const name = zip.toString('ascii', at + 46, at + 46 + length);
    const local = zip.readUInt32LE(at + 42);
    const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const bytes = inflateRawSync(zip.subarray(from, from + packed));
    expect(bytes).toHaveLength(size);
    members.set(name, bytes);
    at += 46 + length + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return members;
}

function linesOf(bytes: Buffer, widths: readonly number[]): readonly Line[] {
  const text = bytes.toString('latin1');
  if (text === '') return [];
  expect(text.endsWith('\r\n')).toBe(true);
  const length = widths.reduce((sum, width) => sum + width, widths.length - 1);
  return text
    .slice(0, -2)
    .split('\r\n')
    .map((line) => {
      expect(line).toHaveLength(length);
      return cut(Buffer.from(line, 'latin1'), widths);
    });
}

function cut(line: Buffer, widths: readonly number[]): Line {
  const cells = [''];
  let at = 0;
  for (const width of widths) {
    if (at > 0) expect(line[at - 1]).toBe(0x20);
    cells.push(new TextDecoder('gb18030', { fatal: true }).decode(line.subarray(at, at + width)).trimEnd());
    at += width + 1;
  }
  return cells;
}

/** A letter and digits in fen: `C` is the merchant's gain. */
export function gain(cell: string | undefined): bigint {
  const parts = /^([CD])([0-9]{12})$/.exec(cell ?? '');
  expect(parts, cell).not.toBeNull();
  const minor = BigInt(parts?.[2] ?? '0');
  return parts?.[1] === 'C' ? minor : -minor;
}
