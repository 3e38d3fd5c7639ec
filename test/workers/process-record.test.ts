/** Notes about processes and the lock of a folder: a process is its number and its beginning, a stranger is never touched. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeLock } from '../../workers/engines/folder-lock.ts';
import {
  endLeftovers,
  endProcess,
  forgetProcess,
  isRunning,
  recordProcess,
  startOf,
} from '../../workers/engines/process-record.ts';
import { gone, lives } from './engine-folder.ts';

let folder: string;
let children: ChildProcess[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'yuanlu-records-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** A process that runs until it is ended; its number is known when it has begun to wait. */
async function bystander(script = ''): Promise<number> {
  const program = `${script};setInterval(() => undefined, 60000);process.stdout.write('ready')`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  await once(child.stdout, 'data');
  return child.pid ?? 0;
}

async function markOf(pid: number): Promise<{ pid: number; startedAt: string }> {
  return { pid, startedAt: (await startOf(pid)) ?? 'it has ended' };
}

const DEAF = `process.on('SIGTERM', () => undefined)`;

describe('the beginning of a process', () => {
  test('stays the same while it runs, and is nothing when it has ended', async () => {
    const pid = await bystander();
    const mark = await markOf(pid);

    expect(await startOf(pid)).toBe(mark.startedAt);
    expect(await isRunning(mark)).toBe(true);
    process.kill(pid, 'SIGKILL');
    await gone(pid);
    expect(await isRunning(mark)).toBe(false);
  });

  test.each([0, -1, 2 ** 30])('of the number %d, which nobody has, is nothing', async (pid) => {
    expect(await startOf(pid)).toBeNull();
  });
});

describe('what an earlier start left running', () => {
  test('is ended, told by name, and its notes are dropped', async () => {
    const [postgres, temporal] = [await bystander(), await bystander()];
    await recordProcess(folder, 'postgres', postgres);
    await recordProcess(folder, 'temporal', temporal);

    expect((await endLeftovers(folder)).toSorted()).toEqual(['postgres', 'temporal']);

    expect([await lives(postgres), await lives(temporal)]).toEqual([false, false]);
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await endLeftovers(folder)).toEqual([]);
  });

  test('is ended host first: it would start its engines again', async () => {
    await recordProcess(folder, 'postgres', await bystander());
    await recordProcess(folder, 'host', await bystander());

    expect(await endLeftovers(folder)).toEqual(['host', 'postgres']);
  });

  test('is left alone when its number is a stranger’s by now', async () => {
    const stranger = await bystander();
    await recordProcess(folder, 'postgres', stranger);
    const note = JSON.parse(await readFile(join(folder, 'postgres.json'), 'utf8')) as object;
    await writeFile(join(folder, 'postgres.json'), JSON.stringify({ ...note, startedAt: '17@another boot' }));

    expect(await endLeftovers(folder)).toEqual([]);

    expect(await lives(stranger)).toBe(true);
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each(['', '{', '{}', 'null', '{"name":"postgres","pid":"1","startedAt":"x"}', '[1]'])(
    'of which a damaged note tells (%s) is nobody',
    async (text) => {
      await writeFile(join(folder, 'postgres.json'), text);

      expect(await endLeftovers(folder)).toEqual([]);
    },
  );

  test('has no note when it was forgotten in time, or had ended before it could be written down', async () => {
    const [forgotten, ended] = [await bystander(), await bystander()];
    process.kill(ended, 'SIGKILL');
    await gone(ended);
    await recordProcess(folder, 'postgres', forgotten);
    await recordProcess(folder, 'temporal', ended);
    await forgetProcess(folder, 'postgres');

    expect(await readdir(folder)).toEqual([]);
    expect(await endLeftovers(folder)).toEqual([]);
    expect(await lives(forgotten)).toBe(true);
  });
});

describe('ending a process', () => {
  test('that does not hear is by force, once its time is over', async () => {
    const pid = await bystander(DEAF);

    await endProcess(await markOf(pid), 'SIGTERM', 100);

    expect(await lives(pid)).toBe(false);
  });

  test('by a mark that is not its own does nothing', async () => {
    const pid = await bystander();

    await endProcess({ pid, startedAt: 'another' }, 'SIGKILL', 100);

    expect(await lives(pid)).toBe(true);
  });
});

describe('the lock of a folder', () => {
  const path = () => join(folder, 'engines.lock');
  const ours = `process ${String(process.pid)} holds`;

  test('has one holder, who is named to everybody else, and is free again when given back', async () => {
    const lock = await takeLock(path());

    await expect(takeLock(path())).rejects.toThrow(ours);
    await lock.release();
    await (await takeLock(path())).release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('held by another process is told with its number', async () => {
    const other = await bystander();
    await writeFile(path(), JSON.stringify(await markOf(other)));

    const refused = takeLock(path());

    await expect(refused).rejects.toMatchObject({ code: 'engine_unavailable' });
    await expect(refused).rejects.toThrow(`process ${String(other)} holds ${path()}`);
    process.kill(other, 'SIGKILL');
    await gone(other);
    await (await takeLock(path())).release();
  });

  test('is not held by a stranger who was given the number of its holder', async () => {
    const stranger = await bystander();
    await writeFile(path(), JSON.stringify({ pid: stranger, startedAt: 'long ago' }));

    await (await takeLock(path())).release();

    expect(await lives(stranger)).toBe(true);
  });

  test.each(['', '{', 'null', '{"pid":1}', '\u0000\u0000'])(
    'that a power cut left damaged (%j) is nobody’s',
    async (text) => {
      await writeFile(path(), text);

      await (await takeLock(path())).release();

      expect(await readdir(folder)).toEqual([]);
    },
  );

  test.each([
    ['never held', null],
    ['of a holder that is gone', JSON.stringify({ pid: 2 ** 30, startedAt: 'long ago' })],
  ])('%s is given to exactly one of many who want it at once', async (_, text) => {
    for (let round = 0; round < 10; round += 1) {
      if (text !== null) await writeFile(path(), text);

      const takes = await Promise.allSettled(Array.from({ length: 12 }, () => takeLock(path())));

      const holders = takes.flatMap((take) => (take.status === 'fulfilled' ? [take.value] : []));
      expect(holders).toHaveLength(1);
      await holders[0]?.release();
      expect(await readdir(folder)).toEqual([]);
    }
  });
});
