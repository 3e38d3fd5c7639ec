import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { loadAlipayAccount } from '../../../channels/alipay/account.ts';
import { privateKeyOf, publicKeyOf } from '../../../channels/alipay/signing.ts';
import { AppError } from '../../../domain/errors.ts';
import { makeCertificate } from '../../../sandbox/certificate.ts';
import { APP_ID, SELLER_ID } from './gateway-desk.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const small = generateKeyPairSync('rsa', { modulusLength: 1024 });

function certificate(commonName: string): string {
  return makeCertificate({
    serial: '1A2B3C',
    commonName,
    ...pair,
    from: new Date('2026-01-01T00:00:00Z'),
    to: new Date('2031-01-01T00:00:00Z'),
  });
}

const FILES: Readonly<Record<string, string>> = {
  'key.pem': pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  'alipay.pem': pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  'small.pem': small.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  'app.crt': certificate('app'),
  'alipay.crt': certificate('alipay') + certificate('above it'),
  'root.crt': certificate('root one') + certificate('root two'),
  'empty.crt': 'no certificate',
};

const ENTRY = {
  id: 'ali-1',
  merchant_id: 'shop',
  channel: 'alipay',
  app_id: APP_ID,
  seller_id: SELLER_ID,
  private_key_file: 'key.pem',
};
const KEY_MODE = { ...ENTRY, alipay_public_key_file: 'alipay.pem' };
const CERTIFICATE_MODE = {
  ...ENTRY,
  certificate_files: { app: 'app.crt', alipay: 'alipay.crt', root: 'root.crt' },
};

function load(entry: object) {
  return loadAlipayAccount(entry, (path) => {
    const text = FILES[path];
    if (text === undefined) throw new Error(`no file ${path}`);
    return text;
  });
}

function errorsOf(entry: object): string {
  try {
    load(entry);
  } catch (error) {
    if (error instanceof AppError && error.code === 'config_invalid') return String(error.details['errors']);
    throw error;
  }
  return '';
}

describe('an Alipay account', () => {
  test('in key mode needs the one key of Alipay’s console', () => {
    const account = load(KEY_MODE);

    expect(account.serials).toBeNull();
    expect(account.alipayKey.equals(pair.publicKey)).toBe(true);
    expect(account.billHosts).toEqual(new Set(['dwbillcenter.alipay.com']));
  });

  test('in certificate mode names its serials, of the root file those of all its RSA certificates', () => {
    const { serials } = load(CERTIFICATE_MODE);

    expect(serials?.app).toMatch(/^[0-9a-f]{32}$/);
    expect(serials?.alipay).toMatch(/^[0-9a-f]{32}$/);
    expect(serials?.root).toMatch(/^[0-9a-f]{32}_[0-9a-f]{32}$/);
    expect(serials?.app).not.toBe(serials?.alipay);
  });

  test('is refused with every error at once', () => {
    const errors = errorsOf({
      ...KEY_MODE,
      private_key_file: 'small.pem',
      alipay_public_key_file: 'absent.pem',
    });

    expect(errors).toContain('private_key_file: must be an RSA key of at least 2048 bits');
    expect(errors).toContain('alipay_public_key_file: no file absent.pem');
  });

  test.each<[string, object, string]>([
    ['neither mode', ENTRY, 'give one of the two'],
    ['both modes', { ...KEY_MODE, ...CERTIFICATE_MODE }, 'give one of the two'],
    ['an app_id that is none', { ...KEY_MODE, app_id: '123' }, 'app_id'],
    ['a seller that is none', { ...KEY_MODE, seller_id: '1088123456789012' }, 'seller_id'],
    ['a field that nobody knows', { ...KEY_MODE, alipay_pubic_key: 'x' }, 'alipay_pubic_key'],
    [
      'a file without a certificate',
      { ...ENTRY, certificate_files: { app: 'empty.crt', alipay: 'alipay.crt', root: 'root.crt' } },
      'certificate_files',
    ],
  ])('with %s is refused', (_what, entry, error) => {
    expect(errorsOf(entry)).toContain(error);
  });
});

describe('key files', () => {
  const der = (type: 'pkcs1' | 'pkcs8'): string =>
    pair.privateKey.export({ type, format: 'der' }).toString('base64');

  test.each([
    ['PKCS#8 as PEM', FILES['key.pem'] ?? ''],
    ['PKCS#1 as PEM', pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['PKCS#8 as bare base64', der('pkcs8')],
    ['PKCS#1 as bare base64', der('pkcs1')],
    ['base64 over several lines', der('pkcs8').replaceAll(/(.{64})/g, '$1\r\n')],
  ])('a private key is read as %s', (_how, text) => {
    expect(privateKeyOf(text).equals(pair.privateKey)).toBe(true);
  });

  test.each([
    ['PEM', FILES['alipay.pem'] ?? ''],
    ['bare base64', pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')],
  ])('a public key is read as %s', (_how, text) => {
    expect(publicKeyOf(text).equals(pair.publicKey)).toBe(true);
  });

  test('anything else is refused', () => {
    expect(() => privateKeyOf('bm90IGEga2V5')).toThrow('neither PEM');
  });
});
