/**
 * UnionPay's gateway as its documents describe it, on loopback: checks the signature of what comes in and signs what goes
 * out with a certificate that it puts into the answer, with code of its own. What it answers is scripted by the test.
 */
import { X509Certificate, createHash, createSign, createVerify, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Channel, RefundOrder } from '../../../channels/channel.ts';
import type { HttpClient } from '../../../channels/http-client.ts';
import type { UnionpayAccount } from '../../../channels/unionpay/account.ts';
import { SigningCertificates } from '../../../channels/unionpay/certificates.ts';
import { unionpayChannel } from '../../../channels/unionpay/unionpay-channel.ts';
import type { Clock } from '../../../domain/clock.ts';
import { makeCertificate } from '../../../sandbox/certificate.ts';
import type { RawAnswer, ScriptedServer } from '../scripted-server.ts';
import { openScriptedServer } from '../scripted-server.ts';

export type Fields = Readonly<Record<string, string>>;

export interface Received {
  readonly path: string;
  readonly fields: Fields;
  readonly signatureHolds: boolean;
}

/** What the desk answers: fields that it signs, or a body exactly as given. */
export type Script = { readonly fields: Fields; readonly signer?: Signer } | RawAnswer | 'silence';

export interface Signer {
  readonly key: KeyObject;
  readonly pem: string;
}

export const NOW = new Date('2026-11-24T02:30:00Z');
export const MER_ID = '802310048993424';
export const OWNER_NAME = '041@8310000000083040@中国银联股份有限公司@00016493';

const rootPair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const middlePair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });

const ROOT_NAME = 'CFCA TEST CS CA';
const MIDDLE_NAME = 'CFCA TEST OCA1';
const VALID = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2030-12-31T00:00:00Z') };

export const ROOT_PEM = makeCertificate({
  ...{ serial: '01', commonName: ROOT_NAME, ...rootPair, ...VALID },
  authority: true,
});
export const MIDDLE_PEM = middleValid(VALID);

/** The authority between, as it is when its own certificate has another time or may not issue. */
export function middleValid(
  period: { readonly from: Date; readonly to: Date },
  o: { readonly mayIssue?: boolean } = {},
): string {
  return makeCertificate({
    ...{ serial: '02', commonName: MIDDLE_NAME, ...middlePair, ...period },
    ...(o.mayIssue === false ? {} : { authority: true as const }),
    issuer: { commonName: ROOT_NAME, privateKey: rootPair.privateKey },
  });
}

/** A certificate from the middle authority, or as asked otherwise. */
export function signerNamed(
  commonName: string,
  o: { readonly from?: Date; readonly to?: Date; readonly selfMade?: boolean } = {},
): Signer {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const issuer = { commonName: MIDDLE_NAME, privateKey: middlePair.privateKey };
  const pem = makeCertificate({
    serial: '4401',
    commonName,
    ...pair,
    from: o.from ?? VALID.from,
    to: o.to ?? VALID.to,
    ...(o.selfMade === true ? {} : { issuer }),
  });
  return { key: pair.privateKey, pem };
}

export const UNIONPAY: Signer = signerNamed(OWNER_NAME);

const CLOCK: Clock = { now: () => NOW, wallNow: () => NOW, toWallMs: (ms) => ms };

export function trust(owners = ['中国银联股份有限公司']): SigningCertificates {
  const authorities = [ROOT_PEM, MIDDLE_PEM].map((pem) => new X509Certificate(pem));
  return new SigningCertificates({ authorities, owners });
}

export interface Desk extends ScriptedServer<Received, Script> {
  channel(deps?: {
    readonly clock?: Clock;
    readonly http?: HttpClient;
    readonly fileAnswerBytesMax?: number;
  }): Channel;
}

export async function openDesk(): Promise<Desk> {
  const server = await openScriptedServer<Received, Script>({ read, write });
  const account = accountAt(server.url);
  return { ...server, channel: (deps = {}) => unionpayChannel(account, { clock: CLOCK, ...deps }) };
}

export function accountAt(url: string): UnionpayAccount {
  return {
    id: 'up-1',
    merchantId: 'shop',
    merId: MER_ID,
    gatewayBase: `${url}/gateway/api`,
    fileUrl: `${url}/files`,
    backUrl: 'https://pay.example/callbacks/unionpay/up-1',
    bizType: '000201',
    channelType: '07',
    privateKey: merchant.privateKey,
    certId: '68759663125',
    certificates: trust(),
    ownCertificates: [],
  };
}

export const ORDER: RefundOrder = {
  refundNo: 'RF20261124000000000001',
  requestedAt: NOW,
  paymentNo: 'PAY20261101105145',
  transactionId: '442611011051457846498',
  paidAt: new Date('2026-11-01T02:51:45Z'),
  amountMinor: 2_345n,
  capturedMinor: 12_345n,
  currency: 'CNY',
  reason: null,
};

/** The refund's time as UnionPay names it: Beijing. */
export const TXN_TIME = '20261124103000';

/** Signs as the document says: sorted fields, SHA-256 as hex, RSA-SHA256 over the hex text. */
export function signedFields(fields: Fields, signer: Signer = UNIONPAY): Fields {
  const all = {
    version: '5.1.0',
    signMethod: '01',
    encoding: 'UTF-8',
    signPubKeyCert: signer.pem,
    ...fields,
  };
  return {
    ...all,
    signature: createSign('RSA-SHA256').update(digest(all), 'ascii').sign(signer.key, 'base64'),
  };
}

function digest(fields: Fields): string {
  const text = Object.entries(fields)
    .filter(([name, value]) => name !== 'signature' && value !== '')
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** An answer's body: values as they are, not encoded. */
export function wire(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function read(request: IncomingMessage, body: string): Received {
  const fields = Object.fromEntries(new URLSearchParams(body));
  const holds = createVerify('RSA-SHA256')
    .update(digest(fields), 'ascii')
    .verify(merchant.publicKey, fields['signature'] ?? '', 'base64');
  return { path: request.url ?? '', fields, signatureHolds: holds };
}

function write(script: Script): RawAnswer {
  if (script === 'silence') return { body: '', breaks: 'at once' };
  return 'body' in script ? script : { body: wire(signedFields(script.fields, script.signer)) };
}
