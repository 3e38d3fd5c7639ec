/** Request signatures of WeChat Pay APIv3: RSA-SHA256 over the very bytes that are sent. */
import { sign } from 'node:crypto';
import type { WechatAccount } from './account.ts';

export interface ToSign {
  readonly method: string;
  /** Path and query exactly as sent, percent-encoding included. */
  readonly pathAndQuery: string;
  /** Seconds since 1970, of the host's own clock. */
  readonly timestamp: string;
  readonly nonce: string;
  readonly body: Buffer;
}

const SCHEME = 'WECHATPAY2-SHA256-RSA2048';

/** Five lines, each ended by one LF, the last one too. */
export function requestMessage(request: ToSign): Buffer {
  const head = `${request.method}\n${request.pathAndQuery}\n${request.timestamp}\n${request.nonce}\n`;
  return Buffer.concat([Buffer.from(head, 'utf8'), request.body, Buffer.from('\n')]);
}

/** Three lines of an answer or callback, each ended by one LF. */
export function answerMessage(timestamp: string, nonce: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`, 'utf8'), body, Buffer.from('\n')]);
}

/** The value of the Authorization header. */
export function authorization(
  account: Pick<WechatAccount, 'mchid' | 'certificateSerial' | 'privateKey'>,
  request: ToSign,
): string {
  const signature = sign('RSA-SHA256', requestMessage(request), account.privateKey).toString('base64');
  const attributes = {
    mchid: account.mchid,
    nonce_str: request.nonce,
    signature,
    timestamp: request.timestamp,
    serial_no: account.certificateSerial,
  };
  return `${SCHEME} ${Object.entries(attributes)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}`;
}
