import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

const HOST = '127.0.0.1';

/**
 * Below what systems give to connections that go out (Linux: from 32768, macOS: from 49152): a port from that range can be
 * in use by a connection of anybody before the server it was chosen for listens.
 */
const LOWEST = 15_000;
const BEYOND = 32_768;
const TRIES = 100;

/** A port of loopback that was free a moment ago, and that no outgoing connection will take. */
export async function freePort(): Promise<number> {
  for (let tries = 1; tries < TRIES; tries += 1) {
    const port = randomInt(LOWEST, BEYOND);
    if (await isFree(port)) return port;
  }
  // A machine this full is left to choose for itself.
  return bindOnce(0);
}

export async function isFree(port: number): Promise<boolean> {
  try {
    await mustBeFree(port);
    return true;
  } catch {
    return false;
  }
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
