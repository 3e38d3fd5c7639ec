/** The HTTP server under every sandbox. */
import Fastify from 'fastify';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import { AppError } from '../domain/errors.ts';

export interface ListenOptions {
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
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

/** Its address, without a slash at the end. @throws AppError `config_invalid` about a taken port */
export async function listen(
  app: FastifyInstance,
  { port = 0, host = '127.0.0.1', publicUrl }: ListenOptions,
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
