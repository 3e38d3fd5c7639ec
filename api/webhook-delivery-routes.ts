/** What became of each event at each endpoint, and sending again what nobody took. */
import { z } from 'zod';
import { DELIVERY_STATUSES } from '../domain/notice/delivery.ts';
import {
  REPLAYED_MAX,
  getDelivery,
  listDeliveries,
  replayDead,
  replayDelivery,
  tellTest,
} from '../store/webhook-deliveries.ts';
import { getEndpoint } from '../store/webhook-endpoints.ts';
import { AppError } from '../domain/errors.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { limitField, refundNoField } from './fields.ts';
import { linkNextPage } from './paging.ts';
import { problemResponses } from './problem.ts';
import { webhookDeskOf } from './webhook-desk.ts';
import { endpointParams, idField } from './webhook-endpoint-routes.ts';
import { deliverySchema, toDeliveryResource } from './webhook-resource.ts';

const params = z.object({ delivery_id: idField });

export function webhookDeliveryRoutes(app: App, deps: ApiDeps): void {
  readingRoutes(app, deps);
  replayRoutes(app, deps);

  app.route({
    method: 'POST',
    url: '/v1/webhook-endpoints/:endpoint_id/test',
    config: { scope: 'webhooks:write' },
    schema: {
      summary: 'Send an event that only tries the endpoint',
      description:
        'Its type is `webhook.test`, its data is empty. Read the delivery to see what was answered.',
      operationId: 'testWebhookEndpoint',
      tags: ['webhooks'],
      params: endpointParams,
      response: {
        202: deliverySchema,
        ...problemResponses('webhooks_not_set_up', 'webhook_endpoint_unknown', 'webhook_endpoint_disabled'),
      },
    },
    handler: async (request, reply) => {
      webhookDeskOf(deps);
      const { merchantId } = callerOf(request);
      const { id: endpointId } = await getEndpoint(deps.pool, merchantId, request.params.endpoint_id);
      const delivery = await tellTest(deps.pool, { endpointId, merchantId, now: deps.clock.now() });
      reply.header('location', `/v1/webhook-deliveries/${delivery.id}`);
      return reply.code(202).send(toDeliveryResource(delivery));
    },
  });
}

function readingRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/webhook-deliveries',
    config: { scope: 'webhooks:read' },
    schema: {
      summary: 'Webhook deliveries, newest first',
      operationId: 'listWebhookDeliveries',
      tags: ['webhooks'],
      querystring: z.strictObject({
        status: z.enum(DELIVERY_STATUSES).optional(),
        endpoint_id: idField.optional(),
        refund_no: refundNoField.optional(),
        cursor: idField.optional(),
        limit: limitField,
      }),
      response: {
        200: z.object({ deliveries: z.array(deliverySchema), next_cursor: z.string().nullable() }),
        ...problemResponses('refund_no_invalid'),
      },
    },
    handler: async (request, reply) => {
      const { status, endpoint_id: endpointId, refund_no: refundNo, cursor, limit } = request.query;
      const { deliveries, next } = await listDeliveries(deps.pool, callerOf(request).merchantId, {
        ...{ status, endpointId, refundNo, limit, after: cursor },
      });
      linkNextPage(request, reply, next);
      return { deliveries: deliveries.map(toDeliveryResource), next_cursor: next };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/webhook-deliveries/:delivery_id',
    config: { scope: 'webhooks:read' },
    schema: {
      summary: 'One webhook delivery',
      operationId: 'getWebhookDelivery',
      tags: ['webhooks'],
      params,
      response: { 200: deliverySchema, ...problemResponses('webhook_delivery_unknown') },
    },
    handler: async (request) =>
      toDeliveryResource(
        await getDelivery(deps.pool, callerOf(request).merchantId, request.params.delivery_id),
      ),
  });
}

function replayRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'POST',
    url: '/v1/webhook-deliveries/:delivery_id/replay',
    config: { scope: 'webhooks:write' },
    schema: {
      summary: 'Send an event again that was given up',
      description:
        'Under the same event id, for another three days. One that is on its way goes on as it does.',
      operationId: 'replayWebhookDelivery',
      tags: ['webhooks'],
      params,
      response: {
        202: deliverySchema,
        ...problemResponses('webhook_delivery_unknown', 'webhook_delivered', 'webhook_endpoint_disabled'),
      },
    },
    handler: async (request, reply) => {
      const { merchantId } = callerOf(request);
      const delivery = await replayDelivery(deps.pool, merchantId, request.params.delivery_id);
      return reply.code(202).send(toDeliveryResource(delivery));
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/webhook-endpoints/:endpoint_id/replay',
    config: { scope: 'webhooks:write' },
    schema: {
      summary: 'Send everything again that an endpoint was given up for',
      description: `The oldest first, ${String(REPLAYED_MAX)} at most in one call.`,
      operationId: 'replayWebhookEndpoint',
      tags: ['webhooks'],
      params: endpointParams,
      response: {
        202: z.object({ replayed: z.int().min(0).describe('How many are on their way again') }),
        ...problemResponses('webhook_endpoint_unknown', 'webhook_endpoint_disabled'),
      },
    },
    handler: async (request, reply) => {
      const { merchantId } = callerOf(request);
      const endpoint = await getEndpoint(deps.pool, merchantId, request.params.endpoint_id);
      if (endpoint.disabledAt !== null)
        throw new AppError('webhook_endpoint_disabled', { endpoint: endpoint.id });
      return reply.code(202).send({ replayed: await replayDead(deps.pool, endpoint.id) });
    },
  });
}
