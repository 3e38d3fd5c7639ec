/** What somebody should look at: refunds past their promise, and differences that statements left over. */
import { z } from 'zod';
import { HIGHEST_LEVEL } from '../domain/overdue/levels.ts';
import { REFUND_STATES } from '../domain/refund/state.ts';
import { BREAK_KINDS } from '../domain/statement/break.ts';
import { daysLate } from '../domain/time/arrival-window.ts';
import { chinaCalendar } from '../domain/time/china-calendar.ts';
import type { Break } from '../store/breaks.ts';
import { listBreaks } from '../store/breaks.ts';
import type { OverdueRow } from '../store/overdue-list.ts';
import { listOverdue } from '../store/overdue-list.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { instantField, limitField, refundNoField } from './fields.ts';
import { linkNextPage } from './paging.ts';
import { problemResponses } from './problem.ts';
import { serialsSchema } from './refund-resource.ts';

const overdueSchema = z
  .object({
    refund_no: z.string(),
    channel: z.string(),
    amount_minor: z.string(),
    state: z.enum(REFUND_STATES),
    level: z.int().min(1).max(HIGHEST_LEVEL).describe('1 promise missed, 2 alarm, 3 escalated'),
    promise_at: instantField,
    days_late: z.int().min(0).describe('In business days of China'),
    last_asked_at: instantField.nullable(),
    last_answer: z.string().nullable(),
    serials: serialsSchema,
  })
  .meta({ id: 'OverdueRefund' });

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
    url: '/v1/overdue',
    config: { scope: 'refunds:read' },
    schema: {
      summary: 'Refunds whose promise has passed without evidence',
      operationId: 'listOverdue',
      tags: ['books'],
      querystring: z.strictObject({ limit: limitField }),
      response: {
        200: z.object({ as_of: instantField, overdue: z.array(overdueSchema) }),
        ...problemResponses(),
      },
    },
    handler: async (request) => {
      const now = deps.clock.now();
      const { merchantId } = callerOf(request);
      const { rows } = await listOverdue(deps.pool, { merchantId, limit: request.query.limit });
      return { as_of: now.toISOString(), overdue: rows.map((row) => toOverdueResource(row, now)) };
    },
  });

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

function toOverdueResource(row: OverdueRow, now: Date): z.infer<typeof overdueSchema> {
  return {
    refund_no: row.refundNo,
    channel: row.channel,
    amount_minor: row.amountMinor.toString(),
    state: row.state,
    level: row.level,
    promise_at: row.promiseAt.toISOString(),
    days_late: daysLate(row.promiseAt, now, chinaCalendar),
    last_asked_at: row.lastAskedAt?.toISOString() ?? null,
    last_answer: row.lastAnswer,
    serials: {
      refund_no: row.refundNo,
      channel_refund_no: row.channelRefundNo,
      transaction_id: row.transactionId,
    },
  };
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
