/** A refund as programs outside see it, and what is going to happen with it next in one sentence. */
import { z } from 'zod';
import { assertNever } from '../domain/errors.ts';
import type { Observation } from '../domain/refund/observation.ts';
import type { Refund } from '../domain/refund/refund.ts';
import { REFUND_STATES } from '../domain/refund/state.ts';
import { instantField } from './fields.ts';

export const serialsSchema = z
  .object({
    refund_no: z.string(),
    channel_refund_no: z.string().nullable(),
    transaction_id: z.string().nullable(),
  })
  .meta({ id: 'Serials', description: 'The numbers under which the channel and the payer find the refund' });

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
      .max(2)
      .describe('0 in time, 1 promise missed, 2 alarm; never a money state'),
    requested_at: instantField,
    accepted_at: instantField.nullable(),
    succeeded_at: instantField.nullable(),
    lands_in: z.string().nullable().describe("Where the money lands, in the channel's words"),
    serials: serialsSchema,
    window: z
      .object({
        promise_at: instantField,
        alarm_at: instantField,
        provisional: z.boolean().describe('Counted over a year whose holidays are not published yet'),
        window_version: z.string().nullable(),
        calendar_revision: z.string().nullable(),
      })
      .nullable()
      .describe('When the payer may expect the money; null before the channel accepted the refund'),
    last_asked_at: instantField.nullable(),
    last_answer: z.string().nullable(),
    next_step: z.string().describe('What happens next, and who does it'),
  })
  .meta({ id: 'Refund', examples: [exampleRefund()] });

export type RefundResource = z.infer<typeof refundSchema>;

export function toRefundResource(refund: Refund): RefundResource {
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
    accepted_at: refund.acceptedAt?.toISOString() ?? null,
    succeeded_at: refund.succeededAt?.toISOString() ?? null,
    lands_in: refund.landsIn,
    serials: {
      refund_no: refund.refundNo,
      channel_refund_no: refund.channelRefundNo,
      transaction_id: payment.transactionId,
    },
    window:
      promiseAt === null || alarmAt === null
        ? null
        : {
            promise_at: promiseAt.toISOString(),
            alarm_at: alarmAt.toISOString(),
            provisional: refund.windowProvisional,
            window_version: refund.windowVersion,
            calendar_revision: refund.calendarRevision,
          },
    last_asked_at: refund.lastAskedAt?.toISOString() ?? null,
    last_answer: refund.lastAnswer,
    next_step: nextStep(refund),
  };
}

/** One sentence for the person who asks what now. */
function nextStep(refund: Pick<Refund, 'state' | 'stateReason' | 'overdueLevel'>): string {
  switch (refund.state) {
    case 'requested':
      return 'It is put to the channel by itself.';
    case 'unknown':
      return 'The channel is asked about this number until it answers; do not refund under another number.';
    case 'processing':
      return refund.overdueLevel === 0
        ? 'The channel is moving the money; wait for its word.'
        : 'The promise has passed: quote the serials to the channel and keep the payer informed.';
    case 'succeeded':
      return 'The channel says that the money has left; its statement confirms it by itself.';
    case 'settled':
      return "Nothing: the channel's word and its statement agree.";
    case 'failed':
      return 'No money moved. To try again, ask for a new refund under a new number.';
    case 'returned':
      return 'The money came back after success: a person chooses another route to the payer.';
    case 'needs_action':
      return actionFor(refund.stateReason);
    default:
      return assertNever(refund.state);
  }
}

function actionFor(reason: Refund['stateReason']): string {
  switch (reason) {
    case 'short_balance':
      return "Top up the merchant's balance at the channel; then it goes on by itself.";
    case 'account_config':
      return "The channel refuses the account's credentials or rights: run `yuanlu doctor` and mend the account.";
    case 'payer_account_closed':
      return "The payer's account at the channel is closed or frozen: a person chooses another route to the payer.";
    case 'abnormal':
      return 'The card or account it went to is dead: a person tells the channel where the money goes instead.';
    case 'payment_mismatch':
      return 'The channel describes the payment otherwise than it was registered: a person finds out which is right.';
    case 'amount_mismatch':
      return 'The channel names another amount than was asked for: a person clears it up with the channel.';
    case 'conflict_of_evidence':
      return 'What the channel said contradicts itself: a person clears it up with the channel before anything else.';
    case 'channel_silent':
      return 'The channel took the same number several times and says neither yes nor no: a person asks its support.';
    case 'try_later':
      return 'The channel cannot take it at the moment; it goes on by itself.';
    case 'blocked':
      return 'A rule of the channel blocks it: a person decides.';
    case 'rate_limited':
    case 'closed':
    case 'refused':
    case null:
      return 'A person looks at the timeline and decides.';
    default:
      return assertNever(reason);
  }
}

export const observationSchema = z
  .object({
    kind: z.string(),
    source: z.string().describe('submit, query, callback, statement, operator or payment'),
    ref: z.string().describe('Identifies the evidence inside its source'),
    at: instantField.describe('When we learned it'),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])),
  })
  .meta({
    id: 'Observation',
    description: 'One piece of evidence; the state of a refund follows from all of them',
  });

export function toObservationResource(observation: Observation): z.infer<typeof observationSchema> {
  const { kind, source, ref, at, ...rest } = observation;
  const facts: Record<string, string | number | string[]> = {};
  for (const [name, value] of Object.entries<string | number | readonly string[]>(rest)) {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    facts[snake] = typeof value === 'object' ? [...value] : value;
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
    accepted_at: '2026-11-24T02:30:01.000Z',
    succeeded_at: null,
    lands_in: null,
    serials: {
      refund_no: 'RF20261124001',
      channel_refund_no: '50300000002026112400000000001',
      transaction_id: '4200002026110100000000001',
    },
    window: {
      promise_at: '2026-11-27T16:00:00.000Z',
      alarm_at: '2026-12-03T16:00:00.000Z',
      provisional: false,
      window_version: '2026-11.1',
      calendar_revision: '2026',
    },
    last_asked_at: null,
    last_answer: null,
    next_step: 'The channel is moving the money; wait for its word.',
  };
}
