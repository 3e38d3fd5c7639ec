/** Time that only the test moves: sleepers wake in the order of their hour, and nothing takes longer than it must. */
export interface VirtualTime {
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Lets everything happen that is due within `ms`, in order. */
  pass(ms: number): Promise<void>;
  /** Sets the clock back or forth without anybody waking, as an operator does. */
  jump(ms: number): void;
  /** How many are asleep. */
  sleeping(): number;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export function virtualTime(startMs = 0): VirtualTime {
  let now = startMs;
  const sleepers = new Set<Sleeper>();
  return {
    nowMs: () => now,
    sleeping: () => sleepers.size,
    jump: (ms) => {
      now += ms;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper: Sleeper = { at: now + ms, wake: resolve };
        const giveUp = (): void => {
          sleepers.delete(sleeper);
          reject(new DOMException('The operation was aborted', 'AbortError'));
        };
        if (signal?.aborted === true) {
          giveUp();
          return;
        }
        sleepers.add(sleeper);
        signal?.addEventListener('abort', giveUp, { once: true });
      }),
    pass: async (ms) => {
      const end = now + ms;
      for (;;) {
        await settled();
        const next = earliest(sleepers, end);
        if (next === undefined) break;
        now = Math.max(now, next.at);
        sleepers.delete(next);
        next.wake();
      }
      now = end;
    },
  };
}

/** Everything that can go on without time passing has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function earliest(sleepers: ReadonlySet<Sleeper>, end: number): Sleeper | undefined {
  let first: Sleeper | undefined;
  for (const sleeper of sleepers) {
    if (sleeper.at <= end && (first === undefined || sleeper.at < first.at)) first = sleeper;
  }
  return first;
}
