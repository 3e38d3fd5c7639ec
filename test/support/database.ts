/** A database of its own for a test file: cloned from a template that was migrated once per version of the schema. */
import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import { migrate, readMigrations } from '../../store/migrate.ts';
import type { Pool } from '../../store/pool.ts';
import { createPool } from '../../store/pool.ts';
import { required } from './required.ts';

export interface TestDatabase {
  readonly url: string;
  /** Role yuanlu_app. */
  readonly pool: Pool;
  /** Role yuanlu_ingest. */
  readonly ingest: Pool;
  /** The owner: for looking, and for faults that no role may cause. */
  readonly owner: Pool;
  drop(): Promise<void>;
}

export async function testDatabase(): Promise<TestDatabase> {
  const adminUrl = required('YUANLU_TEST_DATABASE_URL');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(`select pg_advisory_lock(hashtextextended('yuanlu/test-template', 0))`);
    const template = await ensureTemplate(admin, adminUrl);
    await admin.query(`create database ${name} template ${template}`);
  } finally {
    await admin.end();
  }
  const url = withDatabase(adminUrl, name);
  const pool = createPool({ url, role: 'yuanlu_app', max: 12, name: 'test-app' });
  const ingest = createPool({ url, role: 'yuanlu_ingest', max: 4, name: 'test-ingest' });
  const owner = createPool({ url, role: null, max: 2, name: 'test-owner' });
  return {
    url,
    pool,
    ingest,
    owner,
    drop: async () => {
      await Promise.all([pool.end(), ingest.end(), owner.end()]);
      const closing = new pg.Client({ connectionString: adminUrl });
      await closing.connect();
      await closing.query(`drop database ${name} with (force)`);
      await closing.end();
    },
  };
}

async function ensureTemplate(admin: pg.Client, adminUrl: string): Promise<string> {
  const migrations = await readMigrations();
  const mark = createHash('sha256')
    .update(migrations.map((one) => one.checksum).join())
    .digest('hex')
    .slice(0, 12);
  const name = `template_${mark}`;
  const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [name]);
  if (rowCount === 1) return name;
  const draft = `${name}_draft`;
  await admin.query(`drop database if exists ${draft}`);
  await admin.query(`create database ${draft}`);
  await migrate(withDatabase(adminUrl, draft));
  await admin.query(`alter database ${draft} rename to ${name}`);
  return name;
}

export function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.toString();
}
