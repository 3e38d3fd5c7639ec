/** The merchant's own key and certificate: as UnionPay hands them out, or as two PEM files. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { Attempt } from '../account-entry.ts';
import { rsaKey } from '../account-entry.ts';
import type { ReadKeyFile } from '../channel.ts';
import type { OwnKey } from './pkcs12.ts';
import { openPkcs12 } from './pkcs12.ts';

/** The fields of the entry that name the files: two of one way, none of the other. */
interface OwnKeyFiles {
  readonly private_key_file?: string | undefined;
  readonly certificate_file?: string | undefined;
  readonly pfx_file?: string | undefined;
  readonly pfx_passphrase_file?: string | undefined;
}

export interface LoadedOwnKey extends OwnKey {
  /** The field that names the file of the certificate. */
  readonly field: 'certificate_file' | 'pfx_file';
}

/** Null, and its errors said, when key and certificate cannot be had or do not belong together. */
export function loadOwnKey(
  files: OwnKeyFiles,
  o: { readonly readFile: ReadKeyFile; readonly attempt: Attempt; readonly errors: string[] },
): LoadedOwnKey | null {
  const { private_key_file: key, certificate_file: certificate, pfx_file: pfx } = files;
  const passphrase = files.pfx_passphrase_file;
  const isPem = pfx === undefined && passphrase === undefined;
  if (isPem && key !== undefined && certificate !== undefined) return fromPem(key, certificate, o);
  if (key === undefined && certificate === undefined && pfx !== undefined && passphrase !== undefined)
    return fromPfx(pfx, passphrase, o);
  o.errors.push(
    'pfx_file with pfx_passphrase_file, or private_key_file with certificate_file: one of the two, whole',
  );
  return null;
}

type Office = Parameters<typeof loadOwnKey>[1];

function fromPem(key: string, file: string, { readFile, attempt, errors }: Office): LoadedOwnKey | null {
  const privateKey = attempt('private_key_file', () => rsaKey(createPrivateKey(readFile(key))));
  const certificate = attempt('certificate_file', () => new X509Certificate(readFile(file)));
  if (privateKey === null || certificate === null) return null;
  if (certificate.checkPrivateKey(privateKey)) return { privateKey, certificate, field: 'certificate_file' };
  errors.push('certificate_file: is not the certificate of private_key_file');
  return null;
}

function fromPfx(pfx: string, passphraseFile: string, { readFile, attempt }: Office): LoadedOwnKey | null {
  // Editors end a file with a line break, which is no part of what UnionPay gave.
  const passphrase = attempt('pfx_passphrase_file', () => readFile(passphraseFile).replace(/\r?\n$/, ''));
  if (passphrase === null) return null;
  const own = attempt('pfx_file', () => {
    const opened = openPkcs12(Buffer.from(readFile(pfx, 'base64'), 'base64'), passphrase);
    return { ...opened, privateKey: rsaKey(opened.privateKey) };
  });
  return own === null ? null : { ...own, field: 'pfx_file' };
}
