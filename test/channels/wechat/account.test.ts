import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { loadWechatAccount } from '../../../channels/wechat/account.ts';
import { AppError } from '../../../domain/errors.ts';
import { platformCertificate } from './pay-desk.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const pem = { type: 'pkcs8', format: 'pem' } as const;

const FILES: Readonly<Record<string, string>> = {
  'key.pem': pair.privateKey.export(pem).toString(),
  'small.pem': small.privateKey.export(pem).toString(),
  'curve.pem': curve.privateKey.export(pem).toString(),
  'v3.txt': `${'a1b2c3d4'.repeat(4)}\n`,
  'short.txt': 'a1b2c3d4',
  'public.pem': pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  'public.crt': platformCertificate('AABB').pem,
  'rubbish.pem': 'rubbish',
};

const ENTRY = {
  id: 'wx-1',
  merchant_id: 'shop',
  channel: 'wechat',
  mchid: '1900000109',
  appid: 'wx8888888888888888',
  notify_url: 'https://pay.example/callbacks/wechat/wx-1',
  certificate_serial: '5F1C72E2A8931B72',
  private_key_file: 'key.pem',
  api_v3_key_file: 'v3.txt',
  public_keys: [{ id: 'PUB_KEY_ID_01', file: 'public.pem' }],
};

function load(entry: object) {
  return loadWechatAccount(entry, (path) => {
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

describe('a WeChat Pay account', () => {
  test('reads its keys and talks to the main host unless told otherwise', () => {
    const account = load(ENTRY);

    expect(account.apiBase).toBe('https://api.mch.weixin.qq.com');
    expect(account.apiV3Key).toHaveLength(32);
    expect([...account.publicKeys.keys()]).toEqual(['PUB_KEY_ID_01']);
    expect(account.billHosts).toEqual(new Set(['api.mch.weixin.qq.com']));
    expect(account.fundAccounts).toEqual(['basic']);
  });

  test('takes a certificate where a public key is asked for, and a base with a slash at its end', () => {
    const account = load({
      ...ENTRY,
      api_base: 'https://api2.mch.weixin.qq.com/',
      public_keys: [{ id: 'PUB_KEY_ID_01', file: 'public.crt' }],
      bill_hosts: ['bills.example:8443'],
    });

    expect(account.apiBase).toBe('https://api2.mch.weixin.qq.com');
    expect(account.billHosts).toEqual(new Set(['api2.mch.weixin.qq.com', 'bills.example:8443']));
  });

  test('names its fund accounts in any order', () => {
    const entry = { ...ENTRY, fund_accounts: ['fees', 'basic'] };

    expect(load(entry).fundAccounts).toEqual(['basic', 'fees']);
  });

  test('takes an address of 256 characters for its notices', () => {
    const longest = `https://pay.example/${'a'.repeat(256 - 20)}`;

    expect(load({ ...ENTRY, notify_url: longest }).notifyUrl).toHaveLength(256);
  });

  test('may live without a public key when it fetches certificates', () => {
    expect(load({ ...ENTRY, public_keys: [], fetch_platform_certificates: true }).publicKeys.size).toBe(0);
  });

  test('is refused with every error at once', () => {
    const errors = errorsOf({
      ...ENTRY,
      private_key_file: 'absent.pem',
      api_v3_key_file: 'short.txt',
      public_keys: [{ id: 'PUB_KEY_ID_01', file: 'rubbish.pem' }],
    });

    expect(errors).toContain('private_key_file: no file absent.pem');
    expect(errors).toContain('api_v3_key_file: must be exactly 32 bytes');
    expect(errors).toContain('public_keys PUB_KEY_ID_01:');
  });

  test.each<[string, object, string]>([
    ['a small key', { private_key_file: 'small.pem' }, 'at least 2048 bits'],
    ['a key of another kind', { private_key_file: 'curve.pem' }, 'must be an RSA key'],
    ['nothing to verify answers with', { public_keys: [] }, 'no answer could be verified'],
    ['a merchant number that is none', { mchid: '19' }, 'mchid'],
    ['a serial in small letters', { certificate_serial: '5f1c72e2a8931b72' }, 'certificate_serial'],
    ['an address that is none', { notify_url: 'pay.example' }, 'notify_url'],
    ['fund accounts without the basic one', { fund_accounts: ['operation'] }, 'must have basic in it'],
    ['a fund account twice', { fund_accounts: ['basic', 'fees', 'fees'] }, 'names one twice'],
    ['a fund account that there is not', { fund_accounts: ['basic', 'savings'] }, 'fund_accounts'],
    [
      'an address with a query, which the channel does not call',
      { notify_url: 'https://pay.example/cb?shop=1' },
      'notify_url: without a query',
    ],
    ['an address with an empty query', { notify_url: 'https://pay.example/cb?' }, 'without a query'],
    ['an address with a place in a page', { notify_url: 'https://pay.example/cb#a' }, 'without a query'],
    ['an address with a password', { notify_url: 'https://me:secret@pay.example/cb' }, 'without a user'],
    [
      'an address of 257 characters',
      { notify_url: `https://pay.example/${'a'.repeat(257 - 20)}` },
      'notify_url: at most 256 characters',
    ],
    ['another protocol', { api_base: 'ftp://api.mch.weixin.qq.com' }, 'api_base'],
    [
      'a public key without its id',
      { public_keys: [{ id: 'KEY1', file: 'public.pem' }] },
      'public_keys.0.id',
    ],
    ['a field that nobody knows', { api_v3_key: 'secret in the file' }, 'api_v3_key'],
    ['an id with capitals', { id: 'WX-1' }, 'lower-case letters'],
  ])('with %s is refused', (_what, changed, error) => {
    expect(errorsOf({ ...ENTRY, ...changed })).toContain(error);
  });
});
