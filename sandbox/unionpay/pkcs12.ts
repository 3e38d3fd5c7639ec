/** The container in which UnionPay hands a merchant its key: PKCS#12, as its test environment makes it (3DES, SHA-1). */
import forge from 'node-forge';
import type { CertifiedKey } from './keys.ts';

/** Key and certificate under a passphrase. Another salt, so other bytes, each time. */
export function pkcs12Of({ privateKeyPem, certificatePem }: CertifiedKey, passphrase: string): Buffer {
  const container = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(privateKeyPem),
    [forge.pki.certificateFromPem(certificatePem)],
    passphrase,
    { algorithm: '3des', friendlyName: 'merchant' },
  );
  return Buffer.from(forge.asn1.toDer(container).getBytes(), 'latin1');
}
