/**
 * Whether a channel's certificate may be believed: made out to the channel, issued down from a configured root, and valid
 * at the instant in question, with every certificate above it.
 */
import { X509Certificate } from 'node:crypto';
import type { AccountCertificate } from './channel.ts';

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export interface Trust {
  /** Certificates that are believed because they are configured. */
  readonly roots: readonly X509Certificate[];
  /** Certificates between a root and the one in question. They prove nothing by being there. */
  readonly between: readonly X509Certificate[];
  /** Null when the certificate is made out to the channel; otherwise whom it names instead. */
  readonly otherOwner: (certificate: X509Certificate) => string | null;
}

export type CertificateFault =
  | 'callback_certificate_expired'
  | 'callback_certificate_unchained'
  | 'callback_certificate_owner_differs';

export type ChainVerdict =
  /** From the certificate up to the root. */
  | { readonly believed: true; readonly chain: readonly X509Certificate[] }
  | { readonly believed: false; readonly code: CertificateFault; readonly why: string };

/** Looks for a chain that is valid at `now`: while an authority is renewed, two of one name are about. */
export function judgeCertificate(certificate: X509Certificate, trust: Trust, now: Date): ChainVerdict {
  const other = trust.otherOwner(certificate);
  if (other !== null)
    return refusal('callback_certificate_owner_differs', `the certificate is made out to ${other}`);
  const usable = chainOf(certificate, trust, (one) => isValidAt(one, now));
  if (usable !== null) return { believed: true, chain: usable };
  const any = chainOf(certificate, trust, () => true);
  if (any === null)
    return refusal('callback_certificate_unchained', 'the certificate is not from the configured root');
  const [ended] = any.filter((one) => !isValidAt(one, now));
  const whose = ended === certificate ? 'the certificate' : 'a certificate above it';
  return refusal('callback_certificate_expired', `${whose} is not valid now`);
}

/** Whether both ends of its time hold `now` between them. */
export function isValidAt(certificate: X509Certificate, now: Date): boolean {
  return (
    Date.parse(certificate.validFrom) <= now.getTime() && now.getTime() <= Date.parse(certificate.validTo)
  );
}

/** Why one of the account's own certificates cannot be used at `now`; null when it can. */
export function whyNotUsable(certificate: X509Certificate, now: Date): string | null {
  const [from, to] = [certificate.validFrom, certificate.validTo].map((text) => new Date(text));
  if (from !== undefined && now < from) return `is not valid before ${from.toISOString()}`;
  if (to !== undefined && to < now) return `was valid until ${to.toISOString()}`;
  return null;
}

/** What is told about a certificate that an account holds. */
export function accountCertificate(name: string, certificate: X509Certificate): AccountCertificate {
  return { name, validTo: new Date(certificate.validTo) };
}

/** The certificates of a PEM file, in its order. Text between them is left out. */
export function certificatesOf(pem: string): readonly X509Certificate[] {
  return [...pem.matchAll(PEM)].map(([one]) => new X509Certificate(one));
}

/** The common name of the one that a certificate is for; empty when it has none. */
export function commonName(certificate: X509Certificate): string {
  const line = certificate.subject.split('\n').find((one) => one.startsWith('CN='));
  return line?.slice('CN='.length) ?? '';
}

/** A root vouches for itself. */
export function isSelfIssued(certificate: X509Certificate): boolean {
  return isIssuedBy(certificate, certificate);
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** The way up to a root, over certificates that may issue others, each of them used once at most. */
function chainOf(
  certificate: X509Certificate,
  { roots, between }: Pick<Trust, 'roots' | 'between'>,
  isUsable: (one: X509Certificate) => boolean,
): readonly X509Certificate[] | null {
  if (!isUsable(certificate)) return null;
  const root = roots.find((one) => isUsable(one) && isIssuedBy(certificate, one));
  if (root !== undefined) return [certificate, root];
  for (const authority of between) {
    if (!authority.ca || authority === certificate || !isIssuedBy(certificate, authority)) continue;
    const others = between.filter((one) => one !== authority);
    const rest = chainOf(authority, { roots, between: others }, isUsable);
    if (rest !== null) return [certificate, ...rest];
  }
  return null;
}

function refusal(code: CertificateFault, why: string): ChainVerdict {
  return { believed: false, code, why };
}
