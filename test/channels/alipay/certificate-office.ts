/** Certificates as Alipay hands them out: two roots, the authority below the first, and whatever it is asked to issue. */
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { makeCertificate } from '../../../sandbox/certificate.ts';
import { APP_ID, SELLER_ID } from './gateway-desk.ts';

export interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function newPair(): Pair {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

export interface Period {
  readonly from: Date;
  readonly to: Date;
}

export const PERIOD: Period = {
  from: new Date('2026-01-01T00:00:00Z'),
  to: new Date('2030-12-31T00:00:00Z'),
};
export const ENDED: Period = { ...PERIOD, to: new Date('2026-11-24T02:29:59Z') };
export const NOT_YET: Period = { ...PERIOD, from: new Date('2026-11-24T02:30:01Z') };

/** As the certificate that Alipay's own SDK publishes is made out. */
export const ALIPAY_NAME = `支付宝(中国)网络技术有限公司-${SELLER_ID}`;
export const APP_NAME = `${SELLER_ID}-${APP_ID}`;

const ROOT = 'Ant Root R1';
const OTHER_ROOT = 'Ant Root R2';
const MIDDLE = 'Ant Class 2 R1';

const root = newPair();
const otherRoot = newPair();
const middle = newPair();

let serials = 0x1a00;

function nextSerial(): string {
  return (serials += 1).toString(16).toUpperCase();
}

const authority = true as const;

export const ROOTS_PEM =
  makeCertificate({ serial: '5A01', commonName: OTHER_ROOT, ...otherRoot, ...PERIOD, authority }) +
  makeCertificate({ serial: '5A02', commonName: ROOT, ...root, ...PERIOD, authority });

/** The file of somebody else's roots. */
export const STRANGE_ROOTS_PEM = makeCertificate({
  ...{ serial: '5A09', commonName: 'Strange Root', ...newPair(), ...PERIOD, authority },
});

/** The certificate of the authority between. */
export function middlePem(period: Period = PERIOD, o: { readonly mayIssue?: boolean } = {}): string {
  return makeCertificate({
    ...{ serial: nextSerial(), commonName: MIDDLE, ...middle, ...period },
    ...(o.mayIssue === false ? {} : { authority }),
    issuer: { commonName: ROOT, privateKey: root.privateKey },
  });
}

/** One certificate from that authority, without it. */
export function issued(commonName: string, pair: Pair, period: Period = PERIOD): string {
  return makeCertificate({
    ...{ serial: nextSerial(), commonName, ...pair, ...period },
    issuer: { commonName: MIDDLE, privateKey: middle.privateKey },
  });
}

/** One that names that authority and that a stranger signed. */
export function forged(commonName: string, pair: Pair): string {
  return makeCertificate({
    ...{ serial: nextSerial(), commonName, ...pair, ...PERIOD },
    issuer: { commonName: MIDDLE, privateKey: newPair().privateKey },
  });
}
