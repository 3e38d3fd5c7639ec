/** Serials by which Alipay names certificates: MD5 of the issuer's name and the decimal serial number. */
import type { X509Certificate } from 'node:crypto';
import { createHash } from 'node:crypto';
import { certificatesOf } from '../certificate-chain.ts';

/** DER of the OIDs 1.2.840.113549.1.1.*: signatures with RSA. */
const RSA_SIGNATURES = Buffer.from([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01]);

const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;

/** The serial of one certificate. */
export function certificateSn(certificate: X509Certificate): string {
  // The name is printed in the order of its encoding, a part a line; Alipay joins it from the end.
  const issuer = certificate.issuer.split('\n').toReversed().join(',');
  const serial = BigInt(`0x${certificate.serialNumber}`).toString();
  return createHash('md5')
    .update(issuer + serial)
    .digest('hex');
}

/** The serial of the root file: of its RSA certificates, joined; those with other signatures do not count. */
export function rootCertificateSn(pem: string): string {
  return certificatesOf(pem)
    .filter((one) => signatureOid(one.raw).subarray(0, RSA_SIGNATURES.length).equals(RSA_SIGNATURES))
    .map(certificateSn)
    .join('_');
}

/** A certificate is a sequence of what is signed, then the name of the signature's algorithm, then the signature. */
function signatureOid(der: Buffer): Buffer {
  const certificate = element(der, 0, SEQUENCE);
  const signed = element(der, certificate.from, SEQUENCE);
  const algorithm = element(der, signed.to, SEQUENCE);
  const oid = element(der, algorithm.from, OBJECT_IDENTIFIER);
  return der.subarray(oid.from, oid.to);
}

/** Content of the DER element at `at`, as places. */
function element(der: Buffer, at: number, tag: number): { readonly from: number; readonly to: number } {
  if (der[at] !== tag) throw new Error('is not a certificate as documented');
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { from: at + 2, to: at + 2 + first };
  const size = first & 0x7f;
  const from = at + 2 + size;
  return { from, to: from + der.readUIntBE(at + 2, size) };
}
