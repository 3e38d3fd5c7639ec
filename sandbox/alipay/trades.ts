/** Trades that payers paid: made by the control side, since nobody shops here. */
import { AppError } from '../../domain/errors.ts';
import type { Dice } from '../dice.ts';
import { refill } from '../refill.ts';
import { compactDate, wholeSecond } from '../instants.ts';
import { feeOf } from '../shares.ts';
import type { TradeName } from './content.ts';
import type { NewTrade, SandboxMerchant, Trade } from './model.ts';
import { tradeNotExist } from './problem.ts';

/** Names as shops write them: commas are what bills are hard to read for, since nothing marks them there. */
const GOODS: readonly [string, ...string[]] = [
  '机械键盘',
  '蓝牙耳机, 白色',
  '保温杯 500ml',
  '连衣裙（夏）, M, 藏青',
  '龙井茶“礼盒”',
  '儿童绘本《小猫, 你好》',
  '𠮷野家 双人餐 €券',
];
const SURNAMES: readonly [string, ...string[]] = ['明', '芳', '强', '雯', '磊'];

/** The merchant's rate, 0.60 %, in 1/10000. */
const FEE_RATE = 60n;
const AMOUNT_MAX = 10_000_000_000n;

export interface KeptTrades {
  readonly byNo: ReadonlyMap<string, Trade>;
  readonly byOutNo: ReadonlyMap<string, Trade>;
}

export class Trades {
  readonly #dice: Dice;
  readonly #merchants: ReadonlyMap<string, SandboxMerchant>;
  readonly #notifyHosts: ReadonlySet<string>;
  readonly #byNo = new Map<string, Trade>();
  readonly #byOutNo = new Map<string, Trade>();

  /**
   * @param merchants by their seller id; the first is meant where none is named
   * @param notifyHosts where notices may go: the sandbox does not talk to strangers
   */
  constructor(merchants: ReadonlyMap<string, SandboxMerchant>, dice: Dice, notifyHosts: ReadonlySet<string>) {
    this.#notifyHosts = notifyHosts;
    this.#merchants = merchants;
    this.#dice = dice;
  }

  snapshot(): KeptTrades {
    return { byNo: this.#byNo, byOutNo: this.#byOutNo };
  }

  restore(kept: KeptTrades): void {
    refill(this.#byNo, kept.byNo);
    refill(this.#byOutNo, kept.byOutNo);
  }

  /** @throws AppError `request_invalid` */
  add(wanted: NewTrade, nowMs: number): Trade {
    const wrong = (field: string, issue: string): AppError =>
      new AppError('request_invalid', { [field]: issue });
    const sellerId = wanted.merchantNo ?? [...this.#merchants.keys()][0] ?? '';
    const merchant = this.#merchants.get(sellerId);
    if (merchant === undefined) throw wrong('merchant_no', `${sellerId} is no merchant of this sandbox`);
    if (!/^[0-9A-Za-z_-]{1,64}$/.test(wanted.paymentNo))
      throw wrong('payment_no', 'is not 1 to 64 of letters, digits, _ and -');
    if (this.#byOutNo.has(`${sellerId}/${wanted.paymentNo}`))
      throw wrong('payment_no', `${wanted.paymentNo} exists`);
    const discount = wanted.discountMinor ?? 0n;
    if (wanted.amountMinor < 1n || wanted.amountMinor > AMOUNT_MAX)
      throw wrong('amount_minor', `is not between 1 and ${String(AMOUNT_MAX)}`);
    if (discount < 0n || discount >= wanted.amountMinor) throw wrong('discount_minor', 'pays it all');
    if (wanted.paidAt !== undefined && !(wanted.paidAt.getTime() <= nowMs))
      throw wrong('paid_at', 'has not come yet');
    if (!this.#mayNotify(wanted.notifyUrl))
      throw wrong('notify_url', 'is no http address of a host that notices may go to');
    const trade = this.#make(wanted, merchant, nowMs);
    this.#byNo.set(trade.tradeNo, trade);
    this.#byOutNo.set(`${sellerId}/${trade.outTradeNo}`, trade);
    return trade;
  }

  all(): readonly Trade[] {
    return [...this.#byNo.values()];
  }

  of(sellerId: string): readonly Trade[] {
    return this.all().filter((trade) => trade.sellerId === sellerId);
  }

  /** The trade of this merchant. @throws AlipayProblem ACQ.TRADE_NOT_EXIST */
  named(sellerId: string, { tradeNo, outTradeNo }: TradeName): Trade {
    const trade =
      tradeNo === undefined ? this.#byOutNo.get(`${sellerId}/${outTradeNo ?? ''}`) : this.#byNo.get(tradeNo);
    if (trade?.sellerId !== sellerId) throw tradeNotExist();
    return trade;
  }

  #mayNotify(url: string | undefined): boolean {
    if (url === undefined) return true;
    const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
    return /^https?:$/.test(protocol) && this.#notifyHosts.has(hostname);
  }

  #make(wanted: NewTrade, merchant: SandboxMerchant, nowMs: number): Trade {
    const { sellerId, appId } = merchant;
    const dice = this.#dice;
    const key = `${sellerId}/${wanted.paymentNo}`;
    const paidAtMs = wholeSecond(wanted.paidAt?.getTime() ?? nowMs);
    const discountMinor = wanted.discountMinor ?? 0n;
    const payerMinor = wanted.amountMinor - discountMinor;
    // Only to the ten thousandth the numbers could collide: the running number keeps them apart.
    const running = String(this.#byNo.size + 1).padStart(8, '0');
    const phone = `138******${dice.digits(`${key}/phone`, 2)}`;
    return {
      sellerId,
      appId,
      tradeNo: `${compactDate(paidAtMs)}22001${dice.digits(`${key}/id`, 7)}${running}`,
      outTradeNo: wanted.paymentNo,
      totalMinor: wanted.amountMinor,
      discountMinor,
      payerMinor,
      feeMinor: feeOf(payerMinor, FEE_RATE),
      buyerId: `2088${dice.digits(`${key}/buyer`, 12)}`,
      buyerLogonId: phone,
      buyerName: `**${dice.pick(`${key}/name`, SURNAMES)}(${phone})`,
      source: wanted.source ?? 'wallet',
      goodsName: wanted.goodsName ?? dice.pick(`${key}/goods`, GOODS),
      madeAs: wanted.tradeStatus ?? 'TRADE_SUCCESS',
      refundableInParts: wanted.refundableInParts ?? true,
      notifyUrl: wanted.notifyUrl ?? merchant.notifyUrl ?? null,
      paidAtMs,
      refunds: [],
    };
  }
}

/** Whether money was paid for it: a closed trade may be one that nobody ever paid. */
export function wasPaid({ madeAs }: Trade): boolean {
  return madeAs === 'TRADE_SUCCESS' || madeAs === 'TRADE_FINISHED';
}
