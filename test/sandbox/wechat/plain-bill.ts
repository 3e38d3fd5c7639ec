/** Fetches a bill in its two steps and reads it as its documents say, by the simplest way that is right. */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { Said, Shop } from './shop.ts';

export interface PlainBill {
  readonly columns: readonly string[];
  /** One record per line, by the names of the columns. */
  readonly lines: readonly Readonly<Record<string, string>>[];
  readonly summary: Readonly<Record<string, string>>;
  readonly text: string;
  readonly sha1: string;
}

/** The offer of a bill, whatever it is. */
export function askForBill(shop: Shop, query: string, kind = 'tradebill'): Promise<Said> {
  return shop.call('GET', `/v3/bill/${kind}?${query}`);
}

/** Asks for the bill, fetches it, checks the hash of the unpacked bytes, and reads it. */
export async function fetchBill(shop: Shop, query: string, kind = 'tradebill'): Promise<PlainBill> {
  const offer = await askForBill(shop, query, kind);
  expect(offer).toMatchObject({ status: 200, json: { hash_type: 'SHA1' } });
  const file = await shop.callRaw('GET', String(offer.json['download_url']));
  expect(file.status).toBe(200);
  const bytes = query.includes('tar_type=GZIP') ? gunzipSync(file.bytes) : file.bytes;
  const sha1 = createHash('sha1').update(bytes).digest('hex');
  expect(offer.json['hash_value']).toBe(sha1);
  return readBill(bytes, sha1);
}

/** BOM, then lines each ended by CR LF: names, data, names of sums, sums. */
function readBill(bytes: Buffer, sha1: string): PlainBill {
  expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  const text = bytes.subarray(3).toString('utf8');
  expect(text.endsWith('\r\n')).toBe(true);
  const rows = text.slice(0, -2).split('\r\n');
  const [names = '', ...rest] = rows;
  const [sumNames = '', sums = ''] = rest.slice(-2);
  const columns = names.split(',');
  return {
    columns,
    lines: rest.slice(0, -2).map((row) => record(columns, row)),
    summary: record(sumNames.split(','), sums),
    text,
    sha1,
  };
}

/** Yuan text with two or five decimals in fen. */
export function fen(yuan: string | undefined): bigint {
  const parts = /^(-?)([0-9]+)\.([0-9]{2})(000)?$/.exec(yuan ?? '');
  expect(parts, `amount ${yuan ?? 'missing'}`).not.toBeNull();
  const [, sign = '', whole = '', cents = ''] = parts ?? [];
  return BigInt(`${sign}${whole}${cents}`);
}

export function sumOf(bill: PlainBill, column: string): bigint {
  return bill.lines.reduce((sum, line) => sum + fen(line[column]), 0n);
}

/** Values are behind backticks and may hold commas: only the pair of both separates. */
function record(names: readonly string[], row: string): Readonly<Record<string, string>> {
  expect(row.startsWith('`')).toBe(true);
  const values = row.slice(1).split(',`');
  expect(values).toHaveLength(names.length);
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
