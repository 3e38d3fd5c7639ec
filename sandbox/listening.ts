/** The HTTP server under every sandbox. */
import Fastify from 'fastify';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import type { Clock } from '../domain/clock.ts';
import { AppError } from '../domain/errors.ts';
import type { KeepOptions } from './keeping.ts';

/** What is said to every sandbox; each has merchants and keys of its own besides. */
export interface SandboxBasics {
  /** One made by `turnableClock` can be set forward by `turnClock` and over /sandbox/clock. */
  readonly clock: Clock;
  /** Decides how long each refund takes, banks, cards, goods: the same seed and numbers, the same fates. Default 1. */
  readonly seed?: number;
  /** Hosts to which notices may go. Default: this machine. */
  readonly notifyHosts?: readonly string[];
  readonly log?: (line: string) => void;
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Keeps its world between starts; begins anew each time, and keeps nothing, when absent. */
  readonly keep?: KeepOptions;
  /** How others reach it, where that differs from host and port; bill addresses begin with it. */
  readonly publicUrl?: string;
}

/** Hosts to which notices may go unless others are named: this machine. */
export const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/** @param onUndecodable Answers addresses that cannot even be decoded. */
export function newServer(
  onUndecodable: NonNullable<FastifyServerOptions['frameworkErrors']>,
  log: (line: string) => void,
): FastifyInstance {
  const app = Fastify({
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 512 },
    frameworkErrors: onUndecodable,
    // Nothing is dropped or turned into another type in silence: whoever mistypes a field is told.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: true } },
  });
  app.addHook('onResponse', async (request, reply) => {
    log(`${request.method} ${request.url.split('?')[0] ?? ''} ${String(reply.statusCode)}`);
  });
  return app;
}

/** Leaves the bodies of a scope as the bytes that they are: those are what is signed. */
export function keepBodiesAsBytes(app: FastifyInstance, bodyLimit: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, async (_: unknown, body: Buffer) => body);
}

/**
 * Its address, without a slash at the end. A sandbox that cannot listen is stopped.
 * @throws AppError `config_invalid` about a taken port
 */
export async function listen(
  app: FastifyInstance,
  options: Pick<SandboxBasics, 'port' | 'host' | 'publicUrl'>,
  sandbox: { stop(): Promise<void> },
): Promise<string> {
  try {
    return await addressOf(app, options);
  } catch (error) {
    await sandbox.stop();
    throw error;
  }
}

async function addressOf(
  app: FastifyInstance,
  { port = 0, host = '127.0.0.1', publicUrl }: Pick<SandboxBasics, 'port' | 'host' | 'publicUrl'>,
): Promise<string> {
  try {
    const address = await app.listen({ port, host });
    return publicUrl ?? address;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new AppError('config_invalid', {
      errors: [`port ${String(port)} of ${host} is taken by another program`],
    });
  }
}
