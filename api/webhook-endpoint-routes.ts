/** Where a merchant's backend wants to be told what became of its refunds: made, read, exchanged, disabled. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import { EVENT_TYPES } from '../domain/notice/event.ts';
import { newWebhookSecret } from '../notices/signature.ts';
import {
  createEndpoint,
  disableEndpoint,
  enableEndpoint,
  getEndpoint,
  listEndpoints,
  rotateSecret,
} from '../store/webhook-endpoints.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { limitField } from './fields.ts';
import { linkNextPage } from './paging.ts';
import { problemResponses } from './problem.ts';
import type { WebhookDesk } from './webhook-desk.ts';
import { webhookDeskOf } from './webhook-desk.ts';
import { endpointSchema, endpointWithSecretSchema, toEndpointResource } from './webhook-resource.ts';

const HOUR_MS = 3_600_000;
const OVERLAP_HOURS_DEFAULT = 24;
const OVERLAP_HOURS_MAX = 168;
const URL_LENGTH_MAX = 2_000;

const askSchema = z
  .strictObject({
    url: z
      .string()
      .min(1)
      .max(URL_LENGTH_MAX)
      .describe('https, a host in the internet; no redirect from there is followed'),
    types: z
      .array(z.enum(EVENT_TYPES))
      .min(1, 'leave it out for everything')
      .max(100)
      .optional()
      .describe('What is sent there; everything when absent'),
  })
  .meta({ id: 'WebhookEndpointAsked', examples: [{ url: 'https://shop.example.cn/yuanlu' }] });

const rotateSchema = z
  .strictObject({
    overlap_hours: z
      .int()
      .min(0)
      .max(OVERLAP_HOURS_MAX)
      .default(OVERLAP_HOURS_DEFAULT)
      .describe(`How long the secret before signs as well, 0 to ${String(OVERLAP_HOURS_MAX)}`),
  })
  .meta({ id: 'WebhookSecretRotated' });

export const idField = z.string().regex(/^[1-9][0-9]{0,17}$/, 'must be an id that this API gave');

export const endpointParams = z.object({ endpoint_id: idField });

const BODY_PROBLEMS = ['body_too_large', 'media_type_unsupported'] as const;

export function webhookEndpointRoutes(app: App, deps: ApiDeps): void {
  makingRoutes(app, deps);
  readingRoutes(app, deps);
  switchingRoutes(app, deps);
}

function makingRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'POST',
    url: '/v1/webhook-endpoints',
    config: { scope: 'webhooks:write' },
    schema: {
      summary: 'Be told by webhook what becomes of refunds',
      description: 'Events from now on are sent there, signed as Standard Webhooks 1.0.0 has it.',
      operationId: 'createWebhookEndpoint',
      tags: ['webhooks'],
      body: askSchema,
      response: {
        201: endpointWithSecretSchema,
        ...problemResponses(
          ...BODY_PROBLEMS,
          ...(['webhooks_not_set_up', 'webhook_url_refused', 'webhook_endpoints_exhausted'] as const),
        ),
      },
    },
    handler: async (request, reply) => {
      const desk = webhookDeskOf(deps);
      const { merchantId } = callerOf(request);
      const url = acceptable(desk, request.body.url);
      const secret = newWebhookSecret(deps.randomBytes);
      const { types } = request.body;
      const endpoint = await createEndpoint(deps.pool, {
        ...{ merchantId, url, by: whoOf(request), now: deps.clock.wallNow() },
        types: types === undefined ? null : [...new Set(types)],
        secret: desk.box.close(secret, { merchantId, url }),
      });
      reply.header('location', `/v1/webhook-endpoints/${endpoint.id}`);
      return reply.code(201).send({ ...toEndpointResource(endpoint), secret });
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/webhook-endpoints/:endpoint_id/rotate',
    config: { scope: 'webhooks:write' },
    schema: {
      summary: 'Exchange the secret of an endpoint',
      description: 'Both secrets sign until the overlap is over: put the new one in place meanwhile.',
      operationId: 'rotateWebhookSecret',
      tags: ['webhooks'],
      params: endpointParams,
      body: rotateSchema,
      response: {
        200: endpointWithSecretSchema,
        ...problemResponses(...BODY_PROBLEMS, 'webhooks_not_set_up', 'webhook_endpoint_unknown'),
      },
    },
    handler: async (request) => {
      const desk = webhookDeskOf(deps);
      const change = changeOf(deps, request, request.params.endpoint_id);
      const { url } = await getEndpoint(deps.pool, change.merchantId, change.id);
      const secret = newWebhookSecret(deps.randomBytes);
      const endpoint = await rotateSecret(deps.pool, {
        ...change,
        secret: desk.box.close(secret, { merchantId: change.merchantId, url }),
        previousUntil: new Date(change.now.getTime() + request.body.overlap_hours * HOUR_MS),
      });
      return { ...toEndpointResource(endpoint), secret };
    },
  });
}

function readingRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/webhook-endpoints',
    config: { scope: 'webhooks:read' },
    schema: {
      summary: 'Webhook endpoints, newest first, without their secrets',
      operationId: 'listWebhookEndpoints',
      tags: ['webhooks'],
      querystring: z.strictObject({ cursor: idField.optional(), limit: limitField }),
      response: {
        200: z.object({ endpoints: z.array(endpointSchema), next_cursor: z.string().nullable() }),
        ...problemResponses(),
      },
    },
    handler: async (request, reply) => {
      const { cursor, limit } = request.query;
      const { endpoints, next } = await listEndpoints(deps.pool, callerOf(request).merchantId, {
        limit,
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      linkNextPage(request, reply, next);
      return { endpoints: endpoints.map(toEndpointResource), next_cursor: next };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/webhook-endpoints/:endpoint_id',
    config: { scope: 'webhooks:read' },
    schema: {
      summary: 'One webhook endpoint',
      operationId: 'getWebhookEndpoint',
      tags: ['webhooks'],
      params: endpointParams,
      response: { 200: endpointSchema, ...problemResponses('webhook_endpoint_unknown') },
    },
    handler: async (request) =>
      toEndpointResource(
        await getEndpoint(deps.pool, callerOf(request).merchantId, request.params.endpoint_id),
      ),
  });
}

function switchingRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'DELETE',
    url: '/v1/webhook-endpoints/:endpoint_id',
    config: { scope: 'webhooks:write' },
    schema: {
      summary: 'Disable an endpoint',
      description:
        'No event is kept for it any more, and what is on its way is given up. It stays to be read.',
      operationId: 'disableWebhookEndpoint',
      tags: ['webhooks'],
      params: endpointParams,
      response: { 200: endpointSchema, ...problemResponses('webhook_endpoint_unknown') },
    },
    handler: async (request) => {
      const change = changeOf(deps, request, request.params.endpoint_id);
      return toEndpointResource(await disableEndpoint(deps.pool, { ...change, why: 'asked' }));
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/webhook-endpoints/:endpoint_id/enable',
    config: { scope: 'webhooks:write' },
    schema: {
      summary: 'Enable an endpoint again',
      description:
        'Events from now on are sent there, under the same secret. Earlier ones are replayed on demand.',
      operationId: 'enableWebhookEndpoint',
      tags: ['webhooks'],
      params: endpointParams,
      response: {
        200: endpointSchema,
        ...problemResponses('webhook_endpoint_unknown', 'webhook_endpoints_exhausted'),
      },
    },
    handler: async (request) =>
      toEndpointResource(
        await enableEndpoint(deps.pool, changeOf(deps, request, request.params.endpoint_id)),
      ),
  });
}

function changeOf(deps: ApiDeps, request: FastifyRequest, id: string) {
  const { merchantId } = callerOf(request);
  return { id, merchantId, by: whoOf(request), now: deps.clock.wallNow() };
}

/** For the audit: the person, where the key is one's; else the key. */
function whoOf(request: FastifyRequest): string {
  const { id, operator } = callerOf(request);
  return operator === undefined ? id : `${operator} (${id})`;
}

/** The address as it is kept: as every parser writes it. @throws AppError `webhook_url_refused` */
function acceptable(desk: WebhookDesk, text: string): string {
  const refused = desk.refuses(text);
  const url = refused === null ? new URL(text).href : '';
  const why = refused ?? (url.length > URL_LENGTH_MAX ? 'it is too long' : null);
  if (why !== null) throw new AppError('webhook_url_refused', { sentence: `No webhook goes there: ${why}.` });
  return url;
}
