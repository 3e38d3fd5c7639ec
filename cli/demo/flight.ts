/** The requests that are due: a few are under way at once, the others wait, and the pace hears how old the oldest is. */

/** A slow machine that is asked more at once answers each of them later. */
const IN_FLIGHT_MAX = 24;

export interface Flight {
  /** Runs it as soon as there is room, in the order in which they were given; its age counts from now. */
  take<T>(act: () => Promise<T>): Promise<T>;
  /** Since when the oldest is due that has not ended, wall ms; 0 when there is none. */
  oldestMs(): number;
}

export function createFlight(o: { readonly max?: number; readonly nowMs?: () => number } = {}): Flight {
  const { max = IN_FLIGHT_MAX, nowMs = () => performance.now() } = o;
  /** When each became due, in this order. */
  const due = new Set<{ readonly atMs: number }>();
  /** Bounded by the plan: each of its refunds is due once. */
  const waiting: (() => void)[] = [];
  let flying = 0;
  const room = async (): Promise<void> => {
    if (flying >= max) await new Promise<void>((resolve) => waiting.push(resolve));
    else flying += 1;
  };
  const leave = (): void => {
    const next = waiting.shift();
    // Whoever waited takes the place that is left.
    if (next === undefined) flying -= 1;
    else next();
  };
  return {
    take: async (act) => {
      const one = { atMs: nowMs() };
      due.add(one);
      try {
        await room();
        return await act().finally(leave);
      } finally {
        due.delete(one);
      }
    },
    oldestMs: () => {
      const [oldest] = due;
      return oldest === undefined ? 0 : nowMs() - oldest.atMs;
    },
  };
}
