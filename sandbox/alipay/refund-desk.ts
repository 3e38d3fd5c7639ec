/** Where refunds are taken on, by the channel's rules, and brought to their end. */
import type { Agenda } from '../agenda.ts';
import type { Dice } from '../dice.ts';
import { compactDate, wholeSecond } from '../instants.ts';
import type { Ledger } from '../ledger.ts';
import { refill } from '../refill.ts';
import type { Shares } from '../shares.ts';
import { sharesOf, sumOf } from '../shares.ts';
import type { TroublePlan } from '../trouble-plan.ts';
import type { RefundParams } from './content.ts';
import { planFate } from './fate.ts';
import { ledgerRefund } from './ledger-entries.ts';
import type { Refund, SandboxMerchant, Trade } from './model.ts';
import { invalidParameter, refused, tooOften } from './problem.ts';
import type { RefundTrouble } from './troubles.ts';

const DAY_MS = 86_400_000;
const REFUNDABLE_DAYS = 365;
const SPACING_MS = 3_000;

export interface DeskParts {
  readonly merchants: ReadonlyMap<string, SandboxMerchant>;
  readonly ledger: Ledger;
  readonly agenda: Agenda;
  readonly plan: TroublePlan<RefundTrouble>;
  readonly dice: Dice;
  /** Told once about each refund when it is taken on, when its money goes, and when the way to the bank ends. */
  readonly onAccepted: (refund: Refund) => void;
  readonly onDone: (refund: Refund) => void;
  readonly onBankLegEnd: (refund: Refund) => void;
}

/** A refund that is asked for: by the API or by a hand in the console. */
type Wanted = Pick<Refund, 'trade' | 'outRequestNo' | 'amountMinor' | 'reason' | 'origin' | 'tellsBankLeg'>;

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
    for (const refund of kept.values()) this.#planEnd(refund, atMs);
  }

  find(trade: Trade, outRequestNo: string): Refund | undefined {
    return this.#refunds.get(`${trade.tradeNo}/${outRequestNo}`);
  }

  /** The newest refund of this number, of whichever trade of the merchant. */
  newest(sellerId: string, outRequestNo: string): Refund | undefined {
    return this.of(sellerId).findLast((refund) => refund.outRequestNo === outRequestNo);
  }

  all(): readonly Refund[] {
    return [...this.#refunds.values()];
  }

  of(sellerId: string): readonly Refund[] {
    return this.all().filter(({ trade }) => trade.sellerId === sellerId);
  }

  /** The number of the refund that is asked for. @throws AlipayProblem ACQ.INVALID_PARAMETER for a part without one */
  numberOf(trade: Trade, { outRequestNo, amountMinor }: RefundParams): string {
    if (outRequestNo !== undefined) return outRequestNo;
    if (amountMinor !== trade.totalMinor) throw invalidParameter('部分退款时 out_request_no 必填');
    return trade.outTradeNo;
  }

  /**
   * The refund of this number if it was taken on before.
   * @throws AlipayProblem ACQ.DISCORDANT_REPEAT_REQUEST when the amount is another
   */
  repeated(trade: Trade, outRequestNo: string, amountMinor: bigint): Refund | undefined {
    const refund = this.find(trade, outRequestNo);
    if (refund === undefined) return undefined;
    refund.attempts += 1;
    if (refund.amountMinor !== amountMinor) throw refused('DISCORDANT_REPEAT_REQUEST', '请求不一致');
    return refund;
  }

  /** Takes a refund on. @throws AlipayProblem when a rule says no */
  accept(trade: Trade, outRequestNo: string, params: RefundParams, nowMs: number): Refund {
    const { amountMinor, reason = null, options } = params;
    const tellsBankLeg = options.has('deposit_back_info');
    return this.#open({ trade, outRequestNo, amountMinor, reason, tellsBankLeg, origin: 'api' }, nowMs);
  }

  /** A refund made by a person in the merchant console, under a number that Alipay makes. */
  acceptByHand(trade: Trade, amountMinor: bigint, reason: string | null, nowMs: number): Refund {
    const outRequestNo = this.#numberByHand(trade, nowMs);
    return this.#open(
      { trade, outRequestNo, amountMinor, reason, tellsBankLeg: false, origin: 'console' },
      nowMs,
    );
  }

  /** One that the merchant took for a refund of its own is passed over. */
  #numberByHand(trade: Trade, nowMs: number): string {
    for (let running = this.#refunds.size + 1; ; running += 1) {
      const number = `${compactDate(nowMs)}00${String(running).padStart(14, '0')}`;
      if (this.find(trade, number) === undefined) return number;
    }
  }

  #open(wanted: Wanted, nowMs: number): Refund {
    const { trade, amountMinor, outRequestNo } = wanted;
    this.#checkRules(wanted, nowMs);
    const shares = sharesOf(trade, trade.refunds, amountMinor);
    this.#checkBalance(trade.sellerId, shares);
    const acceptedAtMs = wholeSecond(nowMs);
    const fate = planFate(outRequestNo, trade, acceptedAtMs, this.#parts);
    const refund: Refund = { ...wanted, ...shares, ...fate, acceptedAtMs, attempts: 1 };
    trade.refunds.push(refund);
    this.#refunds.set(`${trade.tradeNo}/${outRequestNo}`, refund);
    this.#parts.ledger.refundAccepted(ledgerRefund(refund));
    this.#parts.onAccepted(refund);
    this.#planEnd(refund);
    this.#parts.agenda.look();
    return refund;
  }

  /** As a rule the money has gone before the answer is written. What was due until `afterMs` has happened. */
  #planEnd(refund: Refund, afterMs = Number.NEGATIVE_INFINITY): void {
    const { agenda, ledger, onDone, onBankLegEnd } = this.#parts;
    const { doneAtMs, bankLeg } = refund;
    if (doneAtMs === null) return;
    if (doneAtMs > afterMs)
      agenda.at(doneAtMs, () => {
        ledger.refundPaid(ledgerRefund(refund), doneAtMs);
        onDone(refund);
      });
    const endsAtMs = bankLeg?.endsAtMs ?? null;
    if (endsAtMs !== null && endsAtMs > afterMs) agenda.at(endsAtMs, () => onBankLegEnd(refund));
  }

  #checkRules({ trade, amountMinor, origin }: Wanted, nowMs: number): void {
    if (trade.madeAs === 'WAIT_BUYER_PAY') throw refused('TRADE_STATUS_ERROR', '交易状态不合法');
    if (trade.madeAs === 'TRADE_CLOSED') throw refused('TRADE_HAS_CLOSE', '交易已关闭');
    const days = this.#parts.merchants.get(trade.sellerId)?.refundableDays ?? REFUNDABLE_DAYS;
    if (trade.madeAs === 'TRADE_FINISHED' || nowMs - trade.paidAtMs > days * DAY_MS)
      throw refused('TRADE_HAS_FINISHED', '交易已完结');
    const taken = sumOf(trade.refunds);
    if (taken === trade.totalMinor) throw refused('TRADE_HAS_CLOSE', '交易已经关闭');
    if (amountMinor > trade.totalMinor) throw refused('REASON_TRADE_REFUND_FEE_ERR', '退款金额无效');
    if (taken + amountMinor > trade.totalMinor) throw refused('REFUND_AMT_NOT_EQUAL_TOTAL', '退款金额超限');
    if (!trade.refundableInParts && amountMinor !== trade.totalMinor)
      throw refused('NOT_ALLOW_PARTIAL_REFUND', '不支持部分退款');
    const last = Math.max(...trade.refunds.map((refund) => refund.acceptedAtMs), Number.NEGATIVE_INFINITY);
    if (origin === 'api' && nowMs - last < SPACING_MS) throw tooOften();
  }

  #checkBalance(sellerId: string, { payerMinor, feeMinor }: Shares): void {
    if (this.#parts.ledger.balanceOf(sellerId) + feeMinor < payerMinor) throw notEnough();
  }
}

export function notEnough(): Error {
  return refused('SELLER_BALANCE_NOT_ENOUGH', '商户的支付宝账户中无足够的资金进行撤销/退款');
}
