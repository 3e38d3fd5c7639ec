/** `/metrics`, for a collector with a key of its own. */
import { z } from 'zod';
import { booksFigures } from '../store/books-figures.ts';
import type { BooksFigure } from '../store/books-figures.ts';
import type { App } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { logFault, toAppError } from './faults.ts';
import type { ApiMetrics } from './metrics.ts';
import { problemResponses } from './problem.ts';

export function metricsRoute(
  app: App,
  deps: ApiDeps,
  o: { readonly metrics: ApiMetrics; readonly countedEveryMs: number },
): void {
  const { metrics, countedEveryMs } = o;
  let kept: { readonly until: number; readonly figures: readonly BooksFigure[] } | null = null;
  app.route({
    method: 'GET',
    url: '/metrics',
    config: { scope: 'metrics:read' },
    schema: {
      summary: 'Figures for Prometheus',
      description:
        'Of the whole installation, not of one merchant. While Postgres is away `yuanlu_books_readable` is 0 and the counts of the books are left out.',
      operationId: 'metrics',
      tags: ['health'],
      response: {
        200: { description: 'Text format 0.0.4', content: { 'text/plain': { schema: z.string() } } },
        ...problemResponses(),
      },
    },
    handler: async (request, reply) => {
      const now = performance.now();
      if (kept === null || kept.until <= now) kept = null;
      try {
        kept ??= { until: now + countedEveryMs, figures: await booksFigures(deps.pool) };
      } catch (error) {
        logFault(request, toAppError(error));
      }
      return reply.type(metrics.contentType).send(await metrics.text(kept?.figures ?? null));
    },
  });
}
