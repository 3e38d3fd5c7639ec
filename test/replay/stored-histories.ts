/** The recorded histories of this folder, by name, and how they are replayed. */
import '../support/quiet-temporal.ts';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Worker } from '@temporalio/worker';
import { HISTORIES } from '../support/histories.ts';
import type { HistoryEvent } from '../workflow/temporal.ts';

export interface StoredHistory {
  /** Folder and name, without the ending: `refund/succeeded`. */
  readonly name: string;
  readonly events: readonly (HistoryEvent & { readonly eventType: string })[];
  readonly text: string;
}

export async function storedHistories(): Promise<readonly StoredHistory[]> {
  const entries = await readdir(HISTORIES, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  return Promise.all(
    paths.map(async (path) => {
      const text = await readFile(path, 'utf8');
      const { events } = JSON.parse(text) as Pick<StoredHistory, 'events'>;
      return { name: relative(HISTORIES, path).replace(/\.json$/, ''), events, text };
    }),
  );
}

/** @throws DeterminismViolationError when the code takes other steps than the history has. */
export async function replay(code: string, history: string): Promise<void> {
  await Worker.runReplayHistory({ workflowBundle: { code } }, JSON.parse(history) as unknown);
}
