/**
 * One Postgres and one Temporal for the whole run, in a folder of their own, unless the environment names others. The
 * workflow bundle is built once.
 */
import { chmod, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngines } from '../../workers/engines/engines.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';

export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(await scratchFolder(), 'yuanlu-test-'));
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
const MEMORY_MIN = 4 * 1024 ** 3;

/** Memory, where Linux has enough of it and nobody said where to: hundreds of databases are made and dropped, each of a thousand files. */
async function scratchFolder(): Promise<string> {
  if (process.env['TMPDIR'] !== undefined) return tmpdir();
  const free = await statfs(MEMORY).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return free >= MEMORY_MIN ? MEMORY : tmpdir();
}
