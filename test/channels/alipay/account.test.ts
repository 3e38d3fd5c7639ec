import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { loadAlipayAccount } from '../../../channels/alipay/account.ts';
import { privateKeyOf, publicKeyOf } from '../../../channels/alipay/signing.ts';
import { AppError } from '../../../domain/errors.ts';
import {
  ALIPAY_NAME,
  APP_NAME,
  ENDED,
  NOT_YET,
  PERIOD,
  ROOTS_PEM,
  STRANGE_ROOTS_PEM,
  issued,
  middlePem,
  newPair,
} from './certificate-office.ts';
import { APP_ID, NOW, SELLER_ID } from './gateway-desk.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
const alipay = newPair();

/** One byte of the signature, or of what is signed, is another. */
function damaged(pem: string): string {
  const at = Math.floor(pem.length * 0.9);
  return pem.slice(0, at) + (pem[at] === 'A' ? 'B' : 'A') + pem.slice(at + 1);
}

const FILES: Readonly<Record<string, string>> = {
  'key.pem': pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  'alipay.pem': pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  'small.pem': small.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  'app.crt': issued(APP_NAME, pair),
  'app-named-by-itself.crt': issued(APP_ID, pair),
  'app-ended.crt': issued(APP_NAME, pair, ENDED),
  'app-not-yet.crt': issued(APP_NAME, pair, NOT_YET),
  'app-other-key.crt': issued(APP_NAME, alipay),
  'app-other-app.crt': issued(`${SELLER_ID}-2021009999999999`, pair),
  'alipay.crt': issued(ALIPAY_NAME, alipay) + middlePem(),
  'alipay-wide.crt': issued(ALIPAY_NAME.replace('(', '（').replace(')', '）'), alipay) + middlePem(),
  'alipay-ended.crt': issued(ALIPAY_NAME, alipay, ENDED) + middlePem(),
  'alipay-not-yet.crt': issued(ALIPAY_NAME, alipay, NOT_YET) + middlePem(),
  'alipay-other-owner.crt': issued(APP_NAME, alipay) + middlePem(),
  'alipay-named-alike.crt': issued(`${ALIPAY_NAME.slice(0, -17)}甲-2088`, alipay) + middlePem(),
  'alipay-alone.crt': issued(ALIPAY_NAME, alipay),
  'alipay-middle-ended.crt': issued(ALIPAY_NAME, alipay) + middlePem(ENDED),
  'alipay-middle-powerless.crt': issued(ALIPAY_NAME, alipay) + middlePem(PERIOD, { mayIssue: false }),
  'alipay-small.crt': issued(ALIPAY_NAME, small) + middlePem(),
  'alipay-damaged.crt': damaged(issued(ALIPAY_NAME, alipay)) + middlePem(),
  'root.crt': ROOTS_PEM,
  'strange-root.crt': STRANGE_ROOTS_PEM,
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
  return loadAlipayAccount(
    entry,
    (path) => {
      const text = FILES[path];
      if (text === undefined) throw new Error(`no file ${path}`);
      return text;
    },
    NOW,
  );
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

    expect(account.trust).toMatchObject({ mode: 'key' });
    expect(account.trust.mode === 'key' && account.trust.alipayKey.equals(pair.publicKey)).toBe(true);
    expect(account.billHosts).toEqual(new Set(['dwbillcenter.alipay.com']));
  });

  test('in certificate mode names its serials, of the root file those of all its RSA certificates', () => {
    const { trust } = load(CERTIFICATE_MODE);

    expect(trust).toMatchObject({
      mode: 'certificates',
      serials: {
        app: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
        root: expect.stringMatching(/^[0-9a-f]{32}_[0-9a-f]{32}$/) as unknown,
      },
    });
    const names = trust.mode === 'certificates' ? trust.certificates.map(({ name }) => name) : [];
    expect(names).toEqual([
      'certificate_files.app',
      'certificate_files.alipay',
      'above certificate_files.alipay: Ant Class 2 R1',
      'above certificate_files.alipay: Ant Root R1',
    ]);
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

describe('a certificate of the application', () => {
  const errors = (app: string) =>
    errorsOf({ ...ENTRY, certificate_files: { app, alipay: 'alipay.crt', root: 'root.crt' } });

  test.each([
    ['has run out', 'app-ended.crt', 'was valid until 2026-11-24T02:29:59.000Z'],
    ['is not valid yet', 'app-not-yet.crt', 'is not valid before 2026-11-24T02:30:01.000Z'],
    ['belongs to another key', 'app-other-key.crt', 'is not the certificate of private_key_file'],
    [
      'belongs to another application',
      'app-other-app.crt',
      'is the certificate of application 2021009999999999',
    ],
    ['is no certificate', 'empty.crt', 'holds no certificate'],
    ['is not there', 'absent.crt', 'no file absent.crt'],
  ])('that %s is refused', (_what, file, why) => {
    expect(errors(file)).toMatch(new RegExp(`^certificate_files.app: .*${why}`));
  });

  test('may be named by the application alone', () => {
    expect(errors('app-named-by-itself.crt')).toBe('');
  });
});

describe('a certificate of Alipay’s', () => {
  const errors = (alipayFile: string, root = 'root.crt') =>
    errorsOf({ ...ENTRY, certificate_files: { app: 'app.crt', alipay: alipayFile, root } });

  test.each([
    ['has run out', 'alipay-ended.crt', 'the certificate is not valid now'],
    ['is not valid yet', 'alipay-not-yet.crt', 'the certificate is not valid now'],
    ['stands under an authority that has run out', 'alipay-middle-ended.crt', 'above it is not valid now'],
    ['stands under one that may not issue', 'alipay-middle-powerless.crt', 'not from the configured root'],
    ['comes without the authority above it', 'alipay-alone.crt', 'not from the configured root'],
    ['was changed after it was signed', 'alipay-damaged.crt', ''],
    ['is the merchant’s own', 'alipay-other-owner.crt', `made out to ${APP_NAME}`],
    ['is made out to a company named alike', 'alipay-named-alike.crt', 'made out to 支付宝.*甲-2088'],
    ['holds a key that is too small', 'alipay-small.crt', 'RSA key of at least 2048 bits'],
    ['is no certificate', 'empty.crt', 'holds no certificate'],
  ])('that %s is refused', (_what, file, why) => {
    expect(errors(file)).toMatch(new RegExp(`^certificate_files.alipay: .*${why}`));
  });

  test('from another root than the configured one is refused', () => {
    expect(errors('alipay.crt', 'strange-root.crt')).toContain(
      'certificate_files.alipay: the certificate is not from the configured root',
    );
  });

  test('may have the brackets of its owner’s name in full width', () => {
    expect(errors('alipay-wide.crt')).toBe('');
  });

  test('is told beside what is wrong with the application’s', () => {
    const both = errorsOf({
      ...ENTRY,
      certificate_files: { app: 'app-ended.crt', alipay: 'alipay-ended.crt', root: 'root.crt' },
    });

    expect(both).toContain('certificate_files.app: ');
    expect(both).toContain('certificate_files.alipay: ');
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
