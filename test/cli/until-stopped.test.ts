/** A process that npm started ends with npm: at SIGTERM npm goes by itself, and tells nobody. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const UNTIL_STOPPED = fileURLToPath(new URL('../../cli/until-stopped.ts', import.meta.url));

/** Says that it is up, and at the end that it was stopped; without that, it would go on for a minute. */
const CHILD = `
  import(${JSON.stringify(UNTIL_STOPPED)}).then(async ({ untilStopped }) => {
    const minute = setTimeout(() => process.exit(9), 60000);
    const stopped = untilStopped();
    process.stdout.write('up\\n');
    await stopped;
    process.stdout.write('stopped\\n');
    clearTimeout(minute);
  })`;

/** Stands where npm stands: starts the process, and is ended from outside. */
const PARENT = `
  const { spawn } = require('node:child_process');
  spawn(process.execPath, ['--import', 'tsx', '-e', ${JSON.stringify(CHILD)}], { stdio: 'inherit', env: process.env });
  setInterval(() => undefined, 1000);`;

async function outputAfterParentIsGone(env: Readonly<Record<string, string>>): Promise<string> {
  const parent = spawn(process.execPath, ['-e', PARENT], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  parent.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString();
    if (said === 'up\n') parent.kill('SIGKILL');
  });
  // The child has the same stdout: it closes when the child has ended as well.
  await once(parent, 'close');
  return said;
}

describe('a process that waits to be stopped', () => {
  test('is stopped when the npm that started it is gone', async () => {
    expect(await outputAfterParentIsGone({ npm_command: 'run-script' })).toBe('up\nstopped\n');
  }, 90_000);
});
