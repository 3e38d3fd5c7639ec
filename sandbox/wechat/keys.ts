/** Keys made at start: a merchant's and WeChat Pay's. Nothing here is ever part of the repository. */
import { randomBytes } from 'node:crypto';
import { makeCertificate } from '../certificate.ts';
import { newKeyPair, newSerial, pemOf, randomDigits } from '../key-pair.ts';

/** What a merchant holds. The sandbox itself is given {@link SandboxMerchant}, without the private key. */
export interface MerchantKeys {
  readonly mchid: string;
  readonly appid: string;
  readonly certificateSerial: string;
  readonly privateKeyPem: string;
  readonly publicKeyPem: string;
  /** 32 characters: the AES key of callbacks and of the certificate list. */
  readonly apiV3Key: string;
}

/** What WeChat Pay holds: the key pair with an id (new mode) and the platform certificate with its key (old mode). */
export interface ChannelKeys {
  readonly publicKeyId: string;
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
  readonly platform: PlatformKeys;
}

export interface PlatformKeys {
  readonly serial: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly from: Date;
  readonly to: Date;
}

const DAY_MS = 86_400_000;
const CERTIFICATE_DAYS = 5 * 365;

export function makeMerchantKeys(o: { readonly mchid?: string; readonly appid?: string } = {}): MerchantKeys {
  const pair = newKeyPair();
  return {
    mchid: o.mchid ?? `19${randomDigits(8)}`,
    appid: o.appid ?? `wx${randomBytes(8).toString('hex')}`,
    certificateSerial: newSerial(),
    privateKeyPem: pemOf(pair.privateKey),
    publicKeyPem: pemOf(pair.publicKey),
    apiV3Key: randomBytes(16).toString('hex'),
  };
}

/** @param wallNow the host's own instant: certificates are checked against real time, never against virtual time. */
export function makeChannelKeys(wallNow: Date): ChannelKeys {
  const pair = newKeyPair();
  return {
    publicKeyId: `PUB_KEY_ID_01${randomDigits(32)}`,
    publicKeyPem: pemOf(pair.publicKey),
    privateKeyPem: pemOf(pair.privateKey),
    platform: makePlatformKeys(wallNow),
  };
}

export function makePlatformKeys(wallNow: Date): PlatformKeys {
  const pair = newKeyPair();
  const serial = newSerial();
  const from = new Date(wallNow.getTime() - DAY_MS);
  const to = new Date(from.getTime() + CERTIFICATE_DAYS * DAY_MS);
  const certificatePem = makeCertificate({
    ...pair,
    serial,
    commonName: 'Tenpay.com sandbox',
    from,
    to,
  });
  return { serial, certificatePem, privateKeyPem: pemOf(pair.privateKey), from, to };
}
