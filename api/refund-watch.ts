/**
 * Callers that wait until a refund changes. However many they are, one look at the database in a moment serves all of them:
 * no connection is held for any, and nothing is written for them. Nobody waits, nobody looks.
 */
import { AppError } from '../domain/errors.ts';

/** Reads the present mark of each refund; see store/refund-marks.ts. */
type ReadMarks = (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;

export interface WatchLimits {
  /** Between two looks, wall time. */
  readonly everyMs: number;
  /** Callers that may wait at one time, in all and of one merchant. */
  readonly waitersMax: number;
  readonly waitersPerMerchantMax: number;
}

export const WATCH_LIMITS: WatchLimits = { everyMs: 200, waitersMax: 4_000, waitersPerMerchantMax: 1_000 };

/** `changed`: it may have; `ended`: it has not within the time, or the caller or the server is leaving. */
export type Waited = 'changed' | 'ended';

export interface Wait {
  readonly merchantId: string;
  readonly refundId: string;
  /** As it was when the refund was read. */
  readonly mark: string;
  readonly timeoutMs: number;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
}

export interface RefundWatch {
  /**
   * Waits until the mark is another one.
   * @throws AppError `rate_limited` when too many wait already; whatever reading the marks throws
   */
  wait(wait: Wait): Promise<Waited>;
  /** Lets everybody go at once; who waits from now on is let go immediately. */
  close(): void;
}

interface Waiter {
  readonly merchantId: string;
  readonly refundId: string;
  readonly mark: string;
  settle(waited: Waited): void;
  fail(error: unknown): void;
}

export function refundWatch(readMarks: ReadMarks, limits: WatchLimits): RefundWatch {
  const waiters = new Set<Waiter>();
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  const lookSoon = (): void => {
    if (closed || waiters.size === 0) return;
    timer ??= setTimeout(() => void look(), limits.everyMs);
  };
  const look = async (): Promise<void> => {
    const asked = [...waiters];
    try {
      const marks = await readMarks([...new Set(asked.map((one) => one.refundId))]);
      for (const one of asked) {
        const mark = marks.get(one.refundId) ?? '';
        if (mark !== one.mark) one.settle('changed');
      }
    } catch (error) {
      for (const one of asked) one.fail(error);
    } finally {
      timer = null;
      lookSoon();
    }
  };
  return {
    wait: (wait) =>
      new Promise<Waited>((resolve, reject) => {
        if (closed || wait.signal.aborted || wait.timeoutMs <= 0) {
          resolve('ended');
          return;
        }
        assertRoom(waiters, wait.merchantId, limits);
        const leave = (): void => waiter.settle('ended');
        const late = setTimeout(leave, wait.timeoutMs);
        const gone = (): void => {
          waiters.delete(waiter);
          clearTimeout(late);
          wait.signal.removeEventListener('abort', leave);
        };
        const waiter: Waiter = {
          ...{ merchantId: wait.merchantId, refundId: wait.refundId, mark: wait.mark },
          settle: (waited) => {
            gone();
            resolve(waited);
          },
          fail: (error) => {
            gone();
            reject(error instanceof Error ? error : new AppError('invariant_broken'));
          },
        };
        wait.signal.addEventListener('abort', leave);
        waiters.add(waiter);
        lookSoon();
      }),
    close: () => {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      for (const one of [...waiters]) one.settle('ended');
    },
  };
}

function assertRoom(waiters: ReadonlySet<Waiter>, merchantId: string, limits: WatchLimits): void {
  let own = 0;
  for (const one of waiters) if (one.merchantId === merchantId) own += 1;
  if (waiters.size < limits.waitersMax && own < limits.waitersPerMerchantMax) return;
  throw new AppError('rate_limited', {
    sentence: `${String(waiters.size)} callers wait for a refund already; ask without \`wait\`, or later.`,
  });
}
