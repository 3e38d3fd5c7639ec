/**
 * A merchant as UnionPay's documents describe it, written apart from channels/unionpay: it signs and verifies by itself,
 * and sends the very fields that it is told to send.
 */
import { X509Certificate, createHash, createPrivateKey, createSign, createVerify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { MerchantKeys } from '../../../sandbox/unionpay/keys.ts';
import { exchange } from '../exchange.ts';

export type Fields = Readonly<Record<string, string>>;

const FORM = 'application/x-www-form-urlencoded;charset=UTF-8';

/** What comes back over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** The fields with certId and signature, as 5.1.0 asks. */
export function signedBy(keys: Pick<MerchantKeys, 'certId' | 'privateKeyPem'>, fields: Fields): Fields {
  const all: Fields = {
    version: '5.1.0',
    encoding: 'UTF-8',
    signMethod: '01',
    certId: keys.certId,
    ...fields,
  };
  const signer = createSign('RSA-SHA256').update(digest(all), 'ascii');
  return { ...all, signature: signer.sign(createPrivateKey(keys.privateKeyPem), 'base64') };
}

/** Hex of SHA-256 over the sorted fields: RSA signs these letters. */
function digest(fields: Fields): string {
  const names = Object.keys(fields).filter((name) => name !== 'signature' && fields[name] !== '');
  names.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  const text = names.map((name) => `${name}=${fields[name] ?? ''}`).join('&');
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** What is wrong with a message of UnionPay; null when it may be believed. */
export function faultOf(
  fields: Fields,
  trust: { readonly root: string; readonly issuer: string },
): string | null {
  const pem = fields['signPubKeyCert'] ?? '';
  if (!pem.includes('\r\n')) return 'the certificate is not in lines of CR LF';
  const certificate = new X509Certificate(pem);
  const [root, issuer] = [new X509Certificate(trust.root), new X509Certificate(trust.issuer)];
  if (!issuer.checkIssued(root) || !issuer.verify(root.publicKey))
    return 'the chain does not begin at the root';
  if (!issuer.ca || !root.ca || certificate.ca) return 'not two authorities above one that is none';
  if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey))
    return 'the certificate is of another issuer';
  const owner = /^CN=[^@]*@[^@]*@([^@]*)@/m.exec(certificate.subject)?.[1];
  if (owner !== '00040000:SIGN') return `the certificate is made out to ${String(owner)}`;
  if (Date.parse(certificate.validTo) < Date.now()) return 'the certificate is over';
  const holds = createVerify('RSA-SHA256')
    .update(digest(fields), 'ascii')
    .verify(certificate.publicKey, fields['signature'] ?? '', 'base64');
  return holds ? null : 'the signature is of other fields';
}

/** Takes an answer apart where a known name follows: values are not encoded. */
export function fieldsOf(text: string): Fields {
  const fields: Record<string, string> = {};
  for (const part of text.split(/&(?=[A-Za-z]+=)/)) {
    const [name = ''] = part.split('=', 1);
    fields[name] = part.slice(name.length + 1);
  }
  return fields;
}

export interface Post {
  readonly url: string;
  readonly body: string | Buffer;
  /** A form when absent. */
  readonly type?: string;
  /** POST when absent. */
  readonly method?: string;
  /** Rejects when nothing has come for so long. */
  readonly timeoutMs?: number;
}

/** One request. Rejects when the answer breaks off. */
export async function post({ body, type = FORM, method = 'POST', ...rest }: Post): Promise<Answer> {
  const { status, headers, bytes } = await exchange({
    ...{ method, headers: { 'content-type': type }, body: Buffer.from(body) },
    ...rest,
  });
  return { status, headers, text: bytes.toString('utf8') };
}
