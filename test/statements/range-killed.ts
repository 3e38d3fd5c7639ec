/** Loads one range in a process of its own, so that a test can kill it in the middle of its COPY. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WECHAT_RANGES } from '../../channels/wechat/bill-ranges.ts';
import { directoryFileStore } from '../../store/directory-file-store.ts';
import type { FileStore } from '../../store/file-store.ts';
import { createPool } from '../../store/pool.ts';
import { loadRange } from '../../store/statements-range.ts';

const SELF = fileURLToPath(import.meta.url);

interface Plan {
  readonly url: string;
  readonly filesDir: string;
  readonly fileId: string;
  readonly rangeNo: number;
  /** How much of the range is sent before nothing more comes, in hundredths. */
  readonly percent: number;
}

/** Resolves when so much of the range was sent and nothing more will come. */
export async function loadUpTo(plan: Plan): Promise<ChildProcess> {
  const child = fork(SELF, [JSON.stringify(plan)], { execArgv: ['--import', 'tsx'] });
  await once(child, 'message');
  return child;
}

/** The store as it is, but reading stalls. */
export function stalling(
  files: FileStore,
  percent: number,
  stalled: () => void,
  goOn: Promise<void> = new Promise(() => undefined),
): FileStore {
  async function* slow(uri: string): AsyncGenerator<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of files.open(uri)) parts.push(part);
    const bytes = Buffer.concat(parts);
    const at = Math.floor((bytes.length * percent) / 100);
    for (let from = 0; from < at; from += 500) yield bytes.subarray(from, Math.min(from + 500, at));
    stalled();
    await goOn;
    yield bytes.subarray(at);
  }
  return { ...files, open: slow };
}

async function main({ url, filesDir, fileId, rangeNo, percent }: Plan): Promise<void> {
  const ingest = createPool({ url, role: 'yuanlu_ingest', max: 2, name: 'test-killed' });
  const files = stalling(
    directoryFileStore(filesDir, () => 'killed'),
    percent,
    () => process.send?.('as far as asked'),
  );
  await loadRange(ingest, files, { fileId, rangeNo, ranges: WECHAT_RANGES, now: new Date(0) });
}

if (process.argv[1] === SELF) await main(JSON.parse(process.argv[2] ?? '') as Plan);
