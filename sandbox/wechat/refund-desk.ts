/** Where refunds are taken on, by the channel's rules, and brought to their end. */
import type { Agenda } from '../agenda.ts';
import type { Dice } from '../dice.ts';
import { compactDate, wholeSecond } from '../instants.ts';
import type { Ledger } from '../ledger.ts';
import { fundOf, ledgerRefund } from './ledger-entries.ts';
import type { Order, Refund, SandboxMerchant, Way } from './model.ts';
import { lastWay, statusAt } from './model.ts';
import type { Orders } from './orders.ts';
import { WechatProblem, invalidRequest, notFound, paramError, tooOften } from './problem.ts';
import type { RefundParams } from './refund-params.ts';
import { refill } from '../refill.ts';
import type { Shares } from '../shares.ts';
import { sharesOf, sumOf } from '../shares.ts';
import type { TroublePlan } from '../trouble-plan.ts';
import type { RefundTrouble } from './troubles.ts';
import { planRedirected, planVerdict } from './verdict.ts';

const DAY_MS = 86_400_000;
const REFUNDABLE_FOR_MS = 365 * DAY_MS;
const PARTS_MAX = 50;
const SPACING_MS = 60_000;

export interface DeskParts {
  readonly orders: Orders;
  readonly ledger: Ledger;
  readonly agenda: Agenda;
  readonly plan: TroublePlan<RefundTrouble>;
  readonly dice: Dice;
  /** Told once about each refund when it is taken on, and once when it ends. */
  onAccepted(refund: Refund): void;
  onEnd(refund: Refund): void;
}

/** A refund that is asked for: by the API or by a hand in the console. */
type Wanted = Pick<RefundParams, 'outRefundNo' | 'amountMinor'> & {
  readonly order: Order;
  readonly reason: string | null;
  readonly notifyUrl: string | null;
  readonly fundsAccount: Refund['fundsAccount'];
  readonly origin: Refund['origin'];
};

export class RefundDesk {
  readonly #parts: DeskParts;
  readonly #refunds = new Map<string, Refund>();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  snapshot(): ReadonlyMap<string, Refund> {
    return this.#refunds;
  }

  /** @param atMs What was due until then had happened */
  restore(kept: ReadonlyMap<string, Refund>, atMs: number): void {
    refill(this.#refunds, kept);
    for (const refund of kept.values())
      for (const way of refund.ways)
        if (way.verdict !== null && way.verdict.atMs > atMs) this.#endInTime(refund, way);
  }

  /** The refund of this number, whatever became of it. */
  find(mchid: string, outRefundNo: string): Refund | undefined {
    return this.#refunds.get(`${mchid}/${outRefundNo}`);
  }

  all(): readonly Refund[] {
    return [...this.#refunds.values()];
  }

  of(mchid: string): readonly Refund[] {
    return this.all().filter((refund) => refund.mchid === mchid);
  }

  /**
   * The refund of this number if it was taken on before: the same request gets it as it stands.
   * @throws WechatProblem 400 `INVALID_REQUEST` when amount or order is another
   */
  repeated(mchid: string, params: RefundParams): Refund | undefined {
    const refund = this.find(mchid, params.outRefundNo);
    if (refund === undefined) return undefined;
    refund.attempts += 1;
    const { order, amountMinor } = refund;
    const same =
      params.amountMinor === amountMinor &&
      params.totalMinor === order.totalMinor &&
      (params.transactionId ?? order.transactionId) === order.transactionId &&
      (params.outTradeNo ?? order.outTradeNo) === order.outTradeNo;
    if (!same) throw invalidRequest('订单金额或退款金额与之前请求不一致，请核实后再试');
    return refund;
  }

  /** Takes a refund on. @throws WechatProblem when a rule says no */
  accept(merchant: SandboxMerchant, params: RefundParams, nowMs: number): Refund {
    const order = this.#parts.orders.named(merchant.mchid, params);
    if (params.totalMinor !== order.totalMinor) throw invalidRequest('订单总金额与原订单不一致');
    return this.#open(
      {
        ...params,
        order,
        reason: params.reason ?? null,
        notifyUrl: params.notifyUrl ?? merchant.notifyUrl ?? null,
        fundsAccount: params.fundsAccount ?? 'UNSETTLED',
        origin: 'api',
      },
      nowMs,
    );
  }

  /** The refund of WeChat's own number. */
  byId(mchid: string, refundId: string): Refund | undefined {
    return this.of(mchid).find((refund) => refund.refundId === refundId);
  }

  /** Sends an abnormal refund on a new way. @throws WechatProblem 400 `INVALID_REQUEST` when it is not abnormal */
  redirect(refund: Refund, place: Omit<Way, 'fromMs' | 'verdict'>, nowMs: number): void {
    if (statusAt(refund, nowMs) !== 'ABNORMAL')
      throw invalidRequest('退款单状态不是退款异常，不能发起异常退款');
    const fromMs = wholeSecond(nowMs);
    refund.ways.push({ ...place, fromMs, verdict: planRedirected(refund, fromMs, this.#parts) });
    this.#endInTime(refund, lastWay(refund));
  }

  /** A refund made by a person in the merchant console, under a number that WeChat makes. */
  acceptByHand(
    merchant: SandboxMerchant,
    o: { readonly outTradeNo: string; readonly amountMinor: bigint; readonly reason: string | null },
    nowMs: number,
  ): Refund {
    if (o.amountMinor < 1n) throw paramError('amount_minor', '不是大于 0 的整数');
    const order = this.#parts.orders.named(merchant.mchid, { outTradeNo: o.outTradeNo });
    const outRefundNo = this.#numberByHand(order);
    const notifyUrl = merchant.notifyUrl ?? null;
    return this.#open(
      { ...o, order, outRefundNo, notifyUrl, fundsAccount: 'UNSETTLED', origin: 'console' },
      nowMs,
    );
  }

  /** `REF`, the order and a running number; one that a merchant took for a refund of its own is passed over. */
  #numberByHand(order: Order): string {
    for (let running = order.refunds.length; ; running += 1) {
      const number = `REF${order.transactionId}${String(running).padStart(2, '0')}`;
      if (this.find(order.mchid, number) === undefined) return number;
    }
  }

  #open(wanted: Wanted, nowMs: number): Refund {
    const { order, amountMinor } = wanted;
    this.#checkRules(wanted, nowMs);
    const shares = sharesOf(order, liveRefunds(order, nowMs), amountMinor);
    const fundsAccount = this.#fundsOf(wanted);
    this.#checkBalance(order, fundsAccount, shares);
    const acceptedAtMs = wholeSecond(nowMs);
    const verdict = planVerdict(wanted.outRefundNo, order, acceptedAtMs, this.#parts);
    const refund: Refund = {
      mchid: order.mchid,
      refundId: this.#newRefundId(order.mchid, wanted.outRefundNo, acceptedAtMs),
      outRefundNo: wanted.outRefundNo,
      order,
      amountMinor,
      ...shares,
      reason: wanted.reason,
      notifyUrl: wanted.notifyUrl,
      fundsAccount,
      origin: wanted.origin,
      acceptedAtMs,
      ways: [
        {
          fromMs: acceptedAtMs,
          verdict,
          channel: 'ORIGINAL',
          landsIn: order.payerAccount,
          isToMerchant: false,
        },
      ],
      attempts: 1,
    };
    order.refunds.push(refund);
    this.#refunds.set(`${refund.mchid}/${refund.outRefundNo}`, refund);
    this.#parts.ledger.refundAccepted(ledgerRefund(refund));
    this.#endInTime(refund, lastWay(refund));
    this.#parts.onAccepted(refund);
    return refund;
  }

  #checkRules({ order, amountMinor, origin }: Wanted, nowMs: number): void {
    if (order.tradeState === 'NOTPAY') throw notFound('订单不存在');
    if (order.tradeState !== 'SUCCESS') throw invalidRequest('订单状态不支持退款');
    if (nowMs - order.paidAtMs > REFUNDABLE_FOR_MS) throw invalidRequest('订单已超过可退款的最大期限(1年)');
    const live = liveRefunds(order, nowMs);
    if (sumOf(live) + amountMinor > order.totalMinor) throw invalidRequest('申请退款金额超过订单可退金额');
    if (live.length >= PARTS_MAX) throw invalidRequest('订单退款次数已达上限');
    const last = Math.max(...order.refunds.map((refund) => refund.acceptedAtMs), Number.NEGATIVE_INFINITY);
    if (origin === 'api' && nowMs - last < SPACING_MS) throw tooOften('同一订单多次退款的请求需间隔1分钟');
  }

  /** What was asked for, unless it was planned that the operation account pays. */
  #fundsOf({ outRefundNo, fundsAccount }: Wanted): Refund['fundsAccount'] {
    const planned = this.#parts.plan.use(
      outRefundNo,
      'paid from the operation account',
      'paid_from_operation',
    );
    return planned === undefined ? fundsAccount : 'OPERATION';
  }

  #checkBalance(order: Order, fundsAccount: Refund['fundsAccount'], { payerMinor, feeMinor }: Shares): void {
    const type = fundsAccount === 'OPERATION' ? fundsAccount : 'BASIC';
    const comesBack = (order.feeAccount ?? 'BASIC') === type ? feeMinor : 0n;
    if (this.#parts.ledger.balanceOf(order.mchid, fundOf(type)) + comesBack < payerMinor) throw notEnough();
  }

  #endInTime(refund: Refund, way: Way): void {
    if (way.verdict !== null) this.#parts.agenda.at(way.verdict.atMs, () => this.#end(refund, way));
  }

  #end(refund: Refund, { verdict, isToMerchant }: Way): void {
    const { ledger } = this.#parts;
    const money = ledgerRefund(refund);
    if (verdict?.status === 'SUCCESS' && isToMerchant) ledger.refundRedirected(money, verdict.atMs);
    else if (verdict?.status === 'SUCCESS') ledger.refundPaid(money, verdict.atMs);
    if (verdict?.status === 'CLOSED') ledger.refundClosed(money, verdict.atMs);
    this.#parts.onEnd(refund);
  }

  #newRefundId(mchid: string, outRefundNo: string, atMs: number): string {
    const running = String(this.#refunds.size + 1).padStart(7, '0');
    const tail = this.#parts.dice.digits(`${mchid}/${outRefundNo}/id`, 4);
    return `5030230210${compactDate(atMs)}${running}${tail}`;
  }
}

export function notEnough(): WechatProblem {
  return new WechatProblem(403, 'NOT_ENOUGH', '基本账户余额不足，请充值后重新发起');
}

/** Refunds that hold or took a part of the order: all but the closed ones. */
function liveRefunds(order: Order, nowMs: number): readonly Refund[] {
  return order.refunds.filter((refund) => statusAt(refund, nowMs) !== 'CLOSED');
}
