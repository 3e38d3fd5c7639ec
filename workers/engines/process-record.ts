/**
 * Notes about processes that were started, so that a later start can end what a killed one left behind. A process is
 * known by its number and by when it began: a number that was given to a stranger since is left alone.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface ProcessRecord {
  readonly name: string;
  readonly pid: number;
  readonly startedAt: string;
}

/** How long a process may take to end by itself before it is killed. */
const TERM_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** When the process began, in the system's own words; null when there is no such process. */
export async function startOf(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    try {
      const text = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      // A zombie has ended; field 22 of proc(5), the start in clock ticks, is the 20th after the name.
      return fields[0] === 'Z' ? null : (fields[19] ?? null);
    } catch {
      return null;
    }
  }
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)]);
    return stdout.trim() === '' ? null : stdout.trim();
  } catch {
    return null;
  }
}

export async function recordProcess(folder: string, name: string, pid: number): Promise<void> {
  const startedAt = await startOf(pid);
  if (startedAt === null) return;
  await mkdir(folder, { recursive: true });
  const record: ProcessRecord = { name, pid, startedAt };
  await writeFile(join(folder, `${name}.json`), JSON.stringify(record));
}

export async function forgetProcess(folder: string, name: string): Promise<void> {
  await rm(join(folder, `${name}.json`), { force: true });
}

/** The recorded processes of the folder that still run. */
export async function livingProcesses(folder: string): Promise<readonly ProcessRecord[]> {
  const names = await readdir(folder).catch(() => []);
  const living: ProcessRecord[] = [];
  for (const name of names.filter((one) => one.endsWith('.json'))) {
    try {
      const record = JSON.parse(await readFile(join(folder, name), 'utf8')) as ProcessRecord;
      if ((await startOf(record.pid)) === record.startedAt) living.push(record);
    } catch {
      // A note that was cut short by a kill says nothing.
    }
  }
  return living;
}

/** Ends what an earlier start left running, and drops its notes. Returns the names of what was ended. */
export async function endLeftovers(folder: string): Promise<readonly string[]> {
  const left = await livingProcesses(folder);
  // The host first: it would start its engines again.
  const ordered = left.toSorted((one, other) => Number(other.name === 'host') - Number(one.name === 'host'));
  for (const record of ordered) await endProcess(record.pid, record.name === 'host' ? 'SIGKILL' : 'SIGINT');
  await rm(folder, { recursive: true, force: true });
  return ordered.map((record) => record.name);
}

/** Asks a process to end, then makes it end. */
export async function endProcess(pid: number, signal: NodeJS.Signals): Promise<void> {
  const startedAt = await startOf(pid);
  if (startedAt === null) return;
  const began = performance.now();
  for (
    let sent: NodeJS.Signals | null = null;
    (await startOf(pid)) === startedAt;
    await sleep(LOOK_EVERY_MS)
  ) {
    const late = performance.now() - began > TERM_WITHIN_MS;
    const next = late ? 'SIGKILL' : signal;
    if (next === sent) continue;
    sent = next;
    try {
      process.kill(pid, next);
    } catch {
      return;
    }
  }
}
