/** The documented type, length and characters of each field that is read, and how they are asked for. */
import { beijingTimeOf, readBeijingTime } from '../../domain/time/plain-date.ts';
import { GatewayRefusal } from './codes.ts';
import type { Fields } from './signing.ts';

export const SHAPES = {
  version: /^5\.1\.0$/,
  encoding: /^UTF-8$/i,
  signMethod: /^01$/,
  certId: /^[0-9]{1,40}$/,
  merId: /^[0-9A-Za-z]{15}$/,
  accessType: /^[012]$/,
  txnType: /^[0-9]{2}$/,
  txnSubType: /^[0-9]{2}$/,
  bizType: /^[0-9]{6}$/,
  channelType: /^0[78]$/,
  // Up to 40 for some products; the statement has room for 32.
  orderId: /^[0-9A-Za-z]{8,32}$/,
  txnTime: /^[0-9]{14}$/,
  txnAmt: /^0*[1-9][0-9]*$/,
  currencyCode: /^156$/,
  origQryId: /^[0-9]{21}$/,
  origOrderId: /^[0-9A-Za-z]{8,40}$/,
  origTxnTime: /^[0-9]{14}$/,
  backUrl: /^.{1,256}$/,
  reqReserved: /^[^]{1,1024}$/,
  settleDate: /^[0-9]{4}$/,
  fileType: /^00$/,
} as const satisfies Readonly<Record<string, RegExp>>;

type Name = keyof typeof SHAPES;

/** A field that must be there. @throws GatewayRefusal 13 when it is missing, 10 when it is wrong */
export function needed(fields: Fields, name: Name): string {
  const value = optional(fields, name);
  if (value === undefined) throw new GatewayRefusal('13', name);
  return value;
}

/** A field that may be there; an empty one is not. @throws GatewayRefusal 10 when it is wrong */
export function optional(fields: Fields, name: Name): string | undefined {
  const value = fields[name] ?? '';
  if (value === '') return undefined;
  if (!SHAPES[name].test(value)) throw new GatewayRefusal('10', name);
  return value;
}

/** 1 to 12 digits, at least one fen. @throws GatewayRefusal */
export function neededAmount(fields: Fields): bigint {
  const text = needed(fields, 'txnAmt');
  if (text.length > 12) throw new GatewayRefusal('10', 'txnAmt');
  return BigInt(text);
}

/** `yyyyMMddHHmmss` that is a moment. @throws GatewayRefusal */
export function neededTime(fields: Fields): string {
  const text = needed(fields, 'txnTime');
  const parts = /^(....)(..)(..)(..)(..)(..)$/.exec(text) ?? [];
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] = parts;
  const written = `${year}-${month}-${day} ${hour}:${minute}:${second}`;
  const at = readBeijingTime(written);
  // A 30th of February is read as a day of March.
  if (at === null || beijingTimeOf(at) !== written) throw new GatewayRefusal('10', 'txnTime');
  return text;
}
