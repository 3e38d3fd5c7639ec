/** Everything that a process is told from outside, looked at together: variables and accounts file, one list of errors. */
import { AppError } from '../domain/errors.ts';
import { loadAccounts } from './accounts.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { readConfig } from './config.ts';
import type { Environment } from './config-secrets.ts';
import { loadWebhookKeys } from './notice-courier.ts';
import { loadReceiptKeys } from './receipt-desk.ts';

/** @throws AppError `config_invalid` with every error of both in `errors`. */
export function readSettings(env: Environment): Config {
  const errors: string[] = [];
  const config = orErrors(() => readConfig(env), errors);
  const accountsFile = env['YUANLU_ACCOUNTS_FILE'] ?? '';
  const production = env['YUANLU_ENV'] !== 'development';
  const wallNow = systemClock().wallNow();
  if (accountsFile !== '') orErrors(() => loadAccounts(accountsFile, { production, wallNow }), errors);
  const receiptKeysFile = config?.receiptKeysFile ?? null;
  if (receiptKeysFile !== null) orErrors(() => loadReceiptKeys(receiptKeysFile), errors);
  const webhookKeysFile = config?.webhookKeysFile ?? null;
  if (webhookKeysFile !== null) orErrors(() => loadWebhookKeys(webhookKeysFile), errors);
  if (config === null || errors.length > 0) throw new AppError('config_invalid', { errors });
  return config;
}

function orErrors<T>(read: () => T, errors: string[]): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AppError) || !Array.isArray(error.details['errors'])) throw error;
    errors.push(...error.details['errors'].map(String));
    return null;
  }
}
