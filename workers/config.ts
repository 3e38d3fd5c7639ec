/**
 * Configuration from environment variables: one schema, all errors at once, no start with a contradiction. Secrets may
 * be given as `NAME_FILE`, the path of a file that holds the value.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import type { VirtualTime } from './clock.ts';

const port = z.coerce.number().int().min(0).max(65_535);

const schema = z.object({
  YUANLU_ENV: z.enum(['production', 'development']).default('production'),
  YUANLU_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }),
  YUANLU_DATABASE_POOL: z.coerce.number().int().min(4).max(200).default(20),
  TEMPORAL_ADDRESS: z.string().regex(/^[^\s/]+:\d+$/, 'must be host:port'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  YUANLU_ACCOUNTS_FILE: z.string().min(1),
  YUANLU_FILES_DIR: z.string().min(1).default('.yuanlu/files'),
  YUANLU_API_HOST: z.string().min(1).default('127.0.0.1'),
  YUANLU_API_PORT: port.default(8080),
  YUANLU_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  YUANLU_LOOK_BACK_DAYS: z.coerce.number().int().min(1).max(90).default(7),
  YUANLU_SCHEDULE: z.string().min(1).default('*/5 * * * *'),
  YUANLU_POLL_FLOOR_MS: z.coerce.number().int().min(1).default(1000),
  YUANLU_CLOCK_ORIGIN: z.iso.datetime({ offset: true }).optional(),
  YUANLU_CLOCK_EPOCH: z.iso.datetime({ offset: true }).optional(),
  YUANLU_CLOCK_RATE: z.coerce.number().positive().default(1),
});

export interface Config {
  readonly production: boolean;
  readonly databaseUrl: string;
  readonly databasePool: number;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly accountsFile: string;
  readonly filesDir: string;
  readonly apiHost: string;
  readonly apiPort: number;
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent';
  /** How many days back the scheduler makes sure that everything was started. */
  readonly lookBackDays: number;
  /** When the scheduler looks, as a cron line with 5 or 6 fields. */
  readonly schedule: string;
  readonly pollFloorMs: number;
  /** Null in production and wherever business time is the host's time. */
  readonly virtualTime: VirtualTime | null;
}

/** Names whose value may stand in a file named by `<NAME>_FILE`. */
const SECRET_NAMES = ['YUANLU_DATABASE_URL'] as const;

/** @throws AppError `config_invalid` with every error in `errors`. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const errors: string[] = [];
  const parsed = schema.safeParse(withSecretsFromFiles(env, errors));
  if (!parsed.success) {
    errors.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
    throw new AppError('config_invalid', { errors });
  }
  const values = parsed.data;
  const virtual = values.YUANLU_CLOCK_RATE !== 1 || values.YUANLU_CLOCK_ORIGIN !== undefined;
  if (virtual && values.YUANLU_ENV === 'production') {
    errors.push('YUANLU_CLOCK_RATE, YUANLU_CLOCK_ORIGIN: a virtual clock is refused in production');
  }
  if (virtual && (values.YUANLU_CLOCK_ORIGIN === undefined || values.YUANLU_CLOCK_EPOCH === undefined)) {
    errors.push('YUANLU_CLOCK_ORIGIN and YUANLU_CLOCK_EPOCH: both are needed with a virtual clock');
  }
  if (errors.length > 0) throw new AppError('config_invalid', { errors });
  return {
    production: values.YUANLU_ENV === 'production',
    databaseUrl: values.YUANLU_DATABASE_URL,
    databasePool: values.YUANLU_DATABASE_POOL,
    temporalAddress: values.TEMPORAL_ADDRESS,
    temporalNamespace: values.TEMPORAL_NAMESPACE,
    accountsFile: values.YUANLU_ACCOUNTS_FILE,
    filesDir: values.YUANLU_FILES_DIR,
    apiHost: values.YUANLU_API_HOST,
    apiPort: values.YUANLU_API_PORT,
    logLevel: values.YUANLU_LOG_LEVEL,
    lookBackDays: values.YUANLU_LOOK_BACK_DAYS,
    schedule: values.YUANLU_SCHEDULE,
    pollFloorMs: values.YUANLU_POLL_FLOOR_MS,
    virtualTime: virtualTimeOf(values),
  };
}

function virtualTimeOf(values: z.infer<typeof schema>): VirtualTime | null {
  const { YUANLU_CLOCK_ORIGIN: origin, YUANLU_CLOCK_EPOCH: epoch, YUANLU_CLOCK_RATE: rate } = values;
  if (origin === undefined || epoch === undefined) return null;
  return { originMs: Date.parse(origin), epochMs: Date.parse(epoch), rate };
}

function withSecretsFromFiles(
  env: Readonly<Record<string, string | undefined>>,
  errors: string[],
): Record<string, string | undefined> {
  const filled: Record<string, string | undefined> = { ...env };
  for (const name of SECRET_NAMES) {
    const path = env[`${name}_FILE`];
    if (path === undefined) continue;
    if (env[name] !== undefined) errors.push(`${name} and ${name}_FILE: give one of the two`);
    try {
      filled[name] = readFileSync(path, 'utf8').trim();
    } catch {
      errors.push(`${name}_FILE: cannot read ${path}`);
    }
  }
  return filled;
}

/** The environment variables of a configuration, for child processes that must share it. */
export function toEnv(config: Config): Record<string, string> {
  const { virtualTime } = config;
  return {
    YUANLU_ENV: config.production ? 'production' : 'development',
    YUANLU_DATABASE_URL: config.databaseUrl,
    YUANLU_DATABASE_POOL: String(config.databasePool),
    TEMPORAL_ADDRESS: config.temporalAddress,
    TEMPORAL_NAMESPACE: config.temporalNamespace,
    YUANLU_ACCOUNTS_FILE: config.accountsFile,
    YUANLU_FILES_DIR: config.filesDir,
    YUANLU_API_HOST: config.apiHost,
    YUANLU_API_PORT: String(config.apiPort),
    YUANLU_LOG_LEVEL: config.logLevel,
    YUANLU_LOOK_BACK_DAYS: String(config.lookBackDays),
    YUANLU_SCHEDULE: config.schedule,
    YUANLU_POLL_FLOOR_MS: String(config.pollFloorMs),
    ...(virtualTime === null
      ? {}
      : {
          YUANLU_CLOCK_ORIGIN: new Date(virtualTime.originMs).toISOString(),
          YUANLU_CLOCK_EPOCH: new Date(virtualTime.epochMs).toISOString(),
          YUANLU_CLOCK_RATE: String(virtualTime.rate),
        }),
  };
}
