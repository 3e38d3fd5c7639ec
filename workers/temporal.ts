/** Connections to Temporal, and how this system's processes speak to it. */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { Config } from './config.ts';

export interface TemporalConnection {
  readonly client: Client;
  close(): Promise<void>;
}

/**
 * A client that connects on first use: a process starts while Temporal is away, and goes on by itself when it is back.
 */
export function connectClient(
  config: Pick<Config, 'temporalAddress' | 'temporalNamespace'>,
): TemporalConnection {
  const connection = Connection.lazy({ address: config.temporalAddress });
  const client = new Client({ connection, namespace: config.temporalNamespace });
  return { client, close: () => connection.close() };
}

export function connectWorker(config: Pick<Config, 'temporalAddress'>): Promise<NativeConnection> {
  return NativeConnection.connect({ address: config.temporalAddress });
}
