/** Quotes over HTTP: what the shop owes for a payment, before a refund asks for it. */
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import { policyOn } from '../domain/quote/policy.ts';
import { quotedSum } from '../domain/quote/quoted-sum.ts';
import { quotePromise } from '../domain/quote/quote-promise.ts';
import { reviewReasons } from '../domain/quote/review.ts';
import type { Payment } from '../domain/refund/refund.ts';
import { beijingDateOf } from '../domain/time/plain-date.ts';
import { getPayment } from '../store/payments.ts';
import { inTransaction } from '../store/pool.ts';
import type { NewQuote, Quote } from '../store/quotes.ts';
import { getQuote, recordQuote } from '../store/quotes.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { quoteIdField } from './fields.ts';
import { problemResponses } from './problem.ts';
import { completePurchase, quoteAskSchema, toPurchase } from './quote-asked.ts';
import { quoteSchema, toQuoteResource } from './quote-resource.ts';

export function quoteRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'POST',
    url: '/v1/quotes',
    config: { scope: 'quotes:write' },
    schema: {
      summary: 'What the shop owes for a payment',
      description:
        'Worked out by the policy from what was sold and used, each line with its reason. Moves nothing: a refund cites it. Asking again makes another quote.',
      operationId: 'quote',
      tags: ['quotes'],
      body: quoteAskSchema,
      response: { 201: quoteSchema, ...problemResponses(...QUOTE_PROBLEMS) },
    },
    handler: async (request, reply) => {
      const now = deps.clock.now();
      const quote = await makeQuote(deps, callerOf(request).merchantId, { ...request.body, now });
      reply.header('location', `/v1/quotes/${quote.id}`);
      return reply.code(201).send(toQuoteResource(quote, now));
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/quotes/:quote_id',
    config: { scope: 'quotes:read' },
    schema: {
      summary: 'A quote, the refund that cites it, and how long its review has been open',
      operationId: 'getQuote',
      tags: ['quotes'],
      params: z.object({ quote_id: quoteIdField }),
      response: { 200: quoteSchema, ...problemResponses('not_found') },
    },
    handler: async (request) => {
      const { quote_id: id } = request.params;
      const quote = await getQuote(deps.pool, callerOf(request).merchantId, id);
      if (quote === null) throw new AppError('not_found', { quote_id: id });
      return toQuoteResource(quote, deps.clock.now());
    },
  });
}

type Asked = z.infer<typeof quoteAskSchema> & { readonly now: Date };

/** What is read of the payment and what is written are of one transaction; what is refunded after it is noticed by the refund. */
function makeQuote(deps: ApiDeps, merchantId: string, asked: Asked): Promise<Quote> {
  return inTransaction(deps.pool, async (tx) => {
    const payment = await getPayment(tx, merchantId, asked.payment_no);
    if (payment === null) throw new AppError('payment_unknown', { payment_no: asked.payment_no });
    if (payment.currency !== asked.currency)
      throw new AppError('currency_mismatch', { payment: payment.currency, quote: asked.currency });
    return recordQuote(tx, workOut(deps, payment, asked));
  });
}

function workOut(deps: ApiDeps, payment: Payment, { purchase: told, currency, now }: Asked): NewQuote {
  const today = beijingDateOf(now);
  const policy = policyOn(today);
  const whole = completePurchase(told, now);
  const purchase = toPurchase(whole, today);
  const { capturedMinor: paidMinor, reservedMinor: refundedMinor, fundingSource } = payment;
  const sum = quotedSum(purchase, { paidMinor, refundedMinor }, policy);
  const reasons = reviewReasons({ purchase, sum, paidAt: payment.paidAt, quotedAt: now }, policy);
  const channel = deps.channels.get(payment.accountId);
  if (channel === undefined) throw new AppError('account_unknown', { account_id: payment.accountId });
  const isBundle = purchase.kind === 'bundle';
  return {
    ...{ merchantId: payment.merchantId, paymentId: payment.id, kind: purchase.kind, purchase: whole },
    itemNos: isBundle ? purchase.items.map(({ itemNo }) => itemNo) : [],
    returnedItemNo: isBundle ? purchase.returnedItemNo : null,
    ...{ paidMinor, refundedMinor, currency, ...sum },
    policyVersion: policy.version,
    reviewReasons: reasons,
    promise: quotePromise(
      {
        ...{ channel: channel.name, fundingSource, quotedAt: now },
        ...{ needsReview: reasons.length > 0, calendar: deps.calendar },
      },
      policy,
    ),
    quotedAt: now,
    expiresAt: new Date(now.getTime() + policy.validForMs),
  };
}

const QUOTE_PROBLEMS = [
  'payment_unknown',
  'account_unknown',
  'currency_mismatch',
  'amount_invalid',
  'quote_use_exceeds_purchase',
  'quote_period_invalid',
  'quote_fee_too_high',
  'quote_item_unknown',
  'quote_item_foreign',
  'quote_item_returned',
  'body_too_large',
  'media_type_unsupported',
] as const;
