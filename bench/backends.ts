/** What the backends of a Postgres server hold in memory while something runs on it: told by Linux, and nowhere else. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A look takes a few milliseconds of the processor that is measured. */
const LOOK_EVERY_MS = 200;

/** Largest sums over all backends at one look, MB. */
export interface BackendMemory {
  /** Theirs alone. The buffers of the server are not in it, whoever touched them. */
  readonly privateMb: number;
  /** What those of one parallel query share with each other. */
  readonly parallelMb: number;
}

/** Runs `work` and looks meanwhile. Where there is nothing to look at, its result comes with the reason instead. */
export async function watchBackends<T>(
  postmaster: number | null,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly memory: BackendMemory | string }> {
  const ended = new AbortController();
  const looking =
    postmaster === null ? Promise.resolve('no Postgres of our own') : look(postmaster, ended.signal);
  try {
    const result = await work();
    ended.abort();
    return { result, memory: await looking };
  } finally {
    ended.abort();
  }
}

async function look(postmaster: number, ended: AbortSignal): Promise<BackendMemory | string> {
  const most = { privateMb: 0, parallelMb: 0 };
  try {
    while (!ended.aborted) {
      const now = await memoryOf(await backendsOf(postmaster));
      most.privateMb = Math.max(most.privateMb, now.privateMb);
      most.parallelMb = Math.max(most.parallelMb, now.parallelMb);
      await sleep(LOOK_EVERY_MS, undefined, { signal: ended }).catch(() => undefined);
    }
  } catch (error) {
    return `the memory of processes cannot be read here: ${error instanceof Error ? error.message : String(error)}`;
  }
  return most.privateMb > 0 ? most : 'it ended before it was looked at';
}

/** Server processes that work for somebody: clients and the helpers of their parallel queries. */
async function backendsOf(postmaster: number): Promise<readonly string[]> {
  const id = String(postmaster);
  const children = (await readFile(`/proc/${id}/task/${id}/children`, 'utf8')).split(' ').filter(Boolean);
  const titles = await Promise.all(children.map((pid) => readIfThere(`/proc/${pid}/cmdline`)));
  return children.filter((_, index) => WORKS_FOR_SOMEBODY.test(titles[index] ?? ''));
}

/** Clients have the address they come from in their title. */
const WORKS_FOR_SOMEBODY = /^postgres: (?:parallel worker |.* (?:\[local\]|[0-9a-f.:]+\([0-9]+\)) )/;

async function memoryOf(backends: readonly string[]): Promise<BackendMemory> {
  const maps = await Promise.all(backends.map((pid) => readIfThere(`/proc/${pid}/smaps`)));
  const each = maps.map(memoryIn);
  return {
    privateMb: each.reduce((sum, one) => sum + one.privateKb, 0) / 1024,
    parallelMb: each.reduce((sum, one) => sum + one.parallelKb, 0) / 1024,
  };
}

/** A mapping begins with a line of addresses and rights (`…p` private, `…s` shared); what it holds follows, in kB. */
const MAPPING = /^[0-9a-f]+-[0-9a-f]+ ...(?<kind>[ps]) \S+ \S+ \S+ *(?<name>.*)$/;
const AMOUNT = /^(?<what>Private_Clean|Private_Dirty|Pss): +(?<kb>[0-9]+) kB$/;

/** Only for the one test of it. */
export function memoryIn(smaps: string): { readonly privateKb: number; readonly parallelKb: number } {
  let [privateKb, parallelKb] = [0, 0];
  let place: 'private' | 'parallel' | 'buffers' = 'buffers';
  for (const line of smaps.split('\n')) {
    const mapping = MAPPING.exec(line)?.groups;
    if (mapping !== undefined) {
      const parallel = /^\/dev\/shm\/PostgreSQL\./.test(mapping['name'] ?? '');
      place = mapping['kind'] === 'p' ? 'private' : parallel ? 'parallel' : 'buffers';
      continue;
    }
    const amount = AMOUNT.exec(line)?.groups;
    if (amount === undefined) continue;
    const kb = Number(amount['kb']);
    if (place === 'private' && amount['what'] !== 'Pss') privateKb += kb;
    if (place === 'parallel' && amount['what'] === 'Pss') parallelKb += kb;
  }
  return { privateKb, parallelKb };
}

/** One that has ended since it was listed holds nothing. */
async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}
