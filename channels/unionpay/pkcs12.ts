/**
 * The merchant's key and certificate in the container in which UnionPay hands them out (PKCS#12: .pfx, .p12). OpenSSL 3,
 * and with it Node, refuses the ciphers of the older ones (RC2-40) and gives no key out of any: a package reads it.
 */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import forge from 'node-forge';

export interface OwnKey {
  readonly privateKey: KeyObject;
  readonly certificate: X509Certificate;
}

/**
 * The key in the container and the certificate that belongs to it; the authorities that may lie beside it are left out.
 * @throws Error saying what is the matter, without a word of what is inside
 */
export function openPkcs12(container: Buffer, passphrase: string): OwnKey {
  const bags = bagsOf(container, passphrase);
  const [bag, ...more] = bags.filter(isKeyBag);
  if (bag === undefined || more.length > 0) throw new Error('must hold one private key');
  // A key of another kind is there without having been read.
  if (!bag.key) throw new Error('must hold an RSA key');
  const privateKey = createPrivateKey(forge.pki.privateKeyToPem(bag.key));
  const certificate = bags
    .flatMap(({ cert }) => (cert ? [nodeCertificate(cert)] : []))
    .find((one) => one.checkPrivateKey(privateKey));
  if (certificate === undefined) throw new Error('holds no certificate of its key');
  return { privateKey, certificate };
}

type Bag = forge.pkcs12.Bag;

function bagsOf(container: Buffer, passphrase: string): readonly Bag[] {
  let content: forge.asn1.Asn1;
  try {
    content = forge.asn1.fromDer(container.toString('latin1'));
  } catch (error) {
    throw new Error('is no PKCS#12 container', { cause: error });
  }
  try {
    return forge.pkcs12
      .pkcs12FromAsn1(content, false, passphrase)
      .safeContents.flatMap((one) => one.safeBags);
  } catch (error) {
    throw new Error('is no PKCS#12 container, or has another passphrase', { cause: error });
  }
}

function isKeyBag({ type }: Bag): boolean {
  return type === forge.pki.oids['pkcs8ShroudedKeyBag'] || type === forge.pki.oids['keyBag'];
}

function nodeCertificate(certificate: forge.pki.Certificate): X509Certificate {
  const der = forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes();
  return new X509Certificate(Buffer.from(der, 'latin1'));
}
