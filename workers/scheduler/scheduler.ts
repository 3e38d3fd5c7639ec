/** The scheduler process: node-cron says when to look, the ensure functions say what is missing. */
import cron from 'node-cron';
import type { Logger } from 'node-cron';
import type { Context } from '../context.ts';
import { refundEngine } from '../refund-engine.ts';
import { accountsOf, ensureOverdueSweep, ensureStatements } from './ensure.ts';
import { ensureNotices, promptNotices } from './ensure-notices.ts';
import { ensureCallbacks, ensureRefunds } from './ensure-refunds.ts';
import type { GapWatch } from './watch-gaps.ts';
import { watchGaps } from './watch-gaps.ts';

export interface RunningScheduler {
  /** Resolves when the look under way has ended; there is none after it. */
  stop(): Promise<void>;
}

/** Looks once right away, so that a start heals what was missed, and then on each tick. */
export async function startScheduler(context: Context): Promise<RunningScheduler> {
  const everything = oneAtATime(lookOnce(context));
  const prompt = oneAtATime(startPrompt(context));
  const options = {
    timezone: 'Asia/Shanghai',
    logger: quietLogger(context),
    suppressMissedWarning: true,
  } as const;
  const tasks = [
    cron.schedule(context.config.schedule, everything.look, options),
    cron.schedule(EVERY_SECOND, prompt.look, options),
  ];
  await everything.look();
  return {
    stop: async () => {
      for (const task of tasks) await task.destroy();
      await Promise.all([everything.ended(), prompt.ended()]);
    },
  };
}

/** A tick that comes during a look is left out: the next one sees the same, and more. */
function oneAtATime(work: () => Promise<void>): {
  readonly look: () => Promise<void>;
  readonly ended: () => Promise<void>;
} {
  let underWay: Promise<void> | null = null;
  return {
    look: () => {
      underWay ??= work().finally(() => {
        underWay = null;
      });
      return underWay;
    },
    ended: async () => {
      await underWay;
    },
  };
}

/** Webhooks go out within about a second of what they tell. */
const EVERY_SECOND = '* * * * * *';

/** What does not wait for the next look over everything. It says nothing of its failures: that look says them. */
function startPrompt({ pool, clock, temporal, log }: Context): () => Promise<void> {
  const failed = (what: string, error: unknown): void => {
    log.debug({ what, error: String(error) }, 'could not be started at once');
  };
  return async () => {
    try {
      await promptNotices({ pool, clock, client: temporal.client, failed });
    } catch (error) {
      failed('notices', error);
    }
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
  const notices = { pool, clock, client: temporal.client, failed };
  const runs = {
    ...{ client: temporal.client, pool, channels, clock, failed },
    lookBackDays: config.lookBackDays,
    seen: new Set<string>(),
  };
  const gaps: GapWatch = { pool, clock, log, said: new Map() };
  // An account that cannot be had was told of by then: its statements were looked after first.
  const told = (): void => undefined;
  const parts: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['refunds', () => ensureRefunds(refunds)],
    ['callbacks', () => ensureCallbacks(refunds)],
    ['notices', () => ensureNotices(notices)],
    ['statements', () => ensureStatements(runs)],
    ['overdue sweep', () => ensureOverdueSweep(runs)],
    ['statement gaps', () => watchGaps(gaps, accountsOf({ channels, failed: told }))],
  ];
  return async () => {
    for (const [part, ensure] of parts) {
      try {
        const started = Number((await ensure()) ?? 0);
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
