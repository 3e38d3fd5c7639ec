/** Figures in the words of Prometheus: what callers were answered, and what of the books somebody should look at. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Gauge, Histogram, Registry } from 'prom-client';
import type { BooksFigure } from '../store/books-figures.ts';

/** From a page out of memory to a caller that waits for a refund to change. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

const BOOKS: Readonly<
  Record<BooksFigure['name'], { readonly help: string; readonly labels: readonly string[] }>
> = {
  refunds_overdue: {
    help: 'Refunds past their promise without evidence',
    labels: ['channel', 'level'],
  },
  refunds_not_started: {
    help: 'Refunds that are recorded and whose workflow nobody has started yet',
    labels: [],
  },
  breaks_open: {
    help: 'Differences between statements and books that nothing has ended',
    labels: ['account', 'kind'],
  },
  webhook_deliveries_pending: { help: 'Events that an endpoint has not taken yet', labels: [] },
  last_sweep_timestamp_seconds: { help: 'When overdue refunds were last looked for', labels: [] },
  statement_newest_day_timestamp_seconds: {
    help: 'The newest day whose statement is in the books',
    labels: ['account', 'kind'],
  },
  statements_missing: {
    help: 'Statements that are not here twelve hours after the channel should have had them',
    labels: ['account', 'kind'],
  },
  statement_missing_oldest_day_timestamp_seconds: {
    help: 'The oldest day whose statement is missing',
    labels: ['account', 'kind'],
  },
};

export interface ApiMetrics {
  readonly contentType: string;
  /** Counts one request that was answered. */
  answered(request: FastifyRequest, reply: FastifyReply): void;
  /** Everything there is to say; `figures` is null while the books cannot be read. */
  text(figures: readonly BooksFigure[] | null): Promise<string>;
}

export function apiMetrics(): ApiMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: 'yuanlu_http_request_seconds',
    help: 'Time until a request was answered, by the route that took it',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  });
  const readable = new Gauge({ name: 'yuanlu_books_readable', help: '1 while Postgres answers', registers });
  const memory = new Gauge({
    ...{ name: 'yuanlu_api_resident_memory_bytes', help: 'Memory of this process', registers },
  });
  return {
    contentType: registry.contentType,
    answered: (request, reply) => {
      // The route, never the address: that may be the key to a receipt.
      const route = request.routeOptions.url ?? 'none';
      requests.observe(
        { method: request.method, route, status: String(reply.statusCode) },
        reply.elapsedTime / 1000,
      );
    },
    text: async (figures) => {
      memory.set(process.memoryUsage.rss());
      readable.set(figures === null ? 0 : 1);
      return (await registry.metrics()) + (await booksText(figures ?? []));
    },
  };
}

/** Made anew each time: what is counted no more, or cannot be counted, must not stand there with its last count. */
async function booksText(figures: readonly BooksFigure[]): Promise<string> {
  const registry = new Registry();
  const gauges = new Map<string, Gauge>();
  for (const { name, labels, value } of figures) {
    const { help, labels: labelNames } = BOOKS[name];
    const gauge =
      gauges.get(name) ??
      new Gauge({ name: `yuanlu_${name}`, help, labelNames: [...labelNames], registers: [registry] });
    gauges.set(name, gauge);
    gauge.set(Object.fromEntries(labelNames.map((label) => [label, labels[label] ?? ''])), value);
  }
  return registry.metrics();
}
