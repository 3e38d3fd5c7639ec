/**
 * Keys made at start: a merchant's and Alipay's, with the certificates of both, so that an application can work in either
 * mode. Nothing here is ever part of the repository.
 */
import type { KeyObject } from 'node:crypto';
import { createHash, createPrivateKey } from 'node:crypto';
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

/** A key pair and the certificate under which it signs. */
export interface SigningKeys {
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
  /** The certificate that signs and the one above it. */
  readonly certificatePem: string;
  readonly certificateSn: string;
}

/** What Alipay holds: one key pair, and a certificate of it under a root. */
export interface ChannelKeys extends SigningKeys {
  /** The roots, as applications keep them. */
  readonly rootPem: string;
  readonly rootSn: string;
  /** What issues certificates below the first root. */
  readonly issuer: { readonly privateKeyPem: string; readonly certificatePem: string };
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

/** The name of the company to which Alipay's certificates are made out; the merchant's number follows. */
const OWNER = '支付宝(中国)网络技术有限公司';

/** What may be wrong with a certificate that is made wrong on purpose. */
export const CERTIFICATE_FLAWS = ['expired', 'other_owner', 'unchained'] as const;
export type CertificateFlaw = (typeof CERTIFICATE_FLAWS)[number];

/**
 * A new key pair of Alipay's and its certificate, as when the old one is about to end.
 * @param wallNow the host's own instant
 */
export function renewedKeys(
  { issuer, ownerNo }: Pick<ChannelKeys, 'issuer'> & { readonly ownerNo: string },
  wallNow: Date,
  flaw?: CertificateFlaw,
): SigningKeys {
  const pair = newKeyPair();
  const serial = newSerial();
  const days = flaw === 'expired' ? [-30, -1] : [-1, CERTIFICATE_DAYS];
  const [from, to] = days.map((count) => new Date(wallNow.getTime() + count * DAY_MS)) as [Date, Date];
  const issuerKey = flaw === 'unchained' ? newKeyPair().privateKey : createPrivateKey(issuer.privateKeyPem);
  const commonName = flaw === 'other_owner' ? '某某科技有限公司' : `${OWNER}-${ownerNo}`;
  const pem = makeCertificate({
    ...{ commonName, ...pair, from, to, serial },
    issuer: { ...MIDDLE, privateKey: issuerKey },
  });
  return {
    publicKeyPem: pemOf(pair.publicKey),
    privateKeyPem: pemOf(pair.privateKey),
    certificatePem: pem + issuer.certificatePem,
    certificateSn: serialName(MIDDLE, serial),
  };
}

/** @param wallNow the host's own instant: certificates are checked against real time, never against virtual time. */
export function makeAlipayKeys(wallNow: Date): AlipayKeys {
  const [root, otherRoot, middle, alipay] = [1, 2, 3, 4].map(() => newKeyPair()) as Four;
  const authority = true as const;
  const roots = [
    issue({ ...ROOT, ...root, authority }, wallNow),
    issue({ ...OTHER_ROOT, ...otherRoot, authority }, wallNow),
  ];
  const byRoot = { authority, issuer: { ...ROOT, privateKey: root.privateKey } };
  const above = issue({ ...MIDDLE, ...middle, ...byRoot }, wallNow);
  const merchant = makeMerchantKeys(middle.privateKey, wallNow);
  const own = issue(
    {
      ...{ commonName: `${OWNER}-${merchant.sellerId}`, ...alipay },
      issuer: { ...MIDDLE, privateKey: middle.privateKey },
    },
    wallNow,
  );
  return {
    merchant,
    channel: {
      publicKeyPem: pemOf(alipay.publicKey),
      privateKeyPem: pemOf(alipay.privateKey),
      certificatePem: own.pem + above.pem,
      certificateSn: own.sn,
      rootPem: roots.map(({ pem }) => pem).join(''),
      rootSn: roots.map(({ sn }) => sn).join('_'),
      issuer: { privateKeyPem: pemOf(middle.privateKey), certificatePem: above.pem },
    },
  };
}

/** Another merchant at the same Alipay, whose certificate is made out to the first: this one works in key mode. */
export function alipayKeysBeside({ channel }: AlipayKeys, wallNow: Date): AlipayKeys {
  return { channel, merchant: makeMerchantKeys(createPrivateKey(channel.issuer.privateKeyPem), wallNow) };
}

function makeMerchantKeys(issuerKey: KeyObject, wallNow: Date): MerchantKeys {
  const pair = newKeyPair();
  const [appId, sellerId] = [`2021${randomDigits(12)}`, `2088${randomDigits(12)}`];
  const commonName = `${sellerId}-${appId}`;
  const { pem, sn } = issue({ commonName, ...pair, issuer: { ...MIDDLE, privateKey: issuerKey } }, wallNow);
  return {
    ...{ appId, sellerId },
    privateKeyPem: pemOf(pair.privateKey),
    publicKeyPem: pemOf(pair.publicKey),
    certificatePem: pem,
    certificateSn: sn,
  };
}

function issue(order: Omit<CertificateOrder, 'from' | 'to' | 'serial'>, wallNow: Date): Issued {
  const serial = newSerial();
  const from = new Date(wallNow.getTime() - DAY_MS);
  const to = new Date(from.getTime() + CERTIFICATE_DAYS * DAY_MS);
  return {
    pem: makeCertificate({ ...order, from, to, serial }),
    sn: serialName(order.issuer ?? order, serial),
  };
}

type Pair = ReturnType<typeof newKeyPair>;
type Four = [Pair, Pair, Pair, Pair];

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
