/** The Temporal development server: one process, on loopback, in memory or with a file that survives a kill. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TemporalPlan {
  readonly binary: string;
  readonly port: number;
  /** Null for no web UI. */
  readonly uiPort: number | null;
  readonly metricsPort: number;
  /** Namespaces that are made while it runs are usable at once. */
  readonly newNamespaces: boolean;
  /** Null keeps everything in memory. */
  readonly databaseFile: string | null;
}

const SEARCH_ATTRIBUTES = [
  'Channel=Keyword',
  'RefundState=Keyword',
  'NeedsReview=Bool',
  'BusinessDate=Keyword',
];
const READY_WITHIN_MS = 60_000;
const ASK_EVERY_MS = 50;

/** Everything that a database file may be accompanied by. */
export function filesOfDatabase(file: string): readonly string[] {
  return ['', '-journal', '-wal', '-shm'].map((suffix) => file + suffix);
}

export function spawnTemporal(plan: TemporalPlan): ChildProcess {
  const args = [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(plan.port), '--log-level', 'error'],
    ...['--metrics-port', String(plan.metricsPort)],
    ...(plan.uiPort === null ? ['--headless'] : ['--ui-port', String(plan.uiPort)]),
    ...(plan.databaseFile === null ? [] : ['--db-filename', plan.databaseFile]),
    ...SEARCH_ATTRIBUTES.flatMap((one) => ['--search-attribute', one]),
    // One machine's traffic needs no partitions: each would only hand its tasks on to the one that has a poller.
    ...['--dynamic-config-value', 'matching.numTaskqueueReadPartitions=1'],
    ...['--dynamic-config-value', 'matching.numTaskqueueWritePartitions=1'],
    ...(plan.newNamespaces
      ? [
          // At once instead of after the ten-second refresh; each use of a search attribute then asks the database which there are.
          ...['--dynamic-config-value', 'system.forceSearchAttributesCacheRefreshOnRead=true'],
          ...['--dynamic-config-value', 'system.namespaceCacheRefreshInterval="1s"'],
        ]
      : []),
  ];
  return spawn(plan.binary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/**
 * Waits until the server takes connections.
 * @throws Error when `died` says that there is nothing to wait for, or it takes longer than a minute.
 */
export async function untilTemporalListens(plan: TemporalPlan, died: () => boolean): Promise<void> {
  const startedAt = performance.now();
  while (!(await takesConnections(plan.port))) {
    if (died()) throw new Error('temporal ended while it was starting');
    if (performance.now() - startedAt > READY_WITHIN_MS)
      throw new Error(`temporal did not listen within ${String(READY_WITHIN_MS)} ms`);
    await sleep(ASK_EVERY_MS);
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (taken: boolean): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('error', () => {
      end(false);
    });
    socket.setTimeout(1_000, () => {
      end(false);
    });
  });
}
