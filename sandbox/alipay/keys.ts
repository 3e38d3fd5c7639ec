/**
 * Keys made at start: a merchant's and Alipay's, with the certificates of both, so that an application can work in either
 * mode. Nothing here is ever part of the repository.
 */
import { createHash } from 'node:crypto';
import type { CertificateOrder, Subject } from '../certificate.ts';
import { makeCertificate } from '../certificate.ts';
import { newKeyPair, newSerial, pemOf, randomDigits } from '../key-pair.ts';

/** How an application and Alipay know each other's keys. */
export const KEY_MODES = ['public_key', 'certificate'] as const;
export type KeyMode = (typeof KEY_MODES)[number];

/** What a merchant holds. The sandbox itself is told everything but the private key. */
export interface MerchantKeys {
  readonly appId: string;
  /** The merchant's own account number (PID). */
  readonly sellerId: string;
  readonly privateKeyPem: string;
  readonly publicKeyPem: string;
  /** The application's certificate, as Alipay issues it. */
  readonly certificatePem: string;
  readonly certificateSn: string;
}

/** What Alipay holds: one key pair, and a certificate of it under a root. */
export interface ChannelKeys {
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
  /** The certificate that signs and the one above it. */
  readonly certificatePem: string;
  readonly certificateSn: string;
  /** The roots, as applications keep them. */
  readonly rootPem: string;
  readonly rootSn: string;
}

export interface AlipayKeys {
  readonly merchant: MerchantKeys;
  readonly channel: ChannelKeys;
}

const DAY_MS = 86_400_000;
const CERTIFICATE_DAYS = 5 * 365;

const SANDBOX: Subject['organisation'] = [
  ['C', 'CN'],
  ['O', 'Yuanlu sandbox'],
  ['OU', 'Certification Authority'],
];
const ROOT: Subject = { organisation: SANDBOX, commonName: 'Alipay sandbox root R1' };
const OTHER_ROOT: Subject = { organisation: SANDBOX, commonName: 'Alipay sandbox root R2' };
const MIDDLE: Subject = { organisation: SANDBOX, commonName: 'Alipay sandbox class 1 R1' };

/** @param wallNow the host's own instant: certificates are checked against real time, never against virtual time. */
export function makeAlipayKeys(wallNow: Date): AlipayKeys {
  const from = new Date(wallNow.getTime() - DAY_MS);
  const period = { from, to: new Date(from.getTime() + CERTIFICATE_DAYS * DAY_MS) };
  const [root, otherRoot, middle, alipay, merchant] = [1, 2, 3, 4, 5].map(() => newKeyPair()) as Five;
  const certificate = (order: Omit<CertificateOrder, 'from' | 'to' | 'serial'>): Issued => {
    const serial = newSerial();
    const pem = makeCertificate({ ...order, ...period, serial });
    return { pem, sn: serialName(order.issuer ?? order, serial) };
  };
  const byMiddle = { ...MIDDLE, privateKey: middle.privateKey };
  const authority = true;
  const roots = [
    certificate({ ...ROOT, ...root, authority }),
    certificate({ ...OTHER_ROOT, ...otherRoot, authority }),
  ];
  const above = certificate({
    ...MIDDLE,
    ...middle,
    authority,
    issuer: { ...ROOT, privateKey: root.privateKey },
  });
  const own = certificate({ commonName: 'Alipay sandbox', ...alipay, issuer: byMiddle });
  const appId = `2021${randomDigits(12)}`;
  const application = certificate({ commonName: appId, ...merchant, issuer: byMiddle });
  return {
    merchant: {
      appId,
      sellerId: `2088${randomDigits(12)}`,
      privateKeyPem: pemOf(merchant.privateKey),
      publicKeyPem: pemOf(merchant.publicKey),
      certificatePem: application.pem,
      certificateSn: application.sn,
    },
    channel: {
      publicKeyPem: pemOf(alipay.publicKey),
      privateKeyPem: pemOf(alipay.privateKey),
      certificatePem: own.pem + above.pem,
      certificateSn: own.sn,
      rootPem: roots.map(({ pem }) => pem).join(''),
      rootSn: roots.map(({ sn }) => sn).join('_'),
    },
  };
}

type Pair = ReturnType<typeof newKeyPair>;
type Five = [Pair, Pair, Pair, Pair, Pair];

interface Issued {
  readonly pem: string;
  readonly sn: string;
}

/** By which Alipay names a certificate: MD5 of the issuer's name, read from its end, and the serial number in decimals. */
function serialName({ organisation = [], commonName }: Subject, serial: string): string {
  const issuer = [...organisation, ['CN', commonName] as const].toReversed();
  const text = issuer.map(([attribute, value]) => `${attribute}=${value}`).join(',');
  return createHash('md5')
    .update(text + BigInt(`0x${serial}`).toString())
    .digest('hex');
}
