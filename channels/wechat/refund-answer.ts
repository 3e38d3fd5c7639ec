/** What WeChat Pay's answer to a call about a refund is worth: to a new one, and to one that is sent elsewhere. */
import type { z } from 'zod';
import type { HeldAnswer, RefundOrder, SubmitAnswer, UnknownAnswer } from '../channel.ts';
import type { Outcome } from '../outcome.ts';
import { outcomeOf } from './outcome.ts';
import { refundReport } from './reports.ts';
import { refundSchema } from './schemas.ts';
import type { Answer } from './transport.ts';

export const REFUNDS = '/v3/refund/domestic/refunds';

/** The outcome of a call that sends money on its way: `table` says what each of its error codes means. */
export function takenOrNot(
  answer: Answer,
  order: RefundOrder,
  table: Readonly<Record<string, Outcome>>,
): SubmitAnswer {
  if (answer.kind === 'good') {
    const parsed = refundSchema.safeParse(answer.body);
    if (!parsed.success) return unknown(answer, 'the answer is not a refund as documented');
    const report = refundReport(parsed.data);
    // The number was sent with one amount only: an answer with another is about something else.
    return isOf(parsed.data, order) && report.amountMinor === order.amountMinor
      ? { outcome: 'reported', report, responseId: answer.responseId }
      : unknown(answer, 'the answer is about another refund');
  }
  if (answer.kind === 'unknown') return unknown(answer, answer.why);
  const outcome = outcomeOf(table, answer.status, answer.code);
  if (outcome.outcome === 'held') return { ...held(answer), reason: outcome.reason };
  if (outcome.outcome === 'refused') {
    return {
      outcome: 'refused',
      channelCode: answer.code,
      message: answer.message,
      responseId: answer.responseId,
    };
  }
  return unknown(answer, `${String(answer.status)} ${answer.code}`);
}

/** Whether the channel speaks of this refund: our number, of this payment. The payment's numbers are an echo that may be left out. */
export function isOf(refund: z.infer<typeof refundSchema>, order: RefundOrder): boolean {
  const { out_refund_no: refundNo, transaction_id: transactionId, out_trade_no: paymentNo } = refund;
  if (refundNo !== order.refundNo) return false;
  return order.transactionId === null
    ? paymentNo === undefined || paymentNo === order.paymentNo
    : transactionId === undefined || transactionId === order.transactionId;
}

export function unknown(answer: Pick<Answer, 'responseId'>, why: string): UnknownAnswer {
  return { outcome: 'unknown', why, responseId: answer.responseId };
}

export function held(answer: Extract<Answer, { kind: 'error' }>): Omit<HeldAnswer, 'reason'> {
  const { code, message, retryAfterMs, responseId } = answer;
  return { outcome: 'held', channelCode: code, message, retryAfterMs, responseId };
}
