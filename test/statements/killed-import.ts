/** An import in a process of its own, so that a test can kill it in the middle of its COPY. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createPool } from '../../store/pool.ts';
import { importStatement } from '../../store/statements.ts';
import { importOptions, manyLines } from './bills.ts';
import { chunksOf, plainStatement } from './plain-statement.ts';

export const KILLED_DAY = '2026-08-01';
const LINES = 400;
const SELF = fileURLToPath(import.meta.url);

export function killedText(): string {
  return plainStatement(manyLines(LINES, KILLED_DAY));
}

/** Starts the import; resolves when `percent` of the file was sent and nothing more will come. */
export async function importUpTo(url: string, percent: number): Promise<ChildProcess> {
  const child = fork(SELF, [url, String(percent)], { execArgv: ['--import', 'tsx'] });
  await once(child, 'message');
  return child;
}

async function main(url: string, percent: number): Promise<void> {
  const pool = createPool({ url, role: 'yuanlu_ingest', max: 1, name: 'test-killed' });
  const text = killedText();
  async function* upTo(): AsyncGenerator<Buffer> {
    yield* chunksOf(text.slice(0, (text.length * percent) / 100), 200);
    process.send?.('as far as asked');
    // The channel to the parent keeps this process alive until it is killed.
    await new Promise(() => undefined);
  }
  await importStatement(pool, importOptions({ billDate: KILLED_DAY }, { source: upTo() }));
}

if (process.argv[1] === SELF) await main(process.argv[2] ?? '', Number(process.argv[3]));
