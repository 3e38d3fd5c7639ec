/** Who calls, whether they may, and how often. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { AppError, invariant } from '../domain/errors.ts';
import type { App } from './app.ts';
import type { ApiKey, ApiKeyring } from './keys.ts';

const MINUTE_MS = 60_000;

/** Callers remembered for counting at one time. */
const CALLERS_MAX = 10_000;

/**
 * Puts API keys and the limit per key in front of every route of this context. A request is counted before it is
 * refused, so guessing keys is limited, too; its body is read only after its key was accepted.
 */
export async function protect(app: App, o: { keys: ApiKeyring; requestsPerMinute: number }): Promise<void> {
  app.decorateRequest('apiKey', null);
  app.addHook('onRequest', async (request) => {
    const text = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(request.headers.authorization ?? '')?.[1];
    request.apiKey = text === undefined ? null : ((await o.keys.find(text)) ?? null);
  });
  await app.register(rateLimit, {
    max: o.requestsPerMinute,
    timeWindow: MINUTE_MS,
    cache: CALLERS_MAX,
    keyGenerator: (request) =>
      request.apiKey === null ? `address ${request.ip}` : `key ${request.apiKey.sha256}`,
    errorResponseBuilder: (_request, context) =>
      new AppError('rate_limited', {
        sentence: `More than ${String(context.max)} requests in a minute; wait ${context.after}.`,
      }),
  });
  app.addHook('preParsing', async (request) => {
    const { scope } = request.routeOptions.config;
    invariant(scope !== undefined, 'every route behind an API key names its scope');
    if (request.apiKey === null) throw new AppError('unauthorized');
    if (!request.apiKey.scopes.includes(scope)) throw new AppError('forbidden', { needed: scope });
  });
}

/** The key of a request that passed {@link protect}. */
export function callerOf(request: FastifyRequest): ApiKey {
  invariant(request.apiKey !== null, 'a route behind an API key was reached without one');
  return request.apiKey;
}
