import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

const HOST = '127.0.0.1';

/** A port of loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return bindOnce(0);
}

/**
 * A stranger's server on the port would be taken for ours.
 * @throws Error of the system, `EADDRINUSE`, when somebody listens there.
 */
export async function mustBeFree(port: number): Promise<void> {
  await bindOnce(port);
}

async function bindOnce(wished: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wished, HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
