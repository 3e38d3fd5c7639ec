/** The accounts file: what is wrong with it is told all at once, by the name of the merchant, account or key it is about. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../domain/errors.ts';
import type { Accounts } from '../../workers/accounts.ts';
import { loadAccounts } from '../../workers/accounts.ts';
import { buildChannels } from '../../workers/channels.ts';
import { systemClock } from '../../workers/clock.ts';
import type { AccountFolder, Entry } from './account-files.ts';
import {
  NOW,
  accountFolder,
  alipayEntry,
  keyEntry,
  merchantEntry,
  unionpayEntry,
  wechatEntry,
} from './account-files.ts';

let folder: AccountFolder;
beforeAll(() => {
  folder = accountFolder();
});
afterAll(() => {
  folder.remove();
});

const load = (merchants: unknown, production = false): Accounts =>
  loadAccounts(folder.accounts(merchants), { production, wallNow: NOW });

/** What is said about the file, without the path that each line begins with. */
function errorsOf(merchants: unknown, production = false): readonly string[] {
  const path = folder.accounts(merchants);
  const errors = refusalOf(path, production);
  for (const error of errors) expect(error.startsWith(`${path}`)).toBe(true);
  return errors.map((error) => error.slice(path.length).replace(/^[:.] ?/, ''));
}

function refusalOf(path: string, production = false): readonly string[] {
  try {
    loadAccounts(path, { production, wallNow: NOW });
  } catch (error) {
    if (error instanceof AppError && error.code === 'config_invalid')
      return error.details['errors'] as string[];
    throw error;
  }
  return [];
}

const shop = (...accounts: Entry[]) => [merchantEntry('shop', accounts)];

describe('a whole accounts file', () => {
  test('gives the accounts of all merchants and channels, each with its number at the channel', () => {
    const { rows, keys } = load([
      merchantEntry('shop', [wechatEntry('wx'), alipayEntry('ali')], {
        api_keys: [keyEntry('k1', 'one'), keyEntry('k2', 'two')],
      }),
      merchantEntry('stall', [unionpayEntry('up')], { api_keys: [keyEntry('k3', 'three')] }),
    ]);

    expect(rows).toEqual([
      { id: 'wx', merchantId: 'shop', channel: 'wechat', externalId: '1900000109' },
      { id: 'ali', merchantId: 'shop', channel: 'alipay', externalId: '2088123456789012' },
      { id: 'up', merchantId: 'stall', channel: 'unionpay', externalId: '802310048993424' },
    ]);
    expect(keys.map(({ id, merchantId }) => [id, merchantId])).toEqual([
      ['k1', 'shop'],
      ['k2', 'shop'],
      ['k3', 'stall'],
    ]);
  });

  test('opens one channel for each account, of the account’s own kind', () => {
    const accounts = load(shop(wechatEntry('wx'), alipayEntry('ali'), unionpayEntry('up')));

    const channels = buildChannels(accounts, systemClock());

    expect(channels.accountIds).toEqual(['wx', 'ali', 'up']);
    expect(channels.accountIds.map((id) => channels.get(id).name)).toEqual(['wechat', 'alipay', 'unionpay']);
    expect(channels.externalId('ali')).toBe('2088123456789012');
    expect(channels.find('absent')).toBeUndefined();
    expect(() => channels.get('absent')).toThrow('account_unknown');
  });

  test('names its key files as seen from where it lies itself, whatever folder the process runs in', () => {
    const absolute = wechatEntry('wx', { private_key_file: join(folder.path, 'merchant.pem') });

    expect(load(shop(absolute)).rows).toHaveLength(1);
  });
});

describe('a file that cannot be read as an accounts file', () => {
  test('is told by the variable that names it when it is not there', () => {
    const path = join(folder.path, 'absent.json');

    expect(refusalOf(path)).toEqual([`YUANLU_ACCOUNTS_FILE: cannot read ${path}`]);
  });

  test.each([
    ['not JSON', '{"merchants": [', 'is not JSON'],
    ['empty', '', 'is not JSON'],
    ['a list', '[]', 'expected object'],
    ['without merchants', '{}', 'merchants'],
    ['with no merchant', '{"merchants": []}', 'at least one merchant'],
    ['with a word that means nothing', '{"merchants": [{}], "merchnts": []}', 'merchnts'],
  ])('is refused in one sentence when it is %s', (_, text, why) => {
    folder.write('bad.json', text);
    const path = join(folder.path, 'bad.json');

    const errors = refusalOf(path);

    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(path);
    expect(errors[0]).toContain(why);
  });
});

describe('errors', () => {
  test('of all merchants, accounts, keys and channels are told at once, each by name', () => {
    const errors = errorsOf([
      merchantEntry('shop', [
        wechatEntry('wx', { mchid: '19', certificate_serial: 'xyz' }),
        alipayEntry('ali', { seller_id: '1' }),
      ]),
      merchantEntry('Stall!', [unionpayEntry('up', { mer_id: '8' })]),
      merchantEntry('kiosk', [wechatEntry('wx-2', { private_key_file: 'absent.pem' })], {
        api_keys: [keyEntry('k1', 'one', { scopes: ['everything'] })],
      }),
    ]);

    for (const beginning of [
      'account wx: mchid: 8 to 10 digits',
      'account wx: certificate_serial: upper-case hex',
      'account ali: seller_id: 2088 and 12 digits',
      'merchants.1.id: lower-case letters',
      'account up: mer_id: 15 digits or letters',
      'account wx-2: private_key_file: ENOENT',
      'merchants.2.api_keys.0.scopes.0: ',
    ])
      expect(errors.filter((error) => error.startsWith(beginning))).toHaveLength(1);
    expect(errors).toHaveLength(7);
  });

  test.each<[string, Entry, string]>([
    ['a channel that there is not', { ...wechatEntry('wx'), channel: 'paypal' }, 'wechat, alipay, unionpay'],
    [
      'a channel that is something of every object',
      { ...wechatEntry('wx'), channel: 'toString' },
      'must be one of',
    ],
    ['no channel', { id: 'wx' }, 'channel: must be one of'],
    ['a word that means nothing', wechatEntry('wx', { mchld: '1900000109' }), 'mchld'],
    ['a key that is none', wechatEntry('wx', { private_key_file: 'v3.txt' }), 'private_key_file'],
    ['no way to verify answers', wechatEntry('wx', { public_keys: [] }), 'no answer could be verified'],
    ['a v3 key that is too long', wechatEntry('wx', { api_v3_key_file: 'merchant.pem' }), 'exactly 32 bytes'],
    [
      'keys and certificates together',
      alipayEntry('ali', { certificate_files: certificates() }),
      'one of the two',
    ],
    ['no key of the channel', alipayEntry('ali', { alipay_public_key_file: undefined }), 'one of the two'],
    [
      'a certificate of another key',
      unionpayEntry('up', { certificate_file: 'root.pem' }),
      'not the certificate',
    ],
    ['no authority', unionpayEntry('up', { authority_files: [] }), 'authority_files'],
  ])('name the account that has %s', (_, entry, why) => {
    const errors = errorsOf(shop(entry));

    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) expect(error).toMatch(/^account (wx|ali|up): /);
    expect(errors.join('\n')).toContain(why);
  });

  test('never show a key, whatever file was taken for another', () => {
    const errors = errorsOf(
      shop(wechatEntry('wx', { api_v3_key_file: 'merchant.pem', private_key_file: 'v3.txt' })),
    );

    expect(errors).toHaveLength(2);
    expect(errors.join()).not.toMatch(/BEGIN|[0-9a-f]{32}|[A-Za-z0-9+/]{40}/);
  });

  test.each<[string, unknown]>([
    ['a text', 'shop'],
    ['nothing', null],
    ['a list', []],
    ['a merchant whose accounts are no list', { id: 'shop', name: 'Shop', accounts: 'wx' }],
    ['a merchant without accounts', { id: 'shop', name: 'Shop', accounts: [] }],
    ['a merchant whose account is a number', { id: 'shop', name: 'Shop', accounts: [7] }],
  ])(
    'are told of %s in place of a merchant, by its place in the file, beside those of the others',
    (_, merchant) => {
      const errors = errorsOf([merchantEntry('kiosk', [wechatEntry('wx', { mchid: '' })]), merchant]);

      expect(errors.filter((error) => error.startsWith('account wx: '))).toHaveLength(1);
      expect(errors.filter((error) => error.startsWith('merchants.1'))).not.toEqual([]);
    },
  );
});

function certificates(): Entry {
  return { app: 'merchant-cert.pem', alipay: 'root.pem', root: 'root.pem' };
}

describe('what only one may have', () => {
  test('is told for each that has it twice: ids, numbers at the channel, keys', () => {
    const errors = errorsOf([
      merchantEntry('shop', [wechatEntry('wx'), wechatEntry('wx', { mchid: '1900000209' })], {
        api_keys: [keyEntry('k1', 'the same'), keyEntry('k2', 'the same')],
      }),
      merchantEntry('shop', [wechatEntry('wx-3')], {
        api_keys: [keyEntry('k1', 'another')],
      }),
    ]);

    expect(errors).toEqual([
      'merchant shop: two merchants have this id',
      'account wx: two accounts have this id',
      'wechat 1900000109: two accounts have this number',
      'API key k1: two keys have this id',
      'API keys k1 and k2: are the same key',
    ]);
  });

  test('a number of one channel may be a number of another, and three of a kind are told once', () => {
    expect(load(shop(wechatEntry('wx'), alipayEntry('ali'), unionpayEntry('up'))).rows).toHaveLength(3);
    const three = ['1900000101', '1900000102', '1900000103'].map((mchid) => wechatEntry('wx', { mchid }));

    expect(errorsOf(shop(...three))).toEqual(['account wx: two accounts have this id']);
  });
});

describe('F83 I13: production', () => {
  test('takes the channels’ own addresses and public ones of ours', () => {
    expect(load(shop(wechatEntry('wx'), alipayEntry('ali'), unionpayEntry('up')), true).rows).toHaveLength(3);
  });

  test.each<[string, Entry, string]>([
    ['a sandbox', wechatEntry('wx', { api_base: 'http://127.0.0.1:9000' }), 'api_base'],
    ['plain http', wechatEntry('wx', { api_base: 'http://api.mch.weixin.qq.com' }), 'api_base'],
    ['a private address', wechatEntry('wx', { api_base: 'https://10.0.0.7' }), 'api_base'],
    ['a private address in another form', wechatEntry('wx', { api_base: 'https://0x7f.1' }), 'api_base'],
    ['IPv4 in IPv6', wechatEntry('wx', { api_base: 'https://[::ffff:127.0.0.1]' }), 'api_base'],
    [
      'a name of one’s own network',
      alipayEntry('ali', { gateway_url: 'https://sandbox/gateway.do' }),
      'gateway_url',
    ],
    [
      'notices to this machine',
      wechatEntry('wx', { notify_url: 'https://localhost/callbacks' }),
      'notify_url',
    ],
    [
      'a gateway of one’s own',
      unionpayEntry('up', { gateway_base: 'https://gateway.internal' }),
      'gateway_base',
    ],
    ['files by plain http', unionpayEntry('up', { file_url: 'http://filedownload.95516.com/' }), 'file_url'],
    ['notices by plain http', unionpayEntry('up', { back_url: 'http://pay.yuanlu-shop.cn/cb' }), 'back_url'],
  ])('refuses %s, by the name of the field, and development does not', (_, entry, field) => {
    const errors = errorsOf(shop(entry), true);

    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(new RegExp(`^account (wx|ali|up): ${field}: .* refused in production`));
    expect(errorsOf(shop(entry))).toEqual([]);
  });

  test.each([
    ['a password', 'https://me:secret@pay.example/cb', 'without a user'],
    ['a place in a page', 'https://pay.example/cb#a', 'without a fragment'],
    ['257 characters', `https://pay.example/${'a'.repeat(257 - 20)}`, 'at most 256 characters'],
  ])('refuses an address for UnionPay’s notices with %s', (_what, address, error) => {
    expect(errorsOf(shop(unionpayEntry('up', { back_url: address })))).toEqual([
      expect.stringContaining(`back_url: ${error}`),
    ]);
  });

  test('takes an address with a query for UnionPay’s notices: its rules have none against it', () => {
    expect(errorsOf(shop(unionpayEntry('up', { back_url: 'https://pay.example/cb?shop=1' })))).toEqual([]);
  });

  test('tells every address of every account beside the other errors', () => {
    const local = { api_base: 'http://sandbox', notify_url: 'http://api/callbacks' };

    const errors = errorsOf(shop(wechatEntry('wx', local), wechatEntry('wx-2', { mchid: '' })), true);

    expect(errors.filter((error) => error.startsWith('account wx: '))).toHaveLength(2);
    expect(errors.filter((error) => error.startsWith('account wx-2: mchid'))).toHaveLength(1);
  });
});
