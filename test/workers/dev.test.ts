/** `yuanlu dev` and `yuanlu doctor` as a newcomer uses them: start, look from another terminal, stop, start again. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Ran, Running } from '../e2e/command.ts';
import { documentOf, run, start } from '../e2e/command.ts';
import { until } from '../cli-real/spawned.ts';
import { answers, engineFolder, gone } from './engine-folder.ts';

const LIMIT_MS = 120_000;

let folder: string;
const running: Running[] = [];
beforeAll(async () => {
  folder = await engineFolder();
});
afterAll(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const dir = () => join(folder, 'dev');

async function dev(): Promise<Running> {
  const process = start(['dev', '--port', '0', '--dir', dir()]);
  running.push(process);
  await until('dev is ready', async () => {
    if (process.child.exitCode !== null) throw new Error(process.stderr());
    return process.stderr().includes('Ctrl-C stops everything');
  });
  return process;
}

/** What `. env.sh` gives to another terminal. */
async function settings(): Promise<Record<string, string>> {
  const text = await readFile(join(dir(), 'env.sh'), 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^export ([A-Z_]+)='(.*)'$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}

async function engines(): Promise<readonly number[]> {
  const pids = ['host', 'postgres', 'temporal'].map(async (name) => {
    const note = await readFile(join(dir(), 'run', `${name}.json`), 'utf8');
    return (JSON.parse(note) as { pid: number }).pid;
  });
  return Promise.all(pids);
}

const report = z.object({
  ok: z.boolean(),
  findings: z.array(
    z.strictObject({ check: z.string(), ok: z.boolean(), detail: z.string(), mend: z.string().nullable() }),
  ),
});

const doctor = (env: Readonly<Record<string, string>>, ...flags: string[]): Promise<Ran> =>
  run(['doctor', ...flags], env);

/** The tests of this group go on with what the one before left, as a person's day does. */
describe('yuanlu dev', () => {
  let first: Running;
  let told: Record<string, string>;

  test(
    'is ready with an address, a key and a file of settings that only its owner can read',
    async () => {
      first = await dev();
      told = await settings();

      expect(first.stdout()).toBe(
        `YUANLU_API_URL=${told['YUANLU_API_URL'] ?? ''}\nYUANLU_API_KEY=${told['YUANLU_API_KEY'] ?? ''}\n`,
      );
      expect(first.stderr()).toContain(join(dir(), 'env.sh'));
      expect(((await stat(join(dir(), 'env.sh'))).mode & 0o777).toString(8)).toBe('600');
      const answer = await fetch(`${told['YUANLU_API_URL'] ?? ''}/readyz`);
      expect(answer.status).toBe(200);
    },
    LIMIT_MS,
  );

  test(
    'lets other terminals in: the doctor finds everything there, and commands reach the api',
    async () => {
      // Late in the day yesterday's statements are missing until the scheduler has fetched them.
      let people = await doctor(told);
      await until('the doctor finds everything there', async () => {
        if (people.code !== 0) people = await doctor(told);
        return people.code === 0;
      });
      const [program, refunds] = await Promise.all([
        doctor(told, '--json'),
        run(['refunds', 'list', '--json'], told),
      ]);

      expect(people, people.stdout).toMatchObject({ code: 0, stderr: '' });
      expect(people.stdout).not.toContain('✗');
      const { ok, findings } = report.parse(documentOf(program));
      expect(ok).toBe(true);
      expect(findings.map((one) => one.check)).toEqual([
        ...['node', 'configuration', 'database', 'overdue sweep', 'statements', 'temporal', 'accounts file'],
        ...['channel account wx-demo', 'channel account ali-demo', 'channel account up-demo'],
        ...['certificates of up-demo', 'file store'],
      ]);
      expect(refunds.code, refunds.stderr).toBe(0);
    },
    LIMIT_MS,
  );

  test(
    'started a second time says which process holds the folder, and harms nobody',
    async () => {
      const second = await run(['dev', '--port', '0', '--dir', dir()]);

      expect(second).toMatchObject({ code: 3, stdout: '' });
      expect(second.stderr).toContain(`process ${String(first.child.pid)} holds`);
      expect(await answers(told['YUANLU_DATABASE_URL'] ?? '')).toBe(true);
    },
    LIMIT_MS,
  );

  test(
    'ends in order at Ctrl-C, also when npx passes it on a second time, and leaves no server',
    async () => {
      const pids = await engines();

      first.child.kill('SIGINT');
      first.child.kill('SIGINT');
      const { code, stderr } = await first.ended;

      expect(code, stderr).toBe(0);
      expect(stderr.trimEnd().endsWith('stopping')).toBe(true);
      await gone(...pids);
      await expect(stat(join(dir(), 'engines.lock'))).rejects.toMatchObject({ code: 'ENOENT' });
    },
    LIMIT_MS,
  );

  test(
    'has everything as it was at the next start: addresses, key, data; and ends at SIGTERM, too',
    async () => {
      const again = await dev();

      const now = await settings();
      for (const name of [
        'YUANLU_API_KEY',
        'YUANLU_DATABASE_URL',
        'TEMPORAL_ADDRESS',
        'YUANLU_ACCOUNTS_FILE',
      ])
        expect(now[name], name).toBe(told[name]);
      const pids = await engines();
      again.child.kill('SIGTERM');
      expect((await again.ended).code).toBe(0);
      await gone(...pids);
    },
    LIMIT_MS,
  );
});

test(
  'yuanlu dev whose port somebody else has says so before it starts anything',
  async () => {
    const stranger = createServer();
    await new Promise<void>((listening) => {
      stranger.listen(0, '127.0.0.1', listening);
    });
    const port = String((stranger.address() as AddressInfo).port);

    const [taken, wrong] = await Promise.all([
      run(['dev', '--port', port, '--dir', join(folder, 'never')]),
      run(['dev', '--port', 'http', '--dir', join(folder, 'never')]),
    ]);

    expect(taken).toMatchObject({ code: 2, stdout: '' });
    expect(taken.stderr).toContain(`cannot listen on 127.0.0.1:${port}, another program does`);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('--port: http is not a whole number');
    await expect(stat(join(folder, 'never'))).rejects.toMatchObject({ code: 'ENOENT' });
    await new Promise((closed) => {
      stranger.close(closed);
    });
  },
  LIMIT_MS,
);

describe('yuanlu doctor', () => {
  async function findings(env: Readonly<Record<string, string>>) {
    const ran = await doctor(env, '--json');
    const { ok, findings: all } = report.parse(documentOf(ran));
    return { code: ran.code, ok, of: (check: string) => all.find((one) => one.check === check) };
  }

  test('where nothing is configured says both ways on, and looks for the engines that would be brought along', async () => {
    const { code, ok, of } = await findings({});

    expect([code, ok]).toEqual([3, false]);
    const configuration = of('configuration');
    for (const name of ['YUANLU_DATABASE_URL', 'TEMPORAL_ADDRESS', 'YUANLU_ACCOUNTS_FILE'])
      expect(configuration?.detail).toContain(`${name}: is not set`);
    expect(configuration?.mend).toContain('npx yuanlu dev');
    expect(configuration?.mend).toContain('docs/configuration.md');
    expect(of('node')?.ok).toBe(true);
    expect(of('embedded Postgres')?.ok).toBe(true);
    expect(of('embedded Temporal')).toBeDefined();
    expect(of('file store')).toBeUndefined();
  });

  test('names each thing that is wrong at once, each with how to mend it, and gives no secret away', async () => {
    const scratch = await mkdtemp(join(folder, 'doctor-'));
    await writeFile(join(scratch, 'a-file'), '');
    const env = {
      YUANLU_DATABASE_URL: 'postgres://somebody:s3cret-of-its-own@127.0.0.1:1/books',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      YUANLU_ACCOUNTS_FILE: join(scratch, 'accounts.json'),
      // A file where a folder should be.
      YUANLU_FILES_DIR: join(scratch, 'a-file', 'files'),
      YUANLU_API_PORT: 'high',
    };

    const { code, of } = await findings(env);

    expect(code).toBe(3);
    expect(of('configuration')?.detail).toContain('YUANLU_API_PORT: must be a whole number');
    expect(of('database')).toMatchObject({
      ok: false,
      mend: 'Start Postgres, or correct YUANLU_DATABASE_URL.',
    });
    expect(of('temporal')).toMatchObject({ ok: false, mend: 'Start Temporal, or correct TEMPORAL_ADDRESS.' });
    expect(of('accounts file')?.detail).toContain('cannot read');
    expect(of('file store')).toMatchObject({ ok: false, mend: 'Name a folder that this user may write to.' });
    const people = await doctor(env);
    expect(people.stdout).toMatch(/^✗ database: [\s\S]*?\n {4}→ Start Postgres/m);
    expect(people.stdout + people.stderr).not.toContain('s3cret');
  });
});
