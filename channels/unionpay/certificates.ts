/**
 * Whether the certificate inside an answer may be believed: issued down from the configured root, valid now, and made out
 * to UnionPay itself. UnionPay sends its certificate with every answer, so this is what makes an answer its own.
 */
import { X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Third part of the subject's common name, between `@`. */
export const OWNER = '中国银联股份有限公司';
/** What UnionPay's test gateway is made out to. */
export const TEST_OWNER = '00040000:SIGN';

/** Certificates kept as believed; UnionPay uses a handful. */
const KEPT_MAX = 100;

export interface Trust {
  /** Roots and the certificates between; each is compared whole. */
  readonly authorities: readonly X509Certificate[];
  readonly owners: readonly string[];
}

export type CertificateVerdict =
  | { readonly believed: true; readonly key: KeyObject }
  | { readonly believed: false; readonly why: string };

/** Remembers what was believed: the chain need not be walked for every answer. Validity is looked at each time. */
export class SigningCertificates {
  readonly #trust: Trust;
  readonly #kept = new Map<string, X509Certificate>();

  constructor(trust: Trust) {
    this.#trust = trust;
  }

  judge(pem: string, now: Date): CertificateVerdict {
    const kept = this.#kept.get(pem);
    const certificate = kept ?? parse(pem);
    if (certificate === null) return { believed: false, why: 'the certificate in the answer cannot be read' };
    const why = kept === undefined ? this.#whyNot(certificate) : null;
    if (why !== null) return { believed: false, why };
    if (!isValidAt(certificate, now))
      return { believed: false, why: 'the certificate in the answer is not valid now' };
    if (kept === undefined && this.#kept.size < KEPT_MAX) this.#kept.set(pem, certificate);
    return { believed: true, key: certificate.publicKey };
  }

  #whyNot(certificate: X509Certificate): string | null {
    const owner = commonName(certificate).split('@')[2] ?? '';
    if (!this.#trust.owners.includes(owner))
      return `the certificate is made out to ${owner === '' ? 'nobody' : owner}`;
    return this.#isIssued(certificate, this.#trust.authorities.length)
      ? null
      : 'the certificate is not from the configured root';
  }

  /** Walks up to a certificate that issued itself, over configured ones only. */
  #isIssued(certificate: X509Certificate, stepsLeft: number): boolean {
    if (stepsLeft === 0) return false;
    return this.#trust.authorities.some(
      (authority) =>
        certificate.checkIssued(authority) &&
        certificate.verify(authority.publicKey) &&
        (isSelfIssued(authority) || this.#isIssued(authority, stepsLeft - 1)),
    );
  }
}

function parse(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

function isSelfIssued(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

function isValidAt(certificate: X509Certificate, now: Date): boolean {
  return (
    Date.parse(certificate.validFrom) <= now.getTime() && now.getTime() <= Date.parse(certificate.validTo)
  );
}

function commonName(certificate: X509Certificate): string {
  const line = certificate.subject.split('\n').find((one) => one.startsWith('CN='));
  return line?.slice('CN='.length) ?? '';
}

/** The serial of the merchant's certificate as UnionPay names it: decimal. */
export function certificateId(certificate: X509Certificate): string {
  return BigInt(`0x${certificate.serialNumber}`).toString();
}
