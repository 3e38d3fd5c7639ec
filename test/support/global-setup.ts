/**
 * One Postgres and one Temporal for the whole run, in a folder of their own, unless the environment names others. The
 * workflow bundle is built once.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngines } from '../../workers/engines/engines.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';

export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(await scratchFolder(), `${FOLDER}${String(process.pid)}-`));
  await chmod(folder, 0o755); // as root, Postgres runs as another user, who must be able to enter
  const given =
    process.env['YUANLU_TEST_DATABASE_URL'] !== undefined &&
    process.env['YUANLU_TEST_TEMPORAL_ADDRESS'] !== undefined;
  const engines = given
    ? null
    : await startEngines({
        dataDir: join(folder, 'engines'),
        keepData: false,
        postgres: true,
        temporal: true,
        temporalInMemory: true,
        newNamespaces: true,
        throwAway: true,
        log: (line) => {
          process.stderr.write(`${line}\n`);
        },
      });
  if (engines !== null) {
    process.env['YUANLU_TEST_DATABASE_URL'] = engines.adminUrl;
    process.env['YUANLU_TEST_TEMPORAL_ADDRESS'] = engines.temporalAddress;
  }
  const bundle = join(folder, 'workflow-bundle.js');
  await writeFile(bundle, await bundleWorkflows());
  process.env['YUANLU_TEST_WORKFLOW_BUNDLE'] = bundle;
  return async () => {
    await engines?.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

const MEMORY = '/dev/shm';
/** What is free of it, and of the machine's memory: a run takes two to three. */
const MEMORY_MIN = 6 * 1024 ** 3;
const FOLDER = 'yuanlu-test-';

/** Memory, where Linux has enough of it and nobody said where to: hundreds of databases are made and dropped, each of a thousand files. */
async function scratchFolder(): Promise<string> {
  if (process.env['TMPDIR'] !== undefined || process.platform !== 'linux') return tmpdir();
  const free = await statfs(MEMORY).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  if (Math.min(free, freemem()) < MEMORY_MIN) return tmpdir();
  await removeLeftOvers();
  return MEMORY;
}

/** What a killed run left stays in memory until somebody removes it. Each folder's name begins with its process. */
async function removeLeftOvers(): Promise<void> {
  for (const name of await readdir(MEMORY)) {
    const owner = new RegExp(`^${FOLDER}([0-9]+)-`).exec(name)?.[1];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    await rm(join(MEMORY, name), { recursive: true, force: true });
  }
}
