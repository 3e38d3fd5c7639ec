/** WeChat Pay (APIv3, direct merchant) as a channel: one account, all calls. */
import type { z } from 'zod';
import type { StatementKind } from '../../domain/statement/statement.ts';
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
import type { WechatAccount } from './account.ts';
import { WECHAT_RANGES } from './bill-ranges.ts';
import { WECHAT_LINE_PROVES, openWechatStatement } from './bill-reader.ts';
import { billPath, statementKindsOf } from './fund-accounts.ts';
import { readCallback, wechatCallbackReply } from './callback.ts';
import { WECHAT_LIMITS } from './limits.ts';
import { CREATE_OUTCOMES, QUERY_OUTCOMES, outcomeOf } from './outcome.ts';
import { wechatRedirect } from './redirect.ts';
import { REFUNDS, held, isOf, takenOrNot, unknown } from './refund-answer.ts';
import { WECHAT_DESK } from './desk.ts';
import { wechatProofNumbers } from './proof-numbers.ts';
import { paymentReport, refundReport } from './reports.ts';
import { billSchema, orderSchema, refundSchema } from './schemas.ts';
import type { Answer, Transport, TransportDeps } from './transport.ts';
import { checkDownloadUrl, createTransport } from './transport.ts';
import { WECHAT_MOVEMENT_WORDS } from './movement-words.ts';

const ORDERS = '/v3/pay/transactions';

export function wechatChannel(account: WechatAccount, deps: TransportDeps): Channel {
  const transport = createTransport(account, deps);
  return {
    name: 'wechat',
    accountId: account.id,
    limits: { ...WECHAT_LIMITS, statementKinds: statementKindsOf(account.fundAccounts) },
    lineProves: WECHAT_LINE_PROVES,
    movementWords: WECHAT_MOVEMENT_WORDS,
    proofNumbers: wechatProofNumbers,
    desk: WECHAT_DESK,
    submitRefund: (order, signal) => submitRefund(account, transport, order, signal),
    queryRefund: (order, signal) => queryRefund(transport, order, signal),
    redirect: wechatRedirect(account, transport),
    queryPayment: (payment, signal) => queryPayment(account, transport, payment, signal),
    readCallback: (message) => readCallback(account, transport.keys, deps.clock, message),
    callbackReply: wechatCallbackReply,
    requestStatement: (kind, billDate, signal) =>
      requestStatement(account, transport, { kind, billDate }, signal),
    openStatement: (_kind, packed) => openWechatStatement(packed),
    statementRanges: WECHAT_RANGES,
  };
}

async function submitRefund(
  account: WechatAccount,
  transport: Transport,
  order: RefundOrder,
  signal?: AbortSignal,
): Promise<SubmitAnswer> {
  assertSendable(order, WECHAT_LIMITS.refundNo);
  const answer = await transport.post(REFUNDS, requestBody(account, order), { signal });
  return takenOrNot(answer, order, CREATE_OUTCOMES);
}

function requestBody(account: WechatAccount, order: RefundOrder): object {
  return {
    ...(order.transactionId === null
      ? { out_trade_no: order.paymentNo }
      : { transaction_id: order.transactionId }),
    out_refund_no: order.refundNo,
    ...(order.reason === null ? {} : { reason: order.reason }),
    notify_url: account.notifyUrl,
    amount: {
      // Fen as JSON integers: what a JSON number cannot hold exactly has been refused before.
      refund: Number(order.amountMinor),
      total: Number(order.capturedMinor),
      currency: order.currency,
    },
  };
}

async function queryRefund(
  transport: Transport,
  order: RefundOrder,
  signal?: AbortSignal,
): Promise<QueryAnswer> {
  const answer = await transport.get(`${REFUNDS}/${encodeURIComponent(order.refundNo)}`, signal);
  if (answer.kind !== 'good') return noReport(answer);
  const parsed = refundSchema.safeParse(answer.body);
  if (!parsed.success) return unknown(answer, 'the answer is not a refund as documented');
  if (!isOf(parsed.data, order)) return unknown(answer, 'the answer is about another refund');
  // Another amount is reported as it is: the books stop over it.
  return { outcome: 'reported', report: refundReport(parsed.data), responseId: answer.responseId };
}

/** Orders that were paid, whether or not some of the money went back since. */
const PAID: ReadonlySet<string> = new Set(['SUCCESS', 'REFUND']);

async function queryPayment(
  account: WechatAccount,
  transport: Transport,
  payment: PaymentRef,
  signal?: AbortSignal,
): Promise<PaymentAnswer> {
  const which =
    payment.transactionId === null
      ? `out-trade-no/${encodeURIComponent(payment.paymentNo)}`
      : `id/${encodeURIComponent(payment.transactionId)}`;
  const answer = await transport.get(`${ORDERS}/${which}?mchid=${account.mchid}`, signal);
  if (answer.kind !== 'good') return noReport(answer);
  const parsed = orderSchema.safeParse(answer.body);
  if (!parsed.success) return unknown(answer, 'the answer is not an order as documented');
  if (!isAskedFor(parsed.data, payment, account)) return unknown(answer, 'the answer is about another order');
  if (!PAID.has(parsed.data.trade_state)) {
    return { outcome: 'unpaid', channelState: parsed.data.trade_state, responseId: answer.responseId };
  }
  const report = paymentReport(parsed.data);
  return report === null
    ? unknown(answer, 'the paid order lacks amount, number or time')
    : { outcome: 'reported', payment: report, responseId: answer.responseId };
}

/** Whether it is the order under the number that it was asked for by; the other number is for the books to compare. */
function isAskedFor(
  order: z.infer<typeof orderSchema>,
  payment: PaymentRef,
  account: Pick<WechatAccount, 'mchid'>,
): boolean {
  if (order.mchid !== undefined && order.mchid !== account.mchid) return false;
  if (payment.transactionId === null) return order.out_trade_no === payment.paymentNo;
  return order.transaction_id === undefined || order.transaction_id === payment.transactionId;
}

type NoReport = Exclude<Answer, { kind: 'good' }>;

function noReport(answer: NoReport): Exclude<QueryAnswer, { outcome: 'reported' }> {
  if (answer.kind === 'unknown') return unknown(answer, answer.why);
  const outcome = outcomeOf(QUERY_OUTCOMES, answer.status, answer.code);
  if (outcome.outcome === 'absent') return { outcome: 'absent', responseId: answer.responseId };
  if (outcome.outcome === 'held') return { ...held(answer), reason: outcome.reason };
  return unknown(answer, `${String(answer.status)} ${answer.code}`);
}

async function requestStatement(
  account: WechatAccount,
  transport: Transport,
  day: { readonly kind: StatementKind; readonly billDate: string },
  signal?: AbortSignal,
): Promise<StatementAvailability> {
  const answer = await transport.get(billPath(day.kind, day.billDate), signal);
  if (answer.kind === 'good') {
    const parsed = billSchema.safeParse(answer.body);
    if (!parsed.success || parsed.data.hash_type !== 'SHA1')
      return unknown(answer, 'the answer is not a bill as documented');
    const hash = { algorithm: 'sha1', hex: parsed.data.hash_value.toLowerCase() } as const;
    const { download_url: downloadUrl } = parsed.data;
    const download = (stop?: AbortSignal) => downloadStatement(account, transport, downloadUrl, stop);
    return { outcome: 'ready', ticket: { hash, download } };
  }
  // Only under the documented status: a fault of the channel is no word about the day, whatever its body says.
  const word = answer.kind === 'error' && answer.status === 400 ? answer.code : null;
  if (word === 'NO_STATEMENT_EXIST') return { outcome: 'empty' };
  if (word === 'STATEMENT_CREATING') return { outcome: 'creating' };
  const other = noReport(answer);
  // "Absent" is no word about bills; it is asked again like any answer that says nothing.
  return other.outcome === 'absent' ? unknown(answer, 'no such bill address') : other;
}

async function downloadStatement(
  account: WechatAccount,
  transport: Transport,
  downloadUrl: string,
  signal?: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const url = checkDownloadUrl(account, downloadUrl);
  return openDownload(() => transport.download(url, signal));
}
