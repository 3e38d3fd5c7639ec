/**
 * Recorded histories: `YUANLU_RECORD_HISTORIES=1 npx vitest run test/workflow` writes them; every run replays them
 * (test/replay). A change of the workflows that breaks an old history breaks the build.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

export const HISTORIES = fileURLToPath(new URL('../replay/histories/', import.meta.url));

export async function keepHistory(handle: WorkflowHandle, name: string): Promise<void> {
  if (process.env['YUANLU_RECORD_HISTORIES'] !== '1') return;
  const path = join(HISTORIES, `${name}.json`);
  await mkdir(dirname(path), { recursive: true });
  const history = scrub(JSON.parse(historyToJSON(await handle.fetchHistory())) as unknown);
  await writeFile(path, `${JSON.stringify(history, null, 1)}\n`);
}

/** Identities name a host and a process, stack traces its folders; they are of no use to a replay. */
function scrub(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(scrub);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'identity' ? 'worker' : key === 'stackTrace' ? '' : scrub(inner),
    ]),
  );
}
