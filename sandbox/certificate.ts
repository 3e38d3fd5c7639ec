/**
 * Writes an X.509 v3 certificate in DER, because Node reads certificates but does not make them. Only what
 * the channels' certificates need: RSA with SHA-256, UTC times (years before 2050).
 */
import type { KeyObject } from 'node:crypto';
import { sign } from 'node:crypto';

const TAG = {
  integer: 0x02,
  bits: 0x03,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  octets: 0x04,
  boolean: 0x01,
  extensions: 0xa3,
};

/** AlgorithmIdentifier: 1.2.840.113549.1.1.11 (sha256WithRSAEncryption) with NULL parameters. */
const SHA256_WITH_RSA = Buffer.from('300d06092a864886f70d01010b0500', 'hex');
/** 2.5.4.3 and its neighbours: the attributes of a name. */
const ATTRIBUTES = {
  CN: Buffer.from('550403', 'hex'),
  C: Buffer.from('550406', 'hex'),
  O: Buffer.from('55040a', 'hex'),
  OU: Buffer.from('55040b', 'hex'),
} as const;
/** 2.5.29.19, the extension "basic constraints". */
const BASIC_CONSTRAINTS = Buffer.from('551d13', 'hex');
const TRUE = Buffer.from([0xff]);

type NamePart = readonly [attribute: keyof typeof ATTRIBUTES, value: string];

/** Who a certificate is for. */
export interface Subject {
  /** Parts of the name that come before the common name, in the order in which they are encoded. */
  readonly organisation?: readonly NamePart[];
  readonly commonName: string;
}

export interface CertificateOrder extends Subject {
  /** Upper-case hex; the name by which a signature says which key made it. */
  readonly serial: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly from: Date;
  readonly to: Date;
  /** Who signs it; without one it signs itself. */
  readonly issuer?: Subject & { readonly privateKey: KeyObject };
  /** It may sign other certificates. */
  readonly authority?: true;
}

/** The certificate as PEM. */
export function makeCertificate(order: CertificateOrder): string {
  const issuer = order.issuer ?? order;
  const body = sequence(
    der(TAG.version, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, positive(Buffer.from(order.serial, 'hex'))),
    SHA256_WITH_RSA,
    nameOf(issuer),
    sequence(utcTime(order.from), utcTime(order.to)),
    nameOf(order),
    order.publicKey.export({ type: 'spki', format: 'der' }),
    ...(order.authority === true ? [der(TAG.extensions, sequence(mayIssue()))] : []),
  );
  const signature = sign('sha256', body, issuer.privateKey);
  const unusedBits = Buffer.from([0]);
  const certificate = sequence(body, SHA256_WITH_RSA, der(TAG.bits, Buffer.concat([unusedBits, signature])));
  const lines = certificate
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')
    .trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function nameOf({ organisation = [], commonName }: Subject): Buffer {
  const parts: readonly NamePart[] = [...organisation, ['CN', commonName]];
  return sequence(
    ...parts.map(([attribute, value]) =>
      der(TAG.set, sequence(der(TAG.oid, ATTRIBUTES[attribute]), der(TAG.utf8, Buffer.from(value)))),
    ),
  );
}

/** Without it no careful program lets the certificate vouch for another. */
function mayIssue(): Buffer {
  const constraints = sequence(der(TAG.boolean, TRUE));
  return sequence(der(TAG.oid, BASIC_CONSTRAINTS), der(TAG.boolean, TRUE), der(TAG.octets, constraints));
}

function der(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), lengthOf(content), content]);
}

/** Below 128 the length is one byte; above, a byte that counts the bytes of the length goes before it. */
function lengthOf(content: Buffer): Buffer {
  if (content.length < 0x80) return Buffer.from([content.length]);
  const hex = content.length.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(TAG.sequence, Buffer.concat(parts));
}

/** INTEGER is signed: a leading zero keeps a high first bit from meaning "negative". */
function positive(bytes: Buffer): Buffer {
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}

function utcTime(at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return der(TAG.utcTime, Buffer.from(`${digits}Z`, 'ascii'));
}
