/** What one person does with a break. What takes two goes through `/v1/approvals`. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import { PARK_CODES, RESOLVE_CODES } from '../domain/statement/break-work.ts';
import type { BreakDeed } from '../store/break-work.ts';
import { workOnBreak } from '../store/break-work.ts';
import { getBreak } from '../store/breaks.ts';
import type { App } from './app.ts';
import { operatorOf } from './approval-routes.ts';
import { callerOf } from './authenticate.ts';
import { breakParams, breakShown } from './books-routes.ts';
import { breakShownSchema } from './break-resource.ts';
import type { ApiDeps } from './deps.ts';
import { conditionField, etagOf, matchesTag } from './etag.ts';
import { dayField, operatorField, sentenceField } from './fields.ts';
import { problemResponses } from './problem.ts';

const headers = z.looseObject({
  'if-match': conditionField.describe(
    'Only while the etag of the break is one of these: it is as you saw it',
  ),
});

const note = sentenceField.optional().describe('In words, for whoever looks at it next');

/** Each deed: its address, what is told, and what is done by it. */
const DEEDS = {
  assign: {
    ...{ url: 'assignment', summary: 'Give a break to a person, or to nobody' },
    body: z
      .strictObject({ to: operatorField.nullable().describe('null: nobody has it any more'), note })
      .meta({ id: 'BreakAssigned' }),
  },
  park: {
    ...{ url: 'parking', summary: 'Put a break off until a day, or take it up again' },
    body: z
      .union([
        z.strictObject({ until: dayField, reason_code: z.enum(PARK_CODES), note }),
        z.strictObject({ until: z.null(), note }),
      ])
      .meta({ id: 'BreakParked' }),
  },
  comment: {
    ...{ url: 'comments', summary: 'Say something of a break' },
    body: z.strictObject({ note: sentenceField }).meta({ id: 'BreakCommented' }),
  },
  resolve: {
    ...{ url: 'resolution', summary: 'End a break with little at stake, for a reason' },
    body: z
      .strictObject({ reason_code: z.enum(RESOLVE_CODES), note: sentenceField })
      .meta({ id: 'BreakResolved' }),
  },
} as const;

export function breakWorkRoutes(app: App, deps: ApiDeps): void {
  route(app, deps, 'assign', ({ to, note: said }) =>
    to === null ? { kind: 'released', note: said } : { kind: 'assigned', to, note: said },
  );
  route(app, deps, 'park', (body) =>
    body.until === null
      ? { kind: 'unparked', note: body.note }
      : { kind: 'parked', until: body.until, code: body.reason_code, note: body.note },
  );
  route(app, deps, 'comment', (body) => ({ kind: 'commented', note: body.note }));
  route(app, deps, 'resolve', (body) => ({ kind: 'resolved', code: body.reason_code, note: body.note }));
}

function route<D extends keyof typeof DEEDS>(
  app: App,
  deps: ApiDeps,
  name: D,
  deedOf: (body: z.infer<(typeof DEEDS)[D]['body']>) => BreakDeed,
): void {
  const { url, summary, body } = DEEDS[name];
  app.route({
    method: 'POST',
    url: `/v1/breaks/:break_no/${url}`,
    config: { scope: 'breaks:write' },
    schema: {
      ...{ summary, operationId: `${name}Break`, tags: ['books'], params: breakParams, headers, body },
      description: 'The key must name a person. It stands in the history of the break, with who and when.',
      response: {
        200: breakShownSchema,
        ...problemResponses(
          'body_too_large',
          'media_type_unsupported',
          'operator_needed',
          'break_unknown',
          'precondition_failed',
          ...(name === 'comment' ? [] : (['break_closed'] as const)),
          ...(name === 'resolve' ? (['break_needs_two_people'] as const) : []),
        ),
      },
    },
    handler: async (request, reply) => {
      const told = request.body as z.infer<(typeof DEEDS)[D]['body']>;
      const asked = { number: request.params.break_no, ifMatch: request.headers['if-match'] };
      return reply.code(200).send(await work(deps, { request, reply }, asked, deedOf(told)));
    },
  });
}

interface Asked {
  readonly number: string;
  readonly ifMatch: string | undefined;
}

async function work(
  deps: ApiDeps,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  { number, ifMatch }: Asked,
  deed: BreakDeed,
): Promise<z.infer<typeof breakShownSchema>> {
  const { merchantId } = callerOf(request);
  await workOnBreak(deps.pool, {
    ...{ breakId: number, merchantId, deed, by: operatorOf(request), now: deps.clock.now() },
    assertAsSeen: async (tx, one) => {
      if (ifMatch === undefined) return;
      if (!matchesTag(ifMatch, etagOf(await breakShown(deps, tx, one))))
        throw new AppError('precondition_failed', { number });
    },
  });
  const after = await getBreak(deps.pool, number, merchantId);
  if (after === null) throw new AppError('break_unknown', { number });
  const resource = await breakShown(deps, deps.pool, after);
  reply.header('etag', etagOf(resource));
  return resource;
}
