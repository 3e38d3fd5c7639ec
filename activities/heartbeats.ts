/** Signs of life of an activity that works long in one place: without them a dead worker is noticed at the time-out only. */
import { Context } from '@temporalio/activity';

/** Several in each heartbeat time-out of `workflows/activity-options.ts`. */
const EVERY_MS = 10_000;

/** How far an activity is, for people: what Temporal's UI and `yuanlu statements run` show of it while it runs. */
export interface HeartbeatDetails {
  readonly phase: string;
  readonly [figure: string]: string | number;
}

/** Says how far it is. The next signs of life repeat it. */
export type Tell = (details: HeartbeatDetails) => void;

/** Runs `work` and gives a sign of life at its beginning and every few seconds, until it has ended either way. */
export async function withHeartbeats<T>(work: (tell: Tell) => Promise<T>): Promise<T> {
  const context = Context.current();
  let last: HeartbeatDetails | undefined;
  const beat = (): void => {
    context.heartbeat(last);
  };
  beat();
  const beating = setInterval(beat, EVERY_MS);
  try {
    return await work((details) => {
      last = details;
      beat();
    });
  } finally {
    clearInterval(beating);
  }
}
