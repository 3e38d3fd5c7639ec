/** Refunds over HTTP: ask once, read as often as you like. */
import { z } from 'zod';
import { REFUND_STATES } from '../domain/refund/state.ts';
import { plansOf } from '../store/arrival-plans.ts';
import { observationsOf } from '../store/observations.ts';
import { listRefunds } from '../store/refunds.ts';
import type { App } from './app.ts';
import { arrivalPlanSchema, toArrivalPlanResource } from './arrival-plan-resource.ts';
import { callerOf } from './authenticate.ts';
import { createRefund } from './create-refund.ts';
import type { ApiDeps, ApiLimits } from './deps.ts';
import { etagOf } from './etag.ts';
import {
  amountMinorField,
  currencyField,
  cursorField,
  givenInstantField,
  limitField,
  paymentNoField,
  quoteIdField,
  reasonField,
  refundNoField,
} from './fields.ts';
import { oneRefundRoute, refundOf, resourceOf } from './one-refund-route.ts';
import { linkNextPage } from './paging.ts';
import { paymentClaimSchema, toPaymentClaim } from './payment-routes.ts';
import { problemResponses } from './problem.ts';
import { observationSchema, refundSchema, toObservationResource } from './refund-resource.ts';

export const askSchema = z
  .strictObject({
    refund_no: refundNoField.optional().describe('Your number; one is made when you give none'),
    payment_no: paymentNoField,
    payment: paymentClaimSchema.optional().describe('Needed when the payment was not registered before'),
    amount_minor: amountMinorField,
    currency: currencyField,
    reason: reasonField.optional(),
    quote_id: quoteIdField
      .optional()
      .describe('A quote for this payment, unused and not expired, whose total is the amount'),
    goods_received_at: givenInstantField
      .optional()
      .describe('When returned goods came back to you; the 7 days of consumer law are counted from it'),
  })
  .meta({
    id: 'RefundAsked',
    examples: [
      {
        refund_no: 'RF20261124001',
        payment_no: 'PAY20261101001',
        amount_minor: '2345',
        currency: 'CNY',
        reason: '商品已退货',
      },
    ],
  });

/** The text of a key, with or without the quotes of a structured header field. */
const idempotencyKeyHeaders = z.looseObject({
  'idempotency-key': z
    .string()
    .regex(
      /^(?:"[\x20\x21\x23-\x7e]{1,128}"|[\x21\x23-\x7e]{1,128})$/,
      'must be 1 to 128 printable ASCII characters',
    )
    .meta({ description: 'One key per refund you mean to make; the same key on every repeat' }),
});

const params = z.object({ refund_no: refundNoField });

export function refundRoutes(app: App, deps: ApiDeps, limits: ApiLimits): void {
  app.route({
    method: 'POST',
    url: '/v1/refunds',
    config: { scope: 'refunds:write' },
    schema: {
      summary: 'Ask for a refund',
      description:
        'Recorded before it is answered. Repeating with the same Idempotency-Key is always safe and gives the same refund.',
      operationId: 'createRefund',
      tags: ['refunds'],
      headers: idempotencyKeyHeaders,
      body: askSchema,
      response: { 200: refundSchema, 201: refundSchema, ...problemResponses(...CREATE_PROBLEMS) },
    },
    handler: async (request, reply) => {
      const { body } = request;
      const asked = {
        merchantId: callerOf(request).merchantId,
        refundNo: body.refund_no ?? null,
        paymentNo: body.payment_no,
        amountMinor: body.amount_minor,
        currency: body.currency,
        ...(body.reason === undefined ? {} : { reason: body.reason }),
        ...(body.goods_received_at === undefined ? {} : { goodsReceivedAt: body.goods_received_at }),
        ...(body.quote_id === undefined ? {} : { quoteId: BigInt(body.quote_id).toString() }),
        ...(body.payment === undefined ? {} : { payment: toPaymentClaim(body.payment) }),
      };
      const key = request.headers['idempotency-key'].replace(/^"(.*)"$/, '$1');
      const { refund, created } = await createRefund(deps, asked, key);
      const resource = resourceOf(deps, refund);
      reply.header('location', `/v1/refunds/${encodeURIComponent(refund.refundNo)}`);
      reply.header('etag', etagOf(resource));
      return reply.code(created ? 201 : 200).send(resource);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/refunds/:refund_no/observations',
    config: { scope: 'refunds:read' },
    schema: {
      summary: 'The evidence about a refund, in the order in which it came',
      operationId: 'getObservations',
      tags: ['refunds'],
      params,
      response: {
        200: z.object({ refund_no: z.string(), observations: z.array(observationSchema) }),
        ...problemResponses('refund_unknown', 'refund_no_invalid'),
      },
    },
    handler: async (request) => {
      const refund = await refundOf(deps, callerOf(request).merchantId, request.params.refund_no);
      const observations = await observationsOf(deps.pool, refund.id);
      return { refund_no: refund.refundNo, observations: observations.map(toObservationResource) };
    },
  });

  oneRefundRoute(app, deps, limits);
  windowsRoute(app, deps);
  listRoute(app, deps);
}

function windowsRoute(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/refunds/:refund_no/windows',
    config: { scope: 'refunds:read' },
    schema: {
      summary: 'Every arrival window that a refund was promised, the first one first',
      description:
        'The last one is that of the refund itself. A window is worked out again when the channel says something new, and when its own data or the calendar changes.',
      operationId: 'getWindows',
      tags: ['refunds'],
      params,
      response: {
        200: z.object({ refund_no: z.string(), windows: z.array(arrivalPlanSchema) }),
        ...problemResponses('refund_unknown', 'refund_no_invalid'),
      },
    },
    handler: async (request) => {
      const refund = await refundOf(deps, callerOf(request).merchantId, request.params.refund_no);
      const plans = await plansOf(deps.pool, refund.id);
      return { refund_no: refund.refundNo, windows: plans.map(toArrivalPlanResource) };
    },
  });
}

function listRoute(app: App, deps: ApiDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/refunds',
    config: { scope: 'refunds:read' },
    schema: {
      summary: 'Refunds, newest first',
      operationId: 'listRefunds',
      tags: ['refunds'],
      querystring: z.strictObject({
        state: z.enum(REFUND_STATES).optional(),
        cursor: cursorField.optional(),
        limit: limitField,
      }),
      response: {
        200: z.object({ refunds: z.array(refundSchema), next_cursor: z.string().nullable() }),
        ...problemResponses(),
      },
    },
    handler: async (request, reply) => {
      const { state, cursor, limit } = request.query;
      const { refunds, next } = await listRefunds(deps.pool, callerOf(request).merchantId, {
        limit,
        ...(state === undefined ? {} : { state }),
        ...(cursor === undefined ? {} : { after: cursor }),
      });
      linkNextPage(request, reply, next);
      return { refunds: refunds.map((one) => resourceOf(deps, one)), next_cursor: next };
    },
  });
}

const CREATE_PROBLEMS = [
  'idempotency_key_missing',
  'idempotency_conflict',
  'refund_conflict',
  'payment_conflict',
  'payment_unknown',
  'account_unknown',
  'route_not_original',
  'refund_no_invalid',
  'amount_invalid',
  'currency_mismatch',
  'refund_exceeds_payment',
  'refund_too_late',
  'refund_parts_exhausted',
  'quote_unknown',
  'quote_payment_differs',
  'quote_amount_differs',
  'quote_expired',
  'quote_used',
  'quote_outdated',
  'body_too_large',
  'media_type_unsupported',
  'temporal_unavailable',
] as const;
