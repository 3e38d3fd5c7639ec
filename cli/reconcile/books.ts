/**
 * Where a run works: a database of its own, in an embedded Postgres that ends with the run, or beside whatever is on the
 * server that was named. What is there already is never opened, let alone changed.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import { migrate } from '../../store/migrate.ts';
import type { Pool } from '../../store/pool.ts';
import { createPool } from '../../store/pool.ts';
import { startEngines } from '../../workers/engines/engines.ts';
import type { OwnDatabase } from './own-database.ts';
import { ofNoUse, ownDatabase } from './own-database.ts';

export interface Books {
  /** The owner of everything in the database. */
  readonly owner: Pool;
  /** Role yuanlu_ingest: statements and matching run with the rights they have in production. */
  readonly ingest: Pool;
  /** Removes all that the run has made. */
  close(): Promise<void>;
  /** The same at once, whatever is still at work there; that ends with an error. */
  abandon(): Promise<void>;
}

const APPLICATION = 'yuanlu reconcile';
const GIVE_A_DATABASE =
  'Give a Postgres of your own with --database postgres://user:password@host:port/database.';

/**
 * @param url the server to work on; null starts an embedded one
 * @param say hears what a person should know
 * @throws AppError `engine_unavailable` when no Postgres can be had, `database_unavailable` when the one given is of no
 *   use
 */
export async function openBooks(
  url: string | null,
  say: (line: string) => void,
  start: typeof startEngines = startEngines,
): Promise<Books> {
  const database = url === null ? await embedded(say, start) : await ownDatabase(url, say);
  try {
    await migrate(database.url);
    return booksIn(database);
  } catch (error) {
    await database.remove();
    throw ofNoUse(error);
  }
}

async function embedded(say: (line: string) => void, start: typeof startEngines): Promise<OwnDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'yuanlu-reconcile-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    // As root, Postgres runs as another user, who must be able to enter.
    await chmod(folder, 0o755);
    const engines = await start({
      ...{ dataDir: folder, keepData: false, postgres: true, temporal: false, throwAway: true },
      log: say,
    });
    return {
      url: engines.databaseUrl,
      remove: async () => {
        await engines.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    if (!(error instanceof AppError) || error.code !== 'engine_unavailable') throw error;
    const errors = Array.isArray(error.details['errors']) ? error.details['errors'].slice(0, 1) : [];
    throw new AppError('engine_unavailable', { errors, remedy: GIVE_A_DATABASE }, { cause: error });
  }
}

function booksIn(database: OwnDatabase): Books {
  const { url } = database;
  const owner = createPool({
    ...{ url: withSettings(url), role: null, max: 2, name: APPLICATION, statementTimeoutMs: 0 },
  });
  const ingest = createPool({ url, role: 'yuanlu_ingest', max: 2, name: APPLICATION });
  return {
    owner,
    ingest,
    close: async () => {
      await Promise.all([owner.end(), ingest.end()]);
      await database.remove();
    },
    abandon: () => database.remove(),
  };
}

/** Sets over a whole list stay in memory; compiling a query takes longer than running it. */
const SETTINGS = '-c work_mem=64MB -c jit=off';

function withSettings(url: string): string {
  const changed = new URL(url);
  changed.searchParams.append('options', SETTINGS);
  return changed.toString();
}
