/**
 * Keys and an accounts file on disk, so that sandboxes can be used by any integration: by Yuanlu, or by a program that has
 * never heard of it. Keys are kept between starts: whoever read them goes on.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../domain/errors.ts';
import { SCOPES } from '../domain/scopes.ts';

/** The files that belong to no channel; docs/sandbox.md says what each is for. */
const FILES = { kept: 'keys.json', apiKey: 'yuanlu_api_key', accounts: 'accounts.json' } as const;
const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** What a channel's sandbox gives to whoever wants to use an account at it. */
export interface AccountFiles {
  /** Key files by name; names differ between channels, since those of an account at each lie in one folder. */
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** Its entry in the accounts file. Paths in it are relative to the folder. */
  readonly entry: object;
}

/** How an account is to be known to Yuanlu. */
export interface AccountOptions {
  readonly accountId: string;
  /** Where the sandbox is reached. */
  readonly apiBase: string;
  /** Where it sends notices. */
  readonly notifyUrl: string;
  /** Where its key files lie, below the folder of the accounts file; in that folder itself when absent. */
  readonly keysIn?: string;
}

export interface ShopOptions {
  readonly merchantId: string;
  readonly merchantName: string;
  /** Lets programs into the API of a Yuanlu that runs with the accounts file. */
  readonly yuanluApiKey: string;
}

/** A merchant of the accounts file beside the first. */
export interface OtherMerchant extends ShopOptions {
  readonly accounts: readonly AccountFiles[];
}

/** The names of an account's key files, as its entry gives them. */
export function placed<F extends string>(
  files: Readonly<Record<F, string>>,
  { keysIn }: Pick<AccountOptions, 'keysIn'>,
): Readonly<Record<F, string>> {
  if (keysIn === undefined) return files;
  const named = Object.entries<string>(files).map(([what, name]) => [what, `${keysIn}/${name}`]);
  return Object.fromEntries(named) as Record<F, string>;
}

/** What is kept between starts: the keys of each channel, as JSON can hold them, and the API key. */
export type KeptKeys<K extends object> = K & { readonly yuanluApiKey: string };

/**
 * The keys of an earlier start in this folder; those that it lacks are made, and kept there.
 * @throws AppError `config_invalid` when what is kept there cannot be read; it is never overwritten
 */
export async function keptKeys<K extends object>(
  dir: string,
  make: { readonly [Name in keyof K]: () => K[Name] },
): Promise<KeptKeys<K>> {
  const path = join(dir, FILES.kept);
  const kept = await readKept(path);
  const makers: Record<string, () => unknown> = { yuanluApiKey: newApiKey, ...make };
  const missing = Object.entries(makers).filter(([name]) => kept[name] === undefined);
  const keys = { ...kept, ...Object.fromEntries(missing.map(([name, maker]) => [name, maker()])) };
  if (missing.length > 0) {
    await mkdir(dir, { recursive: true, mode: OWNER_ONLY_FOLDER });
    await writeFile(path, JSON.stringify(keys, null, 2), { mode: OWNER_ONLY_FILE });
  }
  return keys as KeptKeys<K>;
}

/** Writes all files, readable by their owner only. Returns the path of the accounts file. */
export async function writeAccounts(
  dir: string,
  shop: ShopOptions,
  accounts: readonly AccountFiles[],
  others: readonly OtherMerchant[] = [],
): Promise<string> {
  const merchants = [
    merchantEntry('sandbox', { ...shop, accounts }),
    ...others.map((other) => merchantEntry(`sandbox-${other.merchantId}`, other)),
  ];
  const all = [...accounts, ...others.flatMap((other) => other.accounts)];
  const contents: readonly (readonly [name: string, content: string | Buffer])[] = [
    ...all.flatMap(({ files }) => Object.entries(files)),
    [FILES.apiKey, shop.yuanluApiKey],
    [FILES.accounts, `${JSON.stringify({ merchants }, null, 2)}\n`],
  ];
  for (const [name, content] of contents) {
    const path = join(dir, name);
    await mkdir(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER });
    await writeFile(path, content, { mode: OWNER_ONLY_FILE });
  }
  return join(dir, FILES.accounts);
}

/** A merchant of the accounts file, with one key that may do everything a program is let do. */
function merchantEntry(
  keyId: string,
  { merchantId, merchantName, yuanluApiKey, accounts }: OtherMerchant,
): object {
  const apiKey = {
    id: keyId,
    sha256: createHash('sha256').update(yuanluApiKey).digest('hex'),
    scopes: [...SCOPES],
  };
  const entries = accounts.map(({ entry }) => entry);
  return { id: merchantId, name: merchantName, api_keys: [apiKey], accounts: entries };
}

/** A key for the API of a Yuanlu that runs with the accounts file. */
export function newApiKey(): string {
  return `yl_${randomBytes(32).toString('base64url')}`;
}

async function readKept(path: string): Promise<Record<string, unknown>> {
  const text = await readIfThere(path);
  if (text === null) return {};
  let kept: unknown;
  try {
    kept = JSON.parse(text, revive);
  } catch {
    throw unusable(path, 'is not JSON');
  }
  if (typeof kept !== 'object' || kept === null || !('yuanluApiKey' in kept)) {
    throw unusable(path, 'does not hold the keys of a sandbox');
  }
  return { ...kept };
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw unusable(path, error instanceof Error ? error.message : String(error));
  }
}

function unusable(path: string, issue: string): AppError {
  return new AppError('config_invalid', { errors: [`${path}: ${issue}; remove it to have new keys made`] });
}

/** JSON has no dates: those that keys hold are made again. */
function revive(name: string, value: unknown): unknown {
  return (name === 'from' || name === 'to') && typeof value === 'string' ? new Date(value) : value;
}
