/** The accounts file: merchants, their API keys (hashed) and their channel accounts. One JSON file, all errors at once. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { ApiKey } from '../api/keys.ts';
import { apiKeySchema } from '../api/keys.ts';
import type { WechatAccount } from '../channels/wechat/account.ts';
import { loadWechatAccount } from '../channels/wechat/account.ts';
import { AppError } from '../domain/errors.ts';
import type { AccountRow } from '../store/accounts.ts';

const merchantSchema = z.strictObject({
  id: z.string().regex(/^[0-9a-z][0-9a-z-]{0,39}$/, 'lower-case letters, digits and dashes, at most 40'),
  name: z.string().min(1),
  api_keys: z.array(apiKeySchema).default([]),
  accounts: z.array(z.looseObject({ id: z.string(), channel: z.string() })).min(1),
});

const fileSchema = z.strictObject({ merchants: z.array(merchantSchema).min(1) });

export interface Accounts {
  readonly keys: readonly ApiKey[];
  readonly wechat: readonly WechatAccount[];
  readonly rows: readonly AccountRow[];
}

/** @throws AppError `config_invalid` with every error in `errors`. */
export function loadAccounts(path: string): Accounts {
  const file = readAccountsFile(path);
  const folder = dirname(resolve(path));
  const errors: string[] = [];
  const wechat: WechatAccount[] = [];
  const keys: ApiKey[] = [];
  for (const merchant of file.merchants) {
    keys.push(...merchant.api_keys.map((key) => ({ ...key, merchantId: merchant.id })));
    for (const account of merchant.accounts) {
      try {
        wechat.push(loadOne({ ...account, merchant_id: merchant.id }, folder));
      } catch (error) {
        errors.push(...errorsOf(error).map((text) => `account ${account.id}: ${text}`));
      }
    }
  }
  errors.push(
    ...duplicates(wechat.map((one) => one.id)).map((id) => `account ${id}: two accounts have this id`),
  );
  errors.push(...duplicates(keys.map((one) => one.id)).map((id) => `API key ${id}: two keys have this id`));
  if (errors.length > 0) throw new AppError('config_invalid', { errors });
  const rows = wechat.map((one) => ({
    id: one.id,
    merchantId: one.merchantId,
    channel: 'wechat' as const,
    externalId: one.mchid,
  }));
  return { keys, wechat, rows };
}

function loadOne(account: { channel: string } & Record<string, unknown>, folder: string): WechatAccount {
  if (account.channel !== 'wechat') {
    throw new AppError('config_invalid', { errors: [`channel ${account.channel} is not one of: wechat`] });
  }
  return loadWechatAccount(account, (path) => readFileSync(resolve(folder, path), 'utf8'));
}

function readAccountsFile(path: string): z.infer<typeof fileSchema> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new AppError('config_invalid', { errors: [`YUANLU_ACCOUNTS_FILE: cannot read ${path}`] });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new AppError('config_invalid', { errors: [`${path}: is not JSON`] });
  }
  const parsed = fileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => `${path}: ${issue.path.join('.')}: ${issue.message}`);
  throw new AppError('config_invalid', { errors });
}

function errorsOf(error: unknown): readonly string[] {
  if (error instanceof AppError && Array.isArray(error.details['errors']))
    return error.details['errors'].map(String);
  return [error instanceof Error ? error.message : String(error)];
}

function duplicates(ids: readonly string[]): readonly string[] {
  return [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))];
}
