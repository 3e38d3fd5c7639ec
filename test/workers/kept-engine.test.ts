/** One engine that is kept up: started again on its port when it ends, given up when it will not stay, stopped for good. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../../workers/engines/free-port.ts';
import type { Engine } from '../../workers/engines/kept-engine.ts';
import { KeptEngine } from '../../workers/engines/kept-engine.ts';
import { until } from '../cli-real/spawned.ts';
import { gone, lives } from './engine-folder.ts';

const LIMITS = { perMinuteMax: 4, firstPauseMs: 5, pauseMsMax: 20 } as const;

/** A small server in the place of an engine. `ends` makes it end by itself once it was found listening. */
function programOf(port: number, o: { readonly ends?: boolean; readonly deaf?: boolean }): string {
  const deaf = o.deaf === true ? `process.on('SIGTERM', () => undefined);` : '';
  const then = o.ends === true ? `() => setTimeout(() => process.exit(7), 30)` : `() => undefined`;
  return `${deaf}require('node:net').createServer(${then}).listen(${String(port)}, '127.0.0.1')`;
}

interface Bench {
  readonly kept: KeptEngine;
  readonly port: number;
  readonly pids: number[];
  readonly log: string[];
  readonly gaveUp: string[];
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function bench(
  o: { readonly ends?: boolean; readonly deaf?: boolean; readonly script?: string } = {},
): Promise<Bench> {
  const port = await freePort();
  const [pids, log, gaveUp]: [number[], string[], string[]] = [[], [], []];
  const engine: Engine = {
    ...{ name: 'postgres', port, stopSignal: 'SIGTERM', stopWithinMs: 300 },
    spawn: () => {
      const child = spawn(process.execPath, ['-e', o.script ?? programOf(port, o)], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      children.push(child);
      return child;
    },
    ready: (died) => untilListens(port, died),
  };
  const watcher = {
    spawned: async (): Promise<void> => undefined,
    ready: (_name: string, pid: number) => void pids.push(pid),
    log: (line: string) => void log.push(line),
    gaveUp: (why: string) => void gaveUp.push(why),
  };
  return { kept: new KeptEngine(engine, watcher, LIMITS), port, pids, log, gaveUp };
}

async function untilListens(port: number, died: () => boolean): Promise<void> {
  while (!(await listens(port))) {
    if (died()) throw new Error('ended while it was starting');
    await sleep(5);
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}

describe('an engine that is killed', () => {
  test('is another process on the same port a moment later, and somebody is told', async () => {
    const { kept, pids, log, port } = await bench();
    await kept.start();

    process.kill(pids[0] ?? 0, 'SIGKILL');

    await until('it is back', async () => pids.length === 2 && log.length > 0);
    expect(pids[1]).not.toBe(pids[0]);
    expect(await listens(port)).toBe(true);
    expect(log).toContain('postgres ended and was started again');
    await kept.stop();
  });

  test('and whose port a stranger took meanwhile waits for it, and does not take the stranger for itself', async () => {
    const { kept, pids, log, port } = await bench();
    await kept.start();
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await gone(pids[0] ?? null);
    const stranger = createServer();
    await until('the stranger has the port', async () => {
      stranger.removeAllListeners('error').once('error', () => undefined);
      await new Promise<void>((done) => {
        stranger.once('listening', done).once('error', () => {
          done();
        });
        stranger.listen(port, '127.0.0.1');
      });
      return stranger.listening || pids.length > 1;
    });
    if (stranger.listening)
      await until('it is told', async () => log.some((line) => line.includes('EADDRINUSE')));

    await new Promise((closed) => {
      stranger.close(closed);
    });

    await until('it is back', async () => pids.length > 1);
    await kept.stop();
  });
});

describe('an engine that will not stay up', () => {
  test('is given up after so many restarts within a minute, with a word about it, and started no more', async () => {
    const { kept, pids, gaveUp } = await bench({ ends: true });

    await kept.start();

    await until('it is given up', async () => gaveUp.length > 0);
    expect(gaveUp).toEqual(['postgres does not stay up: 4 restarts within a minute']);
    expect(pids).toHaveLength(1 + LIMITS.perMinuteMax);
    await kept.stop();
  });

  test('that does not start at all says what it said', async () => {
    const { kept, gaveUp } = await bench({ script: `console.error('no such locale'); process.exit(1)` });

    await expect(kept.start()).rejects.toThrow(/ended while it was starting[\s\S]*no such locale/);

    expect(gaveUp).toEqual([]);
  });

  test('is not spawned while somebody else listens on its port', async () => {
    const { kept, pids, port } = await bench();
    const stranger = createServer();
    await new Promise<void>((listening) => {
      stranger.listen(port, '127.0.0.1', listening);
    });

    await expect(kept.start()).rejects.toMatchObject({ code: 'EADDRINUSE' });

    expect(pids).toEqual([]);
    await new Promise((closed) => {
      stranger.close(closed);
    });
  });
});

describe('a stop', () => {
  test('ends it in order and for good', async () => {
    const { kept, pids, log } = await bench();
    await kept.start();

    await kept.stop();

    expect(await lives(pids[0] ?? null)).toBe(false);
    expect(log).toEqual([]);
  });

  test('of one that does not hear ends it by force, and says so', async () => {
    const { kept, pids, log } = await bench({ deaf: true });
    await kept.start();

    await kept.stop();

    expect(await lives(pids[0] ?? null)).toBe(false);
    expect(log).toEqual(['postgres did not stop by itself and is killed']);
  });

  test('during the pause before a restart leaves nothing running', async () => {
    const { kept, pids, port } = await bench();
    await kept.start();
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await gone(pids[0] ?? null);

    await kept.stop();

    await sleep(5 * LIMITS.pauseMsMax);
    expect(await listens(port)).toBe(false);
    for (const child of children) expect(await lives(child.pid ?? null)).toBe(false);
  });

  test('of one that was never started does nothing', async () => {
    const { kept, log } = await bench();

    await kept.stop();

    expect(log).toEqual([]);
  });
});
