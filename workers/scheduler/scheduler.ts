/** The scheduler process: node-cron says when to look, the ensure functions say what is missing. */
import cron from 'node-cron';
import type { Context } from '../context.ts';
import { refundEngine } from '../refund-engine.ts';
import { ensureOverdueSweep, ensureStatements } from './ensure.ts';
import { ensureCallbacks, ensureRefunds } from './ensure-refunds.ts';

export interface RunningScheduler {
  stop(): Promise<void>;
}

/** Looks once right away, so that a start heals what was missed, and then on each tick. */
export async function startScheduler(context: Context): Promise<RunningScheduler> {
  const look = lookOnce(context);
  const task = cron.schedule(context.config.schedule, () => look(), {
    noOverlap: true,
    timezone: 'Asia/Shanghai',
  });
  await look();
  return {
    stop: async () => {
      await task.destroy();
    },
  };
}

/** One look over everything that should have been started. Each part fails alone; the next tick tries it again. */
export function lookOnce(context: Context): () => Promise<void> {
  const engine = refundEngine(context.temporal.client, context.clock);
  const { channels, clock, pool, config, log } = context;
  const deps = {
    client: context.temporal.client,
    channels,
    clock,
    lookBackDays: config.lookBackDays,
    seen: new Set<string>(),
  };
  const parts: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['refunds', () => ensureRefunds({ pool, clock, engine })],
    ['callbacks', () => ensureCallbacks({ pool, clock, engine })],
    ['statements', () => ensureStatements(deps)],
    ['overdue sweep', () => ensureOverdueSweep(deps)],
  ];
  return async () => {
    for (const [name, ensure] of parts) {
      try {
        await ensure();
      } catch (error) {
        log.warn({ part: name, error: String(error) }, 'could not ensure; the next tick tries again');
      }
    }
  };
}
