/** The scheduler process: node-cron says when to look, the ensure functions say what is missing. */
import cron from 'node-cron';
import type { Logger } from 'node-cron';
import type { Context } from '../context.ts';
import { refundEngine } from '../refund-engine.ts';
import { ensureOverdueSweep, ensureStatements } from './ensure.ts';
import { ensureCallbacks, ensureRefunds } from './ensure-refunds.ts';

export interface RunningScheduler {
  /** Resolves when the look under way has ended; there is none after it. */
  stop(): Promise<void>;
}

/** Looks once right away, so that a start heals what was missed, and then on each tick. */
export async function startScheduler(context: Context): Promise<RunningScheduler> {
  const lookAround = lookOnce(context);
  let underWay: Promise<void> | null = null;
  // A tick that comes during a look is left out: the next one sees the same, and more.
  const look = (): Promise<void> => {
    underWay ??= lookAround().finally(() => {
      underWay = null;
    });
    return underWay;
  };
  const task = cron.schedule(context.config.schedule, look, {
    timezone: 'Asia/Shanghai',
    logger: quietLogger(context),
    suppressMissedWarning: true,
  });
  await look();
  return {
    stop: async () => {
      await task.destroy();
      await underWay;
    },
  };
}

/** One look over everything that should have been started. Each part fails alone; the next tick tries it again. */
export function lookOnce(context: Context): () => Promise<void> {
  const { channels, clock, pool, config, log, temporal } = context;
  const failed = (what: string, error: unknown): void => {
    log.warn({ what, error: String(error) }, 'could not be started; the next tick tries again');
  };
  const engine = refundEngine(temporal.client, clock);
  const refunds = { pool, clock, engine, failed };
  const runs = {
    ...{ client: temporal.client, channels, clock, failed },
    lookBackDays: config.lookBackDays,
    seen: new Set<string>(),
  };
  const parts = [
    ['refunds', () => ensureRefunds(refunds)],
    ['callbacks', () => ensureCallbacks(refunds)],
    ['statements', () => ensureStatements(runs)],
    ['overdue sweep', () => ensureOverdueSweep(runs)],
  ] as const;
  return async () => {
    for (const [part, ensure] of parts) {
      try {
        const started = Number(await ensure());
        if (started > 0) log.info({ part, started }, 'started');
      } catch (error) {
        log.warn({ part, error: String(error) }, 'could not look; the next tick tries again');
      }
    }
  };
}

/** node-cron's own lines go where ours go; stdout belongs to results. */
function quietLogger({ log }: Context): Logger {
  return {
    info: (message) => {
      log.debug(message);
    },
    warn: (message) => {
      log.warn(message);
    },
    error: (message) => {
      log.warn(String(message));
    },
    debug: (message) => {
      log.debug(String(message));
    },
  };
}
