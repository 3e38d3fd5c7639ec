/** Payments: registered ahead by the merchant's backend, read back with what is left to refund. */
import { z } from 'zod';
import { AppError } from '../domain/errors.ts';
import type { Payment, PaymentClaim } from '../domain/refund/refund.ts';
import { getPayment, registerPayment } from '../store/payments.ts';
import type { App } from './app.ts';
import { callerOf } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
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

const paymentSchema = z
  .object({
    payment_no: z.string(),
    account_id: z.string(),
    transaction_id: z.string().nullable(),
    captured_minor: z.string(),
    reserved_minor: z.string().describe('The sum of all refunds that have not failed'),
    refundable_minor: z.string().describe('What is left'),
    currency: z.string(),
    funding_source: z.enum(['wallet', 'credit_line', 'debit_card', 'credit_card', 'unknown']),
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
      body: paymentClaimSchema,
      response: {
        200: paymentSchema,
        201: paymentSchema,
        ...problemResponses(
          'payment_conflict',
          'account_unknown',
          'amount_invalid',
          'currency_mismatch',
          'body_too_large',
          'media_type_unsupported',
        ),
      },
    },
    handler: async (request, reply) => {
      const { merchantId } = callerOf(request);
      const { payment, created } = await registerPayment(
        deps.pool,
        { merchantId, paymentNo: request.params.payment_no, claim: toPaymentClaim(request.body) },
        deps.clock.now(),
      );
      return reply.code(created ? 201 : 200).send(toPaymentResource(payment));
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
      response: { 200: paymentSchema, ...problemResponses('not_found') },
    },
    handler: async (request) => {
      const payment = await getPayment(deps.pool, callerOf(request).merchantId, request.params.payment_no);
      if (payment === null) throw new AppError('not_found', { payment_no: request.params.payment_no });
      return toPaymentResource(payment);
    },
  });
}
