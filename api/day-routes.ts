/** Days of an account: what stands in the way of closing one, what was closed, and what has changed about it since. */
import { z } from 'zod';
import { NOTHING_ACCEPTED, checklistOf } from '../domain/close/checklist.ts';
import { signedRecordSchema } from '../closing/record.ts';
import { AppError } from '../domain/errors.ts';
import { ownAccount } from '../store/accounts.ts';
import type { Closing } from '../store/close/closed-days.ts';
import { changesSince, listClosings, newestClosing } from '../store/close/closed-days.ts';
import { dayFacts } from '../store/close/day-facts.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import {
  changeSchema,
  closingSchema,
  daySchema,
  toChangeResource,
  toClosingResource,
  toDayResource,
} from './day-resource.ts';
import { expectedOf } from './day-sealing.ts';
import type { ApiDeps } from './deps.ts';
import { accountIdField, dayField, limitField } from './fields.ts';
import { linkNextPage } from './paging.ts';
import { problemResponses } from './problem.ts';

/** Changes that are shown one by one; `changed_since` counts them all. */
const CHANGES_SHOWN_MAX = 200;

export const dayParams = z.object({ account_id: accountIdField, bill_date: dayField });

const shownSchema = closingSchema
  .extend({
    record: signedRecordSchema.describe('Canonical JSON (RFC 8785) under an Ed25519 signature'),
    changes: z.array(changeSchema).describe(`What has changed since, the first ${String(CHANGES_SHOWN_MAX)}`),
  })
  .meta({ id: 'DayClosingShown' });

export function dayRoutes(app: App, deps: ApiDeps): void {
  listRoute(app, deps);

  app.route({
    method: 'GET',
    url: '/v1/accounts/:account_id/days/:bill_date',
    config: { scope: 'statements:read' },
    schema: {
      summary: 'Whether a day can be closed, and what stands in the way',
      description: 'Closing and reopening are asked for with POST /v1/approvals (`close_day`, `reopen_day`).',
      operationId: 'getDay',
      tags: ['books'],
      params: dayParams,
      response: { 200: daySchema, ...problemResponses('account_unknown') },
    },
    handler: async (request) => {
      const { account_id: accountId, bill_date: billDate } = request.params;
      await ownAccount(deps.pool, callerOf(request).merchantId, accountId);
      const day = { accountId, billDate };
      const expected = expectedOf(deps, accountId);
      const facts = await dayFacts(deps.pool, day, { expected, now: deps.clock.now() });
      const closing = await newestClosing(deps.pool, day);
      return toDayResource(day, checklistOf(facts, NOTHING_ACCEPTED), facts.openBreaks, closing);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/accounts/:account_id/days/:bill_date/closing',
    config: { scope: 'statements:read' },
    schema: {
      summary: 'The newest closing of a day: its signed record, and what has changed since',
      operationId: 'getDayClosing',
      tags: ['books'],
      params: dayParams,
      response: { 200: shownSchema, ...problemResponses('account_unknown', 'day_not_closed') },
    },
    handler: async (request) => {
      const closing = await closingOf(deps, callerOf(request).merchantId, request.params);
      const changes = await changesSince(deps.pool, closing, CHANGES_SHOWN_MAX);
      return {
        ...toClosingResource(closing),
        record: signedRecordSchema.parse(JSON.parse(closing.record)),
        changes: changes.map(toChangeResource),
      };
    },
  });
}

/** @throws AppError `account_unknown`, `day_not_closed` */
export async function closingOf(
  deps: ApiDeps,
  merchantId: string,
  { account_id: accountId, bill_date: billDate }: z.infer<typeof dayParams>,
): Promise<Closing> {
  await ownAccount(deps.pool, merchantId, accountId);
  const closing = await newestClosing(deps.pool, { accountId, billDate });
  if (closing === null) throw new AppError('day_not_closed', { account_id: accountId, bill_date: billDate });
  return closing;
}

function listRoute(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/closed-days',
    config: { scope: 'statements:read' },
    schema: {
      summary: 'Closings of days, newest first',
      operationId: 'listClosedDays',
      tags: ['books'],
      querystring: z.strictObject({
        account_id: accountIdField.optional(),
        from: dayField.optional(),
        to: dayField.optional(),
        changed: z
          .enum(['true', 'false'])
          .optional()
          .describe('`true`: only days that are closed and have changed since'),
        cursor: z
          .string()
          .regex(/^[0-9]{1,18}$/, 'must be the next_cursor of a page')
          .optional(),
        limit: limitField,
      }),
      response: {
        200: z.object({ closed_days: z.array(closingSchema), next_cursor: z.string().nullable() }),
        ...problemResponses(),
      },
    },
    handler: async (request, reply) => {
      const { account_id: accountId, from, to, changed, cursor, limit } = request.query;
      const { closings, next } = await listClosings(deps.pool, {
        ...{ merchantId: callerOf(request).merchantId, limit, changed: changed === 'true' },
        ...(accountId === undefined ? {} : { accountId }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      linkNextPage(request, reply, next);
      return { closed_days: closings.map(toClosingResource), next_cursor: next };
    },
  });
}
