/** Signatures and wire formats of version 5.1.0, from the channel's side. Written apart from the client's on purpose. */
import type { KeyObject } from 'node:crypto';
import { createHash, createPrivateKey, sign, verify } from 'node:crypto';
import type { CertifiedKey } from './keys.ts';

export type Fields = Readonly<Record<string, string>>;

const FIELDS_MAX = 100;

export interface Signer {
  readonly privateKey: KeyObject;
  /** As it goes into the message: lines that end in CR LF. */
  readonly certificate: string;
}

export function signerOf({ privateKeyPem, certificatePem }: CertifiedKey): Signer {
  return {
    privateKey: createPrivateKey(privateKeyPem),
    certificate: certificatePem.trimEnd().replaceAll('\n', '\r\n'),
  };
}

/** How a signature is spoilt: one that belongs to other fields, or a right one under a stranger's certificate. */
export type Spoilt = 'signature' | 'certificate';

/** The fields with the certificate and a signature over all of them. */
export function signed(fields: Fields, signer: Signer, spoilt = false): Fields {
  const all: Fields = { ...fields, signMethod: '01', signPubKeyCert: signer.certificate };
  const text = digestOf(spoilt ? { ...all, respMsg: '' } : all);
  return { ...all, signature: sign('sha256', text, signer.privateKey).toString('base64') };
}

export function isSignedBy(fields: Fields, key: KeyObject): boolean {
  const signature = Buffer.from(fields['signature'] ?? '', 'base64');
  return signature.length > 0 && verify('sha256', digestOf(fields), key, signature);
}

/** SHA-256 of the sorted pairs as lower-case hex; these letters are what RSA signs. Empty fields do not count. */
function digestOf(fields: Fields): Buffer {
  const pairs = Object.entries(fields)
    .filter(([name, value]) => name !== 'signature' && value !== '')
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return Buffer.from(createHash('sha256').update(pairs.join('&'), 'utf8').digest('hex'));
}

/** The body of an answer: by name, values as they are. */
export function answerBody(fields: Fields): string {
  return Object.entries(fields)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** The body of a notice: a form. */
export function formBody(fields: Fields): string {
  return new URLSearchParams(fields).toString();
}

/** The fields of a request; null when it is no form: not UTF-8, a name twice or none, too many. */
export function readForm(body: Buffer): Fields | null {
  const text = body.toString('utf8');
  const pairs = [...new URLSearchParams(text)];
  const names = new Set(pairs.map(([name]) => name));
  const isForm = pairs.length > 0 && pairs.length <= FIELDS_MAX && names.size === pairs.length;
  return isForm && !names.has('') && !text.includes('\uFFFD') ? Object.fromEntries(pairs) : null;
}
