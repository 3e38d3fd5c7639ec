/** Recording that a payer was paid another way, after two people had let it. */
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import { recordFallbackPayment } from '../store/fallback-payment.ts';
import type { App } from './app.ts';
import { operatorOf } from './approval-routes.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { givenInstantField, refundNoField } from './fields.ts';
import { resourceOf } from './one-refund-route.ts';
import { problemResponses } from './problem.ts';
import { refundSchema } from './refund-resource.ts';

export function fallbackPaymentRoute(app: App, deps: ApiDeps): void {
  app.route({
    method: 'POST',
    url: '/v1/refunds/:refund_no/fallback-payment',
    config: { scope: 'approvals:write' },
    schema: {
      summary: 'Record that the payer was paid another way',
      description:
        'After an approved `fallback_route`, once. The key must name a person. The payer reads the number on the receipt.',
      operationId: 'recordFallbackPayment',
      tags: ['approvals'],
      params: z.object({ refund_no: refundNoField }),
      body: z
        .strictObject({
          reference: z
            .string()
            .regex(/^[0-9A-Za-z_-]{4,64}$/, 'must be 4 to 64 digits, letters, `_` and `-`')
            .describe('The number of the transfer, as the bank or the wallet prints it'),
          paid_at: givenInstantField,
        })
        .meta({ id: 'FallbackPayment' }),
      response: {
        200: refundSchema,
        ...problemResponses(
          ...(['body_too_large', 'media_type_unsupported', 'operator_needed'] as const),
          ...(['refund_unknown', 'refund_no_invalid', 'fallback_not_approved'] as const),
        ),
      },
    },
    handler: async (request) => {
      const { merchantId } = callerOf(request);
      const by = operatorOf(request);
      const { reference, paid_at: paid } = request.body;
      const paidAt = new Date(paid);
      const now = deps.clock.now();
      if (paidAt > now) throw new AppError('request_invalid', { paid_at: 'lies in the future' });
      const { refund_no: refundNo } = request.params;
      const named = { merchantId, refundNo };
      const refund = await recordFallbackPayment(deps.pool, named, { reference, paidAt, by }, now);
      return resourceOf(deps, refund);
    },
  });
}
