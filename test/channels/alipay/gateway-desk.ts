/**
 * Alipay's gateway as its documents describe it, on loopback: checks the signature of what comes in and signs what goes
 * out, with code of its own. What it answers is scripted by the test.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVerify, createSign, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { AlipayAccount } from '../../../channels/alipay/account.ts';
import { alipayChannel } from '../../../channels/alipay/alipay-channel.ts';
import type { Channel, RefundOrder } from '../../../channels/channel.ts';
import type { Clock } from '../../../domain/clock.ts';

export interface Received {
  readonly method: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly content: Readonly<Record<string, unknown>>;
  readonly signatureHolds: boolean;
}

/** What the desk answers: a node that it signs, or a body exactly as given. */
export type Script =
  | { readonly node: object; readonly certSn?: string }
  | { readonly status?: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
  | 'silence'
  | 'half';

const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const alipay = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const APP_ID = '2021001234567890';
export const SELLER_ID = '2088123456789012';
export const ALIPAY_KEY: KeyObject = alipay.privateKey;

export interface Desk {
  readonly url: string;
  readonly received: Received[];
  answer(...scripts: readonly Script[]): void;
  channel(o?: Partial<AlipayAccount>): Channel;
  stop(): Promise<void>;
}

export async function openDesk(): Promise<Desk> {
  const received: Received[] = [];
  let scripts: Script[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const one = read(body);
      received.push(one);
      play(scripts.length > 1 ? scripts.shift() : scripts[0], one.method, response);
    });
  });
  const url = await listen(server);
  return {
    url,
    received,
    answer: (...next) => {
      scripts = [...next];
    },
    channel: (o = {}) => alipayChannel({ ...accountAt(url), ...o }, { clock: CLOCK }),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

const NOW = new Date('2026-11-24T02:30:00Z');

const CLOCK: Clock = { now: () => NOW, wallNow: () => NOW, toWallMs: (ms) => ms };

function accountAt(url: string): AlipayAccount {
  return {
    id: 'ali-1',
    merchantId: 'shop',
    appId: APP_ID,
    sellerId: SELLER_ID,
    gatewayUrl: `${url}/gateway.do`,
    privateKey: merchant.privateKey,
    alipayKey: alipay.publicKey,
    serials: null,
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

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function read(body: string): Received {
  const parameters = Object.fromEntries(new URLSearchParams(body));
  const { sign: signature = '', ...rest } = parameters;
  const text = Object.entries(rest)
    .filter(([, value]) => value !== '')
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return {
    method: parameters['method'] ?? '',
    parameters,
    content: JSON.parse(parameters['biz_content'] ?? '{}') as Record<string, unknown>,
    signatureHolds: createVerify('RSA-SHA256')
      .update(text, 'utf8')
      .verify(merchant.publicKey, signature, 'base64'),
  };
}

function play(script: Script | undefined, method: string, response: ServerResponse): void {
  if (script === undefined || script === 'silence') {
    response.destroy();
    return;
  }
  if (script === 'half') {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('{"alipay_trade_refund_response":{"code":"100', () => response.destroy());
    return;
  }
  if ('body' in script) {
    response.writeHead(script.status ?? 200, script.headers ?? {});
    response.end(script.body);
    return;
  }
  const node = JSON.stringify(script.node);
  const name = `${method.replaceAll('.', '_')}_response`;
  const certSn = script.certSn === undefined ? '' : `"alipay_cert_sn":"${script.certSn}",`;
  response.end(`{"${name}":${node},${certSn}"sign":"${signAsAlipay(node)}"}`);
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
    });
  });
}
