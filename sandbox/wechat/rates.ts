/** How often a merchant may call, counted on the wall clock over the last second. */
import { tooOften } from './problem.ts';

export interface Rates {
  readonly refundsPerSecond: number;
  /** Refund calls that end in a refusal. */
  readonly failuresPerSecond: number;
  readonly queriesPerSecond: number;
}

/** The documented limits. */
export const DOCUMENTED_RATES: Rates = { refundsPerSecond: 150, failuresPerSecond: 6, queriesPerSecond: 300 };

const WINDOW_MS = 1000;

export class RateLimits {
  readonly #rates: Rates;
  readonly #wallNow: () => number;
  readonly #calls = new Map<string, number[]>();

  constructor(rates: Rates, wallNow: () => number) {
    this.#rates = rates;
    this.#wallNow = wallNow;
  }

  /** @throws WechatProblem 429 `FREQUENCY_LIMITED` when a limit is reached */
  check(mchid: string, ...kinds: readonly (keyof Rates)[]): void {
    for (const kind of kinds) {
      if (this.#recent(mchid, kind).length >= this.#rates[kind]) throw tooOften('频率超限，请稍后重试');
    }
  }

  count(mchid: string, kind: keyof Rates): void {
    this.#recent(mchid, kind).push(this.#wallNow());
  }

  #recent(mchid: string, kind: keyof Rates): number[] {
    const key = `${mchid}/${kind}`;
    const calls = this.#calls.get(key) ?? [];
    const since = this.#wallNow() - WINDOW_MS;
    const stale = calls.findIndex((at) => at > since);
    calls.splice(0, stale < 0 ? calls.length : stale);
    this.#calls.set(key, calls);
    return calls;
  }
}
