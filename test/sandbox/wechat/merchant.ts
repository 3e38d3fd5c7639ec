/**
 * A merchant as the channel's documents describe it, written apart from channels/wechat: it signs, verifies and decrypts
 * by itself, and sends the very bytes that it is told to send.
 */
import {
  X509Certificate,
  createDecipheriv,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface Merchant {
  readonly mchid: string;
  readonly appid: string;
  readonly serial: string;
  readonly privateKey: KeyObject;
  readonly publicKeyPem: string;
  readonly apiV3Key: string;
}

export function newMerchant(mchid = '1900000109'): Merchant {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    mchid,
    appid: `wx${randomBytes(8).toString('hex')}`,
    serial: randomBytes(20).toString('hex').toUpperCase(),
    privateKey: pair.privateKey,
    publicKeyPem: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    apiV3Key: randomBytes(16).toString('hex'),
  };
}

/** The five lines, each with its end: method, path and query as sent, time, nonce, body. */
function textToSign(method: string, target: string, timestamp: string, nonce: string, body: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${method}\n${target}\n${timestamp}\n${nonce}\n`),
    body,
    Buffer.from('\n'),
  ]);
}

/** The attributes of `Authorization`; tests spoil one or leave it out. */
export interface Credentials {
  readonly mchid: string;
  readonly nonce_str: string;
  readonly timestamp: string;
  readonly serial_no: string;
  readonly signature: string;
}

export function credentialsFor(
  merchant: Merchant,
  method: string,
  target: string,
  body: Buffer,
  o: { readonly timestamp?: string; readonly nonce?: string; readonly key?: KeyObject } = {},
): Credentials {
  const timestamp = o.timestamp ?? String(Math.floor(Date.now() / 1000));
  const nonce = o.nonce ?? randomBytes(16).toString('hex');
  const text = textToSign(method, target, timestamp, nonce, body);
  return {
    mchid: merchant.mchid,
    nonce_str: nonce,
    timestamp,
    serial_no: merchant.serial,
    signature: sign('sha256', text, o.key ?? merchant.privateKey).toString('base64'),
  };
}

export function authorization(credentials: Partial<Credentials>): string {
  const attributes = Object.entries(credentials).map(([name, value]) => `${name}="${value}"`);
  return `WECHATPAY2-SHA256-RSA2048 ${attributes.join(',')}`;
}

/** Keys by the name that `wechatpay-serial` gives: ids of public keys and serials of certificates. */
export type KnownKeys = ReadonlyMap<string, KeyObject>;

export function keyOfPem(pem: string): KeyObject {
  return pem.includes('CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem);
}

/** What is wrong with the signature of an answer or a notice; null when it is genuine. */
export function signatureFault(
  headers: IncomingHttpHeaders,
  body: Buffer,
  keys: KnownKeys,
  nowMs = Date.now(),
): string | null {
  const get = (name: string): string => String(headers[`wechatpay-${name}`] ?? '');
  const key = keys.get(get('serial'));
  if (key === undefined) return `unknown serial ${get('serial')}`;
  if (Math.abs(nowMs / 1000 - Number(get('timestamp'))) > 300) return 'old timestamp';
  if (get('signature').startsWith('WECHATPAY/SIGNTEST/')) return 'probe';
  const text = Buffer.concat([
    Buffer.from(`${get('timestamp')}\n${get('nonce')}\n`),
    body,
    Buffer.from('\n'),
  ]);
  return verify('sha256', text, key, Buffer.from(get('signature'), 'base64')) ? null : 'wrong signature';
}

export interface SealedText {
  readonly algorithm: string;
  readonly ciphertext: string;
  readonly associated_data: string;
  readonly nonce: string;
}

/** AES-256-GCM: the key is the text of the APIv3 key, the tag is the last 16 bytes. */
export function unseal(apiV3Key: string, sealed: SealedText): string {
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(sealed.nonce));
  decipher.setAAD(Buffer.from(sealed.associated_data));
  decipher.setAuthTag(bytes.subarray(bytes.length - 16));
  return Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - 16)), decipher.final()]).toString(
    'utf8',
  );
}
