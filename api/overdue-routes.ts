/** The overdue radar: refunds whose promise has passed without evidence, and words to send about each. */
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import { OVERDUE_LEVEL_NAMES, OVERDUE_LEVELS } from '../domain/overdue/levels.ts';
import { sweepIsLate } from '../domain/overdue/sweep-watch.ts';
import { CHANNEL_NAMES } from '../domain/refund/refund.ts';
import { findOverdue, listOverdue } from '../store/overdue-list.ts';
import { getRefund } from '../store/refunds.ts';
import { sweptState } from '../store/sweeps.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { cursorField, instantField, limitField, refundNoField } from './fields.ts';
import {
  lateRow,
  overdueSchema,
  overdueWithMessagesSchema,
  toOverdueResource,
  toOverdueWithMessages,
} from './overdue-resource.ts';
import { linkNextPage } from './paging.ts';
import { problemResponses } from './problem.ts';

export function overdueRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/overdue',
    config: { scope: 'refunds:read' },
    schema: {
      summary: 'Refunds whose promise has passed without evidence, the longest overdue first',
      description:
        'With the numbers to quote, whom each is for, what the channel was asked and said, and what to do next. A flag is lifted by evidence only.',
      operationId: 'listOverdue',
      tags: ['books'],
      querystring: z.strictObject({
        level: z.enum(OVERDUE_LEVEL_NAMES).optional().describe('This level only'),
        channel: z.enum(CHANNEL_NAMES).optional(),
        cursor: cursorField.optional(),
        limit: limitField,
      }),
      response: {
        200: z.object({
          as_of: instantField,
          last_sweep_at: instantField
            .nullable()
            .describe('When flags were last raised; null before the first time'),
          flags_may_be_missing: z
            .boolean()
            .describe('No sweep has ended for hours: late refunds may have no flag. Is a scheduler running?'),
          overdue: z.array(overdueSchema),
          next_cursor: z.string().nullable(),
        }),
        ...problemResponses(),
      },
    },
    handler: async (request, reply) => {
      const now = deps.clock.now();
      const { level: name, channel, cursor, limit } = request.query;
      const level = OVERDUE_LEVELS.find((one) => one.name === name)?.level;
      const { rows, next } = await listOverdue(deps.pool, {
        merchantId: callerOf(request).merchantId,
        limit,
        ...(level === undefined ? {} : { level }),
        ...(channel === undefined ? {} : { channel }),
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      linkNextPage(request, reply, next);
      const overdue = rows.map((row) =>
        toOverdueResource(lateRow(row, deps.channels.get(row.accountId), { now, calendar: deps.calendar })),
      );
      return { as_of: now.toISOString(), ...(await sweptFields(deps)), overdue, next_cursor: next };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/overdue/:refund_no',
    config: { scope: 'refunds:read' },
    schema: {
      summary: 'One overdue refund, with words to send to the payer and to the channel',
      operationId: 'getOverdue',
      tags: ['books'],
      params: z.object({ refund_no: refundNoField }),
      response: {
        200: overdueWithMessagesSchema,
        ...problemResponses('refund_unknown', 'refund_not_overdue', 'refund_no_invalid'),
      },
    },
    handler: async (request) => {
      const { merchantId } = callerOf(request);
      const { refund_no: refundNo } = request.params;
      const [row] = await findOverdue(deps.pool, merchantId, refundNo);
      if (row === undefined) throw await notListed(deps, merchantId, refundNo);
      const seen = { now: deps.clock.now(), calendar: deps.calendar };
      return toOverdueWithMessages(lateRow(row, deps.channels.get(row.accountId), seen));
    },
  });
}

/** Whether the list can be believed to be complete. */
async function sweptFields({
  pool,
  clock,
}: ApiDeps): Promise<{ last_sweep_at: string | null; flags_may_be_missing: boolean }> {
  const { lastAt, unsweptSince } = await sweptState(pool);
  return {
    last_sweep_at: lastAt?.toISOString() ?? null,
    flags_may_be_missing: sweepIsLate(unsweptSince, clock),
  };
}

async function notListed(deps: ApiDeps, merchantId: string, refundNo: string): Promise<AppError> {
  const refund = await getRefund(deps.pool, merchantId, refundNo);
  return new AppError(refund === null ? 'refund_unknown' : 'refund_not_overdue', { refund_no: refundNo });
}
