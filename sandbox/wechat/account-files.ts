/**
 * Keys and an accounts file on disk, so that a sandbox that runs alone can be used by any integration: by Yuanlu, or by a
 * program that has never heard of it. Keys are kept between starts: whoever read them goes on.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import type { ChannelKeys, MerchantKeys } from './keys.ts';
import { makeChannelKeys, makeMerchantKeys } from './keys.ts';
import type { SandboxMerchant } from './model.ts';

/** The files of the folder; docs/sandbox.md says what each is for. */
const FILES = {
  kept: 'keys.json',
  privateKey: 'apiclient_key.pem',
  publicKey: 'wechatpay_public_key.pem',
  platformCertificate: 'wechatpay_platform_cert.pem',
  apiV3Key: 'api_v3_key',
  yuanluApiKey: 'yuanlu_api_key',
  accounts: 'accounts.json',
} as const;
const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

export interface SandboxKeys {
  readonly merchant: MerchantKeys;
  readonly channel: ChannelKeys;
  /** Lets programs into the API of a Yuanlu that runs with the accounts file. */
  readonly yuanluApiKey: string;
}

/**
 * The keys of an earlier start in this folder; without one new keys, which are kept there.
 * @throws AppError `config_invalid` when what is kept there cannot be read; it is never overwritten
 */
export async function keptKeys(dir: string, wallNow: Date): Promise<SandboxKeys> {
  const path = join(dir, FILES.kept);
  const kept = await readIfThere(path);
  if (kept !== null) return readKept(path, kept);
  const keys: SandboxKeys = {
    merchant: makeMerchantKeys(),
    channel: makeChannelKeys(wallNow),
    yuanluApiKey: `yl_${randomBytes(32).toString('base64url')}`,
  };
  await mkdir(dir, { recursive: true, mode: OWNER_ONLY_FOLDER });
  await writeFile(path, JSON.stringify(keys, null, 2), { mode: OWNER_ONLY_FILE });
  return keys;
}

/** What the sandbox is told about a merchant: everything but the private key. */
export function merchantOf(keys: MerchantKeys, notifyUrl: string): SandboxMerchant {
  const { mchid, appid, certificateSerial, publicKeyPem, apiV3Key } = keys;
  return { mchid, appid, certificateSerial, publicKeyPem, apiV3Key, notifyUrl };
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
}

/** Writes the merchant's files, readable by their owner only. Returns the path of the accounts file. */
export async function writeSandboxAccount(
  dir: string,
  keys: SandboxKeys,
  o: AccountOptions,
): Promise<string> {
  const { merchant, channel, yuanluApiKey } = keys;
  await mkdir(dir, { recursive: true, mode: OWNER_ONLY_FOLDER });
  const contents = {
    [FILES.privateKey]: merchant.privateKeyPem,
    [FILES.publicKey]: channel.publicKeyPem,
    [FILES.platformCertificate]: channel.platform.certificatePem,
    [FILES.apiV3Key]: merchant.apiV3Key,
    [FILES.yuanluApiKey]: yuanluApiKey,
    [FILES.accounts]: `${JSON.stringify(accountsOf(keys, o), null, 2)}\n`,
  };
  for (const [name, text] of Object.entries(contents)) {
    await writeFile(join(dir, name), text, { mode: OWNER_ONLY_FILE });
  }
  return join(dir, FILES.accounts);
}

/** A complete accounts file with this one merchant and account. Paths in it are relative to its folder. */
function accountsOf({ merchant, channel, yuanluApiKey }: SandboxKeys, o: AccountOptions): object {
  const account = {
    id: o.accountId,
    channel: 'wechat',
    mchid: merchant.mchid,
    appid: merchant.appid,
    api_base: o.apiBase,
    notify_url: o.notifyUrl,
    certificate_serial: merchant.certificateSerial,
    private_key_file: FILES.privateKey,
    api_v3_key_file: FILES.apiV3Key,
    public_keys: [{ id: channel.publicKeyId, file: FILES.publicKey }],
    fetch_platform_certificates: true,
    bill_hosts: [new URL(o.apiBase).host],
  };
  const apiKey = {
    id: 'sandbox',
    sha256: createHash('sha256').update(yuanluApiKey).digest('hex'),
    scopes: ['refunds:read', 'refunds:write', 'payments:read', 'payments:write', 'statements:read'],
  };
  return {
    merchants: [{ id: o.merchantId, name: o.merchantName, api_keys: [apiKey], accounts: [account] }],
  };
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw unusable(path, error instanceof Error ? error.message : String(error));
  }
}

function readKept(path: string, text: string): SandboxKeys {
  let keys: Partial<SandboxKeys>;
  try {
    keys = JSON.parse(text, revive) as Partial<SandboxKeys>;
  } catch {
    throw unusable(path, 'is not JSON');
  }
  const { merchant, channel, yuanluApiKey } = keys;
  if (merchant === undefined || channel === undefined || yuanluApiKey === undefined) {
    throw unusable(path, 'does not hold the keys of a sandbox');
  }
  return { merchant, channel, yuanluApiKey };
}

function unusable(path: string, issue: string): AppError {
  return new AppError('config_invalid', { errors: [`${path}: ${issue}; remove it to have new keys made`] });
}

/** JSON has no dates: the two that keys hold are made again. */
function revive(name: string, value: unknown): unknown {
  return (name === 'from' || name === 'to') && typeof value === 'string' ? new Date(value) : value;
}
