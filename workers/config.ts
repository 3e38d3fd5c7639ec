/**
 * Configuration from environment variables: one table of them, all errors at once, no start with a contradiction. Secrets
 * may be given as `NAME_FILE`, the path of a file that holds the value. docs/configuration.md says what each is for.
 */
import cron from 'node-cron';
import { z } from 'zod';
import type { Splitting } from '../activities/deps.ts';
import { AppError } from '../domain/errors.ts';
import type { ReleaseLimits } from '../domain/refund/limits.ts';
import type { S3Place } from '../store/s3-file-store.ts';
import type { VirtualTime } from './clock.ts';
import { isHostAndPort, isProxy } from './config-addresses.ts';
import { BUCKET_VARIABLES, bucketEnv, bucketOf } from './config-bucket.ts';
import { contradictionsOf, usesTls } from './config-contradictions.ts';
import { withSecretsFromFiles } from './config-secrets.ts';
import type { Environment } from './config-secrets.ts';
import { SPLITTING_VARIABLES, splittingEnv, splittingOf } from './config-splitting.ts';
import { oneOf, whole } from './config-values.ts';

/** Connections of the database pool that are kept for statements; the rest serves refunds. */
export const INGEST_CONNECTIONS = 4;

/** Two for refunds beside those for statements: one would make a transaction wait for itself. */
const POOL_MIN = INGEST_CONNECTIONS + 2;

const port = whole(0, 65_535);
const text = z.string();
const minor = text
  .regex(/^[1-9][0-9]{0,15}$/, 'must be a whole number of fen above zero, such as 500000 for 5,000 yuan')
  .transform(BigInt);
const instant = z.iso.datetime({
  offset: true,
  error: 'must be an instant such as 2026-09-01T00:00:00+08:00',
});

const VARIABLES = {
  YUANLU_ENV: oneOf('production', 'development').default('production'),
  YUANLU_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }),
  YUANLU_DATABASE_POOL: whole(POOL_MIN, 200).default(20),
  TEMPORAL_ADDRESS: text.refine(isHostAndPort, 'must be host:port'),
  TEMPORAL_NAMESPACE: text.default('default'),
  TEMPORAL_API_KEY: text.optional(),
  TEMPORAL_TLS: oneOf('true', 'false').optional(),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: text.optional(),
  TEMPORAL_TLS_SERVER_NAME: text.optional(),
  TEMPORAL_TLS_CLIENT_CERT_PATH: text.optional(),
  TEMPORAL_TLS_CLIENT_KEY_PATH: text.optional(),
  YUANLU_ACCOUNTS_FILE: text,
  YUANLU_FILES_DIR: text.default('.yuanlu/files'),
  ...BUCKET_VARIABLES,
  YUANLU_API_HOST: text.default('127.0.0.1'),
  YUANLU_API_PORT: port.default(8080),
  YUANLU_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be an https:// address' })
    .regex(/^[^?#]+$/, 'must have no query and no fragment')
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  YUANLU_RECEIPT_KEYS_FILE: text.optional(),
  YUANLU_RELEASE_OVER_MINOR: minor.optional(),
  YUANLU_RELEASE_OVER_HOURLY_REFUNDS: whole(1, 999_999_999).optional(),
  YUANLU_RELEASE_OVER_HOURLY_MINOR: minor.optional(),
  YUANLU_TRUSTED_PROXIES: text
    .transform((list) => list.split(',').map((one) => one.trim()))
    .refine((list) => list.every(isProxy), 'must be addresses or networks such as 10.0.0.0/8, or loopback')
    .optional(),
  YUANLU_WEBHOOK_KEYS_FILE: text.optional(),
  YUANLU_LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'silent').default('info'),
  YUANLU_SCHEDULE: text
    .refine((line) => cron.validate(line), 'must be a cron line with 5 or 6 fields')
    .default('*/5 * * * *'),
  YUANLU_LOOK_BACK_DAYS: whole(1, 90).default(7),
  YUANLU_POLL_FLOOR_MS: whole(1, 3_600_000).default(1000),
  ...SPLITTING_VARIABLES,
  YUANLU_CLOCK_ORIGIN: instant.optional(),
  YUANLU_CLOCK_EPOCH: instant.optional(),
  YUANLU_CLOCK_RATE: text
    .regex(/^\d{1,9}(\.\d{1,20})?$/, 'must be a number over 0')
    .transform(Number)
    .refine((rate) => rate > 0, 'must be a number over 0')
    .default(1),
} as const;

type Name = keyof typeof VARIABLES;

/** The variables that could be read; what is wrong or missing is not there. */
export type ReadValues = { readonly [K in Name]?: z.output<(typeof VARIABLES)[K]> };

/** Names whose value may stand in a file named by `<NAME>_FILE`. */
const SECRET_NAMES = [
  'YUANLU_DATABASE_URL',
  'TEMPORAL_API_KEY',
  'YUANLU_FILES_S3_ACCESS_KEY_ID',
  'YUANLU_FILES_S3_SECRET_ACCESS_KEY',
] as const;

export interface Config {
  readonly production: boolean;
  readonly databaseUrl: string;
  /** Connections of one process, those for statements included. */
  readonly databasePool: number;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly temporalSecurity: TemporalSecurity;
  readonly accountsFile: string;
  readonly filesDir: string;
  /** The bucket that new statement files go to; null where they stay in `filesDir`. */
  readonly filesS3: S3Place | null;
  readonly apiHost: string;
  readonly apiPort: number;
  /** How payers reach the api, no slash at the end; null where nobody from outside does. */
  readonly publicUrl: string | null;
  /** Proxies that are believed about where a request came from. */
  readonly trustedProxies: readonly string[];
  /** The keys of receipts; without them no receipts are made. */
  readonly receiptKeysFile: string | null;
  /** Above these a refund waits for two people, merchant by merchant. */
  readonly releaseLimits: ReleaseLimits;
  /** The keys under which secrets of webhooks are kept; without them no webhooks are sent. */
  readonly webhookKeysFile: string | null;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent';
  /** How many days back the scheduler makes sure that everything was started. */
  readonly lookBackDays: number;
  /** When the scheduler looks, as a cron line with 5 or 6 fields. */
  readonly schedule: string;
  readonly pollFloorMs: number;
  /** Which statements several workers load together. */
  readonly splitting: Splitting;
  /** Null in production and wherever business time is the host's time. */
  readonly virtualTime: VirtualTime | null;
}

/** How the way to Temporal is closed to others. Everything null is a plain connection, for a network of one's own. */
export interface TemporalSecurity {
  readonly apiKey: string | null;
  readonly tls: boolean;
  readonly caFile: string | null;
  readonly serverName: string | null;
  readonly clientCertFile: string | null;
  readonly clientKeyFile: string | null;
}

export const PLAIN_TEMPORAL: TemporalSecurity = {
  apiKey: null,
  tls: false,
  caFile: null,
  serverName: null,
  clientCertFile: null,
  clientKeyFile: null,
};

/** @throws AppError `config_invalid` with every error in `errors`. */
export function readConfig(env: Environment): Config {
  const { config, errors } = readAsFarAsPossible(env);
  if (errors.length > 0) throw new AppError('config_invalid', { errors });
  return config as Config;
}

/** What could be read, complete when there are no errors: for whoever looks at a configuration that is still being made. */
export function readAsFarAsPossible(env: Environment): {
  readonly config: { readonly [K in keyof Config]: Config[K] | undefined };
  readonly errors: readonly string[];
} {
  const errors: string[] = [];
  const values = readValues(withSecretsFromFiles(env, SECRET_NAMES, errors), errors);
  errors.push(...contradictionsOf(values));
  return { config: toConfig(values), errors };
}

/** Reads each variable for itself, so that one that is wrong hides nothing about the others. */
function readValues(env: Environment, errors: string[]): ReadValues {
  const values: Partial<Record<Name, unknown>> = {};
  for (const [name, type] of Object.entries(VARIABLES) as [Name, z.ZodType][]) {
    const given = env[name];
    const parsed = type.safeParse(given);
    if (parsed.success) values[name] = parsed.data;
    else if (given === undefined) errors.push(`${name}: is not set`);
    else errors.push(...parsed.error.issues.map((issue) => `${name}: ${issue.message}`));
  }
  return values as ReadValues;
}

function toConfig(values: ReadValues): { readonly [K in keyof Config]: Config[K] | undefined } {
  return {
    production: values.YUANLU_ENV === 'production',
    databaseUrl: values.YUANLU_DATABASE_URL,
    databasePool: values.YUANLU_DATABASE_POOL,
    temporalAddress: values.TEMPORAL_ADDRESS,
    temporalNamespace: values.TEMPORAL_NAMESPACE,
    temporalSecurity: temporalSecurityOf(values),
    accountsFile: values.YUANLU_ACCOUNTS_FILE,
    filesDir: values.YUANLU_FILES_DIR,
    filesS3: bucketOf(values),
    apiHost: values.YUANLU_API_HOST,
    apiPort: values.YUANLU_API_PORT,
    publicUrl: values.YUANLU_PUBLIC_URL ?? null,
    trustedProxies: values.YUANLU_TRUSTED_PROXIES ?? [],
    receiptKeysFile: values.YUANLU_RECEIPT_KEYS_FILE ?? null,
    releaseLimits: {
      refundMinor: values.YUANLU_RELEASE_OVER_MINOR ?? null,
      hourlyRefunds: values.YUANLU_RELEASE_OVER_HOURLY_REFUNDS ?? null,
      hourlyMinor: values.YUANLU_RELEASE_OVER_HOURLY_MINOR ?? null,
    },
    webhookKeysFile: values.YUANLU_WEBHOOK_KEYS_FILE ?? null,
    logLevel: values.YUANLU_LOG_LEVEL,
    lookBackDays: values.YUANLU_LOOK_BACK_DAYS,
    schedule: values.YUANLU_SCHEDULE,
    pollFloorMs: values.YUANLU_POLL_FLOOR_MS,
    splitting: splittingOf(values),
    virtualTime: virtualTimeOf(values),
  };
}

function virtualTimeOf(values: ReadValues): VirtualTime | null {
  const { YUANLU_CLOCK_ORIGIN: origin, YUANLU_CLOCK_EPOCH: epoch, YUANLU_CLOCK_RATE: rate = 1 } = values;
  if (origin === undefined || epoch === undefined) return null;
  return { originMs: Date.parse(origin), epochMs: Date.parse(epoch), rate };
}

function temporalSecurityOf(values: ReadValues): TemporalSecurity {
  return {
    apiKey: values.TEMPORAL_API_KEY ?? null,
    tls: usesTls(values),
    caFile: values.TEMPORAL_TLS_SERVER_CA_CERT_PATH ?? null,
    serverName: values.TEMPORAL_TLS_SERVER_NAME ?? null,
    clientCertFile: values.TEMPORAL_TLS_CLIENT_CERT_PATH ?? null,
    clientKeyFile: values.TEMPORAL_TLS_CLIENT_KEY_PATH ?? null,
  };
}

/** The environment variables of a configuration, for child processes that must share it. */
export function toEnv(config: Config): Record<string, string> {
  const { virtualTime, temporalSecurity: security, releaseLimits } = config;
  const limit = (value: bigint | number | null): string | null => value?.toString() ?? null;
  const optional = {
    TEMPORAL_API_KEY: security.apiKey,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: security.caFile,
    TEMPORAL_TLS_SERVER_NAME: security.serverName,
    TEMPORAL_TLS_CLIENT_CERT_PATH: security.clientCertFile,
    TEMPORAL_TLS_CLIENT_KEY_PATH: security.clientKeyFile,
    ...bucketEnv(config.filesS3),
    YUANLU_PUBLIC_URL: config.publicUrl,
    YUANLU_TRUSTED_PROXIES: config.trustedProxies.length === 0 ? null : config.trustedProxies.join(','),
    YUANLU_RECEIPT_KEYS_FILE: config.receiptKeysFile,
    YUANLU_RELEASE_OVER_MINOR: limit(releaseLimits.refundMinor),
    YUANLU_RELEASE_OVER_HOURLY_REFUNDS: limit(releaseLimits.hourlyRefunds),
    YUANLU_RELEASE_OVER_HOURLY_MINOR: limit(releaseLimits.hourlyMinor),
    YUANLU_WEBHOOK_KEYS_FILE: config.webhookKeysFile,
    YUANLU_CLOCK_ORIGIN: virtualTime === null ? null : new Date(virtualTime.originMs).toISOString(),
    YUANLU_CLOCK_EPOCH: virtualTime === null ? null : new Date(virtualTime.epochMs).toISOString(),
    YUANLU_CLOCK_RATE: virtualTime === null ? null : String(virtualTime.rate),
  };
  const given = Object.entries(optional).filter((entry): entry is [string, string] => entry[1] !== null);
  return {
    YUANLU_ENV: config.production ? 'production' : 'development',
    YUANLU_DATABASE_URL: config.databaseUrl,
    YUANLU_DATABASE_POOL: String(config.databasePool),
    TEMPORAL_ADDRESS: config.temporalAddress,
    TEMPORAL_NAMESPACE: config.temporalNamespace,
    TEMPORAL_TLS: String(security.tls),
    YUANLU_ACCOUNTS_FILE: config.accountsFile,
    YUANLU_FILES_DIR: config.filesDir,
    YUANLU_API_HOST: config.apiHost,
    YUANLU_API_PORT: String(config.apiPort),
    YUANLU_LOG_LEVEL: config.logLevel,
    YUANLU_LOOK_BACK_DAYS: String(config.lookBackDays),
    YUANLU_SCHEDULE: config.schedule,
    YUANLU_POLL_FLOOR_MS: String(config.pollFloorMs),
    ...splittingEnv(config.splitting),
    ...Object.fromEntries(given),
  };
}

interface VariableFacts {
  readonly name: string;
  readonly required: boolean;
  /** In the words of the environment; null when absence means something. */
  readonly default: string | null;
}

/** What there is to set, for the documentation's test. */
export function configVariables(): readonly VariableFacts[] {
  return (Object.entries(VARIABLES) as [string, z.ZodType][]).map(([name, type]) => {
    const absent = type.safeParse(undefined);
    const value = (absent.success ? absent.data : undefined) as string | number | undefined;
    return { name, required: !absent.success, default: value === undefined ? null : String(value) };
  });
}
