/** One refund: as it stands, or as soon as it has changed. */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import type { Refund } from '../domain/refund/refund.ts';
import type { RefundState } from '../domain/refund/state.ts';
import { getMarkedRefund, refundMarks } from '../store/refund-marks.ts';
import { getRefund } from '../store/refunds.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps, ApiLimits } from './deps.ts';
import { conditionField, etagOf, namesTag } from './etag.ts';
import { refundNoField } from './fields.ts';
import { problemResponses } from './problem.ts';
import type { RefundResource } from './refund-resource.ts';
import { refundSchema, toRefundResource } from './refund-resource.ts';
import type { RefundWatch } from './refund-watch.ts';
import { refundWatch } from './refund-watch.ts';

/** Proxies commonly cut a connection on which nothing was said for a minute. */
const WAIT_SECONDS_MAX = 60;

const waitField = z
  .string()
  .regex(/^(?:[0-9]|[1-5][0-9]|60)$/, `must be 0 to ${String(WAIT_SECONDS_MAX)} seconds`)
  .default('0')
  .transform(Number)
  .meta({
    description: `Seconds to wait for a change, 0 to ${String(WAIT_SECONDS_MAX)}. Send the \`etag\` that you have as \`if-none-match\`: then nothing that happened between two calls is missed`,
    examples: ['30'],
  });

const headers = z.looseObject({
  'if-none-match': conditionField.describe('Answers 304 while the etag is one of these'),
});

/** Where nothing more is expected to happen. Who has not seen it is told at once. */
const AT_REST: ReadonlySet<RefundState> = new Set(['settled', 'failed', 'returned']);

interface Seen {
  readonly refund: Refund;
  /** Of the same instant as the refund: whatever changes later changes it. */
  readonly mark: string;
  readonly resource: RefundResource;
  readonly etag: string;
}

interface Asked {
  readonly merchantId: string;
  readonly refundNo: string;
  readonly waitMs: number;
  readonly ifNoneMatch: string | undefined;
}

export function oneRefundRoute(app: App, deps: ApiDeps, limits: ApiLimits): void {
  const watch = refundWatch((ids) => refundMarks(deps.pool, ids), limits.watch);
  // The end of the server waits for answers: whoever waits for a change is given one now.
  app.addHook('preClose', async () => {
    watch.close();
  });

  app.route({
    method: 'GET',
    url: '/v1/refunds/:refund_no',
    config: { scope: 'refunds:read' },
    schema: {
      summary: 'Where a refund stands',
      description:
        'With `wait` the answer comes as soon as the refund changes, and otherwise when the time is over: 304 if you sent the `etag` that it still has, the refund as it stands if you sent none. A refund that is settled, failed or returned is answered at once unless you sent its `etag`.',
      operationId: 'getRefund',
      tags: ['refunds'],
      params: z.object({ refund_no: refundNoField }),
      querystring: z.strictObject({ wait: waitField }),
      headers,
      response: {
        200: refundSchema,
        304: z.undefined().describe('It is as you know it'),
        ...problemResponses('refund_unknown', 'refund_no_invalid'),
      },
    },
    handler: async (request, reply) => {
      const asked: Asked = {
        merchantId: callerOf(request).merchantId,
        refundNo: request.params.refund_no,
        waitMs: request.query.wait * 1_000,
        ifNoneMatch: request.headers['if-none-match'],
      };
      const first = await look(deps, asked);
      const seen = asked.waitMs === 0 ? first : await whenChanged(deps, watch, { asked, first, reply });
      reply.header('etag', seen.etag);
      if (namesTag(asked.ifNoneMatch, seen.etag)) return reply.code(304).send();
      return reply.code(200).send(seen.resource);
    },
  });
}

/** The refund once it is other than its caller knows it, or as it stands when the time is over or the caller has gone. */
async function whenChanged(
  deps: ApiDeps,
  watch: RefundWatch,
  { asked, first, reply }: { readonly asked: Asked; readonly first: Seen; readonly reply: FastifyReply },
): Promise<Seen> {
  const isKnown = ({ etag }: Seen): boolean =>
    asked.ifNoneMatch === undefined ? etag === first.etag : namesTag(asked.ifNoneMatch, etag);
  if (!isKnown(first) || (asked.ifNoneMatch === undefined && AT_REST.has(first.resource.state))) return first;
  const gone = new AbortController();
  reply.raw.once('close', () => {
    gone.abort();
  });
  const endsAt = performance.now() + asked.waitMs;
  for (let seen = first; ; seen = await look(deps, asked)) {
    if (seen !== first && !isKnown(seen)) return seen;
    const end = await watch.wait({
      ...{ merchantId: asked.merchantId, refundId: seen.refund.id, mark: seen.mark },
      ...{ timeoutMs: endsAt - performance.now(), signal: gone.signal },
    });
    if (end === 'ended') return seen;
  }
}

async function look(deps: ApiDeps, { merchantId, refundNo }: Asked): Promise<Seen> {
  const marked = await getMarkedRefund(deps.pool, merchantId, refundNo);
  if (marked === null) throw new AppError('refund_unknown', { refund_no: refundNo });
  const resource = resourceOf(deps, marked.refund);
  return { ...marked, resource, etag: etagOf(resource) };
}

/** @throws AppError `refund_unknown` */
export async function refundOf(deps: ApiDeps, merchantId: string, refundNo: string): Promise<Refund> {
  const refund = await getRefund(deps.pool, merchantId, refundNo);
  if (refund === null) throw new AppError('refund_unknown', { refund_no: refundNo });
  return refund;
}

/** With the numbers to quote as the refund's channel names them. */
export function resourceOf(deps: ApiDeps, refund: Refund): RefundResource {
  const { refundNo, channelRefundNo, payment } = refund;
  const serials = {
    refundNo,
    channelRefundNo,
    clearingDate: refund.clearingDate,
    paymentNo: payment.paymentNo,
    transactionId: payment.transactionId,
  };
  const proof = deps.channels.get(refund.accountId)?.proofNumbers(serials) ?? [];
  return toRefundResource(refund, proof, deps.calendar);
}
