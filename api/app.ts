/** The types that every route file shares. */
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Scope } from '../domain/scopes.ts';
import type { ApiKey } from './keys.ts';

/** A Fastify instance whose routes are typed by their zod schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module 'fastify' {
  interface FastifyRequest {
    /** The key the request came with; null without one, or with one that nobody knows. */
    apiKey: ApiKey | null;
  }
  interface FastifyContextConfig {
    /** What a key must be allowed to do to call this route. */
    scope?: Scope;
  }
  interface FastifySchema {
    /** For the OpenAPI document. */
    summary?: string;
    description?: string;
    tags?: readonly string[];
    operationId?: string;
    security?: readonly Record<string, readonly string[]>[];
    hide?: boolean;
  }
}
