/** A refund as programs outside see it. */
import { z } from 'zod';
import { HIGHEST_LEVEL } from '../domain/overdue/levels.ts';
import { snakeCase } from '../domain/refund/field-names.ts';
import type { Observation } from '../domain/refund/observation.ts';
import { BANK_LEGS } from '../domain/refund/observation.ts';
import type { ProofNumber } from '../domain/refund/proof.ts';
import { PROOF_READERS } from '../domain/refund/proof.ts';
import type { Refund } from '../domain/refund/refund.ts';
import { REFUND_STATES } from '../domain/refund/state.ts';
import type { BusinessCalendar } from '../domain/time/china-calendar.ts';
import { shopPromise } from '../domain/time/shop-promise.ts';
import { basisField } from './arrival-plan-resource.ts';
import { instantField } from './fields.ts';
import { nextStep } from './next-step.ts';

export const serialsSchema = z
  .object({
    refund_no: z.string(),
    channel_refund_no: z.string().nullable(),
    transaction_id: z.string().nullable(),
  })
  .meta({ id: 'Serials', description: 'The numbers under which the channel and the payer find the refund' });

const proofSchema = z
  .object({
    name: z.object({ zh: z.string(), en: z.string() }).describe('As those who look it up call it'),
    value: z.string().nullable().describe('Null while the channel has not given it'),
    readers: z.array(z.enum(PROOF_READERS)).describe('Who looks it up, for whom'),
  })
  .meta({ id: 'ProofNumber', description: 'A number by which somebody outside finds the refund' });

const shopPromiseSchema = z
  .object({
    business_days_min: z.int().min(0),
    business_days_max: z.int().min(1),
    by: instantField.describe('The end of the last promised business day'),
    provisional: z.boolean(),
    version: z.string(),
  })
  .meta({
    id: 'ShopPromise',
    description: "What the shop tells its payers, beside the channel's own window",
  });

export const refundSchema = z
  .object({
    refund_no: z.string(),
    payment_no: z.string(),
    account_id: z.string(),
    channel: z.string(),
    amount_minor: z.string().describe('Fen in digits'),
    currency: z.string(),
    reason: z.string().nullable(),
    state: z.enum(REFUND_STATES),
    state_reason: z.string().nullable().describe('Why a person must act, or why the channel said no'),
    overdue_level: z
      .int()
      .min(0)
      .max(HIGHEST_LEVEL)
      .describe('0 in time, 1 promise missed, 2 alarm, 3 escalated; never a money state'),
    requested_at: instantField,
    goods_received_at: instantField
      .nullable()
      .describe('When returned goods came back, as the request says; null where it does not'),
    quote_id: z.string().nullable().describe('The quote that it cites'),
    accepted_at: instantField.nullable(),
    succeeded_at: instantField.nullable(),
    clearing_date: z.string().nullable().describe('The day on which the channel cleared it, as it prints it'),
    flaw: z
      .string()
      .nullable()
      .describe('What the channel says was wrong with a refund that it did: a person looks into it'),
    lands_in: z.string().nullable().describe("Where the money lands, in the channel's words"),
    bank_leg: z
      .enum(BANK_LEGS)
      .nullable()
      .describe(
        "The way on to the payer's bank; `returned_to_wallet`: the bank refused it and it went to the payer's wallet at the channel. Null where the channel does not tell of it",
      ),
    arrival_estimate_at: instantField
      .nullable()
      .describe('When the channel expects the bank to have posted it'),
    serials: serialsSchema,
    proof: z.array(proofSchema).describe('The numbers to quote, the first one first'),
    window: z
      .object({
        promise_at: instantField,
        alarm_at: instantField,
        escalate_at: instantField.nullable(),
        provisional: z.boolean().describe('Counted over a year whose holidays are not published yet'),
        window_version: z.string().nullable(),
        calendar_revision: z.string().nullable(),
        basis: basisField,
      })
      .nullable()
      .describe('When the payer may expect the money; null before the channel accepted the refund'),
    shop_promise: shopPromiseSchema,
    last_asked_at: instantField.nullable(),
    last_answer: z.string().nullable(),
    next_step: z.string().describe('What happens next, and who does it'),
  })
  .meta({ id: 'Refund', examples: [exampleRefund()] });

export type RefundResource = z.infer<typeof refundSchema>;

/** `proof`: what the refund's channel names as its numbers; empty when its account is no longer configured. */
export function toRefundResource(
  refund: Refund,
  proof: readonly ProofNumber[],
  calendar: BusinessCalendar,
): RefundResource {
  const { payment, promiseAt, alarmAt } = refund;
  return {
    refund_no: refund.refundNo,
    payment_no: payment.paymentNo,
    account_id: refund.accountId,
    channel: refund.channel,
    amount_minor: refund.amountMinor.toString(),
    currency: refund.currency,
    reason: refund.reason,
    state: refund.state,
    state_reason: refund.stateReason,
    overdue_level: refund.overdueLevel,
    requested_at: refund.requestedAt.toISOString(),
    goods_received_at: refund.goodsReceivedAt?.toISOString() ?? null,
    quote_id: refund.quoteId,
    accepted_at: refund.acceptedAt?.toISOString() ?? null,
    succeeded_at: refund.succeededAt?.toISOString() ?? null,
    clearing_date: refund.clearingDate,
    flaw: refund.flaw,
    lands_in: refund.landsIn,
    bank_leg: refund.bankLeg,
    arrival_estimate_at: refund.arrivalEstimateAt?.toISOString() ?? null,
    serials: {
      refund_no: refund.refundNo,
      channel_refund_no: refund.channelRefundNo,
      transaction_id: payment.transactionId,
    },
    proof: proof.map(({ name, value, readers }) => ({ name, value, readers: [...readers] })),
    window:
      promiseAt === null || alarmAt === null
        ? null
        : {
            promise_at: promiseAt.toISOString(),
            alarm_at: alarmAt.toISOString(),
            escalate_at: refund.escalateAt?.toISOString() ?? null,
            provisional: refund.windowProvisional,
            window_version: refund.windowVersion,
            calendar_revision: refund.calendarRevision,
            basis: refund.windowBasis,
          },
    shop_promise: toShopPromise(refund, calendar),
    last_asked_at: refund.lastAskedAt?.toISOString() ?? null,
    last_answer: refund.lastAnswer,
    next_step: nextStep(refund),
  };
}

function toShopPromise(refund: Refund, calendar: BusinessCalendar): z.infer<typeof shopPromiseSchema> {
  const { businessDays, by, provisional, version } = shopPromise({ ...refund, calendar });
  const { min, max } = businessDays;
  return { business_days_min: min, business_days_max: max, by: by.toISOString(), provisional, version };
}

export const observationSchema = z
  .object({
    kind: z.string(),
    source: z.string().describe('submit, query, callback, statement, operator or payment'),
    ref: z.string().describe('Identifies the evidence inside its source'),
    at: instantField.describe('When we learned it'),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
  })
  .meta({
    id: 'Observation',
    description: 'One piece of evidence; the state of a refund follows from all of them',
  });

export function toObservationResource(observation: Observation): z.infer<typeof observationSchema> {
  const { kind, source, ref, at, ...rest } = observation;
  const facts: Record<string, string | number | boolean | string[]> = {};
  for (const [name, value] of Object.entries<string | number | boolean | readonly string[]>(rest)) {
    facts[snakeCase(name)] = typeof value === 'object' ? [...value] : value;
  }
  return { kind, source, ref, at: new Date(at).toISOString(), facts };
}

function exampleRefund(): object {
  return {
    refund_no: 'RF20261124001',
    payment_no: 'PAY20261101001',
    account_id: 'wx-main',
    channel: 'wechat',
    amount_minor: '2345',
    currency: 'CNY',
    reason: '商品已退货',
    state: 'processing',
    state_reason: null,
    overdue_level: 0,
    requested_at: '2026-11-24T02:30:00.000Z',
    goods_received_at: '2026-11-23T07:00:00.000Z',
    quote_id: null,
    accepted_at: '2026-11-24T02:30:01.000Z',
    succeeded_at: null,
    clearing_date: null,
    flaw: null,
    lands_in: null,
    bank_leg: null,
    arrival_estimate_at: null,
    serials: {
      refund_no: 'RF20261124001',
      channel_refund_no: '50300000002026112400000000001',
      transaction_id: '4200002026110100000000001',
    },
    proof: [
      {
        name: { zh: '微信退款单号', en: 'WeChat Pay refund number' },
        value: '50300000002026112400000000001',
        readers: ['payer_bank', 'payer_channel', 'merchant_channel'],
      },
    ],
    window: {
      promise_at: '2026-11-27T16:00:00.000Z',
      alarm_at: '2026-12-03T16:00:00.000Z',
      escalate_at: '2026-12-08T16:00:00.000Z',
      provisional: false,
      window_version: '2026-11.1',
      calendar_revision: '2026',
      basis: 'source',
    },
    shop_promise: {
      business_days_min: 1,
      business_days_max: 3,
      by: '2026-11-27T16:00:00.000Z',
      provisional: false,
      version: '2026-01',
    },
    last_asked_at: null,
    last_answer: null,
    next_step: 'The channel is moving the money; wait for its word.',
  };
}
