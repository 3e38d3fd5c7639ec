/**
 * Papers are drawn in threads of their own: one takes a few hundred milliseconds of a processor, in which nobody else would be
 * answered. What waits has a limit, and so has the time that a paper may take. Keys stay here: a thread draws, and does not seal.
 */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Tinypool } from 'tinypool';
import { AppError } from '../domain/errors.ts';
import type { PaperOrder } from './pdf.ts';
import { sealed } from './pdf-seal.ts';
import type { SigningKey } from './receipt-keys.ts';

export interface PressLimits {
  /** Papers drawn at once; each thread holds the fonts, some 60 MB in all. */
  readonly threads: number;
  /** Papers that wait for a thread; a further one is refused. */
  readonly waitingMax: number;
  /** From the order to the paper, waiting and all. */
  readonly timeLimitMs: number;
}

/** A processor is left to the event loop where there are several. More threads than this serve nobody. */
const THREADS_MAX = 4;

export const PRESS_LIMITS: PressLimits = {
  threads: Math.min(THREADS_MAX, Math.max(1, availableParallelism() - 1)),
  waitingMax: 32,
  timeLimitMs: 20_000,
};

/** A thread that nobody needs is let go of after this; the last one stays, its fonts read. */
const IDLE_MS = 60_000;

/** A drawing that needs more than this has run away. */
const THREAD_HEAP_MB = 256;

/** The pool waits for the end of each thread, also of one that ended unseen. */
const CLOSE_WITHIN_MS = 5_000;

export interface PaperPress {
  /**
   * The paper under its seal. Whoever orders one that is being drawn already gets that one.
   * @throws AppError `papers_queue_full`, `paper_timed_out`
   */
  print(order: PaperOrder, key: SigningKey): Promise<Buffer>;
  /** Ends the threads. Papers that are not done are refused. */
  close(): Promise<void>;
}

/** Starts no thread before the first paper is ordered. `thread` is the file that a thread runs. */
export function paperPress(
  limits: PressLimits = PRESS_LIMITS,
  thread: URL = new URL('./press-thread.js', import.meta.url),
): PaperPress {
  let pool: Tinypool | null = null;
  let closed = false;
  const drawing = new Map<string, Promise<Buffer>>();
  const draw = async (order: PaperOrder): Promise<Buffer> => {
    pool ??= threadsOf(limits, thread);
    const signal = AbortSignal.timeout(limits.timeLimitMs);
    try {
      const bytes = (await pool.run(order, { signal })) as Uint8Array;
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    } catch (error) {
      if (closed) throw new AppError('papers_queue_full', {}, { cause: error });
      if (signal.aborted) throw new AppError('paper_timed_out', {}, { cause: error });
      throw error;
    }
  };

  return {
    async print(order, key) {
      const name = JSON.stringify([order.language, order.links, order.text]);
      let paper = drawing.get(name);
      if (paper === undefined) {
        if (closed || drawing.size >= limits.threads + limits.waitingMax)
          throw new AppError('papers_queue_full', { papers: drawing.size });
        paper = draw(order).finally(() => drawing.delete(name));
        drawing.set(name, paper);
      }
      return sealed(await paper, key);
    },
    async close() {
      closed = true;
      const threads = pool?.destroy() ?? Promise.resolve();
      await Promise.race([threads, sleep(CLOSE_WITHIN_MS, undefined, { ref: false })]);
    },
  };
}

function threadsOf(limits: PressLimits, thread: URL): Tinypool {
  const pool = new Tinypool({
    ...{ filename: thread.href, minThreads: 1, maxThreads: limits.threads, idleTimeout: IDLE_MS },
    // Its own way of reading TypeScript, not the parent's: it is the same under a test runner, tsx and plain Node.
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB },
  });
  // A thread that dies between two papers is started again; the event must only not go unheard.
  pool.on('error', () => undefined);
  return pool;
}
