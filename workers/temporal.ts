/** Connections to Temporal, and how this system's processes speak to it. */
import { readFileSync } from 'node:fs';
import type { TLSConfig } from '@temporalio/client';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { AppError } from '../domain/errors.ts';
import type { Config, TemporalSecurity } from './config.ts';
import { aboutNamespace, temporalAway } from './not-there.ts';

type Server = Pick<Config, 'temporalAddress' | 'temporalSecurity'>;

export interface TemporalConnection {
  readonly client: Client;
  close(): Promise<void>;
}

/**
 * A client that connects on first use: a process starts while Temporal is away, and goes on by itself when it is back.
 */
export function connectClient(config: Server & Pick<Config, 'temporalNamespace'>): TemporalConnection {
  const connection = Connection.lazy(optionsOf(config));
  const client = new Client({ connection, namespace: config.temporalNamespace });
  return { client, close: () => connection.close() };
}

/** @throws AppError `temporal_unavailable`: a worker without Temporal has nothing to do, whoever supervises it repeats. */
export async function connectWorker(config: Server): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(optionsOf(config));
  } catch (error) {
    throw temporalAway(config.temporalAddress, error);
  }
}

/** @throws AppError `config_invalid` when there is none of this name; a server that does not tell is believed */
export async function mustHaveNamespace(client: Client, namespace: string): Promise<void> {
  try {
    await client.workflowService.describeNamespace({ namespace });
  } catch (error) {
    const fault = aboutNamespace(error, namespace);
    if (fault instanceof AppError) throw fault;
  }
}

function optionsOf({ temporalAddress: address, temporalSecurity: security }: Server) {
  return {
    address,
    tls: security.tls ? tlsOf(security) : null,
    ...(security.apiKey === null ? {} : { apiKey: security.apiKey }),
  };
}

/** What is not named is the system's: its certificate authorities, the host's own name, no certificate of ours. */
function tlsOf({ caFile, serverName, clientCertFile, clientKeyFile }: TemporalSecurity): TLSConfig {
  return {
    ...(caFile === null ? {} : { serverRootCACertificate: readFileSync(caFile) }),
    ...(serverName === null ? {} : { serverNameOverride: serverName }),
    ...(clientCertFile === null || clientKeyFile === null
      ? {}
      : { clientCertPair: { crt: readFileSync(clientCertFile), key: readFileSync(clientKeyFile) } }),
  };
}
