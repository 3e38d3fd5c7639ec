/** A way to Postgres that a test can cut, block and lose answers on, while the server behind it stays as it is. */
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface CuttableProxy {
  /** The database URL, through the proxy. */
  through(url: string): string;
  /** Ends every connection and takes no new one. */
  cut(): void;
  /** Takes connections and bytes, and answers nothing. */
  hang(): void;
  /** Ends the connection on which the next COMMIT is sent, after the server has done it and before its word is passed on. */
  loseNextCommit(): void;
  mend(): void;
  close(): Promise<void>;
}

const COMMIT = Buffer.from('commit\0');

export async function cuttableProxy(targetUrl: string): Promise<CuttableProxy> {
  const target = new URL(targetUrl);
  const pairs = new Set<{ readonly client: Socket; readonly server: Socket }>();
  let state: 'open' | 'cut' | 'hanging' = 'open';
  let losing = false;

  const listener = createServer((client) => {
    if (state === 'cut') {
      client.destroy();
      return;
    }
    const server = connect(Number(target.port || '5432'), target.hostname);
    const pair = { client, server };
    let lost = false;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    client.on('data', (bytes: Buffer) => {
      if (state === 'hanging') return;
      if (losing && bytes.includes(COMMIT)) {
        losing = false;
        lost = true;
      }
      server.write(bytes);
    });
    server.on('data', (bytes: Buffer) => {
      if (lost) end();
      else if (state !== 'hanging') client.write(bytes);
    });
    for (const side of [client, server]) side.on('error', end).on('close', end);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;

  const endAll = (): void => {
    for (const { client, server } of pairs) {
      client.destroy();
      server.destroy();
    }
  };
  return {
    through: (url) => {
      const changed = new URL(url);
      changed.hostname = '127.0.0.1';
      changed.port = String(port);
      return changed.toString();
    },
    cut: () => {
      state = 'cut';
      endAll();
    },
    hang: () => {
      state = 'hanging';
    },
    loseNextCommit: () => {
      losing = true;
    },
    mend: () => {
      // Whatever was swallowed meanwhile is lost: those connections are of no use any more.
      if (state === 'hanging') endAll();
      state = 'open';
    },
    close: async () => {
      endAll();
      listener.close();
      await once(listener, 'close');
    },
  };
}
