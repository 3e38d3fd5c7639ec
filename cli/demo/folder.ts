/** Where a demo keeps what it needs while it runs: its servers' data, its keys, its settings. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startOf } from '../../workers/engines/process-record.ts';

/** The name says whose it is, so that nobody takes away what is in use. */
const NAME = /^demo-([0-9]+)-/;

/** Makes a folder for this process under `root`, and takes away those of demos that were killed: there are keys in them. */
export async function makeDemoFolder(root: string): Promise<string> {
  await mkdir(root, { recursive: true });
  for (const name of await readdir(root)) {
    const owner = NAME.exec(name)?.[1];
    if (owner !== undefined && (await startOf(Number(owner))) === null)
      await rm(join(root, name), { recursive: true, force: true });
  }
  return mkdtemp(join(root, `demo-${String(process.pid)}-`));
}
