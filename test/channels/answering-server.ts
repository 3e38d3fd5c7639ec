/** A plain HTTP server on loopback that plays what the test says, on a port of its own. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Play = (request: IncomingMessage, response: ServerResponse) => void;

export interface AnsweringServer {
  readonly base: string;
  /** What is played from now on; the count of requests starts again. */
  play(next: Play): void;
  /** Requests that came since. */
  seen(): number;
  /** Connections that are open now. */
  connections(): Promise<number>;
  stop(): Promise<void>;
}

export async function openAnsweringServer(): Promise<AnsweringServer> {
  let current: Play = (_request, response) => response.destroy();
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    current(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    base: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    play: (next) => {
      current = next;
      count = 0;
    },
    seen: () => count,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, open) => {
          if (error === null) resolve(open);
          else reject(error);
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
