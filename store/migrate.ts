/** Brings the schema up to date: numbered SQL files, each applied once, in order, under a lock, and never edited after. */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Pool } from './pool.ts';
import { asAppError, createPool, sqlState } from './pool.ts';
import { AppError } from '../domain/errors.ts';

const FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url));
const LOCK = 'yuanlu/migrate';

/** The oldest Postgres that has what the schema uses, as `server_version_num` says it. */
export const POSTGRES_FLOOR = 150_000;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** The migrations of this version, in order. */
export async function readMigrations(): Promise<readonly Migration[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(`${FOLDER}${name}`, 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/**
 * Applies what is missing. Several at once are harmless: one works, the others find it done.
 * @throws AppError `schema_outdated` when the database is newer than this version, or an applied file was edited
 */
export async function migrate(url: string): Promise<{ applied: string[] }> {
  const pool = createPool({ url, role: null, max: 1, name: 'migrate', statementTimeoutMs: 0 });
  const migrations = await readMigrations();
  const tx = await pool.connect().catch(async (error: unknown) => {
    await pool.end();
    throw asAppError(error);
  });
  try {
    await tx.query('select pg_advisory_lock(hashtextextended($1, 0))', [LOCK]);
    await tx.query('create schema if not exists yuanlu');
    await tx.query(
      `create table if not exists yuanlu.schema_migrations (
         name text primary key, checksum text not null, applied_at timestamptz not null default now())`,
    );
    const { rows } = await tx.query<{ name: string; checksum: string }>(
      'select name, checksum from yuanlu.schema_migrations',
    );
    checkApplied(migrations, rows);
    const done = new Set(rows.map((row) => row.name));
    const applied: string[] = [];
    for (const migration of migrations.filter((one) => !done.has(one.name))) {
      await tx.query('begin');
      try {
        await tx.query(migration.sql);
        await tx.query('insert into yuanlu.schema_migrations (name, checksum) values ($1, $2)', [
          migration.name,
          migration.checksum,
        ]);
        await tx.query('commit');
      } catch (error) {
        await tx.query('rollback');
        throw error;
      }
      applied.push(migration.name);
    }
    return { applied };
  } finally {
    await tx.query('select pg_advisory_unlock_all()').catch(() => undefined);
    tx.release();
    await pool.end();
  }
}

function checkApplied(
  migrations: readonly Migration[],
  rows: readonly { name: string; checksum: string }[],
): void {
  for (const row of rows) {
    const own = migrations.find((one) => one.name === row.name);
    if (own === undefined)
      throw new AppError('schema_outdated', {
        why: `the database has ${row.name}, which this version does not know`,
      });
    if (own.checksum !== row.checksum)
      throw new AppError('schema_outdated', { why: `${row.name} was edited after it was applied` });
  }
}

/** @throws AppError `schema_outdated` unless exactly this version's migrations were applied. */
export async function assertSchemaCurrent(pool: Pool): Promise<void> {
  const migrations = await readMigrations();
  let rows: { name: string; checksum: string }[];
  try {
    ({ rows } = await pool.query<{ name: string; checksum: string }>(
      'select name, checksum from yuanlu.schema_migrations',
    ));
  } catch (error) {
    // No table, or no right to read it: never migrated.
    if (['42P01', '3F000', '42501', '22023'].includes(sqlState(error) ?? '')) {
      throw new AppError('schema_outdated', { why: 'the schema is not there' }, { cause: error });
    }
    throw asAppError(error);
  }
  checkApplied(migrations, rows);
  const missing = migrations.filter((one) => !rows.some((row) => row.name === one.name));
  if (missing.length > 0)
    throw new AppError('schema_outdated', { missing: missing.map((one) => one.name).join(', ') });
}
