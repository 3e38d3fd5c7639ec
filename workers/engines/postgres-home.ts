/**
 * As whom Postgres runs, and where. It refuses to run as root, and everything it touches must be reachable by the user
 * it runs as; a checkout below a closed home folder is not.
 */
import { createHash } from 'node:crypto';
import { access, chown, mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import { cacheFolder, ownFolder } from './cache-folder.ts';
import type { ShippedPostgres } from './postgres-binaries.ts';
import { completeInPlace, copyOf, shippedPostgres } from './postgres-binaries.ts';

/** Whose processes the servers are. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresHome {
  /** Folder with bin/, lib/ and share/. */
  readonly directory: string;
  /** Where data folders may be put: the wished one, or a stand-in that the server's user can reach. */
  readonly dataDir: string;
  /** Null means ours. */
  readonly runAs: RunAs | null;
}

/** Users that may run Postgres for root, best first; the second is what macOS calls the first. */
const UNPRIVILEGED = ['postgres', '_postgres', 'nobody'] as const;

/** Folders that every user can reach, for checkouts that others cannot enter: what is kept must not be swept away. */
const PUBLIC_ROOT = { kept: '/var/lib', passing: '/var/tmp' } as const;

/** @throws AppError `engine_unavailable` when this platform has no Postgres on npm, or root has nobody to run it. */
export async function findPostgresHome(
  wishedDataDir: string,
  keepData: boolean,
  given?: ShippedPostgres,
): Promise<PostgresHome> {
  const shipped = given ?? (await shippedPostgres());
  if (process.getuid?.() !== 0) {
    const whole = await completeInPlace(shipped.directory);
    const directory = whole ? shipped.directory : await copyOf(shipped, await cacheFolder(process.env));
    return { directory, dataDir: wishedDataDir, runAs: null };
  }
  const runAs = await unprivilegedUser();
  const usable = (await othersCanEnter(shipped.directory)) && (await completeInPlace(shipped.directory));
  const directory = usable
    ? shipped.directory
    : await copyOf(shipped, await ownFolder(publicFolder('passing')));
  const reachable = await othersCanEnter(await existingAncestor(wishedDataDir));
  return { directory, dataDir: reachable ? wishedDataDir : await standIn(wishedDataDir, keepData), runAs };
}

/** A folder for this data folder and no other; a checkout that moves begins afresh. */
async function standIn(wishedDataDir: string, keepData: boolean): Promise<string> {
  const mark = createHash('sha256').update(resolve(wishedDataDir)).digest('hex').slice(0, 12);
  return ownFolder(join(await ownFolder(publicFolder(keepData ? 'kept' : 'passing')), `data-${mark}`));
}

function publicFolder(kind: keyof typeof PUBLIC_ROOT): string {
  return join(PUBLIC_ROOT[kind], `yuanlu-${String(process.getuid?.() ?? 0)}`);
}

async function unprivilegedUser(): Promise<RunAs> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of UNPRIVILEGED) {
    const entry = lines.find(([user]) => user === name);
    // macOS writes nobody's number as -2; the system means the same number without a sign.
    if (entry !== undefined) return { uid: Number(entry[2]) >>> 0, gid: Number(entry[3]) >>> 0 };
  }
  const errors = [`root may not run Postgres, and there is no user ${UNPRIVILEGED.join(', ')}`];
  throw new AppError('engine_unavailable', { engine: 'postgres', errors });
}

/** Whether a user who owns nothing on the way may enter the folder. */
export async function othersCanEnter(folder: string): Promise<boolean> {
  for (let path = resolve(folder); ; path = dirname(path)) {
    const { mode } = await stat(path);
    if ((mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

async function existingAncestor(path: string): Promise<string> {
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      await access(at);
      return at;
    } catch {
      if (at === dirname(at)) return at;
    }
  }
}

/** Makes an empty folder that only the server's user can enter. */
export async function makeOwned(folder: string, runAs: RunAs | null): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (runAs !== null) await chown(folder, runAs.uid, runAs.gid);
}
