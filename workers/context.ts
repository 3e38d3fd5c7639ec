/** What every process of the system is composed of: configuration, clock, accounts, channels, pools, Temporal. */
import type { Logger } from 'pino';
import { pino } from 'pino';
import type { Clock } from '../domain/clock.ts';
import { syncAccounts } from '../store/accounts.ts';
import type { FileStore } from '../store/file-store.ts';
import { assertSchemaCurrent } from '../store/migrate.ts';
import type { Pool } from '../store/pool.ts';
import { createPool } from '../store/pool.ts';
import type { Accounts } from './accounts.ts';
import { loadAccounts } from './accounts.ts';
import type { ChannelRegistry } from './channels.ts';
import { buildChannels } from './channels.ts';
import { clockFor } from './clock.ts';
import type { Config } from './config.ts';
import { INGEST_CONNECTIONS } from './config.ts';
import { openFiles } from './files.ts';
import type { LiveCalendar } from './live-calendar.ts';
import { openCalendar } from './live-calendar.ts';
import { unbelievedKeeper } from './keep-unbelieved.ts';
import { aboutDatabase } from './not-there.ts';
import type { TemporalConnection } from './temporal.ts';
import { connectClient } from './temporal.ts';

export interface Context {
  readonly config: Config;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly channels: ChannelRegistry;
  /** With the years that were imported. */
  readonly calendar: LiveCalendar;
  readonly pool: Pool;
  readonly ingest: Pool;
  readonly temporal: TemporalConnection;
  readonly files: FileStore;
  readonly log: Logger;
  close(): Promise<void>;
}

/** Personal and secret fields that must never reach a log line, wherever they stand. */
const REDACT = ['req.headers.authorization', '*.card', '*.phone', '*.openid', '*.sign', '*.privateKey'];

/** @throws AppError `config_invalid`, `database_unavailable`, `schema_outdated` */
export async function openContext(
  config: Config,
  name: string,
  clock: Clock = clockFor(config.virtualTime),
): Promise<Context> {
  const accounts = loadAccounts(config.accountsFile, {
    production: config.production,
    wallNow: clock.wallNow(),
  });
  const log = pino(
    { name, level: config.logLevel, redact: REDACT },
    pino.destination({ dest: 2, sync: true }),
  );
  const { pool, ingest } = openPools(config, name);
  const temporal = connectClient(config);
  let calendar: LiveCalendar | null = null;
  const close = async (): Promise<void> => {
    await calendar?.stop();
    await temporal.close();
    await Promise.all([pool.end(), ingest.end()]);
  };
  try {
    await assertSchemaCurrent(pool);
    await syncAccounts(pool, accounts.rows, clock.now());
    calendar = await openCalendar({ pool, log });
  } catch (error) {
    await close();
    throw aboutDatabase(error, config.databaseUrl);
  }
  return {
    config,
    clock,
    accounts,
    channels: buildChannels(accounts, clock, unbelievedKeeper({ pool, clock, log })),
    calendar,
    pool,
    ingest,
    temporal,
    files: await openFiles(config),
    log,
    close,
  };
}

/** Both together have as many connections as the configuration says, and no more. */
function openPools(config: Config, name: string): { pool: Pool; ingest: Pool } {
  const { databaseUrl: url, databasePool } = config;
  return {
    pool: createPool({ url, role: 'yuanlu_app', max: databasePool - INGEST_CONNECTIONS, name }),
    ingest: createPool({ url, role: 'yuanlu_ingest', max: INGEST_CONNECTIONS, name: `${name}-ingest` }),
  };
}
