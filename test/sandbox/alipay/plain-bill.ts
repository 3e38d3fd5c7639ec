/** A reader of Alipay's bills as plain as can be, with code of its own: zip, GBK, commas and tabs. */
import { crc32, inflateRawSync } from 'node:zlib';
import { expect } from 'vitest';
import type { Answer, Fields } from '../exchange.ts';
import { exchange } from '../exchange.ts';
import type { Shop } from './shop.ts';

export type Row = Readonly<Record<string, string>>;

export interface PlainSheet {
  readonly name: string;
  readonly columns: readonly string[];
  /** Cells by column, without the tabs. */
  readonly rows: readonly Row[];
  readonly comments: readonly string[];
  readonly text: string;
}

export interface PlainBill {
  readonly details: PlainSheet;
  readonly summary: PlainSheet;
  readonly names: readonly string[];
}

const METHOD = 'alipay.data.dataservice.bill.downloadurl.query';

export async function askForBill(shop: Shop, type: string, date: string): Promise<Fields> {
  return (await shop.call(METHOD, { bill_type: type, bill_date: date })).node;
}

export function download(address: unknown): Promise<Answer> {
  return exchange({ method: 'GET', url: String(address), headers: {} });
}

export async function fetchBill(shop: Shop, type: string, date: string): Promise<PlainBill> {
  const node = await askForBill(shop, type, date);
  expect(node, JSON.stringify(node)).toMatchObject({ code: '10000' });
  return readZip((await download(node['bill_download_url'])).bytes);
}

function readZip(bytes: Buffer): PlainBill {
  const sheets = members(bytes).map(({ name, content }) => readSheet(name, content));
  const [details, ...more] = sheets.filter(({ name }) => !name.includes('汇总'));
  const summary = sheets.find(({ name }) => name.includes('汇总'));
  if (details === undefined || summary === undefined || more.length > 0) throw new Error('not two files');
  return { details, summary, names: sheets.map(({ name }) => name) };
}

/** By the directory at the end, as every unpacker does. */
function members(bytes: Buffer): readonly { readonly name: string; readonly content: Buffer }[] {
  const end = bytes.lastIndexOf(Buffer.from('504b0506', 'hex'));
  let at = bytes.readUInt32LE(end + 16);
  return Array.from({ length: bytes.readUInt16LE(end + 10) }, () => {
    const [flags, crc, packed, size] = [
      bytes.readUInt16LE(at + 8),
      bytes.readUInt32LE(at + 16),
      bytes.readUInt32LE(at + 20),
      bytes.readUInt32LE(at + 24),
    ];
    const nameLength = bytes.readUInt16LE(at + 28);
    const body = bytes.readUInt32LE(at + 42);
    const from = body + 30 + bytes.readUInt16LE(body + 26) + bytes.readUInt16LE(body + 28);
    const name = gbk(bytes.subarray(at + 46, at + 46 + nameLength));
    const content = inflateRawSync(bytes.subarray(from, from + packed));
    expect({ size: content.length, crc: crc32(content), flags }).toEqual({ size, crc, flags: 0 });
    at += 46 + nameLength;
    return { name, content };
  });
}

function readSheet(name: string, content: Buffer): PlainSheet {
  const text = gbk(content);
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  const lines = text.split('\r\n').slice(0, -1);
  const [head = '', ...body] = lines.filter((line) => !line.startsWith('#'));
  const columns = head.split(',');
  return {
    ...{ name, columns, text },
    comments: lines.filter((line) => line.startsWith('#')),
    rows: body.map((line) => cellsOf(line, columns)),
  };
}

/** The name of the goods may hold commas: whatever is too much belongs to it. */
function cellsOf(line: string, columns: readonly string[]): Row {
  const cells = line.split(',');
  const goods = columns.indexOf('商品名称');
  const tooMany = cells.length - columns.length;
  if (tooMany > 0) cells.splice(goods, tooMany + 1, cells.slice(goods, goods + tooMany + 1).join(','));
  expect(cells).toHaveLength(columns.length);
  return Object.fromEntries(
    columns.map((column, index) => [column, (cells[index] ?? '').replace(/\t$/, '')]),
  );
}

function gbk(bytes: Buffer): string {
  return new TextDecoder('gb18030', { fatal: true }).decode(bytes);
}

/** Yuan as fen, without floating point. */
export function fen(yuan: string | undefined): number {
  expect(yuan).toMatch(/^-?\d+\.\d\d$/);
  return Number((yuan ?? '').replace('.', ''));
}

/** Fen as yuan. */
export function yuan(minor: number): string {
  const digits = String(Math.abs(minor)).padStart(3, '0');
  return `${minor < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

export function sumOf(rows: readonly Row[], column: string): number {
  return rows.reduce((sum, row) => sum + fen(row[column]), 0);
}
