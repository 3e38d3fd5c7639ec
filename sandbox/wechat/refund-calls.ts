/** What the create and query calls do, planned trouble included; how an answer travels is the HTTP side's business. */
import { refundAnswer } from './answers.ts';
import type { Refund, SandboxMerchant } from './model.ts';
import { WechatProblem, notFound, tooOften } from './problem.ts';
import type { RateLimits } from './rates.ts';
import { notEnough } from './refund-desk.ts';
import { readRefundParams } from './refund-params.ts';
import type { RefundParams } from './refund-params.ts';
import { readRedirectParams } from './redirect-params.ts';
import type { Spoilt } from './signing.ts';
import type { LostHow } from '../lost-answer.ts';
import type { Call, RefundTrouble } from './troubles.ts';
import type { World } from './world.ts';

/** An answer before it is signed, and what happens to it on the way. */
export interface Answer {
  readonly body: Record<string, unknown>;
  readonly lost?: LostHow;
  readonly slowMs?: number;
  readonly spoilt?: Spoilt;
}

type AnswerTrouble = Extract<RefundTrouble, { kind: 'slow' | 'probe' | 'wrong_signature' }>;

const SLOW_MS = 1500;

export class RefundCalls {
  readonly #world: World;
  readonly #limits: RateLimits;
  readonly #isHostAllowed: (host: string) => boolean;

  constructor(world: World, limits: RateLimits, isHostAllowed: (host: string) => boolean) {
    this.#world = world;
    this.#limits = limits;
    this.#isHostAllowed = isHostAllowed;
  }

  /** @throws WechatProblem */
  create(merchant: SandboxMerchant, body: Buffer): Answer {
    this.#limits.check(merchant.mchid, 'refundsPerSecond', 'failuresPerSecond');
    try {
      const answer = this.#create(merchant, readRefundParams(body, this.#isHostAllowed));
      this.#limits.count(merchant.mchid, 'refundsPerSecond');
      return answer;
    } catch (error) {
      if (error instanceof WechatProblem && error.status !== 429) {
        this.#limits.count(merchant.mchid, 'failuresPerSecond');
      }
      throw error;
    }
  }

  /** @throws WechatProblem */
  query(merchant: SandboxMerchant, outRefundNo: string): Answer {
    this.#limits.check(merchant.mchid, 'queriesPerSecond');
    this.#limits.count(merchant.mchid, 'queriesPerSecond');
    const refund = this.#world.desk.find(merchant.mchid, outRefundNo);
    if (refund === undefined) throw notFound('退款单不存在');
    if (this.#world.plan.use(outRefundNo, 'a query says 404', 'late_visible')) throw notFound('退款单不存在');
    return this.#report(refund, 'query');
  }

  /** Sends an abnormal refund elsewhere. @param keyName `Wechatpay-Serial` @throws WechatProblem */
  redirect(merchant: SandboxMerchant, refundId: string, body: Buffer, keyName: string | undefined): Answer {
    this.#limits.check(merchant.mchid, 'refundsPerSecond');
    this.#limits.count(merchant.mchid, 'refundsPerSecond');
    const { plan, desk, vault, clock } = this.#world;
    const { outRefundNo, place } = readRedirectParams(body, vault.opener(keyName));
    const refund = desk.byId(merchant.mchid, refundId);
    if (refund?.outRefundNo !== outRefundNo) throw notFound('退款单不存在');
    const lost = plan.use(outRefundNo, 'the answer to redirect is lost', 'redirect_lost_answer');
    if (lost?.accepted === false) return { body: {}, lost: lost.how ?? 'cut' };
    desk.redirect(refund, place, clock.now().getTime());
    const answer = this.#report(refund, 'redirect');
    return lost === undefined ? answer : { ...answer, lost: lost.how ?? 'cut' };
  }

  #create(merchant: SandboxMerchant, params: RefundParams): Answer {
    const { plan, desk, clock } = this.#world;
    const { outRefundNo } = params;
    plan.meet(outRefundNo);
    const repeated = desk.repeated(merchant.mchid, params);
    if (repeated === undefined) {
      const lost = this.#troubleBefore(outRefundNo);
      if (lost !== undefined) return { body: {}, lost };
    }
    const refund = repeated ?? desk.accept(merchant, params, clock.now().getTime());
    const failed = plan.use(outRefundNo, 'answered 5xx, accepted', 'error_5xx');
    if (failed !== undefined) throw systemError(failed.status);
    const answer = this.#report(refund, 'create');
    const lost = plan.use(outRefundNo, 'the answer is lost, accepted', 'lost_answer');
    return lost === undefined ? answer : { ...answer, lost: lost.how ?? 'cut' };
  }

  /** Troubles that keep a refund from being taken on. @throws WechatProblem */
  #troubleBefore(outRefundNo: string): LostHow | undefined {
    const { plan } = this.#world;
    if (plan.use(outRefundNo, 'answered 429', 'frequency_limited')) throw tooOften('频率超限，请稍后重试');
    if (plan.use(outRefundNo, 'answered NOT_ENOUGH', 'not_enough')) throw notEnough();
    const refused = plan.use(outRefundNo, 'refused', 'refused');
    if (refused !== undefined) {
      throw new WechatProblem(refused.status ?? 403, refused.code ?? 'USER_ACCOUNT_ABNORMAL', '退款请求失败');
    }
    if (plan.of(outRefundNo, 'error_5xx')?.accepted === false) {
      throw systemError(plan.use(outRefundNo, 'answered 5xx, not accepted', 'error_5xx')?.status);
    }
    if (plan.of(outRefundNo, 'lost_answer')?.accepted !== false) return undefined;
    return plan.use(outRefundNo, 'the request is lost, not accepted', 'lost_answer')?.how ?? 'cut';
  }

  #report(refund: Refund, call: Call): Answer {
    const { plan, clock } = this.#world;
    const surplus = plan.use(refund.outRefundNo, `${call} names another amount`, 'other_amount');
    const slow = this.#useOn(refund.outRefundNo, call, 'slow');
    const spoilt = this.#useOn(refund.outRefundNo, call, 'probe', 'wrong_signature');
    return {
      body: refundAnswer(
        refund,
        clock.now().getTime(),
        surplus === undefined ? 0n : BigInt(surplus.fen ?? 1),
      ),
      ...(slow?.kind === 'slow' ? { slowMs: slow.ms ?? SLOW_MS } : {}),
      ...(spoilt === undefined ? {} : { spoilt: spoilt.kind === 'probe' ? 'probe' : 'wrong' }),
    };
  }

  /** Uses a trouble of answers, if it is one of answers to this call. */
  #useOn(
    outRefundNo: string,
    call: Call,
    ...kinds: readonly AnswerTrouble['kind'][]
  ): AnswerTrouble | undefined {
    const { plan } = this.#world;
    if ((plan.of(outRefundNo, ...kinds)?.on ?? 'create') !== call) return undefined;
    return plan.use(outRefundNo, `the answer to ${call}`, ...kinds);
  }
}

function systemError(status = 500): WechatProblem {
  return new WechatProblem(status, 'SYSTEM_ERROR', '系统繁忙，请稍后重试');
}
