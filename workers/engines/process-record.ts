/**
 * Notes about processes that were started, so that a later start can end what a killed one left behind. A process is
 * known by its number and by when it began: a number that was given to a stranger since is left alone.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One process and no other: a number alone is given away again when its process is gone. */
export interface ProcessMark {
  readonly pid: number;
  /** When it began, in the system's own words; compared, never read. */
  readonly startedAt: string;
}

export interface ProcessRecord extends ProcessMark {
  readonly name: string;
}

/** How long a leftover may take to end in order before it is killed. A Postgres may have much to write. */
const END_WITHIN_MS = 20_000;
/** How long a killed process may take to be gone; longer only when the kernel holds it. */
const GONE_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** When the process began; null when there is no such process, or only its remains. */
export async function startOf(pid: number): Promise<string | null> {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

/** Field 22 of proc(5), ticks since the boot, so the boot belongs to it. A zombie has ended. */
async function startFromProc(pid: number): Promise<string | null> {
  try {
    const [text, boot] = await Promise.all([
      readFile(`/proc/${String(pid)}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    ]);
    // The name is in brackets and may hold blanks and brackets itself: count from behind the last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, ticks] = [fields[0], fields[19]];
    return state === 'Z' || state === 'X' || ticks === undefined ? null : `${ticks}@${boot.trim()}`;
  } catch {
    return null;
  }
}

async function startFromPs(pid: number): Promise<string | null> {
  try {
    const options = { env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } };
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], options);
    const [state = 'Z', ...began] = stdout.trim().split(/\s+/);
    return state.startsWith('Z') || began.length === 0 ? null : began.join(' ');
  } catch {
    return null;
  }
}

export async function isRunning(mark: ProcessMark): Promise<boolean> {
  return (await startOf(mark.pid)) === mark.startedAt;
}

/** Writes a process down. One that is gone already needs no note. */
export async function recordProcess(folder: string, name: string, pid: number): Promise<void> {
  const startedAt = await startOf(pid);
  if (startedAt === null) return;
  await mkdir(folder, { recursive: true });
  const record: ProcessRecord = { name, pid, startedAt };
  const draft = join(folder, `${name}.draft`);
  await writeFile(draft, JSON.stringify(record));
  await rename(draft, join(folder, `${name}.json`));
}

export async function forgetProcess(folder: string, name: string): Promise<void> {
  await rm(join(folder, `${name}.json`), { force: true });
}

/** The recorded processes of the folder that still run. */
async function livingProcesses(folder: string): Promise<readonly ProcessRecord[]> {
  const names = await readdir(folder).catch(() => []);
  const records = await Promise.all(
    names.filter((one) => one.endsWith('.json')).map((name) => readRecord(join(folder, name))),
  );
  const living: ProcessRecord[] = [];
  for (const record of records) if (record !== null && (await isRunning(record))) living.push(record);
  return living;
}

async function readRecord(path: string): Promise<ProcessRecord | null> {
  try {
    const { name, pid, startedAt } = JSON.parse(await readFile(path, 'utf8')) as Partial<ProcessRecord>;
    if (name === undefined || typeof pid !== 'number' || startedAt === undefined) return null;
    return { name, pid, startedAt };
  } catch {
    return null;
  }
}

/**
 * Ends what an earlier start left running, and drops its notes. Must be called by the holder of the folder only.
 * @returns the names of what was ended.
 */
export async function endLeftovers(folder: string): Promise<readonly string[]> {
  const left = await livingProcesses(folder);
  // The host first: it would start its engines again. Asked politely it ends them by itself.
  const ordered = left.toSorted((one, other) => Number(other.name === 'host') - Number(one.name === 'host'));
  for (const record of ordered) {
    await endProcess(record, record.name === 'postgres' ? 'SIGINT' : 'SIGTERM', END_WITHIN_MS);
  }
  await rm(folder, { recursive: true, force: true });
  return ordered.map((record) => record.name);
}

/** Asks a process to end, and makes it end when it does not within the time given. A stranger is left alone. */
export async function endProcess(mark: ProcessMark, signal: NodeJS.Signals, withinMs: number): Promise<void> {
  if (!(await signalled(mark, signal)) || (await goneWithin(mark, withinMs))) return;
  if (await signalled(mark, 'SIGKILL')) await goneWithin(mark, GONE_WITHIN_MS);
}

/** False when there is nobody to signal. */
async function signalled(mark: ProcessMark, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isRunning(mark))) return false;
  try {
    process.kill(mark.pid, signal);
    return true;
  } catch {
    return false;
  }
}

async function goneWithin(mark: ProcessMark, withinMs: number): Promise<boolean> {
  const began = performance.now();
  while (await isRunning(mark)) {
    if (performance.now() - began > withinMs) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}
