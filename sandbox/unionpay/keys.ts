/** Keys and certificates made at start: UnionPay's chain of three, and a merchant's. Nothing here is ever part of the repository. */
import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto';
import { makeCertificate } from '../certificate.ts';
import { newKeyPair, pemOf, randomDigits } from '../key-pair.ts';

export interface CertifiedKey {
  readonly privateKeyPem: string;
  readonly certificatePem: string;
}

/** Root, the authority below it that issues, and the key with which UnionPay signs answers and notices. */
export interface ChannelKeys {
  readonly rootPem: string;
  readonly issuer: CertifiedKey;
  readonly signing: CertifiedKey;
}

/** What a merchant holds. The sandbox itself is given the certificate only. */
export interface MerchantKeys extends CertifiedKey {
  readonly merId: string;
  /** Decimal serial of the certificate: requests name it. */
  readonly certId: string;
}

const DAY_MS = 86_400_000;
const CERTIFICATE_DAYS = 5 * 365;
const ROOT_NAME = 'Sandbox Root CA';
const ISSUER_NAME = 'Sandbox OCA1';
/** The third part is the owner: what UnionPay's test gateway is made out to, so that nobody takes this for production. */
const SIGNING_NAME = 'sandbox@UnionPay@00040000:SIGN@00000001';

/** @param wallNow the host's own instant: certificates are checked against real time, never against virtual time. */
export function makeChannelKeys(wallNow: Date): ChannelKeys {
  const root = newKeyPair();
  const rootPem = makeCertificate({
    ...root,
    ...lifeFrom(wallNow),
    serial: newSerialOf(newCertId()),
    commonName: ROOT_NAME,
    authority: true,
  });
  const pair = newKeyPair();
  const certificatePem = makeCertificate({
    ...pair,
    ...lifeFrom(wallNow),
    serial: newSerialOf(newCertId()),
    commonName: ISSUER_NAME,
    authority: true,
    issuer: { commonName: ROOT_NAME, privateKey: root.privateKey },
  });
  const issuer = { privateKeyPem: pemOf(pair.privateKey), certificatePem };
  return { rootPem, issuer, signing: certified(issuer, SIGNING_NAME, newCertId(), wallNow) };
}

export function makeMerchantKeys(
  { issuer }: Pick<ChannelKeys, 'issuer'>,
  wallNow: Date,
  merId = `7772900581${randomDigits(5)}`,
): MerchantKeys {
  const certId = newCertId();
  return { merId, certId, ...certified(issuer, `041@sandbox merchant@${merId}@00000002`, certId, wallNow) };
}

/** A stranger's own certificate: made out to UnionPay, issued by nobody that anybody trusts. */
export function makeStrangerKeys(wallNow: Date): CertifiedKey {
  const pair = newKeyPair();
  const certificatePem = makeCertificate({
    ...pair,
    ...lifeFrom(wallNow),
    serial: newSerialOf(newCertId()),
    commonName: SIGNING_NAME,
  });
  return { privateKeyPem: pemOf(pair.privateKey), certificatePem };
}

/** The serial as UnionPay names it: decimal. @throws Error for what is no certificate */
export function certIdOf(certificatePem: string): string {
  return BigInt(`0x${new X509Certificate(certificatePem).serialNumber}`).toString();
}

function certified(issuer: CertifiedKey, commonName: string, certId: string, wallNow: Date): CertifiedKey {
  const pair = newKeyPair();
  const certificatePem = makeCertificate({
    publicKey: createPublicKey(pair.privateKey),
    privateKey: pair.privateKey,
    ...lifeFrom(wallNow),
    serial: newSerialOf(certId),
    commonName,
    issuer: { commonName: ISSUER_NAME, privateKey: createPrivateKey(issuer.privateKeyPem) },
  });
  return { privateKeyPem: pemOf(pair.privateKey), certificatePem };
}

function lifeFrom(wallNow: Date): { readonly from: Date; readonly to: Date } {
  const from = new Date(wallNow.getTime() - DAY_MS);
  return { from, to: new Date(from.getTime() + CERTIFICATE_DAYS * DAY_MS) };
}

function newCertId(): string {
  return `6${randomDigits(10)}`;
}

/** The same number in whole bytes of upper-case hex. */
function newSerialOf(certId: string): string {
  const hex = BigInt(certId).toString(16).toUpperCase();
  return hex.length % 2 === 0 ? hex : `0${hex}`;
}
