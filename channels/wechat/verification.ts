/** Whether an answer or a callback really comes from WeChat Pay. Raw bytes in, a verdict out. */
import type { KeyObject } from 'node:crypto';
import { verify } from 'node:crypto';
import { answerMessage } from './signing.ts';

export type Verification =
  | { readonly genuine: true }
  | {
      readonly genuine: false;
      readonly code:
        | 'callback_unsigned'
        | 'callback_stale'
        | 'callback_key_unknown'
        | 'callback_signature_invalid';
      readonly why: string;
    };

/** How far the signer's clock may be from ours. */
export const TOLERANCE_MS = 300_000;

/** By this beginning WeChat Pay marks signatures that must fail: probes whether merchants verify at all. */
const PROBE_PREFIX = 'WECHATPAY/SIGNTEST/';

export interface SignedMessage {
  readonly header: (name: string) => string | undefined;
  readonly body: Buffer;
}

export interface KeySource {
  /** The key of a serial or id; asks the channel once when it is unknown. */
  find(serial: string): Promise<KeyObject | undefined>;
}

/** @param wallNow the host's own instant: signatures live minutes of real time, whatever business time does */
export async function verifyMessage(
  message: SignedMessage,
  keys: KeySource,
  wallNow: Date,
): Promise<Verification> {
  const timestamp = message.header('wechatpay-timestamp');
  const nonce = message.header('wechatpay-nonce');
  const signature = message.header('wechatpay-signature');
  const serial = message.header('wechatpay-serial');
  if (
    timestamp === undefined ||
    nonce === undefined ||
    signature === undefined ||
    serial === undefined ||
    serial === ''
  ) {
    return { genuine: false, code: 'callback_unsigned', why: 'a signature header is missing' };
  }
  if (!/^[0-9]{1,12}$/.test(timestamp))
    return { genuine: false, code: 'callback_unsigned', why: 'the timestamp is no whole number' };
  if (Math.abs(wallNow.getTime() - Number(timestamp) * 1_000) > TOLERANCE_MS) {
    return { genuine: false, code: 'callback_stale', why: `signed at ${timestamp}` };
  }
  if (signature.startsWith(PROBE_PREFIX))
    return { genuine: false, code: 'callback_signature_invalid', why: 'a probe of the channel' };
  const key = await keys.find(serial);
  if (key === undefined)
    return { genuine: false, code: 'callback_key_unknown', why: `serial ${serial.slice(0, 64)}` };
  if (!isSignature(answerMessage(timestamp, nonce, message.body), signature, key)) {
    return { genuine: false, code: 'callback_signature_invalid', why: 'the signature is of other bytes' };
  }
  return { genuine: true };
}

/** RSASSA-PKCS1-v1_5 with SHA-256; anything that is not proper base64 is no signature. */
export function isSignature(message: Buffer, signature: string, key: KeyObject): boolean {
  if (signature === '' || !/^[0-9A-Za-z+/]+={0,2}$/.test(signature)) return false;
  return verify('RSA-SHA256', message, key, Buffer.from(signature, 'base64'));
}
