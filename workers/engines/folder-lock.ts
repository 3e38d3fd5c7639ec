/**
 * One holder per folder, without help of the operating system's locks, which Node does not offer: a file that names the
 * holder. A holder that is gone is followed by exactly one of those who want its place.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { AppError } from '../../domain/errors.ts';
import type { ProcessMark } from './process-record.ts';
import { isRunning, startOf } from './process-record.ts';

/** Looks at a lock that changes hands meanwhile; more would mean that something else is wrong. */
const LOOKS_MAX = 10;

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Takes the lock at this path for this process.
 * @throws AppError `engine_unavailable` that names the process which holds it; this process counts, too.
 */
export async function takeLock(path: string): Promise<FolderLock> {
  const mine: ProcessMark = { pid: process.pid, startedAt: (await startOf(process.pid)) ?? 'unknown' };
  await take(path, mine);
  return { release: () => rm(path, { force: true }) };
}

async function take(path: string, mine: ProcessMark): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    if (await created(path, mine)) return;
    const text = await readText(path);
    if (text === null) continue; // given back a moment ago
    const holder = parse(text);
    if (holder !== null && (await isRunning(holder))) throw heldBy(holder, path);
    if (await followed(path, text, mine)) return;
  }
  throw new AppError('engine_unavailable', { errors: [`${path} changes hands all the time`] });
}

/** The file appears whole or not at all, and only when there was none. */
async function created(path: string, mine: ProcessMark): Promise<boolean> {
  const draft = await writeDraft(path, mine);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Replaces a holder that is gone. Whoever does that holds a second lock named after the dead one, so that nobody can
 * push aside a living holder that came first.
 */
async function followed(path: string, dead: string, mine: ProcessMark): Promise<boolean> {
  const guard = `${path}.next`;
  await take(guard, mine);
  try {
    if ((await readText(path)) !== dead) return false;
    await rename(await writeDraft(path, mine), path);
    return true;
  } finally {
    await rm(guard, { force: true });
  }
}

async function writeDraft(path: string, mine: ProcessMark): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, JSON.stringify(mine));
  return draft;
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Null for what a power cut left behind: it names nobody. */
function parse(text: string): ProcessMark | null {
  try {
    const { pid, startedAt } = JSON.parse(text) as Partial<ProcessMark>;
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : null;
  } catch {
    return null;
  }
}

function heldBy(holder: ProcessMark, path: string): AppError {
  return new AppError('engine_unavailable', {
    errors: [
      `process ${String(holder.pid)} holds ${path.replace(/(\.next)+$/, '')}: stop it, or use another data folder`,
    ],
  });
}
