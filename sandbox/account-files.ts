/**
 * Keys and an accounts file on disk, so that a sandbox that runs alone can be used by any integration: by Yuanlu, or by a
 * program that has never heard of it. Keys are kept between starts: whoever read them goes on.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChannelKeys, MerchantKeys } from './keys.ts';
import { makeChannelKeys, makeMerchantKeys } from './keys.ts';
import type { SandboxMerchant } from './model.ts';

const KEYS_FILE = 'keys.json';
const PRIVATE_KEY_FILE = 'apiclient_key.pem';
const PUBLIC_KEY_FILE = 'wechatpay_public_key.pem';
const API_V3_KEY_FILE = 'api_v3_key';
const ACCOUNTS_FILE = 'accounts.json';
const OWNER_ONLY = 0o600;

export interface SandboxKeys {
  readonly merchant: MerchantKeys;
  readonly channel: ChannelKeys;
}

/** The keys of an earlier start in this folder; without one new keys, which are kept there. */
export async function keptKeys(dir: string, wallNow: Date): Promise<SandboxKeys> {
  const path = join(dir, KEYS_FILE);
  const kept = await readFile(path, 'utf8').catch(() => null);
  if (kept !== null) return JSON.parse(kept, revive) as SandboxKeys;
  const keys = { merchant: makeMerchantKeys(), channel: makeChannelKeys(wallNow) };
  await mkdir(dir, { recursive: true });
  await writeFile(path, JSON.stringify(keys, null, 2), { mode: OWNER_ONLY });
  return keys;
}

/** What the sandbox is told about a merchant: everything but the private key. */
export function merchantOf(keys: MerchantKeys): SandboxMerchant {
  const { mchid, appid, certificateSerial, publicKeyPem, apiV3Key } = keys;
  return { mchid, appid, certificateSerial, publicKeyPem, apiV3Key };
}

export interface AccountOptions {
  /** Of the account in Yuanlu. */
  readonly accountId: string;
  readonly merchantId: string;
  readonly merchantName: string;
  /** Where the sandbox is reached. */
  readonly apiBase: string;
  /** Where it sends notices: part of every refund request. */
  readonly notifyUrl: string;
  /** Keys of Yuanlu's own API, as the accounts file wants them. */
  readonly apiKeys?: readonly unknown[];
}

export interface AccountFiles {
  /** A complete accounts file with this one merchant and account. */
  readonly accountsFile: string;
  readonly privateKeyFile: string;
  readonly publicKeyFile: string;
  readonly apiV3KeyFile: string;
}

/** Writes the merchant's files, readable by their owner only. Paths in the accounts file are relative to it. */
export async function writeSandboxAccount(
  dir: string,
  { merchant, channel }: SandboxKeys,
  o: AccountOptions,
): Promise<AccountFiles> {
  const account = {
    id: o.accountId,
    channel: 'wechat',
    mchid: merchant.mchid,
    appid: merchant.appid,
    api_base: o.apiBase,
    notify_url: o.notifyUrl,
    certificate_serial: merchant.certificateSerial,
    private_key_file: PRIVATE_KEY_FILE,
    api_v3_key_file: API_V3_KEY_FILE,
    public_keys: [{ id: channel.publicKeyId, file: PUBLIC_KEY_FILE }],
    fetch_platform_certificates: true,
    bill_hosts: [new URL(o.apiBase).host],
  };
  const accounts = {
    merchants: [{ id: o.merchantId, name: o.merchantName, api_keys: o.apiKeys ?? [], accounts: [account] }],
  };
  await mkdir(dir, { recursive: true });
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(dir, name);
    await writeFile(path, text, { mode: OWNER_ONLY });
    return path;
  };
  return {
    privateKeyFile: await write(PRIVATE_KEY_FILE, merchant.privateKeyPem),
    publicKeyFile: await write(PUBLIC_KEY_FILE, channel.publicKeyPem),
    apiV3KeyFile: await write(API_V3_KEY_FILE, merchant.apiV3Key),
    accountsFile: await write(ACCOUNTS_FILE, `${JSON.stringify(accounts, null, 2)}\n`),
  };
}

/** JSON has no dates: the two that keys hold are made again. */
function revive(name: string, value: unknown): unknown {
  return (name === 'from' || name === 'to') && typeof value === 'string' ? new Date(value) : value;
}
