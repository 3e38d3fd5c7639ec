/** The last way to a Temporal server: what the SDK downloads for itself, of a version that we name. */
import { fork } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A slow line needs minutes; an answer that never comes must not hold the start for ever. */
const DOWNLOAD_WITHIN_MS = 300_000;

export interface SdkWish {
  readonly server: 'dev-server' | 'time-skipping';
  /** As the download server names it, e.g. `v1.9.1`. */
  readonly version: string;
  /** An empty folder of ours. */
  readonly folder: string;
  readonly sdkVersion: string;
}

/**
 * Returns the path of the program, which is checked by nobody yet.
 * @throws Error when it cannot be had
 */
export async function downloadThroughSdk(wish: Omit<SdkWish, 'sdkVersion'>): Promise<string> {
  const require = createRequire(import.meta.url);
  const { version: sdkVersion } = require('@temporalio/worker/package.json') as { version: string };
  const child = fork(fileURLToPath(new URL('./sdk-download-process.ts', import.meta.url)), [], {
    execArgv: ['--import', pathToFileURL(require.resolve('tsx')).href],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const answer = new Promise<string | null>((resolve) => {
    child.once('message', (message: { error: string | null }) => {
      resolve(message.error);
    });
    child.once('exit', () => {
      resolve('the SDK ended without a word');
    });
    child.once('error', (error) => {
      resolve(String(error));
    });
  });
  child.send({ ...wish, sdkVersion } satisfies SdkWish, () => undefined);
  const late = sleep(DOWNLOAD_WITHIN_MS, 'it takes too long', { ref: false });
  const error = await Promise.race([answer, late]);
  child.kill('SIGKILL');
  if (error !== null) throw new Error(error);
  const [program] = (await readdir(wish.folder)).filter((name) => !name.endsWith('.downloading'));
  if (program === undefined) throw new Error('the SDK left no program');
  return join(wish.folder, program);
}
