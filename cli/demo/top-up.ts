/** The merchants' balances at the channels: topped up now and then, so that what was held back for want of money goes on. */
import type { SandboxShop } from '../../sandbox/shops.ts';
import type { Clock } from '../../domain/clock.ts';
import { sleepUntil } from '../../workers/clock.ts';
import { DAY_MS } from './plan.ts';

const EVERY_MS = 5 * DAY_MS;
const AMOUNT_MINOR = 1_000_000n;

/** Tops up every few business days until it is stopped: a refund may be sent, and held back, long after it was asked for. */
export function keepToppedUp(
  clock: Clock,
  shops: readonly SandboxShop[],
): { readonly stop: () => Promise<void> } {
  const stopped = new AbortController();
  const { signal } = stopped;
  const topping = (async () => {
    for (let at = clock.now().getTime() + EVERY_MS; ; at += EVERY_MS) {
      await sleepUntil(clock, new Date(at), signal).catch(() => undefined);
      if (signal.aborted) return;
      for (const { sandbox } of shops) sandbox.topUp(AMOUNT_MINOR);
    }
  })();
  return {
    stop: async () => {
      stopped.abort();
      await topping;
    },
  };
}
