/** Signs of life of an activity that works long in one place: without them a dead worker is noticed at the time-out only. */
import { Context } from '@temporalio/activity';

const EVERY_MS = 1_000;

/** How far an activity is, for people: what Temporal's UI and `yuanlu statements run` show of it while it runs. */
export interface HeartbeatDetails {
  readonly phase: string;
  readonly [figure: string]: string | number;
}

/** Says how far it is: what the signs of life say from then on. */
export type Tell = (details: HeartbeatDetails) => void;

/**
 * Runs `work` and gives a sign of life every second, until it has ended either way; the SDK hands them on as often as the time-out
 * needs. Work that is done within a second gives none: that would be one more call to Temporal for each of thousands.
 */
export async function withHeartbeats<T>(work: (tell: Tell) => Promise<T>): Promise<T> {
  const context = Context.current();
  let last: HeartbeatDetails | undefined;
  const beating = setInterval(() => {
    context.heartbeat(last);
  }, EVERY_MS);
  try {
    return await work((details) => {
      last = details;
    });
  } finally {
    clearInterval(beating);
  }
}

/**
 * Signs of life of what moves bytes, given with each piece after the first second: where none moves any more there are none, and
 * Temporal gives the attempt up.
 */
export function beatsOfProgress(): Tell {
  const context = Context.current();
  const quietUntil = performance.now() + EVERY_MS;
  return (details) => {
    if (performance.now() >= quietUntil) context.heartbeat(details);
  };
}
