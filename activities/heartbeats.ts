/** Signs of life of an activity that works long in one place: without them a dead worker is noticed at the time-out only. */
import { Context } from '@temporalio/activity';

/** Several in each heartbeat time-out of `workflows/activity-options.ts`. */
const EVERY_MS = 10_000;

/** Runs `work` and gives a sign of life at its beginning and every few seconds, until it has ended either way. */
export async function withHeartbeats<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  context.heartbeat();
  const beat = setInterval(() => {
    context.heartbeat();
  }, EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
  }
}
