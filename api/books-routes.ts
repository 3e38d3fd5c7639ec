/** What somebody should look at: differences that statements left over, and one of them with all that is known of it. */
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import { BREAK_KINDS } from '../domain/statement/break.ts';
import { beijingDateOf } from '../domain/time/plain-date.ts';
import { historyOf } from '../store/break-events.ts';
import { explainBreak } from '../store/break-facts.ts';
import type { Break, BreakFilter } from '../store/breaks.ts';
import { getBreak, listBreaks } from '../store/breaks.ts';
import type { Db } from '../store/pool.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import { breakSchema, breakShownSchema, toBreakResource, toBreakShown } from './break-resource.ts';
import type { ApiDeps } from './deps.ts';
import { conditionField, etagOf, namesTag } from './etag.ts';
import { accountIdField, limitField, operatorField, refundNoField } from './fields.ts';
import { linkNextPage } from './paging.ts';
import { problemResponses } from './problem.ts';

const numberField = z.string().regex(/^[0-9]{1,18}$/, 'must be the number of a break');

export const breakParams = z.object({ break_no: numberField });

const filterSchema = z.strictObject({
  kind: z.enum(BREAK_KINDS).optional(),
  status: z.enum(['open', 'closed']).optional(),
  account_id: accountIdField.optional(),
  refund_no: refundNoField.optional(),
  assigned_to: operatorField.optional(),
  parked: z.enum(['true', 'false']).optional().describe('`false`: only what is to be looked at today'),
  cursor: numberField.optional(),
  limit: limitField,
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
      querystring: filterSchema,
      response: {
        200: z.object({ breaks: z.array(breakSchema), next_cursor: z.string().nullable() }),
        ...problemResponses('refund_no_invalid'),
      },
    },
    handler: async (request, reply) => {
      const now = deps.clock.now();
      const filter = { merchantId: callerOf(request).merchantId, ...toFilter(request.query, now) };
      const { breaks, next } = await listBreaks(deps.pool, filter);
      linkNextPage(request, reply, next);
      const age = { calendar: deps.calendar, now };
      return { breaks: breaks.map((one) => toBreakResource(one, age)), next_cursor: next };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/breaks/:break_no',
    config: { scope: 'statements:read' },
    schema: {
      summary: 'One break: both sides key by key, what to do about it and why, and its history',
      operationId: 'getBreak',
      tags: ['books'],
      params: breakParams,
      headers: z.looseObject({
        'if-none-match': conditionField.describe('Answers 304 while the etag is one of these'),
      }),
      response: {
        200: breakShownSchema,
        304: z.undefined().describe('It is as you know it'),
        ...problemResponses('break_unknown'),
      },
    },
    handler: async (request, reply) => {
      const { break_no: number } = request.params;
      const one = await getBreak(deps.pool, number, callerOf(request).merchantId);
      if (one === null) throw new AppError('break_unknown', { number });
      const resource = await breakShown(deps, deps.pool, one);
      const etag = etagOf(resource);
      reply.header('etag', etag);
      if (namesTag(request.headers['if-none-match'], etag)) return reply.code(304).send();
      return reply.code(200).send(resource);
    },
  });
}

function toFilter(query: z.infer<typeof filterSchema>, now: Date): BreakFilter {
  const { kind, status, account_id: accountId, refund_no: refundNo, assigned_to: assignedTo, parked } = query;
  return {
    limit: query.limit,
    ...(kind === undefined ? {} : { kind }),
    ...(status === undefined ? {} : { status }),
    ...(accountId === undefined ? {} : { accountId }),
    ...(refundNo === undefined ? {} : { refundNo }),
    ...(assignedTo === undefined ? {} : { assignedTo }),
    ...(parked === undefined ? {} : { parked: { is: parked === 'true', today: beijingDateOf(now) } }),
    ...(query.cursor === undefined ? {} : { after: query.cursor }),
  };
}

/** A break with all that is known of it, as it is answered. */
export async function breakShown(
  deps: Pick<ApiDeps, 'clock' | 'calendar'>,
  db: Db,
  one: Break,
): Promise<z.infer<typeof breakShownSchema>> {
  const now = deps.clock.now();
  const explained = await explainBreak(db, one, now);
  const history = await historyOf(db, one.id);
  return toBreakShown(one, { explained, history }, { calendar: deps.calendar, now });
}
