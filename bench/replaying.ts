/** How fast recorded refunds replay, which is what a workflow costs the worker, and how many workflow tasks each took. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { bundleWorkflows } from '../workers/bundle.ts';
import { quietTemporalLogs } from '../workers/temporal-logs.ts';

const HISTORIES = fileURLToPath(new URL('../test/replay/histories/refund/', import.meta.url));
/** The path that nearly all refunds take, with and without a notice of the channel. */
const USUAL = ['polled-often', 'callback'] as const;

export interface Replayed {
  readonly perSecond: number;
  /** Most workflow tasks of a refund that was polled, however often; and of one that got a notice. */
  readonly tasks: number;
  readonly tasksWithNotice: number;
}

/** Replays the usual histories in turn, `count` in all, after a few that are not counted. */
export async function replayRefunds(count: number): Promise<Replayed> {
  quietTemporalLogs('ERROR');
  const workflowBundle = { code: await bundleWorkflows() };
  const histories = await Promise.all(USUAL.map(readHistory));
  const run = async (times: number): Promise<void> => {
    const all = (function* () {
      for (let turn = 0; turn < times; turn += 1) {
        yield { workflowId: `replayed-${String(turn)}`, history: histories[turn % histories.length] };
      }
    })();
    for await (const result of Worker.runReplayHistories({ workflowBundle }, all)) {
      if (result.error !== undefined) throw result.error;
    }
  };
  await run(histories.length * 5);
  const began = performance.now();
  await run(count);
  const seconds = (performance.now() - began) / 1000;
  const [polled, noticed] = histories.map(tasksOf);
  return { perSecond: count / seconds, tasks: polled ?? 0, tasksWithNotice: noticed ?? 0 };
}

interface History {
  readonly events: readonly { readonly eventType: string }[];
}

async function readHistory(name: string): Promise<History> {
  return JSON.parse(await readFile(`${HISTORIES}${name}.json`, 'utf8')) as History;
}

function tasksOf(history: History): number {
  return history.events.filter((one) => one.eventType.endsWith('WORKFLOW_TASK_COMPLETED')).length;
}
