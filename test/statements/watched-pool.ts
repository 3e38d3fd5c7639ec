/** A pool whose statements a test can count, and make fail one by one. */
import type { Pool } from '../../store/pool.ts';
import { createPool } from '../../store/pool.ts';

export interface WatchedPool {
  readonly pool: Pool;
  /** The statements sent since the last call, in order. */
  readonly sent: () => string[];
  /** Puts a statement that fails in the place of the n-th from now on (0 is the next). */
  readonly failAt: (n: number) => void;
}

interface Statement {
  text: string;
}

export function watchedPool(url: string, role: 'yuanlu_app' | 'yuanlu_ingest'): WatchedPool {
  const pool = createPool({ url, role, max: 2, name: `test-watched-${role}` });
  let log: string[] = [];
  let fail = Number.POSITIVE_INFINITY;
  pool.on('connect', (client) => {
    const plain = client.query.bind(client) as (...args: unknown[]) => unknown;
    const watched = (first: string | Statement, ...rest: unknown[]): unknown => {
      const text = typeof first === 'string' ? first : first.text;
      log.push(text);
      fail -= 1;
      if (fail !== -1) return plain(first, ...rest);
      const heard = rest.filter((one) => typeof one === 'function');
      if (typeof first === 'string') return plain('select 1/0', ...heard);
      // A COPY is a stream: it fails when the server reads where it should go.
      first.text = 'copy yuanlu.nowhere from stdin';
      return plain(first, ...rest);
    };
    Object.defineProperty(client, 'query', { value: watched });
  });
  return {
    pool,
    sent: () => {
      const all = log;
      log = [];
      return all;
    },
    failAt: (n) => {
      fail = n;
    },
  };
}
