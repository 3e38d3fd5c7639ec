/** The accounts file: merchants, their API keys (hashed) and their channel accounts. One JSON file, all errors at once. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { ApiKey } from '../api/keys.ts';
import { apiKeySchema } from '../api/keys.ts';
import { accountIdSchema } from '../channels/account-entry.ts';
import type { ChannelAccount } from '../channels/channel.ts';
import { AppError } from '../domain/errors.ts';
import type { MerchantFacts } from '../domain/receipt/receipt.ts';
import type { AccountRow } from '../store/accounts.ts';
import { READ_ACCOUNT } from './channels.ts';
import { isPublicHost } from './public-host.ts';

const fileSchema = z.strictObject({ merchants: z.array(z.unknown()).min(1, 'at least one merchant') });

export const merchantSchema = z.strictObject({
  id: accountIdSchema,
  name: z.string().min(1),
  /** As the law wants a merchant named on receipts and in complaints. */
  legal_name: z.string().min(1).max(200).optional(),
  credit_code: z
    .string()
    .regex(/^[0-9A-Z]{18}$/, 'must be the 18 digits and letters of a unified social credit code')
    .optional(),
  phone: z.string().min(1).max(40).optional(),
  address: z.string().min(1).max(200).optional(),
  api_keys: z.array(apiKeySchema).default([]),
  /** Each is read by its channel; see {@link loadAccount}. */
  accounts: z.array(z.record(z.string(), z.unknown())).min(1, 'at least one account'),
});

export interface Accounts {
  readonly keys: readonly ApiKey[];
  readonly accounts: readonly ChannelAccount[];
  readonly rows: readonly AccountRow[];
  /** By id, as receipts name them. */
  readonly merchants: ReadonlyMap<string, MerchantFacts>;
}

interface Reading {
  readonly folder: string;
  readonly production: boolean;
  readonly wallNow: Date;
  readonly errors: string[];
  readonly merchantIds: string[];
  readonly merchants: Map<string, MerchantFacts>;
  readonly keys: ApiKey[];
  readonly accounts: ChannelAccount[];
}

/** Certificates must be valid at `wallNow`. @throws AppError `config_invalid` with every error in `errors`. */
export function loadAccounts(
  path: string,
  o: { readonly production: boolean; readonly wallNow: Date },
): Accounts {
  const reading: Reading = {
    ...{ folder: dirname(resolve(path)), production: o.production, wallNow: o.wallNow },
    ...{ errors: [], merchantIds: [], merchants: new Map(), keys: [], accounts: [] },
  };
  const { merchants } = readAccountsFile(path);
  merchants.forEach((merchant, index) => {
    readMerchant(merchant, `merchants.${String(index)}`, reading);
  });
  const { keys, accounts, errors } = reading;
  errors.push(...repeated(reading));
  if (errors.length > 0)
    throw new AppError('config_invalid', { errors: errors.map((one) => `${path}: ${one}`) });
  const rows = accounts.map(({ id, merchantId, channel, externalId }) => ({
    id,
    merchantId,
    channel,
    externalId,
  }));
  return { keys, accounts, rows, merchants: reading.merchants };
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
  throw new AppError('config_invalid', { errors: issuesOf(parsed.error, path) });
}

/** Goes on with what can be read of a merchant that has errors, so that one start tells them all. */
function readMerchant(raw: unknown, at: string, reading: Reading): void {
  const parsed = merchantSchema.safeParse(raw);
  if (!parsed.success) reading.errors.push(...issuesOf(parsed.error, at));
  const merchant = parsed.success ? parsed.data : legible(raw);
  const { id, api_keys: keys, accounts } = merchant;
  reading.merchants.set(id, factsOf(merchant));
  reading.merchantIds.push(id);
  reading.keys.push(...keys.map((key) => ({ ...key, merchantId: id })));
  for (const account of accounts) {
    const name =
      typeof account['id'] === 'string' ? `account ${account['id']}` : `an account of merchant ${id}`;
    try {
      const loaded = loadAccount({ ...account, merchant_id: id }, reading);
      reading.accounts.push(loaded);
      if (reading.production)
        reading.errors.push(...unfitForProduction(loaded).map((one) => `${name}: ${one}`));
    } catch (error) {
      reading.errors.push(...errorsOf(error).map((one) => `${name}: ${one}`));
    }
  }
}

function factsOf(merchant: z.infer<typeof merchantSchema>): MerchantFacts {
  return {
    name: merchant.name,
    legalName: merchant.legal_name ?? null,
    creditCode: merchant.credit_code ?? null,
    phone: merchant.phone ?? null,
    address: merchant.address ?? null,
  };
}

const legibleSchema = z.object({
  id: z.string().catch('without an id'),
  accounts: z.array(z.unknown()).catch([]),
});

function legible(raw: unknown): z.infer<typeof merchantSchema> {
  const parsed = legibleSchema.safeParse(raw);
  const { id, accounts } = parsed.success ? parsed.data : { id: 'without an id', accounts: [] };
  const readable = z.record(z.string(), z.unknown());
  return {
    ...{ id, name: id, api_keys: [] },
    accounts: accounts.flatMap((one) => {
      const account = readable.safeParse(one);
      return account.success ? [account.data] : [];
    }),
  };
}

function loadAccount(
  account: Readonly<Record<string, unknown>>,
  { folder, wallNow }: Pick<Reading, 'folder' | 'wallNow'>,
): ChannelAccount {
  const read = Object.entries(READ_ACCOUNT).find(([name]) => name === account['channel'])?.[1];
  if (read === undefined) {
    const names = Object.keys(READ_ACCOUNT).join(', ');
    throw new AppError('config_invalid', { errors: [`channel: must be one of: ${names}`] });
  }
  return read(account, (path, as = 'utf8') => readFileSync(resolve(folder, path), as), wallNow);
}

/** A sandbox answers as the channel does: nobody would notice that no money moves. */
function unfitForProduction({ addresses }: ChannelAccount): readonly string[] {
  return Object.entries(addresses).flatMap(([name, url]) => {
    const { protocol, hostname } = new URL(url);
    if (protocol === 'https:' && isPublicHost(hostname)) return [];
    return [`${name}: ${url} is refused in production: it must be https and a public host`];
  });
}

/** What only one may have. A number at the channel, too: its refunds would be two accounts'. */
function repeated({ merchantIds, keys, accounts }: Reading): readonly string[] {
  const says = (values: readonly string[], sentence: (value: string) => string): readonly string[] =>
    [...new Set(values.filter((value, index) => values.indexOf(value) !== index))].map(sentence);
  return [
    ...says(merchantIds, (id) => `merchant ${id}: two merchants have this id`),
    ...says(
      accounts.map((one) => one.id),
      (id) => `account ${id}: two accounts have this id`,
    ),
    ...says(
      accounts.map((one) => `${one.channel} ${one.externalId}`),
      (number) => `${number}: two accounts have this number`,
    ),
    ...says(
      keys.map((one) => one.id),
      (id) => `API key ${id}: two keys have this id`,
    ),
    ...says(
      keys.map((one) => one.sha256),
      (sha256) =>
        `API keys ${keys.flatMap((one) => (one.sha256 === sha256 ? [one.id] : [])).join(' and ')}: are the same key`,
    ),
  ];
}

function issuesOf(error: z.ZodError, at: string): readonly string[] {
  return error.issues.map((issue) => `${[at, ...issue.path].join('.')}: ${issue.message}`);
}

function errorsOf(error: unknown): readonly string[] {
  if (error instanceof AppError && Array.isArray(error.details['errors']))
    return error.details['errors'].map(String);
  return [error instanceof Error ? error.message : String(error)];
}
