/** Alipay (OpenAPI gateway v2, direct merchant) as a channel: one application, all calls. */
import type { z } from 'zod';
import { AppError } from '../../domain/errors.ts';
import { formatYuan } from '../../domain/money.ts';
import { contentKindOf } from '../../domain/statement/statement.ts';
import type { StatementContentKind, StatementKind } from '../../domain/statement/statement.ts';
import type {
  Channel,
  PaymentAnswer,
  PaymentRef,
  QueryAnswer,
  RefundOrder,
  StatementAvailability,
  SubmitAnswer,
} from '../channel.ts';
import { assertSendable } from '../sendable.ts';
import { openDownload } from '../statement-download.ts';
import type { AlipayAccount } from './account.ts';
import { ALIPAY_LINE_PROVES, openAlipayStatement } from './bill.ts';
import { alipayCallbackReply, readCallback } from './callback.ts';
import type { Answer, Gateway, GatewayDeps } from './gateway.ts';
import { createGateway } from './gateway.ts';
import { alipayLimits } from './limits.ts';
import { QUERY_OUTCOMES, REFUND_OUTCOMES, outcomeOf } from './outcome.ts';
import { ALIPAY_DESK } from './desk.ts';
import { alipayProofNumbers } from './proof-numbers.ts';
import { paymentReport, queryReport, refundReport } from './reports.ts';
import { billSchema, refundQuerySchema, refundSchema, tradeSchema } from './schemas.ts';
import { ALIPAY_MOVEMENT_WORDS } from './movement-words.ts';

const REFUND_OPTIONS = ['refund_detail_item_list', 'deposit_back_info'];
const QUERY_OPTIONS = ['refund_detail_item_list', 'gmt_refund_pay', 'deposit_back_info'];

export function alipayChannel(account: AlipayAccount, deps: GatewayDeps): Channel {
  const gateway = createGateway(account, deps);
  const limits = alipayLimits(account.refundableForMs);
  return {
    name: 'alipay',
    accountId: account.id,
    limits,
    lineProves: ALIPAY_LINE_PROVES,
    movementWords: ALIPAY_MOVEMENT_WORDS,
    proofNumbers: alipayProofNumbers,
    desk: ALIPAY_DESK,
    submitRefund: async (order, signal) => {
      assertSendable(order, limits.refundNo);
      return submitRefund(gateway, order, signal);
    },
    queryRefund: (order, signal) => queryRefund(gateway, order, signal),
    // What the payer's bank does not take, Alipay itself puts into the payer's wallet.
    redirect: null,
    queryPayment: (payment, signal) => queryPayment(gateway, payment, signal),
    readCallback: (message) => readCallback(account, gateway.keys, message),
    callbackReply: alipayCallbackReply,
    requestStatement: (kind, billDate, signal) =>
      requestStatement(account, gateway, { kind, billDate }, signal),
    openStatement: (kind, packed) => openAlipayStatement(kind, packed),
  };
}

/** The trade as every call names it; the channel's own number wins where both are given. */
function tradeOf(payment: PaymentRef): object {
  return payment.transactionId === null
    ? { out_trade_no: payment.paymentNo }
    : { trade_no: payment.transactionId };
}

async function submitRefund(
  gateway: Gateway,
  order: RefundOrder,
  signal?: AbortSignal,
): Promise<SubmitAnswer> {
  const content = {
    ...tradeOf(order),
    refund_amount: formatYuan(order.amountMinor, order.currency),
    // Always sent: without it Alipay would take the trade's number, and a second refund would be taken for the first.
    out_request_no: order.refundNo,
    ...(order.reason === null ? {} : { refund_reason: order.reason }),
    query_options: REFUND_OPTIONS,
  };
  const answer = await gateway.call('alipay.trade.refund', content, signal);
  if (answer.kind === 'good') return readRefund(order, answer);
  if (answer.kind === 'unknown') return unknown(answer, answer.why);
  const outcome = outcomeOf(REFUND_OUTCOMES, answer);
  if (outcome.outcome === 'held') return { ...held(answer), reason: outcome.reason };
  if (outcome.outcome === 'refused')
    return {
      outcome: 'refused',
      channelCode: codeOf(answer),
      message: answer.message,
      responseId: answer.responseId,
    };
  return unknown(answer, codeOf(answer));
}

/** 10000 alone is no success: only `fund_change` says that this call moved money. */
function readRefund(order: RefundOrder, answer: Extract<Answer, { kind: 'good' }>): SubmitAnswer {
  const parsed = refundSchema.safeParse(answer.node);
  if (!parsed.success) return unknown(answer, 'the answer is not a refund as documented');
  if (!isOfTrade(order, parsed.data)) return unknown(answer, 'the answer is about another trade');
  if (parsed.data.fund_change !== 'Y')
    return unknown(answer, `fund_change ${parsed.data.fund_change ?? 'absent'}: done before, or pending`);
  return { outcome: 'reported', report: refundReport(order, parsed.data), responseId: answer.responseId };
}

function isOfTrade(
  order: PaymentRef,
  found: { readonly trade_no?: string | undefined; readonly out_trade_no?: string | undefined },
): boolean {
  return (
    (found.out_trade_no === undefined || found.out_trade_no === order.paymentNo) &&
    (found.trade_no === undefined || order.transactionId === null || found.trade_no === order.transactionId)
  );
}

/** Silence is not failure: Alipay has no word for "failed" here, so anything but success is "no such refund (yet)". */
async function queryRefund(gateway: Gateway, order: RefundOrder, signal?: AbortSignal): Promise<QueryAnswer> {
  const content = { ...tradeOf(order), out_request_no: order.refundNo, query_options: QUERY_OPTIONS };
  const answer = await gateway.call('alipay.trade.fastpay.refund.query', content, signal);
  if (answer.kind !== 'good') return noReport(answer);
  const parsed = refundQuerySchema.safeParse(answer.node);
  if (!parsed.success) return unknown(answer, 'the answer is not a refund as documented');
  if (parsed.data.refund_status !== 'REFUND_SUCCESS')
    return { outcome: 'absent', responseId: answer.responseId };
  const isOurs =
    isOfTrade(order, parsed.data) &&
    (parsed.data.out_request_no === undefined || parsed.data.out_request_no === order.refundNo);
  if (!isOurs) return unknown(answer, 'the answer is about another refund');
  return { outcome: 'reported', report: queryReport(order, parsed.data), responseId: answer.responseId };
}

async function queryPayment(
  gateway: Gateway,
  payment: PaymentRef,
  signal?: AbortSignal,
): Promise<PaymentAnswer> {
  const content = { ...tradeOf(payment), query_options: ['fund_bill_list'] };
  const answer = await gateway.call('alipay.trade.query', content, signal);
  if (answer.kind !== 'good') return noReport(answer);
  const parsed = tradeSchema.safeParse(answer.node);
  if (!parsed.success) return unknown(answer, 'the answer is not a trade as documented');
  if (!isAskedFor(payment, parsed.data)) return unknown(answer, 'the answer is about another trade');
  const report = paymentReport(parsed.data);
  return report === null
    ? { outcome: 'unpaid', channelState: parsed.data.trade_status, responseId: answer.responseId }
    : { outcome: 'reported', payment: report, responseId: answer.responseId };
}

/** Whether it is the trade under the number that it was asked for by; the other number is for the books to compare. */
function isAskedFor(payment: PaymentRef, found: z.infer<typeof tradeSchema>): boolean {
  return payment.transactionId === null
    ? found.out_trade_no === payment.paymentNo
    : found.trade_no === payment.transactionId;
}

type NoReport = Exclude<Answer, { kind: 'good' }>;
type Refusal = Extract<Answer, { kind: 'error' }>;

function noReport(answer: NoReport): Exclude<QueryAnswer, { outcome: 'reported' }> {
  if (answer.kind === 'unknown') return unknown(answer, answer.why);
  const outcome = outcomeOf(QUERY_OUTCOMES, answer);
  if (outcome.outcome === 'absent') return { outcome: 'absent', responseId: answer.responseId };
  if (outcome.outcome === 'held') return { ...held(answer), reason: outcome.reason };
  return unknown(answer, codeOf(answer));
}

function unknown(answer: Answer, why: string) {
  return { outcome: 'unknown', why, responseId: answer.responseId } as const;
}

function held(answer: Refusal) {
  const { message, responseId } = answer;
  return { outcome: 'held', channelCode: codeOf(answer), message, retryAfterMs: null, responseId } as const;
}

/** The business code where there is one: that is what Alipay's support asks for. */
function codeOf(answer: Refusal): string {
  return answer.subCode === '' ? answer.code : answer.subCode;
}

const BILL_TYPES = { trade: 'trade', fund_flow: 'signcustomer' } as const satisfies Record<
  StatementContentKind,
  string
>;

async function requestStatement(
  account: AlipayAccount,
  gateway: Gateway,
  day: { readonly kind: StatementKind; readonly billDate: string },
  signal?: AbortSignal,
): Promise<StatementAvailability> {
  const content = { bill_type: BILL_TYPES[contentKindOf(day.kind)], bill_date: day.billDate };
  const answer = await gateway.call('alipay.data.dataservice.bill.downloadurl.query', content, signal);
  if (answer.kind === 'good') return ready(account, gateway, answer);
  if (answer.kind === 'unknown') return unknown(answer, answer.why);
  const business = answer.subCode.replace(/^(isp|isv|ACQ)\./, '').toUpperCase();
  // Not made yet, or nothing happened: the code is the same, so whoever waits decides when it is the latter.
  if (business === 'BILL_NOT_EXIST') return { outcome: 'creating', orEmpty: true };
  const outcome = outcomeOf({}, answer);
  if (outcome.outcome === 'held') return { ...held(answer), reason: outcome.reason };
  return unknown(answer, codeOf(answer));
}

function ready(
  account: AlipayAccount,
  gateway: Gateway,
  answer: Extract<Answer, { kind: 'good' }>,
): StatementAvailability {
  const parsed: z.ZodSafeParseResult<z.infer<typeof billSchema>> = billSchema.safeParse(answer.node);
  if (!parsed.success) return unknown(answer, 'the answer is not a bill as documented');
  const address = parsed.data.bill_download_url;
  const download = (stop?: AbortSignal) => downloadStatement(account, gateway, address, stop);
  // Alipay gives no hash: the counts and sums inside the file are checked instead.
  return { outcome: 'ready', ticket: { hash: null, download } };
}

async function downloadStatement(
  account: AlipayAccount,
  gateway: Gateway,
  address: string,
  signal?: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const url = new URL(address);
  // The channel's own addresses are plain http or https, on one host; anything else is somebody else's.
  const isAllowed = /^https?:$/.test(url.protocol) && account.billHosts.has(url.host);
  if (!isAllowed || url.username !== '' || url.password !== '')
    throw new AppError('statement_host_refused', { host: url.host });
  return openDownload(() => gateway.download(url, signal));
}
