/**
 * I16, F82: every recorded history replays on the present code. Needs no server. A change of a workflow that orders
 * its steps differently must keep the old order for histories that began before it (`patched`).
 */
import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Worker } from '@temporalio/worker';
import { describe, expect, test } from 'vitest';
import { HISTORIES } from '../support/histories.ts';
import { required } from '../support/required.ts';

const paths = (await readdir(HISTORIES, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
  .map((entry) => join(entry.parentPath, entry.name))
  .toSorted();

async function historyAt(path: string): Promise<{ events: Record<string, unknown>[] }> {
  return JSON.parse(await readFile(path, 'utf8')) as { events: Record<string, unknown>[] };
}

async function replay(history: unknown): Promise<void> {
  const code = await readFile(required('YUANLU_TEST_WORKFLOW_BUNDLE'), 'utf8');
  await Worker.runReplayHistory({ workflowBundle: { code } }, history);
}

describe('recorded histories', () => {
  test('there is one for every path that a refund can take', () => {
    const names = paths.map((path) => relative(HISTORIES, path).replace(/\.json$/, ''));
    expect(names).toEqual(
      expect.arrayContaining([
        'refund/succeeded',
        'refund/callback',
        'refund/callback-before-answer',
        'refund/closed',
        'refund/held-then-retried',
        'refund/held-then-statement',
        'refund/payment-mismatch-mended',
        'refund/polled-often',
        'statement/loaded',
        'statement/empty',
        'statement/same',
        'overdue/flagged',
        'backfill/range',
      ]),
    );
  });

  test.each(paths.map((path) => [relative(HISTORIES, path), path]))('%s replays', async (_name, path) => {
    await replay(await historyAt(path));
  });

  test('a history in which another step was taken is refused', async () => {
    const path = paths.find((one) => one.endsWith('refund/succeeded.json'));
    if (path === undefined) throw new Error('refund/succeeded.json is missing');
    const text = (await readFile(path, 'utf8')).replaceAll('"submitRefund"', '"sendRefund"');

    await expect(replay(JSON.parse(text))).rejects.toThrow(/TMPRL1100|[Nn]ondeterminism/);
  });
});
