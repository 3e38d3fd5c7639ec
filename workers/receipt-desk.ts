/** The keys of receipts, read from their file, and what the api makes receipts with. */
import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ReceiptDesk } from '../api/receipt-desk.ts';
import { AppError } from '../domain/errors.ts';
import { linkTokens } from '../receipts/link-tokens.ts';
import type { ReceiptKeys } from '../receipts/receipt-keys.ts';
import { newReceiptKeys, readReceiptKeys } from '../receipts/receipt-keys.ts';
import type { Accounts } from './accounts.ts';
import type { Config } from './config.ts';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** Null where no keys are configured. @throws AppError `config_invalid` */
export function receiptDesk(
  config: Pick<Config, 'receiptKeysFile' | 'publicUrl' | 'apiHost' | 'apiPort'>,
  { merchants }: Pick<Accounts, 'merchants'>,
): ReceiptDesk | null {
  const { receiptKeysFile, apiHost, apiPort } = config;
  if (receiptKeysFile === null) return null;
  const keys = loadReceiptKeys(receiptKeysFile);
  const publicUrl = config.publicUrl ?? `http://${apiHost}:${String(apiPort)}`;
  return { keys, links: linkTokens(keys.linkSecrets), publicUrl, merchants };
}

/** @throws AppError `config_invalid` */
export function loadReceiptKeys(path: string): ReceiptKeys {
  const text = readIfThere(path);
  if (text === null)
    throw new AppError('config_invalid', { errors: [`YUANLU_RECEIPT_KEYS_FILE: cannot read ${path}`] });
  return readReceiptKeys(text, path);
}

/** Those of an earlier start, or new ones. Returns the path. For stacks on this machine only. */
export async function keptReceiptKeys(path: string): Promise<string> {
  if (readIfThere(path) === null) await rotateReceiptKeys(path);
  else loadReceiptKeys(path);
  return path;
}

/**
 * Puts new keys in front of those in the file, or makes the file. Only its owner can read it; it is replaced whole.
 * @throws AppError `config_invalid` when what is there cannot be read
 */
export async function rotateReceiptKeys(path: string): Promise<ReceiptKeys> {
  const text = newReceiptKeys(readIfThere(path), path);
  await mkdir(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER });
  const next = `${path}.next`;
  try {
    await writeFile(next, text, { mode: OWNER_ONLY_FILE });
    await rename(next, path);
  } finally {
    await rm(next, { force: true });
  }
  return readReceiptKeys(text, path);
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new AppError('config_invalid', { errors: [`cannot read ${path}`] }, { cause: error });
  }
}
