/** UnionPay (ACP gateway 5.1.0, direct merchant) as a channel: one merchant, all calls. */
import { beijingTimeOf } from '../../domain/time/plain-date.ts';
import type {
  Channel,
  PaymentAnswer,
  PaymentRef,
  QueryAnswer,
  RefundOrder,
  SubmitAnswer,
  UnknownAnswer,
} from '../channel.ts';
import { assertSendable } from '../sendable.ts';
import type { Parameters } from '../sorted-pairs.ts';
import type { UnionpayAccount } from './account.ts';
import { readCallback, unionpayCallbackReply } from './callback.ts';
import { requestStatement } from './file-transfer.ts';
import type { Answer, Gateway, GatewayDeps } from './gateway.ts';
import { createGateway } from './gateway.ts';
import { UNIONPAY_LIMITS } from './limits.ts';
import { heldAnswer, messageOf } from './held-answer.ts';
import { ORIGINAL_OUTCOMES, QUESTION_OUTCOMES, REFUND_OUTCOMES, outcomeOf } from './outcome.ts';
import { UNIONPAY_DESK } from './desk.ts';
import { unionpayProofNumbers } from './proof-numbers.ts';
import { isPassing, paymentReport, refundReport, submittedReport } from './reports.ts';
import { UNIONPAY_LINE_PROVES, openUnionpayStatement } from './statement.ts';

/** Characters of a code and its words that are kept. */
const WORDS_MAX = 200;

export function unionpayChannel(account: UnionpayAccount, deps: GatewayDeps): Channel {
  const gateway = createGateway(account, deps);
  return {
    name: 'unionpay',
    accountId: account.id,
    limits: UNIONPAY_LIMITS,
    // Only what has been cleared is printed.
    lineProves: UNIONPAY_LINE_PROVES,
    // What it clears is in the trade statement itself.
    movementWords: [],
    proofNumbers: unionpayProofNumbers,
    desk: UNIONPAY_DESK,
    submitRefund: (order, signal) => submitRefund(account, gateway, order, signal),
    queryRefund: (order, signal) => queryRefund(gateway, order, signal),
    // A refund to another account is arranged with the acquirer, outside this interface.
    redirect: null,
    queryPayment: (payment, signal) => queryPayment(gateway, payment, signal),
    readCallback: (message) => Promise.resolve(readCallback(account, message, deps.clock.wallNow())),
    callbackReply: unionpayCallbackReply,
    requestStatement: (_kind, billDate, signal) => requestStatement(gateway, billDate, deps.clock, signal),
    openStatement: (kind, packed) => openUnionpayStatement(kind, packed),
  };
}

/** `yyyyMMddHHmmss`, Beijing. With the number it names a transaction, so it is the refund's own and never the clock's. */
function txnTime(at: Date): string {
  return beijingTimeOf(at).replace(/[^0-9]/g, '');
}

async function submitRefund(
  account: UnionpayAccount,
  gateway: Gateway,
  order: RefundOrder,
  signal?: AbortSignal,
): Promise<SubmitAnswer> {
  assertSendable(order, UNIONPAY_LIMITS.refundNo);
  const fields = {
    txnType: '04',
    txnSubType: '00',
    bizType: account.bizType,
    channelType: account.channelType,
    orderId: order.refundNo,
    txnTime: txnTime(order.requestedAt),
    txnAmt: order.amountMinor.toString(),
    currencyCode: '156',
    backUrl: account.backUrl,
    ...originalOf(order),
  };
  const answer = await gateway.call('backTransReq.do', fields, signal);
  if (answer.kind === 'unknown') return unknown(answer.why);
  const outcome = outcomeOf(REFUND_OUTCOMES, answer.respCode);
  switch (outcome.outcome) {
    case 'good':
      return isAbout(order, answer.fields)
        ? { outcome: 'reported', report: submittedReport(order, answer.fields, outcome), responseId: null }
        : unknown('the answer is about another refund');
    case 'held':
      return heldAnswer(answer, outcome);
    case 'refused':
      return {
        outcome: 'refused',
        channelCode: answer.respCode,
        message: messageOf(answer),
        responseId: null,
      };
    case 'unknown':
    case 'absent':
      return unknown(`${answer.respCode} ${messageOf(answer)}`);
  }
}

/** The payment that is given back: by UnionPay's number, or by the merchant's number and time. */
function originalOf(order: PaymentRef): Parameters {
  if (order.transactionId !== null) return { origQryId: order.transactionId };
  return {
    origOrderId: order.paymentNo,
    origTxnTime: order.paidAt === null ? '' : txnTime(order.paidAt),
  };
}

function isAbout(order: RefundOrder, fields: Parameters): boolean {
  return (
    isNamed(fields, order.refundNo, order.requestedAt) &&
    (fields['txnAmt'] === undefined || fields['txnAmt'] === order.amountMinor.toString())
  );
}

/** Number and time name a transaction together. */
function isNamed(fields: Parameters, orderId: string, at: Date): boolean {
  return fields['orderId'] === orderId && fields['txnTime'] === txnTime(at);
}

/** First whether the question was answered, then what it says of the refund. */
async function queryRefund(gateway: Gateway, order: RefundOrder, signal?: AbortSignal): Promise<QueryAnswer> {
  const answer = await ask(gateway, order.refundNo, order.requestedAt, signal);
  if (answer.kind === 'unknown') return unknown(answer.why);
  const question = outcomeOf(QUESTION_OUTCOMES, answer.respCode);
  if (question.outcome === 'absent') return { outcome: 'absent', responseId: null };
  if (question.outcome === 'held') return heldAnswer(answer, question);
  if (question.outcome !== 'good') return unknown(`${answer.respCode} ${messageOf(answer)}`);
  if (!isNamed(answer.fields, order.refundNo, order.requestedAt))
    return unknown('the answer is about another refund');
  const original = answer.fields['origRespCode'];
  if (original === undefined) return unknown('the answer has no origRespCode');
  const outcome = outcomeOf(ORIGINAL_OUTCOMES, original);
  if (isPassing(outcome)) {
    const notDone = `${original} ${answer.fields['origRespMsg'] ?? ''}`.trim().slice(0, WORDS_MAX);
    return { outcome: 'absent', notDone, responseId: null };
  }
  const report = refundReport(order, answer.fields, outcome);
  return report === null
    ? unknown(`origRespCode ${original}`)
    : { outcome: 'reported', report, responseId: null };
}

async function queryPayment(
  gateway: Gateway,
  payment: PaymentRef,
  signal?: AbortSignal,
): Promise<PaymentAnswer> {
  const { paidAt } = payment;
  // UnionPay knows a payment by number and time only: without the time there is nothing to ask.
  if (paidAt === null) return { outcome: 'absent', lacks: 'paid_at', responseId: null };
  const answer = await ask(gateway, payment.paymentNo, paidAt, signal);
  if (answer.kind === 'unknown') return unknown(answer.why);
  const question = outcomeOf(QUESTION_OUTCOMES, answer.respCode);
  if (question.outcome === 'absent') return { outcome: 'absent', responseId: null };
  if (question.outcome === 'held') return heldAnswer(answer, question);
  if (question.outcome !== 'good') return unknown(`${answer.respCode} ${messageOf(answer)}`);
  if (!isNamed(answer.fields, payment.paymentNo, paidAt))
    return unknown('the answer is about another payment');
  const original = answer.fields['origRespCode'] ?? '';
  const outcome = outcomeOf(ORIGINAL_OUTCOMES, original);
  if (outcome.outcome === 'unknown') return unknown(`origRespCode ${original}`);
  if (outcome.outcome !== 'good') return { outcome: 'unpaid', channelState: original, responseId: null };
  const report = paymentReport(answer.fields);
  return report === null
    ? unknown('the paid order lacks amount, number or time')
    : { outcome: 'reported', payment: report, responseId: null };
}

function ask(gateway: Gateway, orderId: string, at: Date, signal?: AbortSignal): Promise<Answer> {
  const fields = { txnType: '00', txnSubType: '00', bizType: '000000', orderId, txnTime: txnTime(at) };
  return gateway.call('queryTrans.do', fields, signal);
}

function unknown(why: string): UnknownAnswer {
  return { outcome: 'unknown', why, responseId: null };
}
