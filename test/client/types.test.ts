/** The hand-written types of the client are those of the schemas and workflows: the compiler says so, this file only asks. */
import { expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import type { paymentClaimSchema, paymentSchema } from '../../api/payment-routes.ts';
import type { Problem } from '../../api/problem.ts';
import type { quoteAskSchema } from '../../api/quote-asked.ts';
import type { QuoteResource } from '../../api/quote-resource.ts';
import type { linkAskSchema, linkMadeSchema } from '../../api/receipt-routes.ts';
import type { observationSchema, RefundResource } from '../../api/refund-resource.ts';
import type { askSchema } from '../../api/refund-routes.ts';
import type * as client from '../../client/client.js';
import type * as temporal from '../../client/temporal.js';
import type { WebhookBody } from '../../domain/notice/event.ts';
import type { RefundRequest } from '../../domain/refund/refund.ts';
import type { RefundProgress, RefundStart } from '../../workflows/refund-messages.ts';

test('a refund, a payment, a quote, an observation and a problem are what the API answers', () => {
  expectTypeOf<client.Refund>().toEqualTypeOf<RefundResource>();
  expectTypeOf<client.Payment>().toEqualTypeOf<z.infer<typeof paymentSchema>>();
  expectTypeOf<client.Observation>().toEqualTypeOf<z.infer<typeof observationSchema>>();
  expectTypeOf<client.Quote>().toEqualTypeOf<QuoteResource>();
  expectTypeOf<client.ReceiptLinkMade>().toEqualTypeOf<z.infer<typeof linkMadeSchema>>();
  expectTypeOf<client.Problem>().toEqualTypeOf<Problem>();
});

test('a webhook is what is signed and sent, with reasons as texts', () => {
  expectTypeOf<WebhookBody>().toExtend<client.WebhookEvent>();
  expectTypeOf<client.WebhookEvent['type']>().toEqualTypeOf<WebhookBody['type']>();
});

test('what is asked for is what the API takes', () => {
  expectTypeOf<client.RefundAsked>().toEqualTypeOf<z.input<typeof askSchema>>();
  expectTypeOf<client.QuoteAsked>().toEqualTypeOf<z.input<typeof quoteAskSchema>>();
  expectTypeOf<client.ReceiptLinkAsked>().toEqualTypeOf<z.input<typeof linkAskSchema>>();
  expectTypeOf<client.PaymentClaim>().toEqualTypeOf<z.input<typeof paymentClaimSchema>>();
});

test('a start over Temporal is what the workflow takes, and its result what it gives', () => {
  expectTypeOf<temporal.RefundRequest>().toEqualTypeOf<RefundRequest>();
  expectTypeOf<Parameters<temporal.RefundWorkflow>[0]>().toExtend<RefundStart>();
  expectTypeOf<RefundProgress>().toExtend<temporal.RefundProgress>();
});
