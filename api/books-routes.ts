/** What somebody should look at: differences that statements left over. */
import { z } from 'zod';
import { BREAK_KINDS } from '../domain/statement/break.ts';
import type { Break } from '../store/breaks.ts';
import { listBreaks } from '../store/breaks.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { instantField, limitField, refundNoField } from './fields.ts';
import { linkNextPage } from './paging.ts';
import { problemResponses } from './problem.ts';
import { serialsSchema } from './refund-resource.ts';

const breakSchema = z
  .object({
    id: z.string(),
    kind: z.enum(BREAK_KINDS),
    status: z.enum(['open', 'closed']),
    account_id: z.string(),
    amount_minor: z.string().nullable().describe('What the line says'),
    expected_minor: z.string().nullable().describe('What our books say'),
    currency: z.string(),
    line: z.object({ statement_id: z.string(), line_no: z.int(), bill_date: z.string() }).nullable(),
    serials: serialsSchema.extend({ refund_no: z.string().nullable() }).meta({ id: 'BreakSerials' }),
    occurred_at: instantField.nullable(),
    opened_at: instantField,
    closed_at: instantField.nullable(),
    closed_reason: z.string().nullable(),
  })
  .meta({
    id: 'Break',
    description: 'A difference between the books and a statement; only evidence closes it',
  });

export function booksRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/breaks',
    config: { scope: 'statements:read' },
    schema: {
      summary: 'Differences that statements left over, oldest first',
      operationId: 'listBreaks',
      tags: ['books'],
      querystring: z.strictObject({
        kind: z.enum(BREAK_KINDS).optional(),
        status: z.enum(['open', 'closed']).optional(),
        refund_no: refundNoField.optional(),
        cursor: z
          .string()
          .regex(/^[0-9]{1,18}$/, 'must be the next_cursor of a page')
          .optional(),
        limit: limitField,
      }),
      response: {
        200: z.object({ breaks: z.array(breakSchema), next_cursor: z.string().nullable() }),
        ...problemResponses('refund_no_invalid'),
      },
    },
    handler: async (request, reply) => {
      const { kind, status, refund_no: refundNo, cursor, limit } = request.query;
      const { breaks, next } = await listBreaks(deps.pool, {
        merchantId: callerOf(request).merchantId,
        limit,
        ...(kind === undefined ? {} : { kind }),
        ...(status === undefined ? {} : { status }),
        ...(refundNo === undefined ? {} : { refundNo }),
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      linkNextPage(request, reply, next);
      return { breaks: breaks.map(toBreakResource), next_cursor: next };
    },
  });
}

function toBreakResource(one: Break): z.infer<typeof breakSchema> {
  return {
    id: one.id,
    kind: one.kind,
    status: one.status,
    account_id: one.accountId,
    amount_minor: one.amountMinor?.toString() ?? null,
    expected_minor: one.expectedMinor?.toString() ?? null,
    currency: one.currency,
    line:
      one.line === null
        ? null
        : { statement_id: one.line.fileId, line_no: one.line.lineNo, bill_date: one.line.billDate },
    serials: {
      refund_no: one.refundNo,
      channel_refund_no: one.channelRefundNo,
      transaction_id: one.transactionId,
    },
    occurred_at: one.occurredAt?.toISOString() ?? null,
    opened_at: one.openedAt.toISOString(),
    closed_at: one.closedAt?.toISOString() ?? null,
    closed_reason: one.closedReason,
  };
}
