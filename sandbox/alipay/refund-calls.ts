/** What the calls about refunds and trades do, planned trouble included; how an answer travels is the HTTP side's business. */
import type { LostHow } from '../lost-answer.ts';
import { refundNode, refundQueryNode, tradeNode } from './answers.ts';
import { readOptions, readRefund, readRefundQuery, readTradeName } from './content.ts';
import type { Refund, SandboxMerchant } from './model.ts';
import { AlipayProblem, refused, tooOften } from './problem.ts';
import { notEnough } from './refund-desk.ts';
import type { Call, RefundTrouble, SystemFault } from './troubles.ts';
import type { World } from './world.ts';

type Content = Readonly<Record<string, unknown>>;

/** An answer before it is signed, and what happens to it on the way. */
export interface Answer {
  readonly node: Record<string, unknown>;
  readonly lost?: LostHow;
  /** Answered with this HTTP status and nothing to read. */
  readonly httpStatus?: number;
  readonly slowMs?: number;
  readonly spoilt?: 'wrong_signature' | 'unsigned';
}

type AnswerTrouble = Extract<RefundTrouble, { kind: 'slow' | 'wrong_signature' | 'unsigned' }>;

const SLOW_MS = 1500;
const BAD_GATEWAY = 502;

export class RefundCalls {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** alipay.trade.refund. @throws AlipayProblem */
  refund({ sellerId }: SandboxMerchant, content: Content): Answer {
    const { plan, desk, trades, clock } = this.#world;
    const params = readRefund(content);
    const trade = trades.named(sellerId, params);
    const outRequestNo = desk.numberOf(trade, params);
    plan.meet(outRequestNo);
    const repeated = desk.repeated(trade, outRequestNo, params.amountMinor);
    if (repeated === undefined) {
      const instead = this.#troubleBefore(outRequestNo);
      if (instead !== undefined) return instead;
    }
    const nowMs = clock.now().getTime();
    const refund = repeated ?? desk.accept(trade, outRequestNo, params, nowMs);
    const { options } = params;
    const node = refundNode(refund, { isNew: repeated === undefined, options, nowMs });
    return this.#troubleAfter(outRequestNo, { node, ...this.#travels(outRequestNo, 'refund') });
  }

  /** alipay.trade.fastpay.refund.query. @throws AlipayProblem */
  query({ sellerId }: SandboxMerchant, content: Content): Answer {
    const { plan, desk, trades, clock } = this.#world;
    const { options, outRequestNo, ...name } = readRefundQuery(content);
    const refund = desk.find(trades.named(sellerId, name), outRequestNo);
    const travels = this.#travels(outRequestNo, 'query');
    const surplusMinor = this.#surplus(refund);
    const isSilent =
      refund !== undefined && plan.use(outRequestNo, 'a query knows nothing', 'silent_query') !== undefined;
    const nowMs = clock.now().getTime();
    const node = refundQueryNode(isSilent ? undefined : refund, { options, nowMs, surplusMinor });
    return { node, ...travels };
  }

  /** alipay.trade.query. @throws AlipayProblem */
  trade({ sellerId }: SandboxMerchant, content: Content): Answer {
    const { trades, clock } = this.#world;
    const trade = trades.named(sellerId, readTradeName(content));
    return { node: tradeNode(trade, readOptions(content), clock.now().getTime()) };
  }

  /** Troubles that keep a refund from being taken on. @throws AlipayProblem */
  #troubleBefore(outRequestNo: string): Answer | undefined {
    const { plan } = this.#world;
    if (plan.use(outRequestNo, 'answered 40005', 'frequency_limited')) throw tooOften();
    if (plan.use(outRequestNo, 'answered SELLER_BALANCE_NOT_ENOUGH', 'not_enough')) throw notEnough();
    if (plan.use(outRequestNo, 'refused', 'buyer_error')) throw refused('BUYER_ERROR', '买家状态异常');
    const refusal = plan.use(outRequestNo, 'refused', 'refused');
    if (refusal !== undefined)
      throw new AlipayProblem('40004', refusal.code ?? 'ACQ.TRADE_NOT_ALLOW_REFUND', '当前交易不允许退款');
    if (plan.of(outRequestNo, 'system_error')?.accepted === false)
      throw systemError(plan.use(outRequestNo, 'a fault, not accepted', 'system_error')?.code);
    if (plan.of(outRequestNo, 'error_5xx')?.accepted === false) {
      const failed = plan.use(outRequestNo, 'answered 5xx, not accepted', 'error_5xx');
      return { node: {}, httpStatus: failed?.status ?? BAD_GATEWAY };
    }
    if (plan.of(outRequestNo, 'lost_answer')?.accepted !== false) return undefined;
    const lost = plan.use(outRequestNo, 'the request is lost, not accepted', 'lost_answer');
    return { node: {}, lost: lost?.how ?? 'cut' };
  }

  /** Troubles of the answer to a refund that was taken on. @throws AlipayProblem */
  #troubleAfter(outRequestNo: string, answer: Answer): Answer {
    const { plan } = this.#world;
    const fault = plan.use(outRequestNo, 'a fault, accepted', 'system_error');
    if (fault !== undefined) throw systemError(fault.code);
    const failed = plan.use(outRequestNo, 'answered 5xx, accepted', 'error_5xx');
    if (failed !== undefined) return { ...answer, httpStatus: failed.status ?? BAD_GATEWAY };
    const lost = plan.use(outRequestNo, 'the answer is lost, accepted', 'lost_answer');
    return lost === undefined ? answer : { ...answer, lost: lost.how ?? 'cut' };
  }

  #surplus(refund: Refund | undefined): bigint {
    if (refund === undefined) return 0n;
    const other = this.#world.plan.use(refund.outRequestNo, 'a query names another amount', 'other_amount');
    return other === undefined ? 0n : BigInt(other.fen ?? 1);
  }

  #travels(outRequestNo: string, call: Call): Omit<Answer, 'node'> {
    const slow = this.#useOn(outRequestNo, call, 'slow');
    const spoilt = this.#useOn(outRequestNo, call, 'wrong_signature', 'unsigned');
    return {
      ...(slow?.kind === 'slow' ? { slowMs: slow.ms ?? SLOW_MS } : {}),
      ...(spoilt === undefined || spoilt.kind === 'slow' ? {} : { spoilt: spoilt.kind }),
    };
  }

  /** Uses a trouble of answers, if it is one of answers to this call. */
  #useOn(
    outRequestNo: string,
    call: Call,
    ...kinds: readonly AnswerTrouble['kind'][]
  ): AnswerTrouble | undefined {
    const { plan } = this.#world;
    if ((plan.of(outRequestNo, ...kinds)?.on ?? 'refund') !== call) return undefined;
    return plan.use(outRequestNo, `the answer to ${call}`, ...kinds);
  }
}

/** Alipay's own faults: one says so in business words, the other in the gateway's. */
function systemError(code: SystemFault = 'ACQ.SYSTEM_ERROR'): AlipayProblem {
  return new AlipayProblem(code === 'ACQ.SYSTEM_ERROR' ? '40004' : '20000', code, '系统繁忙');
}
