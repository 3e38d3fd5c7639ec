/** Whether the process lives, and whether it can work. Both without an API key, both saying nothing about the business. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { assertSchemaCurrent } from '../store/migrate.ts';
import type { App } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { RETRY_AFTER_SECONDS, toAppError } from './faults.ts';

const checkSchema = z.object({
  ok: z.boolean(),
  code: z.string().optional().describe('From the catalogue of errors'),
});

const readinessSchema = z
  .object({
    ready: z.boolean(),
    checks: z.object({ postgres: checkSchema, schema: checkSchema, temporal: checkSchema }),
  })
  .meta({ id: 'Readiness' });

type Check = z.infer<typeof checkSchema>;

export function healthRoutes(app: App, deps: ApiDeps, o: { readonly timeoutMs: number }): void {
  app.route({
    method: 'GET',
    url: '/livez',
    schema: {
      summary: 'The process lives',
      operationId: 'livez',
      tags: ['health'],
      security: [],
      response: { 200: z.object({ alive: z.literal(true) }) },
    },
    handler: async () => ({ alive: true as const }),
  });

  app.route({
    method: 'GET',
    url: '/readyz',
    schema: {
      summary: 'Postgres, its schema and Temporal are there',
      operationId: 'readyz',
      tags: ['health'],
      security: [],
      response: { 200: readinessSchema, 503: readinessSchema },
    },
    handler: async (_request, reply) => {
      const [postgres, schema, temporal] = await Promise.all([
        check(() => deps.pool.query('select 1'), o.timeoutMs),
        check(() => assertSchemaCurrent(deps.pool), o.timeoutMs),
        check(() => temporalAnswers(deps), o.timeoutMs, 'temporal_unavailable'),
      ]);
      const ready = postgres.ok && schema.ok && temporal.ok;
      if (!ready) reply.header('retry-after', RETRY_AFTER_SECONDS);
      return reply.code(ready ? 200 : 503).send({ ready, checks: { postgres, schema, temporal } });
    },
  });
}

async function temporalAnswers(deps: ApiDeps): Promise<void> {
  if (!(await deps.refundEngine.healthy())) throw new Error('Temporal does not answer');
}

/** Runs one check with an end: a hanging server is an absent one. */
async function check(ask: () => Promise<unknown>, timeoutMs: number, code?: string): Promise<Check> {
  const abort = new AbortController();
  const late = sleep(timeoutMs, 'late' as const, { signal: abort.signal, ref: false });
  try {
    const end = await Promise.race([ask(), late]);
    return end === 'late' ? { ok: false, code: code ?? 'database_unavailable' } : { ok: true };
  } catch (error) {
    return { ok: false, code: code ?? toAppError(error).code };
  } finally {
    late.catch(() => undefined);
    abort.abort();
  }
}
