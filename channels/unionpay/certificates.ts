/**
 * Whether the certificate inside an answer may be believed. UnionPay sends its certificate with every answer, so this is
 * what makes an answer its own.
 */
import { X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { ErrorCode } from '../../domain/errors.ts';
import type { Trust } from '../certificate-chain.ts';
import { commonName, isSelfIssued, isValidAt, judgeCertificate } from '../certificate-chain.ts';

/** Third part of the subject's common name, between `@`. */
export const OWNER = '中国银联股份有限公司';
/** What UnionPay's test gateway is made out to. */
export const TEST_OWNER = '00040000:SIGN';

/** Certificates kept as believed; UnionPay uses a handful. */
const KEPT_MAX = 100;

export type CertificateVerdict =
  | { readonly believed: true; readonly key: KeyObject }
  | { readonly believed: false; readonly code: ErrorCode; readonly why: string };

/** Remembers what was believed: the chain need not be walked for every answer. Validity is looked at each time. */
export class SigningCertificates {
  readonly #trust: Trust;
  /** The chain of each, from itself up to the root. */
  readonly #kept = new Map<string, readonly X509Certificate[]>();

  /** @param o.authorities roots and the certificates between; each is compared whole */
  constructor(o: { readonly authorities: readonly X509Certificate[]; readonly owners: readonly string[] }) {
    this.#trust = {
      roots: o.authorities.filter((one) => isSelfIssued(one)),
      between: o.authorities.filter((one) => !isSelfIssued(one)),
      otherOwner: (certificate) => {
        const owner = commonName(certificate).split('@')[2] ?? '';
        if (o.owners.includes(owner)) return null;
        return owner === '' ? 'nobody' : owner;
      },
    };
  }

  judge(pem: string, now: Date): CertificateVerdict {
    const kept = this.#kept.get(pem);
    const [own] = kept ?? [];
    if (own !== undefined && kept?.every((one) => isValidAt(one, now)) === true)
      return { believed: true, key: own.publicKey };
    const certificate = own ?? parse(pem);
    if (certificate === null)
      return {
        believed: false,
        code: 'callback_signature_invalid',
        why: 'the certificate in the message cannot be read',
      };
    const verdict = judgeCertificate(certificate, this.#trust, now);
    if (!verdict.believed) return verdict;
    if (this.#kept.has(pem) || this.#kept.size < KEPT_MAX) this.#kept.set(pem, verdict.chain);
    return { believed: true, key: certificate.publicKey };
  }
}

function parse(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

/** The serial of the merchant's certificate as UnionPay names it: decimal. */
export function certificateId(certificate: X509Certificate): string {
  return BigInt(`0x${certificate.serialNumber}`).toString();
}
