/** A UnionPay account from its entry and key files: the merchant's own key in either form, and whom it believes. */
import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadUnionpayAccount } from '../../../channels/unionpay/account.ts';
import { openPkcs12 } from '../../../channels/unionpay/pkcs12.ts';
import { AppError } from '../../../domain/errors.ts';
import { makeCertificate } from '../../../sandbox/certificate.ts';
import { pkcs12Of } from '../../../sandbox/unionpay/pkcs12.ts';
import { MIDDLE_PEM, NOW, ROOT_PEM, UNIONPAY } from './gateway-desk.ts';

const PASSPHRASE = '000000';
const SERIAL = '1002D1F1E5';
const PERIOD = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2030-12-31T00:00:00Z') };

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const privateKeyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const certificatePem = makeCertificate({
  serial: SERIAL,
  commonName: '041@商户@00000002',
  ...pair,
  ...PERIOD,
});
const MERCHANT = { privateKeyPem, certificatePem };

const folder = mkdtempSync(join(tmpdir(), 'yuanlu-unionpay-'));
const FILES: Readonly<Record<string, string | Buffer>> = {
  'key.pem': privateKeyPem,
  'cert.pem': certificatePem,
  'merchant.p12': pkcs12Of(MERCHANT, PASSPHRASE),
  passphrase: `${PASSPHRASE}\n`,
  'other-passphrase': '00000O',
  'root.pem': ROOT_PEM,
  'middle.pem': MIDDLE_PEM,
  'both.pem': `subject: root\n${ROOT_PEM}\nsubject: middle\n${MIDDLE_PEM}`,
};
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const BASE = {
  ...{ id: 'up-1', merchant_id: 'shop', channel: 'unionpay', mer_id: '802310048993424' },
  back_url: 'https://pay.example/callbacks/unionpay/up-1',
  authority_files: ['root.pem', 'middle.pem'],
};
const PFX = { pfx_file: 'merchant.p12', pfx_passphrase_file: 'passphrase' };
const PEM = { private_key_file: 'key.pem', certificate_file: 'cert.pem' };

function load(o: object, now = NOW) {
  return loadUnionpayAccount(
    { ...BASE, ...o },
    (path, as = 'utf8') => readFileSync(join(folder, path), as),
    now,
  );
}

function errorsOf(o: object, now = NOW): string {
  try {
    load(o, now);
  } catch (error) {
    if (error instanceof AppError && error.code === 'config_invalid') return String(error.details['errors']);
    throw error;
  }
  return '';
}

describe('the merchant’s key', () => {
  test('out of the container is the same, with the same certId, as out of the two PEM files', () => {
    const [pfx, pem] = [load(PFX), load(PEM)];

    expect(pfx.certId).toBe(BigInt(`0x${SERIAL}`).toString());
    expect(pfx.certId).toBe(pem.certId);
    expect(pfx.privateKey.equals(pem.privateKey)).toBe(true);
    expect(pfx.ownCertificates[0]).toEqual({ name: 'pfx_file', validTo: PERIOD.to });
  });

  test.each<[string, object, string]>([
    ['another passphrase', { ...PFX, pfx_passphrase_file: 'other-passphrase' }, 'pfx_file: is no PKCS#12'],
    ['a container that is none', { ...PFX, pfx_file: 'key.pem' }, 'pfx_file: is no PKCS#12 container'],
    ['a container without a passphrase', { pfx_file: 'merchant.p12' }, 'one of the two, whole'],
    ['both ways', { ...PFX, ...PEM }, 'one of the two, whole'],
    ['neither', {}, 'one of the two, whole'],
    ['half of the PEM files', { private_key_file: 'key.pem' }, 'one of the two, whole'],
    ['no such file', { ...PFX, pfx_file: 'absent.p12' }, 'pfx_file: ENOENT'],
  ])('is refused with %s, and no secret is told', (_what, o, why) => {
    expect(errorsOf(o)).toContain(why);
    expect(errorsOf(o)).not.toMatch(/00000|BEGIN/);
  });

  test('whose certificate has run out is refused', () => {
    expect(errorsOf(PFX, new Date('2031-01-01T00:00:00Z'))).toContain('pfx_file: was valid until');
  });
});

/** A container made by openssl; null where this machine has none, or one without the old ciphers. */
function madeByOpenssl(options: readonly string[]): Buffer | null {
  const asked = [
    'pkcs12',
    '-export',
    '-inkey',
    'key.pem',
    '-in',
    'cert.pem',
    '-passout',
    `pass:${PASSPHRASE}`,
  ];
  try {
    return execFileSync('openssl', [...asked, ...options], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return null;
  }
}

const TRIPLE_DES = ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'];
const OLD = ['-legacy', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-RC2-40', '-macalg', 'sha1'];
const OTHER_MAKERS = [
  ['AES-256 and SHA-256', madeByOpenssl([])] as const,
  [
    '3DES and SHA-1, with the authorities beside it',
    madeByOpenssl([...TRIPLE_DES, '-certfile', 'both.pem']),
  ] as const,
  ['RC2-40 and SHA-1, as UnionPay’s older ones', madeByOpenssl(OLD)] as const,
].flatMap(([what, container]) => (container === null ? [] : [[what, container] as const]));

describe('a container of another maker', () => {
  test.each([['the sandbox’s own', pkcs12Of(MERCHANT, PASSPHRASE)] as const, ...OTHER_MAKERS])(
    'is opened: %s',
    (_what, container) => {
      const { privateKey, certificate } = openPkcs12(container, PASSPHRASE);

      expect(privateKey.equals(pair.privateKey)).toBe(true);
      expect(certificate.raw.equals(new X509Certificate(certificatePem).raw)).toBe(true);
      expect(() => openPkcs12(container, '')).toThrow('another passphrase');
    },
  );
});

describe('a container that holds something else', () => {
  test('than the certificate of its key is refused', () => {
    const container = pkcs12Of({ privateKeyPem, certificatePem: ROOT_PEM }, PASSPHRASE);

    expect(() => openPkcs12(container, PASSPHRASE)).toThrow('no certificate of its key');
  });
});

describe('the authorities', () => {
  test('may all lie in one file: UnionPay’s answers are believed, and each is told with its end', () => {
    const account = load({ ...PFX, authority_files: ['both.pem'] });

    expect(account.certificates.judge(UNIONPAY.pem, NOW).believed).toBe(true);
    expect(account.ownCertificates.map(({ name }) => name)).toEqual([
      'pfx_file',
      'authority_files both.pem (CFCA TEST CS CA)',
      'authority_files both.pem (CFCA TEST OCA1)',
    ]);
    expect(load(PFX).ownCertificates.map(({ name }) => name)).toEqual([
      ...['pfx_file', 'authority_files root.pem', 'authority_files middle.pem'],
    ]);
  });

  test('of a file without any are refused', () => {
    expect(errorsOf({ ...PFX, authority_files: ['passphrase'] })).toContain('holds no certificate as PEM');
  });
});
