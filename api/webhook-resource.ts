/** Webhook endpoints and deliveries as the API shows them. */
import { z } from 'zod';
import { DEAD_WHYS, DELIVERY_STATUSES, DISABLED_WHYS } from '../domain/notice/delivery.ts';
import { EVENT_TYPES, TEST_EVENT_TYPE } from '../domain/notice/event.ts';
import type { WebhookDelivery } from '../store/webhook-deliveries.ts';
import type { WebhookEndpoint } from '../store/webhook-endpoints.ts';
import { instantField } from './fields.ts';

export const endpointSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    types: z.array(z.enum(EVENT_TYPES)).nullable().describe('What is sent there; null: everything'),
    status: z.enum(['enabled', 'disabled']),
    disabled_why: z
      .enum(DISABLED_WHYS)
      .nullable()
      .describe('`asked`: somebody disabled it. `gone`: it answered 410'),
    disabled_at: instantField.nullable(),
    previous_secret_until: instantField
      .nullable()
      .describe('Until then the secret before the present one signs as well'),
    created_at: instantField,
  })
  .meta({ id: 'WebhookEndpoint', description: 'Where events are sent, without its secret' });

export type EndpointResource = z.infer<typeof endpointSchema>;

export const endpointWithSecretSchema = endpointSchema
  .extend({
    secret: z
      .string()
      .describe('`whsec_…`: signatures are checked with it. Shown once, and kept encrypted only'),
  })
  .meta({ id: 'WebhookEndpointWithSecret' });

export const deliverySchema = z
  .object({
    id: z.string(),
    endpoint_id: z.string(),
    event_id: z.string().describe('As in the header `webhook-id`: the same on every try'),
    type: z.enum([...EVENT_TYPES, TEST_EVENT_TYPE]),
    refund_no: z.string().nullable(),
    happened_at: instantField,
    status: z
      .enum(DELIVERY_STATUSES)
      .describe('`pending`: it is tried for three days. `dead`: given up, until it is replayed'),
    dead_why: z
      .enum(DEAD_WHYS)
      .nullable()
      .describe('`exhausted`: nobody took it in three days. `gone`: 410. `disabled`: the endpoint was'),
    attempts: z.int().min(0).describe('Since it was begun, or replayed'),
    replays: z.int().min(0),
    last_attempt_at: instantField.nullable(),
    last_status: z.int().nullable().describe('HTTP status of the last answer; null when there was none'),
    last_answer: z
      .string()
      .nullable()
      .describe('The beginning of the last answer, or why there was none; at most 300 characters'),
    created_at: instantField,
    ended_at: instantField.nullable(),
  })
  .meta({ id: 'WebhookDelivery', description: 'One event on its way to one endpoint' });

export type DeliveryResource = z.infer<typeof deliverySchema>;

export function toEndpointResource(endpoint: WebhookEndpoint): EndpointResource {
  const { disabledAt } = endpoint;
  return {
    id: endpoint.id,
    url: endpoint.url,
    types: endpoint.types === null ? null : [...endpoint.types],
    status: disabledAt === null ? 'enabled' : 'disabled',
    disabled_why: endpoint.disabledWhy,
    disabled_at: disabledAt?.toISOString() ?? null,
    previous_secret_until: endpoint.previousUntil?.toISOString() ?? null,
    created_at: endpoint.createdAt.toISOString(),
  };
}

export function toDeliveryResource(delivery: WebhookDelivery): DeliveryResource {
  return {
    id: delivery.id,
    endpoint_id: delivery.endpointId,
    event_id: delivery.eventId,
    type: delivery.type,
    refund_no: delivery.refundNo,
    happened_at: delivery.at.toISOString(),
    status: delivery.status,
    dead_why: delivery.deadWhy,
    attempts: delivery.attempts,
    replays: delivery.round - 1,
    last_attempt_at: delivery.lastAttemptAt?.toISOString() ?? null,
    last_status: delivery.lastStatus,
    last_answer: delivery.lastAnswer,
    created_at: delivery.createdAt.toISOString(),
    ended_at: delivery.endedAt?.toISOString() ?? null,
  };
}
