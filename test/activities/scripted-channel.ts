/**
 * A channel in memory that implements `channels/channel.ts`. It answers truthfully from its ledger; a test may put other
 * answers in front. A scripted answer decides itself whether the truth happened behind it: an answer that is lost after
 * the channel took the refund calls `truth()`, one that is lost on the way there does not.
 */
import { WECHAT_DESK } from '../../channels/wechat/desk.ts';
import { wechatProofNumbers } from '../../channels/wechat/proof-numbers.ts';
import type {
  Channel,
  ChannelLimits,
  HeldAnswer,
  PaymentAnswer,
  PaymentReport,
  QueryAnswer,
  RefundOrder,
  RefusedAnswer,
  StatementAvailability,
  SubmitAnswer,
  UnknownAnswer,
} from '../../channels/channel.ts';
import type { HoldReason } from '../../domain/refund/observation.ts';
import { contentKindOf } from '../../domain/statement/statement.ts';
import type { StatementKind } from '../../domain/statement/statement.ts';
import type { ChannelLedger } from './channel-ledger.ts';
import { channelLedger } from './channel-ledger.ts';
import { chunksOf, plainReader } from '../statements/plain-statement.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const LIMITS: ChannelLimits = {
  refundNo: { pattern: /^[0-9A-Za-z_\-|*@]{1,64}$/, says: 'as WeChat Pay', uniqueTailDigits: null },
  refundableForMs: 365 * DAY_MS,
  partsPerPayment: 50,
  spacingPerPaymentMs: MINUTE_MS,
  absenceGraceMs: 2 * MINUTE_MS,
  // Every minute up to the fifth, then 5, 10, 20 and 30 minutes, as the channel advises.
  silentAttemptsMax: null,
  emptyAfterMs: 12 * 3_600_000,
  pollLadderMs: [1, 1, 1, 1, 1, 5, 10, 20, 30].map((minutes) => minutes * MINUTE_MS),
  bankLegPollMs: DAY_MS,
  statementReadyAfterMs: 10 * 60 * MINUTE_MS,
  statementKinds: ['trade', 'fund_flow'],
};

/** As this channel's statement of the account would word them. */
const WORDS: Channel['movementWords'] = [
  { word: 'refund', direction: 'out', role: 'refund' },
  { word: 'fee back', direction: 'in', role: 'refund_fee' },
];

interface Answers {
  submitRefund: SubmitAnswer;
  queryRefund: QueryAnswer;
  queryPayment: PaymentAnswer;
  requestStatement: StatementAvailability;
}

/** An answer, or a way to make one; `truth` lets happen what would have happened and gives the true answer. */
export type Scripted<T> = T | ((truth: () => T) => T | Promise<T>);

export interface ScriptedChannel extends Channel {
  readonly ledger: ChannelLedger;
  /** Every question and order in the order of arrival. */
  readonly calls: readonly (keyof Answers)[];
  /** Every order that was put to the channel, whatever became of it. */
  readonly orders: readonly RefundOrder[];
  /** Answers in front of the truth, one per call; after the last one the truth is told again. */
  script<V extends keyof Answers>(verb: V, ...answers: Scripted<Answers[V]>[]): void;
  /** Tells the truth from now on. */
  forgetScript(verb: keyof Answers): void;
  /** The channel took a payment: its order query reports it from now on. */
  takePayment(payment: PaymentReport): void;
  /** Deliveries by kind and day; a day without one is being made. */
  readonly statements: Map<string, Buffer | string>;
  /** Runs before each order is looked at: a place to check what must be true before the first byte leaves. */
  beforeOrder: (order: RefundOrder) => Promise<void>;
}

export interface ChannelOptions {
  readonly now: () => Date;
  readonly limits?: Partial<ChannelLimits>;
  /** How long a refund that was taken stays invisible to a query. */
  readonly lagMs?: number;
  readonly lineProves?: Channel['lineProves'];
}

export const unknown = (why = 'ETIMEDOUT'): UnknownAnswer => ({ outcome: 'unknown', why, responseId: null });

export function held(
  reason: HoldReason,
  o: { readonly code?: string; readonly retryAfterMs?: number } = {},
): HeldAnswer {
  const channelCode = o.code ?? reason.toUpperCase();
  const retryAfterMs = o.retryAfterMs ?? null;
  return { outcome: 'held', reason, channelCode, message: 'not now', retryAfterMs, responseId: 'REQ-held' };
}

export function refused(channelCode = 'PARAM_ERROR'): RefusedAnswer {
  return { outcome: 'refused', channelCode, message: 'never', responseId: 'REQ-refused' };
}

/** The channel took it, and its answer was lost on the way back. */
export const lostAfter = (truth: () => SubmitAnswer): SubmitAnswer => {
  truth();
  return unknown('the answer was lost');
};

/** The order was lost on its way to the channel. */
export const lostBefore = (): SubmitAnswer => unknown('the order was lost');

export function scriptedChannel(accountId: string, o: ChannelOptions): ScriptedChannel {
  const ledger = channelLedger();
  const calls: (keyof Answers)[] = [];
  const orders: RefundOrder[] = [];
  const payments = new Map<string, PaymentReport>();
  const statements = new Map<string, Buffer | string>();
  const scripts: { [V in keyof Answers]: Scripted<Answers[V]>[] } = {
    submitRefund: [],
    queryRefund: [],
    queryPayment: [],
    requestStatement: [],
  };
  const play = async <V extends keyof Answers>(verb: V, truth: () => Answers[V]): Promise<Answers[V]> => {
    calls.push(verb);
    const next: Scripted<Answers[V]> | undefined = scripts[verb].shift();
    if (next === undefined) return truth();
    return typeof next === 'function' ? next(truth) : next;
  };
  const channel: ScriptedChannel = {
    name: 'wechat',
    accountId,
    limits: { ...LIMITS, ...o.limits },
    lineProves: o.lineProves ?? 'acceptance',
    movementWords: WORDS,
    proofNumbers: wechatProofNumbers,
    desk: WECHAT_DESK,
    redirect: null,
    ledger,
    calls,
    orders,
    statements,
    script: (verb, ...answers) => {
      scripts[verb].push(...answers);
    },
    forgetScript: (verb) => {
      scripts[verb].length = 0;
    },
    takePayment: (payment) => {
      payments.set(payment.paymentNo, payment);
    },
    beforeOrder: () => Promise.resolve(),
    submitRefund: async (order) => {
      await channel.beforeOrder(order);
      orders.push(order);
      return play('submitRefund', () => truthOfOrder(ledger, order, o.now()));
    },
    queryRefund: (order) =>
      play('queryRefund', () => {
        const report = ledger.look(order.refundNo, o.now(), o.lagMs ?? 0);
        if (report === null) return { outcome: 'absent', responseId: 'REQ-absent' };
        return { outcome: 'reported', report, responseId: 'REQ-query' };
      }),
    queryPayment: (asked) =>
      play('queryPayment', () => {
        const payment = payments.get(asked.paymentNo);
        if (payment === undefined) return { outcome: 'absent', responseId: 'REQ-absent' };
        return { outcome: 'reported', payment, responseId: 'REQ-payment' };
      }),
    readCallback: () => Promise.reject(new Error('no callback is read here')),
    callbackReply: () => ({ status: 204, body: null }),
    requestStatement: (kind, billDate) =>
      play('requestStatement', () => deliver(statements.get(`${kind}/${billDate}`))),
    openStatement: (kind, packed) => ({ bytes: packed, reader: plainReader(contentKindOf(kind ?? 'trade')) }),
  };
  return channel;
}

function truthOfOrder(ledger: ChannelLedger, order: RefundOrder, at: Date): SubmitAnswer {
  const acceptance = ledger.accept(order, at);
  if (acceptance.verdict === 'other content') return refused('INVALID_REQUEST');
  return { outcome: 'reported', report: acceptance.report, responseId: 'REQ-submit' };
}

function deliver(content: Buffer | string | undefined): StatementAvailability {
  if (content === undefined) return { outcome: 'creating' };
  return { outcome: 'ready', ticket: { download: () => Promise.resolve(chunksOf(content, 64)), hash: null } };
}

/** The key of a delivery in `statements`. */
export function deliveryKey(kind: StatementKind, billDate: string): string {
  return `${kind}/${billDate}`;
}
