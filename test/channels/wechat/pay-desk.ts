/**
 * WeChat Pay's wire as its documents describe it, on loopback: checks the signature of what comes in and signs what goes
 * out, with code of its own. What it answers is scripted by the test.
 */
import { createCipheriv, createSign, createVerify, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Channel, RefundOrder } from '../../../channels/channel.ts';
import type { WechatAccount } from '../../../channels/wechat/account.ts';
import { wechatChannel } from '../../../channels/wechat/wechat-channel.ts';
import type { Clock } from '../../../domain/clock.ts';
import { makeCertificate } from '../../../sandbox/certificate.ts';

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
export interface Script {
  readonly status?: number;
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly sign?: ((body: string) => Readonly<Record<string, string>>) | null;
  /** Breaks the connection: before anything, or after half of the body. */
  readonly breaks?: 'at once' | 'half way';
}

const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const PUBLIC_KEY_ID = 'PUB_KEY_ID_0116000000012026110100000000000001';
export const PLATFORM: Signer = { serial: PUBLIC_KEY_ID, key: platform.privateKey };
export const MERCHANT_SERIAL = '5F1C72E2A8931B72';
export const MCHID = '1900000109';
export const API_V3_KEY = randomBytes(16).toString('hex');
export const NOW = new Date('2026-11-24T02:30:00Z');

export interface Desk {
  readonly url: string;
  readonly received: Received[];
  /** The answers to come, in order; the last one repeats. */
  answer(...scripts: readonly Script[]): void;
  channel(o?: Partial<WechatAccount>, clock?: Clock): Channel;
  stop(): Promise<void>;
}

export const CLOCK: Clock = { now: () => NOW, wallNow: () => NOW, toWallMs: (ms) => ms };

export async function openDesk(): Promise<Desk> {
  const received: Received[] = [];
  let scripts: Script[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      received.push(read(request, body));
      play(scripts.length > 1 ? scripts.shift() : scripts[0], response);
    });
  });
  const url = await listen(server);
  return {
    url,
    received,
    answer: (...next) => {
      scripts = [...next];
    },
    channel: (o = {}, clock = CLOCK) => wechatChannel({ ...accountAt(url), ...o }, { clock, randomBytes }),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
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

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
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

function play(script: Script | undefined, response: ServerResponse): void {
  if (script === undefined || script.breaks === 'at once') {
    response.destroy();
    return;
  }
  const body = typeof script.body === 'string' ? script.body : JSON.stringify(script.body ?? {});
  const signature = script.sign === null ? {} : (script.sign ?? signatureOf)(body);
  const headers = { 'request-id': 'REQ-1', ...signature, ...script.headers };
  if (script.breaks === 'half way') {
    response.writeHead(script.status ?? 200, {
      ...headers,
      'content-length': String(Buffer.byteLength(body)),
    });
    response.write(body.slice(0, body.length / 2), () => response.destroy());
    return;
  }
  response.writeHead(script.status ?? 200, headers);
  response.end(body);
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
    });
  });
}
