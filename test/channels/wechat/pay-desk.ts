/**
 * WeChat Pay's wire as its documents describe it, on loopback: checks the signature of what comes in and signs what goes
 * out, with code of its own. What it answers is scripted by the test.
 */
import { createCipheriv, createSign, createVerify, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Channel, RefundOrder } from '../../../channels/channel.ts';
import type { TransportDeps } from '../../../channels/wechat/transport.ts';
import type { WechatAccount } from '../../../channels/wechat/account.ts';
import { wechatChannel } from '../../../channels/wechat/wechat-channel.ts';
import type { Clock } from '../../../domain/clock.ts';
import { makeCertificate } from '../../../sandbox/certificate.ts';
import type { RawAnswer, ScriptedServer } from '../scripted-server.ts';
import { openScriptedServer } from '../scripted-server.ts';

export interface Received {
  readonly method: string;
  /** Path and query exactly as they came. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly authorization: Readonly<Record<string, string>>;
  readonly signatureHolds: boolean;
}

export interface Signer {
  readonly serial: string;
  readonly key: KeyObject;
}

/** What the desk answers. `sign` makes the headers; without it the answer is not signed. */
export interface Script extends Omit<RawAnswer, 'body'> {
  /** Bytes and text as they are; anything else as JSON. */
  readonly body?: string | Buffer | object;
  readonly sign?: ((body: string) => Readonly<Record<string, string>>) | null;
}

const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const PUBLIC_KEY_ID = 'PUB_KEY_ID_0116000000012026110100000000000001';
export const PLATFORM: Signer = { serial: PUBLIC_KEY_ID, key: platform.privateKey };
export const MERCHANT_SERIAL = '5F1C72E2A8931B72';
export const MCHID = '1900000109';
export const API_V3_KEY = randomBytes(16).toString('hex');
export const NOW = new Date('2026-11-24T02:30:00Z');

export interface Desk extends ScriptedServer<Received, Script> {
  channel(o?: Partial<WechatAccount>, deps?: Partial<TransportDeps>): Channel;
}

export const CLOCK: Clock = { now: () => NOW, wallNow: () => NOW, toWallMs: (ms) => ms };

export async function openDesk(): Promise<Desk> {
  const server = await openScriptedServer<Received, Script>({ read, write });
  return {
    ...server,
    channel: (o = {}, deps = {}) =>
      wechatChannel({ ...accountAt(server.url), ...o }, { clock: CLOCK, randomBytes, ...deps }),
  };
}

export function accountAt(url: string): WechatAccount {
  return {
    id: 'wx-1',
    merchantId: 'shop',
    mchid: MCHID,
    appid: 'wx8888888888888888',
    apiBase: url,
    notifyUrl: 'https://pay.example/callbacks/wechat/wx-1',
    certificateSerial: MERCHANT_SERIAL,
    privateKey: merchant.privateKey,
    apiV3Key: Buffer.from(API_V3_KEY),
    publicKeys: new Map([[PUBLIC_KEY_ID, platform.publicKey]]),
    fetchPlatformCertificates: false,
    fundAccounts: ['basic'],
    billHosts: new Set([new URL(url).host]),
  };
}

export const ORDER: RefundOrder = {
  refundNo: 'RF20261124000000000001',
  requestedAt: NOW,
  paymentNo: 'ORD20261101000017',
  transactionId: '4200002211202611019384756000',
  paidAt: new Date('2026-11-01T02:51:45Z'),
  amountMinor: 2_345n,
  capturedMinor: 12_345n,
  currency: 'CNY',
  reason: '尺码不符 "7天" \\ 50%',
};

/** The signature headers of an answer or a notice, by the document: three lines, each with its LF. */
export function signatureOf(
  body: string,
  o: { readonly signer?: Signer; readonly at?: Date; readonly nonce?: string } = {},
): Record<string, string> {
  const { signer = PLATFORM, at = NOW, nonce = 'c5ac7061fccab6bf3e254dcf98995b8c' } = o;
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const text = `${timestamp}\n${nonce}\n${body}\n`;
  return {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-serial': signer.serial,
    'wechatpay-signature': createSign('RSA-SHA256').update(text, 'utf8').sign(signer.key, 'base64'),
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
  };
}

/** Seals text as the channel seals callbacks and certificates. */
export function seal(text: string, associatedData = 'refund', key = API_V3_KEY): Record<string, string> {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key), Buffer.from(nonce));
  cipher.setAAD(Buffer.from(associatedData));
  const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: bytes.toString('base64'),
    nonce,
    associated_data: associatedData,
  };
}

export interface PlatformCertificate extends Signer {
  readonly pem: string;
}

/** A platform certificate with a key of its own. */
export function platformCertificate(
  serial: string,
  from = new Date('2026-01-01T00:00:00Z'),
  to = new Date('2030-12-31T00:00:00Z'),
): PlatformCertificate {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = makeCertificate({ serial, commonName: 'Tenpay.com Root CA', ...pair, from, to });
  return { serial, key: pair.privateKey, pem };
}

/** The answer of GET /v3/certificates. */
export function certificateList(certificates: readonly PlatformCertificate[], key = API_V3_KEY): object {
  return {
    data: certificates.map(({ serial, pem }) => ({
      serial_no: serial,
      effective_time: '2026-01-01T00:00:00+08:00',
      expire_time: '2030-12-31T00:00:00+08:00',
      encrypt_certificate: seal(pem, 'certificate', key),
    })),
  };
}

function read(request: IncomingMessage, body: string): Received {
  const target = request.url ?? '';
  const method = request.method ?? '';
  const header = request.headers.authorization ?? '';
  const attributes = [...header.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  const authorization = Object.fromEntries(attributes) as Record<string, string>;
  const text = [method, target, authorization['timestamp'], authorization['nonce_str'], body, ''].join('\n');
  return {
    method,
    target,
    headers: request.headers,
    body,
    authorization,
    signatureHolds:
      header.startsWith('WECHATPAY2-SHA256-RSA2048 ') &&
      createVerify('RSA-SHA256')
        .update(text, 'utf8')
        .verify(merchant.publicKey, authorization['signature'] ?? '', 'base64'),
  };
}

function write(script: Script): RawAnswer {
  const { body: given = {} } = script;
  const body = typeof given === 'string' || Buffer.isBuffer(given) ? given : JSON.stringify(given);
  const signature = script.sign === null ? {} : (script.sign ?? signatureOf)(body.toString());
  return { ...script, body, headers: { 'request-id': 'REQ-1', ...signature, ...script.headers } };
}
