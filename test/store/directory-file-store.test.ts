/** What a directory of statement files promises beyond what every store does. */
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { directoryFileStore } from '../../store/directory-file-store.ts';
import { chunks } from './file-stores.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuanlu-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a file is nobody else’s to read on this machine', async () => {
  const { sha256 } = await directoryFileStore(folder, () => 't').put(chunks('secret'), { name: 'day' });

  expect((await stat(join(folder, 'day', sha256))).mode & 0o077).toBe(0);
});

test('a spool is never taken over: a temporary name that is in use is refused', async () => {
  const same = directoryFileStore(folder, () => 'always-the-same');
  await mkdir(join(folder, 'day'));
  await writeFile(join(folder, 'day', '.spool-always-the-same'), 'somebody is writing here');

  await expect(same.put(chunks('x'), { name: 'day' })).rejects.toMatchObject({ code: 'EEXIST' });
});

test('F54 a file beside the directory is not opened, however its address is written', async () => {
  const files = directoryFileStore(join(folder, 'root'), () => 't');
  await writeFile(join(folder, 'outside'), 'secret');

  for (const uri of ['file:../outside', 'file:a/../../outside', `file:${join(folder, 'outside')}`])
    expect(() => files.open(uri)).toThrow(expect.objectContaining({ code: 'statement_unknown' }) as Error);
});

test('names in a store that lies behind a link are the store’s own', async () => {
  await mkdir(join(folder, 'real'));
  await symlink(join(folder, 'real'), join(folder, 'link'));
  const linked = directoryFileStore(join(folder, 'link'), () => 't');

  const { uri, sha256 } = await linked.put(chunks('x'), { name: 'day' });

  expect(uri).toBe(`file:day/${sha256}`);
  expect(await readFile(join(folder, 'real', 'day', sha256), 'utf8')).toBe('x');
  expect(await readdir(folder)).toEqual(['link', 'real']);
});

describe('F57 what a process that was killed left of a file', () => {
  async function left(name: string, minutesAgo: number): Promise<void> {
    const path = join(folder, 'day', name);
    await mkdir(join(folder, 'day'), { recursive: true });
    await writeFile(path, 'half of it');
    const at = new Date(Date.now() - minutesAgo * 60_000);
    await utimes(path, at, at);
  }
  const putWhole = () => directoryFileStore(folder, () => 't').put(chunks('whole'), { name: 'day' });
  const names = async (): Promise<string[]> => (await readdir(join(folder, 'day'))).toSorted();

  test('goes with a later file of the same name, once nobody wrote to it for an hour', async () => {
    await left('.spool-dead', 61);
    await left('.spool-alive', 30);

    const { sha256 } = await putWhole();

    expect(await names()).toEqual(['.spool-alive', sha256]);
  });

  test('is told from a whole file, which is kept however old it is', async () => {
    await left('0'.repeat(64), 1_000_000);

    const { sha256 } = await putWhole();

    expect(await names()).toEqual(['0'.repeat(64), sha256]);
  });
});

/** Puts a megabyte into the store of a folder and prints the code of what became of it. */
const PUT = `
  import { directoryFileStore } from './store/directory-file-store.ts';
  async function* megabyte() { for (let n = 0; n < 16; n += 1) yield Buffer.alloc(65_536, 1); }
  const put = directoryFileStore(process.argv[1], () => 't').put(megabyte(), { name: 'day' });
  console.log(await put.then(() => 'kept', (error) => error.code + ': ' + error.message));`;

test('F84 I19: a file for which there is no room is to be tried again, and nothing of it is left', async () => {
  // A limit of the process stands for the disk: half a megabyte a file.
  const script = `ulimit -f 512 && exec "$0" --import tsx --input-type module -e "$1" "$2"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script, process.execPath, PUT, folder]);

  expect(stdout).toMatch(/^file_store_unavailable: .*no room left on its disk/);
  expect(await readdir(join(folder, 'day'))).toEqual([]);
});
