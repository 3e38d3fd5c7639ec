/**
 * Alipay's gateway as its documents describe it, on loopback: checks the signature of what comes in and signs what goes
 * out, with code of its own. What it answers is scripted by the test.
 */
import type { IncomingMessage } from 'node:http';
import { createVerify, createSign, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { AlipayAccount } from '../../../channels/alipay/account.ts';
import { alipayChannel } from '../../../channels/alipay/alipay-channel.ts';
import type { Channel, RefundOrder } from '../../../channels/channel.ts';
import type { HttpClient } from '../../../channels/http-client.ts';
import type { Clock } from '../../../domain/clock.ts';
import type { RawAnswer, ScriptedServer } from '../scripted-server.ts';
import { openScriptedServer } from '../scripted-server.ts';

export interface Received {
  readonly method: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly content: Readonly<Record<string, unknown>>;
  readonly signatureHolds: boolean;
}

/** What the desk answers: a node that it signs, or a body exactly as given. */
export type Script =
  | { readonly node: object; readonly certSn?: string; readonly key?: KeyObject }
  | RawAnswer
  | 'silence'
  | 'half';

const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const alipay = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const APP_ID = '2021001234567890';
export const SELLER_ID = '2088123456789012';
export const ALIPAY_KEY: KeyObject = alipay.privateKey;
export const KEY_TRUST = { mode: 'key', alipayKey: alipay.publicKey } as const;

export interface Desk extends ScriptedServer<Received, Script> {
  channel(o?: Partial<AlipayAccount>, deps?: { readonly clock?: Clock; readonly http?: HttpClient }): Channel;
}

export async function openDesk(): Promise<Desk> {
  const server = await openScriptedServer<Received, Script>({ read, write });
  return {
    ...server,
    channel: (o = {}, deps = {}) =>
      alipayChannel({ ...accountAt(server.url), ...o }, { clock: CLOCK, ...deps }),
  };
}

export const NOW = new Date('2026-11-24T02:30:00Z');

const CLOCK: Clock = { now: () => NOW, wallNow: () => NOW, toWallMs: (ms) => ms };

export function accountAt(url: string): AlipayAccount {
  return {
    id: 'ali-1',
    merchantId: 'shop',
    appId: APP_ID,
    sellerId: SELLER_ID,
    gatewayUrl: `${url}/gateway.do`,
    privateKey: merchant.privateKey,
    trust: KEY_TRUST,
    refundableForMs: 365 * 86_400_000,
    billHosts: new Set([new URL(url).host]),
  };
}

export const ORDER: RefundOrder = {
  refundNo: 'RF20261124000000000001',
  requestedAt: NOW,
  paymentNo: 'ORD20261101000021',
  transactionId: '2026110122001412345678901234',
  paidAt: new Date('2026-11-01T01:12:09Z'),
  amountMinor: 9_900n,
  capturedMinor: 29_900n,
  currency: 'CNY',
  reason: '七天无理由 & 50% + 退货',
};

/** Signs as the document says: RSA-SHA256 over the text, base64. */
export function signAsAlipay(text: string, key: KeyObject = alipay.privateKey): string {
  return createSign('RSA-SHA256').update(text, 'utf8').sign(key, 'base64');
}

/** Fields as they are signed: sorted, joined, those without a value left out. */
export function sortedText(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== '')
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Parameters may stand in the address or in the form. */
function read(request: IncomingMessage, body: string): Received {
  const { searchParams } = new URL(request.url ?? '', 'http://desk');
  const parameters = Object.fromEntries([...searchParams, ...new URLSearchParams(body)]);
  const { sign: signature = '', ...rest } = parameters;
  return {
    method: parameters['method'] ?? '',
    parameters,
    content: JSON.parse(parameters['biz_content'] ?? '{}') as Record<string, unknown>,
    signatureHolds: createVerify('RSA-SHA256')
      .update(sortedText(rest), 'utf8')
      .verify(merchant.publicKey, signature, 'base64'),
  };
}

function write(script: Script, { method }: Received): RawAnswer {
  if (script === 'silence') return { body: '', breaks: 'at once' };
  if (script === 'half') return { body: `{"${nodeName(method)}":{"code":"10000"`, breaks: 'half way' };
  if ('body' in script) return script;
  return { body: answerText(method, script.node, script) };
}

function nodeName(method: string): string {
  return `${method.replaceAll('.', '_')}_response`;
}

/** An answer's body: the node, and the signature over its text. */
export function answerText(
  method: string,
  node: object,
  o: { readonly certSn?: string; readonly key?: KeyObject } = {},
): string {
  const text = JSON.stringify(node);
  const certSn = o.certSn === undefined ? '' : `"alipay_cert_sn":"${o.certSn}",`;
  return `{"${nodeName(method)}":${text},${certSn}"sign":"${signAsAlipay(text, o.key)}"}`;
}
