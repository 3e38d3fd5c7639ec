/** Payments: registered ahead by the merchant's backend, read back with what is left to refund. */
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import type { Payment, PaymentClaim } from '../domain/refund/refund.ts';
import { FUNDING_SOURCES } from '../domain/refund/refund.ts';
import { getPayment, registerPayment } from '../store/payments.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { conditionField, etagOf, matchesTag, namesTag } from './etag.ts';
import {
  accountIdField,
  amountMinorField,
  currencyField,
  givenInstantField,
  instantField,
  paymentNoField,
  transactionIdField,
} from './fields.ts';
import { problemResponses } from './problem.ts';

export const paymentClaimSchema = z
  .strictObject({
    account_id: accountIdField,
    transaction_id: transactionIdField.optional(),
    captured_minor: amountMinorField,
    currency: currencyField,
    paid_at: givenInstantField.optional(),
  })
  .meta({
    id: 'PaymentClaim',
    description: "A payment as the merchant knows it; the channel's own order query has the last word",
    examples: [
      {
        account_id: 'wx-main',
        transaction_id: '4200002026110100000000001',
        captured_minor: '12345',
        currency: 'CNY',
        paid_at: '2026-11-01T09:00:00+08:00',
      },
    ],
  });

export const paymentSchema = z
  .object({
    payment_no: z.string(),
    account_id: z.string(),
    transaction_id: z.string().nullable(),
    captured_minor: z.string(),
    reserved_minor: z.string().describe('The sum of all refunds that have not failed'),
    refundable_minor: z.string().describe('What is left'),
    currency: z.string(),
    funding_source: z.enum(FUNDING_SOURCES),
    paid_at: instantField.nullable(),
    confirmed_at: instantField
      .nullable()
      .describe('When the channel agreed; null before the first refund is sent'),
  })
  .meta({ id: 'Payment' });

export function toPaymentClaim(body: z.infer<typeof paymentClaimSchema>): PaymentClaim {
  return {
    accountId: body.account_id,
    capturedMinor: body.captured_minor,
    currency: body.currency,
    ...(body.transaction_id === undefined ? {} : { transactionId: body.transaction_id }),
    ...(body.paid_at === undefined ? {} : { paidAt: new Date(body.paid_at).toISOString() }),
  };
}

function toPaymentResource(payment: Payment): z.infer<typeof paymentSchema> {
  return {
    payment_no: payment.paymentNo,
    account_id: payment.accountId,
    transaction_id: payment.transactionId,
    captured_minor: payment.capturedMinor.toString(),
    reserved_minor: payment.reservedMinor.toString(),
    refundable_minor: (payment.capturedMinor - payment.reservedMinor).toString(),
    currency: payment.currency,
    funding_source: payment.fundingSource,
    paid_at: payment.paidAt?.toISOString() ?? null,
    confirmed_at: payment.confirmedAt?.toISOString() ?? null,
  };
}

const params = z.object({ payment_no: paymentNoField });

const putHeaders = z.looseObject({
  'if-match': conditionField.describe('Only if the payment is there and its etag is one of these, or `*`'),
  'if-none-match': conditionField.describe('`*`: only if there is no such payment yet'),
});

const getHeaders = z.looseObject({
  'if-none-match': conditionField.describe('Answers 304 while the etag is one of these'),
});

/** @throws AppError `precondition_failed` */
async function assertConditions(
  deps: ApiDeps,
  key: { readonly merchantId: string; readonly paymentNo: string },
  headers: z.infer<typeof putHeaders>,
): Promise<void> {
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifMatch === undefined && ifNoneMatch === undefined) return;
  const payment = await getPayment(deps.pool, key.merchantId, key.paymentNo);
  const etag = payment === null ? null : etagOf(toPaymentResource(payment));
  const holds =
    (ifMatch === undefined || (etag !== null && matchesTag(ifMatch, etag))) &&
    (etag === null || !namesTag(ifNoneMatch, etag));
  if (!holds) throw new AppError('precondition_failed', { payment_no: key.paymentNo });
}

export function paymentRoutes(app: App, deps: ApiDeps): void {
  app.route({
    method: 'PUT',
    url: '/v1/payments/:payment_no',
    config: { scope: 'payments:write' },
    schema: {
      summary: 'Register a payment',
      description: 'Once per payment; the same content again changes nothing.',
      operationId: 'registerPayment',
      tags: ['payments'],
      params,
      headers: putHeaders,
      body: paymentClaimSchema,
      response: {
        200: paymentSchema,
        201: paymentSchema,
        ...problemResponses(
          'payment_conflict',
          'account_unknown',
          'precondition_failed',
          'amount_invalid',
          'currency_mismatch',
          'body_too_large',
          'media_type_unsupported',
        ),
      },
    },
    handler: async (request, reply) => {
      const { merchantId } = callerOf(request);
      const { payment_no: paymentNo } = request.params;
      await assertConditions(deps, { merchantId, paymentNo }, request.headers);
      const { payment, created } = await registerPayment(
        deps.pool,
        { merchantId, paymentNo, claim: toPaymentClaim(request.body) },
        deps.clock.now(),
      );
      // Somebody else registered it between the look and the deed: the same content, but not by this request.
      if (!created && request.headers['if-none-match'] === '*')
        throw new AppError('precondition_failed', { payment_no: paymentNo });
      const resource = toPaymentResource(payment);
      return reply
        .code(created ? 201 : 200)
        .header('etag', etagOf(resource))
        .send(resource);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/payments/:payment_no',
    config: { scope: 'payments:read' },
    schema: {
      summary: 'A payment and what is left of it',
      operationId: 'getPayment',
      tags: ['payments'],
      params,
      headers: getHeaders,
      response: {
        200: paymentSchema,
        304: z.undefined().describe('It is as you know it'),
        ...problemResponses('not_found'),
      },
    },
    handler: async (request, reply) => {
      const payment = await getPayment(deps.pool, callerOf(request).merchantId, request.params.payment_no);
      if (payment === null) throw new AppError('not_found', { payment_no: request.params.payment_no });
      const resource = toPaymentResource(payment);
      const etag = etagOf(resource);
      reply.header('etag', etag);
      if (namesTag(request.headers['if-none-match'], etag)) return reply.code(304).send();
      return reply.code(200).send(resource);
    },
  });
}
