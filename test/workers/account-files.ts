/** Accounts files and the keys they name, made at test time: one whole account of each channel to start from. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../../sandbox/certificate.ts';

/** Within the time of every certificate that is made here. */
export const NOW = new Date('2026-11-24T02:30:00Z');

export type Entry = Readonly<Record<string, unknown>>;

export interface AccountFolder {
  readonly path: string;
  /** Writes a file beside the accounts file. */
  write(name: string, text: string): void;
  /** Writes the accounts file and returns its path. */
  accounts(merchants: unknown): string;
  remove(): void;
}

/** A folder with every key file that the entries below name. */
export function accountFolder(): AccountFolder {
  const path = mkdtempSync(join(tmpdir(), 'yuanlu-accounts-'));
  const write = (name: string, text: string): void => {
    writeFileSync(join(path, name), text, { mode: 0o600 });
  };
  const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const channel = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const period = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2030-12-31T00:00:00Z') };
  write('merchant.pem', merchant.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  write('channel.pem', channel.publicKey.export({ type: 'spki', format: 'pem' }).toString());
  write('v3.txt', randomBytes(16).toString('hex'));
  write(
    'merchant-cert.pem',
    makeCertificate({ serial: '11', commonName: 'merchant', ...merchant, ...period }),
  );
  write('root.pem', makeCertificate({ serial: '12', commonName: 'root', ...channel, ...period }));
  return {
    path,
    write,
    accounts: (merchants) => {
      write('accounts.json', JSON.stringify({ merchants }));
      return join(path, 'accounts.json');
    },
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

export function wechatEntry(id: string, o: Entry = {}): Entry {
  return {
    ...{ id, channel: 'wechat', mchid: '1900000109', appid: 'wx0000000000000001' },
    notify_url: `https://pay.yuanlu-shop.cn/callbacks/wechat/${id}`,
    certificate_serial: '5A0B1C2D3E4F',
    ...{ private_key_file: 'merchant.pem', api_v3_key_file: 'v3.txt' },
    public_keys: [{ id: 'PUB_KEY_ID_01', file: 'channel.pem' }],
    ...o,
  };
}

export function alipayEntry(id: string, o: Entry = {}): Entry {
  return {
    ...{ id, channel: 'alipay', app_id: '2021001234567890', seller_id: '2088123456789012' },
    ...{ private_key_file: 'merchant.pem', alipay_public_key_file: 'channel.pem' },
    ...o,
  };
}

export function unionpayEntry(id: string, o: Entry = {}): Entry {
  return {
    ...{ id, channel: 'unionpay', mer_id: '802310048993424' },
    back_url: `https://pay.yuanlu-shop.cn/callbacks/unionpay/${id}`,
    ...{ private_key_file: 'merchant.pem', certificate_file: 'merchant-cert.pem' },
    authority_files: ['root.pem'],
    ...o,
  };
}

/** An entry of `api_keys`; two of the same text are the same key. */
export function keyEntry(id: string, text: string, o: Entry = {}): Entry {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { id, sha256, scopes: ['refunds:read'], ...o };
}

export function merchantEntry(id: string, accounts: readonly Entry[], o: Entry = {}): Entry {
  return { id, name: `Merchant ${id}`, accounts, ...o };
}
