/** How the demo repeats a request that has no answer: patiently, so that a slow machine is not kept busy with repeats. */
import { retryAfter } from '../../channels/retry-after.ts';

const FIRST_WAIT_MS = 500;
const WAIT_MAX_MS = 5_000;
/** Longer is nothing that our API asks for: its limit counts minutes. */
const RETRY_AFTER_MAX_MS = 60_000;
/** By time and not by tries: on a busy machine each try takes as long as it may. */
const GIVE_UP_AFTER_MS = 600_000;

/** What of an answer says whether to ask again. */
export interface Answered {
  readonly status: number;
  /** The header, as it came. */
  readonly retryAfter?: string | undefined;
}

/** No fault of the program: whoever ran it is told what to try, without a stack. */
export class TooBusyError extends Error {
  override readonly name = 'TooBusyError';

  constructor(refundNo: string) {
    super(
      `This machine was too busy for the demo, ${refundNo} had no answer for ${String(GIVE_UP_AFTER_MS / 60_000)} minutes: try \`npm run demo -- --refunds 240\`, or again when nothing else runs.`,
    );
  }
}

/** Time as the requests have it: that of the machine, whatever the month shows. */
export interface WallTime {
  nowMs(): number;
  wait(ms: number): Promise<void>;
}

/**
 * Asks until there is an answer that repeating would not change; null from `ask` is none at all.
 * @throws TooBusyError when there was none for too long, and what `wait` throws
 */
export async function askUntilAnswered<T extends Answered>(
  refundNo: string,
  ask: () => Promise<T | null>,
  time: WallTime,
): Promise<{ readonly answer: T; readonly repeated: number }> {
  const giveUpAt = time.nowMs() + GIVE_UP_AFTER_MS;
  for (let repeated = 0; ; repeated += 1) {
    const answer = await ask();
    if (answer !== null && answer.status < 500 && answer.status !== 429) return { answer, repeated };
    if (time.nowMs() >= giveUpAt) throw new TooBusyError(refundNo);
    await time.wait(toldMs(answer) ?? Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** repeated));
  }
}

/** What the answer says of when to come back; null where it says nothing that can be read. */
function toldMs(answer: Answered | null): number | null {
  const ms = retryAfter(answer?.retryAfter, new Date());
  return ms === null ? null : Math.min(ms, RETRY_AFTER_MAX_MS);
}
