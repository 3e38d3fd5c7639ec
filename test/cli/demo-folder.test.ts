/** A demo that is killed leaves its folder, with keys in it: the next one takes it away. */
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeDemoFolder } from '../../cli/demo/folder.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'yuanlu-folder-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('the folder of a demo that is no more goes; one in use, and what is no demo’s, stays', async () => {
  // A process that has ended: nobody has its number for now.
  const { pid: ended } = spawnSync(process.execPath, ['--version']);
  const names = [`demo-${String(ended)}-a`, `demo-${String(process.pid)}-b`, 'demo-papers', 'engines'];
  for (const name of names) {
    await mkdir(join(root, name));
    await writeFile(join(root, name, 'key'), 'x');
  }

  const made = await makeDemoFolder(root);

  expect(new Set(await readdir(root))).toEqual(new Set([...names.slice(1), basename(made)]));
});

test('it is made where nothing is yet', async () => {
  const made = await makeDemoFolder(join(root, 'not', 'there'));

  expect(await readdir(made)).toEqual([]);
});
