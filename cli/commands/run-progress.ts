/** How far a run is that happens elsewhere: what its activity says in its heartbeats, as Temporal's UI shows it. */
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { grouped, onOneLine } from '../output.ts';
import type { Progress } from '../pace.ts';

/** Between two questions to Temporal. */
const ASK_EVERY_MS = 1_000;

type Activity = NonNullable<
  Awaited<ReturnType<WorkflowHandle['describe']>>['raw']['pendingActivities']
>[number];

/** Tells how far the run is until its result is there. A question that fails is asked again: the result is what counts. */
export async function following<T>(
  progress: Progress,
  handle: Pick<WorkflowHandle, 'describe'>,
  result: Promise<T>,
): Promise<T> {
  let isOver = false;
  const over = result.finally(() => {
    isOver = true;
  });
  over.catch(() => undefined);
  while (!isOver) {
    await Promise.race([over.catch(() => undefined), pause()]);
    if (isOver) break;
    const text = await Promise.race([over.then(noText, noText), stateOf(handle).catch(noText)]);
    if (text !== null) progress.update(onOneLine(text));
  }
  return over;
}

const noText = (): null => null;

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ASK_EVERY_MS).unref();
  });
}

async function stateOf(handle: Pick<WorkflowHandle, 'describe'>): Promise<string | null> {
  const { raw } = await handle.describe();
  const [activity] = raw.pendingActivities ?? [];
  if (activity !== undefined) return activityText(activity);
  const parts = raw.pendingChildren?.length ?? 0;
  return parts === 0 ? null : `${grouped(parts)} parts of it are under way`;
}

/** For example `loadStatement: load, bytes 12,000,000, lines 35,000`, or why it waits for its next attempt. */
function activityText(activity: Activity): string {
  const name = activity.activityType?.name ?? 'waiting';
  const said = detailsText(activity);
  const why = activity.lastFailure?.message ?? '';
  const attempt = activity.attempt ?? 1;
  const again = attempt > 1 && why !== '' ? ` (attempt ${grouped(attempt)}: ${why})` : '';
  return `${name}${said === '' ? '' : `: ${said}`}${again}`;
}

function detailsText({ heartbeatDetails }: Activity): string {
  const [payload] = heartbeatDetails?.payloads ?? [];
  if (payload === undefined) return '';
  const details = defaultPayloadConverter.fromPayload<unknown>(payload);
  if (typeof details !== 'object' || details === null) return '';
  const figures = Object.entries(details).map(([key, value]) => {
    if (key === 'phase' || key === 'step') return String(value);
    return `${key} ${typeof value === 'number' ? grouped(value) : String(value)}`;
  });
  return figures.join(', ');
}
