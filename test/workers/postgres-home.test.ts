/**
 * As whom Postgres runs and where: it refuses to be root, and everything that it touches must be reachable by whoever runs
 * it. What only root can see is tested where root runs the tests.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ownFolder } from '../../workers/engines/cache-folder.ts';
import { startEngines } from '../../workers/engines/engines.ts';
import type { ShippedPostgres } from '../../workers/engines/postgres-binaries.ts';
import { completeInPlace, copyOf } from '../../workers/engines/postgres-binaries.ts';
import { findPostgresHome, othersCanEnter } from '../../workers/engines/postgres-home.ts';
import type { Started } from './engine-folder.ts';
import { QUICK, answers, ask, gone, userOf } from './engine-folder.ts';

const START_LIMIT_MS = 90_000;
const isRoot = process.getuid?.() === 0;

/** Closed to everybody else, as a home folder is. */
let closed: string;
beforeEach(async () => {
  closed = await mkdtemp(join(tmpdir(), 'yuanlu-home-'));
});
afterEach(async () => {
  await rm(closed, { recursive: true, force: true });
});

/** What npm brought, in small: two programs, a library, and the list of links that an install script would have made. */
async function shipped(): Promise<ShippedPostgres> {
  const directory = join(closed, 'native');
  await mkdir(join(directory, 'bin'), { recursive: true });
  await mkdir(join(directory, 'lib'));
  for (const name of ['initdb', 'postgres'])
    await writeFile(join(directory, 'bin', name), `#!/bin/sh\necho ${name}\n`, { mode: 0o700 });
  await writeFile(join(directory, 'lib', 'libpq.so.5.18'), 'a library', { mode: 0o600 });
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
  await writeFile(join(directory, 'pg-symlinks.json'), JSON.stringify(links));
  // Its own number, so that the copy that root makes in a public folder is this test's own.
  return { directory, version: `0.0.0-${String(process.pid)}-${String(Math.trunc(performance.now()))}` };
}

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe('whether others can enter a folder', () => {
  test('is decided by every folder on the way to it', async () => {
    const inner = join(closed, 'open', 'inner');
    await mkdir(inner, { recursive: true });

    expect(await othersCanEnter(inner)).toBe(false);
    await chmod(closed, 0o711);
    expect(await othersCanEnter(inner)).toBe(true);
    await chmod(join(closed, 'open'), 0o700);
    expect(await othersCanEnter(inner)).toBe(false);
  });
});

describe('the binaries that npm brought', () => {
  test('are made complete in place, with the links that an install script would have made', async () => {
    const { directory } = await shipped();

    expect(await completeInPlace(directory)).toBe(true);

    expect(await readFile(join(directory, 'lib', 'libpq.so.5'), 'utf8')).toBe('a library');
    expect((await lstat(join(directory, 'lib', 'libpq.so.5'))).isSymbolicLink()).toBe(true);
  });

  test('without their server are not complete, and that is said and not thrown', async () => {
    const { directory } = await shipped();
    await rm(join(directory, 'bin', 'postgres'));

    expect(await completeInPlace(directory)).toBe(false);
  });

  test('are complete without a list of links: not every platform needs any', async () => {
    const { directory } = await shipped();
    await rm(join(directory, 'pg-symlinks.json'));

    expect(await completeInPlace(directory)).toBe(true);
  });

  test('are copied so that everybody can read and run them, whatever the umask of npm ci', async () => {
    const copy = await copyOf(await shipped(), closed);

    expect(await modeOf(copy)).toBe('755');
    expect(await modeOf(join(copy, 'bin', 'postgres'))).toBe('755');
    expect(await modeOf(join(copy, 'lib', 'libpq.so.5.18'))).toBe('644');
    expect(await readFile(join(copy, 'lib', 'libpq.so.5'), 'utf8')).toBe('a library');
  });

  test('are copied once: whoever comes later, or at the same moment, gets the same whole copy', async () => {
    const from = await shipped();

    const copies = await Promise.all(Array.from({ length: 6 }, () => copyOf(from, closed)));

    expect(new Set(copies).size).toBe(1);
    expect((await readdir(closed)).toSorted()).toEqual(['native', `postgres-${from.version}`]);
    const { ino } = await stat(join(copies[0] ?? '', 'bin', 'postgres'));
    await copyOf(from, closed);
    expect((await stat(join(copies[0] ?? '', 'bin', 'postgres'))).ino).toBe(ino);
  });

  test('are copied anew where a cleaner of temporary folders took a part of the copy', async () => {
    const from = await shipped();
    const copy = await copyOf(from, closed);
    await rm(join(copy, 'lib'), { recursive: true });

    expect(await copyOf(from, closed)).toBe(copy);

    expect(await readFile(join(copy, 'lib', 'libpq.so.5'), 'utf8')).toBe('a library');
    expect((await readdir(closed)).toSorted()).toEqual(['native', `postgres-${from.version}`]);
  });
});

/** Needs `setpriv` to become somebody else, and a checkout that everybody can read. */
const canBeSomebody =
  isRoot &&
  existsSync('/usr/bin/setpriv') &&
  (await othersCanEnter(fileURLToPath(new URL('../../node_modules/', import.meta.url))));

const NOBODY = 65_534;

/** Starts engines as a user who owns the folder and nothing else. */
async function startAsNobody(dataDir: string): Promise<{ started: Started; end: () => void }> {
  const starter = fileURLToPath(new URL('./engine-starter.ts', import.meta.url));
  const options = JSON.stringify({ ...QUICK, dataDir, keepData: false });
  const as = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
  const child = spawn('/usr/bin/setpriv', [...as, process.execPath, '--import', 'tsx', starter, options], {
    env: { PATH: process.env['PATH'], HOME: dataDir },
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'close').then((): never => {
    throw new Error(said);
  });
  ended.catch(() => undefined);
  const line = once(createInterface(child.stdout), 'line') as Promise<[string]>;
  const [text] = await Promise.race([line, ended]);
  return { started: JSON.parse(text) as Started, end: () => child.kill('SIGKILL') };
}

if (canBeSomebody) {
  describe('for an ordinary user', () => {
    test(
      'everything runs as that user, in the folder that was asked for',
      async () => {
        await chmod(closed, 0o755);
        const dataDir = join(closed, 'own');
        await mkdir(dataDir);
        await chown(dataDir, NOBODY, NOBODY);

        const { started, end } = await startAsNobody(dataDir);

        for (const pid of [started.pid, started.host, started.postgres])
          expect(await userOf(pid)).toBe(NOBODY);
        expect(started.log).toEqual([]);
        expect((await stat(join(dataDir, 'postgres'))).uid).toBe(NOBODY);
        end();
        await gone(started.pid, started.host, started.postgres);
      },
      START_LIMIT_MS,
    );
  });
}

if (isRoot) {
  describe('for root', () => {
    test('a folder that others cannot enter gets a stand-in that they can, always the same, for it alone', async () => {
      const [kept, passing, again, other] = await Promise.all([
        findPostgresHome(join(closed, 'data'), true),
        findPostgresHome(join(closed, 'data'), false),
        findPostgresHome(join(closed, 'data'), false),
        findPostgresHome(join(closed, 'other'), false),
      ]);

      expect(kept.dataDir).toMatch(/^\/var\/lib\/yuanlu-0\/data-[0-9a-f]{12}$/);
      expect(passing.dataDir).toMatch(/^\/var\/tmp\/yuanlu-0\/data-[0-9a-f]{12}$/);
      expect(again.dataDir).toBe(passing.dataDir);
      expect(other.dataDir).not.toBe(passing.dataDir);
      for (const { dataDir, runAs } of [kept, passing]) {
        expect(await othersCanEnter(dataDir)).toBe(true);
        expect(runAs?.uid).toBeGreaterThan(0);
      }
      for (const { dataDir } of [kept, passing, other]) await rm(dataDir, { recursive: true });
    });

    test('a folder that others can enter is used as it is', async () => {
      await chmod(closed, 0o755);

      expect((await findPostgresHome(join(closed, 'data'), true)).dataDir).toBe(join(closed, 'data'));
    });

    test('binaries in a checkout that others cannot enter are copied to where they can', async () => {
      const from = await shipped();

      await chmod(closed, 0o711);
      await chmod(from.directory, 0o700);

      const { directory } = await findPostgresHome(closed, false, from);

      expect(directory).toBe(join('/var/tmp/yuanlu-0', `postgres-${from.version}`));
      expect(await othersCanEnter(directory)).toBe(true);
      expect(await modeOf(join(directory, 'bin', 'postgres'))).toBe('755');
      await rm(directory, { recursive: true });
    });

    test('a public folder that somebody else could have prepared is refused, not used', async () => {
      const trap = join(closed, 'trap');
      await mkdir(join(closed, 'elsewhere'));
      await symlink(join(closed, 'elsewhere'), trap);

      await expect(ownFolder(trap)).rejects.toMatchObject({ code: 'engine_unavailable' });

      const open = join(closed, 'writable');
      await mkdir(open);
      await chmod(open, 0o777);
      await expect(ownFolder(open)).rejects.toThrow('belongs to somebody else');
    });

    test(
      'Postgres runs as another user from a closed folder, says where its data lie, and takes them along when it ends',
      async () => {
        const log: string[] = [];
        const dataDir = join(closed, 'engines');

        const engines = await startEngines({
          ...{ ...QUICK, dataDir, keepData: false },
          log: (line) => log.push(line),
        });

        const place = /^Postgres data lies in (\S+): other users cannot enter (\S+)$/.exec(log[0] ?? '');
        expect(place?.[2]).toBe(dataDir);
        expect(await userOf(engines.pids().postgres)).not.toBe(0);
        expect(await answers(engines.databaseUrl)).toBe(true);
        expect(await ask(engines.databaseUrl, `select current_setting('data_directory') as at`)).toEqual([
          { at: join(place?.[1] ?? '', 'postgres') },
        ]);
        await engines.stop();
        expect(existsSync(place?.[1] ?? '')).toBe(false);
      },
      START_LIMIT_MS,
    );
  });
}
