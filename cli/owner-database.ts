/** Commands that need the database and nothing else of a configuration. */
import { AppError } from '../domain/errors.ts';
import type { Pool, PoolOptions } from '../store/pool.ts';
import { createPool } from '../store/pool.ts';
import { assertSchemaCurrent } from '../store/migrate.ts';
import { readAsFarAsPossible } from '../workers/config.ts';
import { aboutDatabase } from '../workers/not-there.ts';

/** @throws AppError `config_invalid` */
export function databaseUrl(): string {
  const { config, errors } = readAsFarAsPossible(process.env);
  const wrong = errors.filter((error) => error.includes('YUANLU_DATABASE_URL'));
  if (wrong.length > 0 || config.databaseUrl === undefined)
    throw new AppError('config_invalid', { errors: wrong });
  return config.databaseUrl;
}

/** Runs `work` as the login of YUANLU_DATABASE_URL itself. @throws AppError `config_invalid`, `database_unavailable`, `schema_outdated` */
export async function withOwner<T>(work: (owner: Pool) => Promise<T>): Promise<T> {
  return withPool(null, work);
}

/** Runs `work` with a login that can only read. @throws AppError `config_invalid`, `database_unavailable`, `schema_outdated` */
export async function withReader<T>(work: (reader: Pool) => Promise<T>): Promise<T> {
  return withPool('yuanlu_report', work);
}

async function withPool<T>(role: PoolOptions['role'], work: (pool: Pool) => Promise<T>): Promise<T> {
  const url = databaseUrl();
  const pool = createPool({ url, role, max: 1, name: 'cli' });
  try {
    await assertSchemaCurrent(pool);
    return await work(pool);
  } catch (error) {
    throw aboutDatabase(error, url);
  } finally {
    await pool.end();
  }
}
