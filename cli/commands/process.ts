/** Runs one process of a deployment until it is told to stop. */
import type { Context } from '../../workers/context.ts';
import { openContext } from '../../workers/context.ts';
import { readSettings } from '../../workers/settings.ts';
import { untilStopped } from '../until-stopped.ts';

type ProcessName = 'worker' | 'api' | 'scheduler';

interface Running {
  readonly what: string;
  /** Settles when it ended by itself; rejects when it failed. */
  readonly done?: Promise<void>;
  stop(): Promise<void>;
}

export async function runProcess(name: ProcessName): Promise<void> {
  const config = readSettings(process.env);
  const context = await openContext(config, name);
  try {
    const running = await START[name](context);
    context.log.info(running.what);
    await untilStopped(running.done);
    context.log.info('stopping');
    await running.stop();
  } finally {
    await context.close();
  }
}

const START: Readonly<Record<ProcessName, (context: Context) => Promise<Running>>> = {
  worker: async (context) => {
    const { quietTemporalLogs } = await import('../../workers/temporal-logs.ts');
    const { startWorker } = await import('../../workers/worker.ts');
    quietTemporalLogs('WARN');
    const worker = await startWorker(context);
    return { what: 'worker is running', done: worker.done, stop: () => worker.stop() };
  },
  api: async (context) => {
    const { startApi } = await import('../../workers/api-server.ts');
    const api = await startApi(context);
    return { what: `api listens on ${api.url}`, stop: () => api.stop() };
  },
  scheduler: async (context) => {
    const { startScheduler } = await import('../../workers/scheduler/scheduler.ts');
    const scheduler = await startScheduler(context);
    return { what: 'scheduler is running', stop: () => scheduler.stop() };
  },
};
