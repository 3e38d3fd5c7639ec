/** Where the Temporal server comes from: the order of the search, and what people are told. Nothing is fetched here. */
import { createHash } from 'node:crypto';
import { access, chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../domain/errors.ts';
import type { EngineBinary, Fetchers } from '../../workers/engines/temporal-binary.ts';
import { findBinary, findInstalledTemporalCli } from '../../workers/engines/temporal-binary.ts';

const NAME = 'temporal';
/** What `temporal --version` prints, by its documentation. */
const answer = (version: string) => `temporal version ${version} (Server 1.29.0, UI 2.40.0)`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuanlu-binary-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const scriptOf = (says: string) => `#!/bin/sh\necho '${says}'\n`;

/** A program that says so, whatever it is asked. */
async function program(path: string, says: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, scriptOf(says), { mode: 0o755 });
  return path;
}

function searchIn(env: { readonly named?: string; readonly path?: readonly string[] }): Promise<string> {
  vi.stubEnv('TEMPORAL_CLI_PATH', env.named ?? '');
  vi.stubEnv('PATH', (env.path ?? []).join(delimiter));
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  return findInstalledTemporalCli();
}

async function errorsOf(search: Promise<string>): Promise<readonly string[]> {
  const error: unknown = await search.then(
    (found) => new Error(`found ${found}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw error;
  expect(error.code).toBe('engine_unavailable');
  return error.details['errors'] as string[];
}

describe('a Temporal CLI that somebody named', () => {
  test('is used before one on PATH', async () => {
    const named = await program(join(folder, 'own', 'mine'), answer('1.9.1'));
    await program(join(folder, 'bin', NAME), answer('1.9.1'));

    expect(await searchIn({ named, path: [join(folder, 'bin')] })).toBe(named);
  });

  test.each([
    ['is not there', async (path: string) => path, 'ENOENT'],
    ['is too old', (path: string) => program(path, answer('1.2.0')), 'temporal version 1.2.0'],
    ['is another program', (path: string) => program(path, 'GNU coreutils 9.4'), 'GNU coreutils 9.4'],
    ['says nothing', (path: string) => program(path, ''), 'it says:'],
    [
      'may not be run',
      async (path: string) => {
        await program(path, answer('1.9.1'));
        await chmod(path, 0o644);
        return path;
      },
      'EACCES',
    ],
  ])('that %s is refused by its name, and not quietly replaced by the one on PATH', async (_, make, why) => {
    const named = await make(join(folder, 'own', 'mine'));
    await program(join(folder, 'bin', NAME), answer('1.9.1'));

    const [first, ...rest] = await errorsOf(searchIn({ named, path: [join(folder, 'bin')] }));

    expect(first).toContain(`TEMPORAL_CLI_PATH: ${named} cannot serve`);
    expect(first).toContain(why);
    expect(rest.join()).toContain('TEMPORAL_ADDRESS');
  });
});

describe('without a name, the search', () => {
  test.each(['1.3.0', '1.9.1', '1.10.0', '2.0.0', 'v1.4.2'])(
    'takes version %s from PATH',
    async (version) => {
      const found = await program(join(folder, 'bin', NAME), answer(version));

      expect(await searchIn({ path: [join(folder, 'bin')] })).toBe(found);
    },
  );

  test.each(['0.13.2', '1.2.9', '1.0.0'])(
    'leaves version %s on PATH alone: it is too old',
    async (version) => {
      await program(join(folder, 'bin', NAME), answer(version));

      const errors = await errorsOf(searchIn({ path: [join(folder, 'bin')] }));

      expect(errors).toContain('no suitable `temporal` on PATH');
    },
  );

  test('goes through PATH in order and takes the first that suits', async () => {
    await program(join(folder, 'old', NAME), answer('1.1.0'));
    const first = await program(join(folder, 'first', NAME), answer('1.9.1'));
    await program(join(folder, 'second', NAME), answer('1.9.2'));
    const path = ['absent', 'old', 'first', 'second'].map((name) => join(folder, name));

    expect(await searchIn({ path })).toBe(first);
  });

  test('runs nothing from folders that PATH names relative to where one happens to be', async () => {
    await expect(searchIn({ path: ['.', '', 'node_modules/.bin'] })).rejects.toMatchObject({
      code: 'engine_unavailable',
    });
  });

  test('that is in vain tells everything that was tried, and the variables that help', async () => {
    const errors = await errorsOf(searchIn({ path: [join(folder, 'bin')] }));

    expect(errors.slice(0, 2)).toEqual(['TEMPORAL_CLI_PATH is not set', 'no suitable `temporal` on PATH']);
    expect(errors[2]).toContain(join(folder, 'cache', 'yuanlu', 'temporal-'));
    for (const variable of ['TEMPORAL_CLI_PATH', 'YUANLU_DATABASE_URL', 'TEMPORAL_ADDRESS'])
      expect(errors.at(-1)).toContain(variable);
  });
});

/** A program of our own making, so that its hash is known. */
const CONTENT = scriptOf('sort of suits');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const wheel = { name: 'sort-bin', version: '7.1', member: 'sort' };
const SORT: EngineBinary = {
  ...{ label: 'Sorter', variable: 'YUANLU_TEST_SORTER', command: 'sorter', megabytes: 1 },
  wheel: { ...wheel, hashes: { wheel: sha256('a wheel'), member: sha256(CONTENT) } },
  ...{ sdkServer: 'dev-server', ask: [] },
  suits: (says) => says.includes('suits'),
};
const UNPINNED: EngineBinary = { ...SORT, wheel: { ...wheel, hashes: null } };

describe('what is fetched', () => {
  const env = () => ({ PATH: '', XDG_CACHE_HOME: join(folder, 'cache') });
  const target = () => join(folder, 'cache', 'yuanlu', 'sorter-7.1');
  const fail = async (): Promise<void> => {
    throw new Error('it rained');
  };
  const bring =
    (content: string, calls: string[] = [], by = '') =>
    async (_: unknown, draft: string): Promise<void> => {
      calls.push(by);
      await writeFile(draft, content);
    };
  const fetch = (fetchers: Fetchers | null, binary = SORT, log: string[] = []) =>
    findBinary(binary, (line) => log.push(line), { env: env(), fetchers });

  test('comes by pip, is announced, kept, made runnable, and not fetched again', async () => {
    const [calls, log]: string[][] = [[], []];
    const fetchers = { pip: bring(CONTENT, calls, 'pip'), sdk: fail };

    expect(await fetch(fetchers, SORT, log)).toBe(target());
    expect(await fetch(fetchers, SORT, log)).toBe(target());

    expect(calls).toEqual(['pip']);
    expect(log).toEqual(['fetching the Sorter 7.1 once, about 1 MB']);
    await access(target(), 1);
  });

  test('comes through the SDK where pip cannot bring it', async () => {
    const calls: string[] = [];

    expect(await fetch({ pip: fail, sdk: bring(CONTENT, calls, 'sdk') })).toBe(target());

    expect(calls).toEqual(['sdk']);
  });

  test('by nobody leaves nothing, and both ways are told with their reasons', async () => {
    const errors = await errorsOf(fetch({ pip: fail, sdk: fail }));

    expect(errors.filter((one) => one.includes('it rained'))).toHaveLength(2);
    expect(errors.join()).toContain('sort-bin==7.1');
    expect(errors.at(-1)).toContain('YUANLU_TEST_SORTER');
    expect(await readdir(join(folder, 'cache', 'yuanlu'))).toEqual([]);
  });

  test('with another hash than the pinned one is never run and not kept', async () => {
    const witness = join(folder, 'was-run');
    const evil = bring(`#!/bin/sh\ntouch ${witness}\necho it suits\n`);

    const errors = await errorsOf(fetch({ pip: evil, sdk: evil }));

    expect(errors.filter((one) => /SHA-256/.test(one))).toHaveLength(2);
    await expect(access(witness)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(join(folder, 'cache', 'yuanlu'))).toEqual([]);
  });

  test('without a pinned hash is asked what it is before it is kept', async () => {
    const wrong = bring(scriptOf('something else'));

    await errorsOf(fetch({ pip: wrong, sdk: wrong }, UNPINNED));
    expect(await readdir(join(folder, 'cache', 'yuanlu'))).toEqual([]);

    expect(await fetch({ pip: bring(CONTENT), sdk: fail }, UNPINNED)).toBe(target());
  });

  test.each([
    ['pinned', SORT],
    ['not pinned', UNPINNED],
  ])('and was changed in the cache since is dropped and fetched again: %s', async (_, binary) => {
    await program(target(), 'somebody was here');

    expect(await fetch({ pip: bring(CONTENT), sdk: fail }, binary)).toBe(target());

    expect(await readFile(target(), 'utf8')).toBe(CONTENT);
  });

  test('by many at once ends with the same whole program for all', async () => {
    const found = await Promise.all(
      Array.from({ length: 8 }, () => fetch({ pip: bring(CONTENT), sdk: fail })),
    );

    expect(new Set(found)).toEqual(new Set([target()]));
    expect(await readdir(join(folder, 'cache', 'yuanlu'))).toEqual(['sorter-7.1']);
    expect(await readFile(target(), 'utf8')).toBe(CONTENT);
  });

  test('is not asked for when fetching is not wished', async () => {
    expect((await errorsOf(fetch(null))).join()).not.toContain('pip');
  });
});
