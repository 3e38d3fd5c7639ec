/** Orders that payers paid: made by the control plane, since nobody shops here. */
import { AppError } from '../../domain/errors.ts';
import type { Dice } from '../dice.ts';
import { compactDate, wholeSecond } from '../instants.ts';
import type { NewOrder, Order, PaySource, SandboxMerchant } from './model.ts';
import { refill } from '../refill.ts';
import { feeOf } from '../shares.ts';
import { notFound } from './problem.ts';

/** Banks by kind of card: WeChat's code, and the words in front of the card's tail. */
const BANKS: Readonly<Record<PaySource, readonly [Bank, ...Bank[]]>> = {
  wallet: [{ code: 'CFT', account: '支付用户零钱' }],
  debit_card: [
    { code: 'ICBC_DEBIT', account: '工商银行储蓄卡' },
    { code: 'CCB_DEBIT', account: '建设银行储蓄卡' },
    { code: 'PSBC_DEBIT', account: '邮储银行储蓄卡' },
  ],
  credit_card: [
    { code: 'CMB_CREDIT', account: '招商银行信用卡' },
    { code: 'BOC_CREDIT', account: '中国银行信用卡' },
  ],
};

interface Bank {
  readonly code: string;
  readonly account: string;
}

/** Names as shops write them: commas, quotes and backticks are what bills are hard to read for. */
const GOODS: readonly [string, ...string[]] = [
  '蓝牙耳机, 白色',
  '保温杯 500ml',
  '"限量版" T恤, XL, 黑',
  "Men's jacket, 42",
  '龙井茶`礼盒`',
  '儿童绘本《小猫, 你好》',
  '手机壳 (透明), 2件',
];

/** The merchant's rate, 0.60 %, in 1/10000. */
const FEE_RATE = 60n;

export interface KeptOrders {
  readonly byTransaction: ReadonlyMap<string, Order>;
  readonly byOutTradeNo: ReadonlyMap<string, Order>;
}

export class Orders {
  readonly #dice: Dice;
  readonly #feesBalanceOf: (mchid: string) => bigint;
  readonly #merchants: ReadonlyMap<string, SandboxMerchant>;
  readonly #byTransaction = new Map<string, Order>();
  readonly #byOutTradeNo = new Map<string, Order>();

  /** @param feesBalanceOf What is on the account from which a merchant's fees can be taken */
  constructor(
    merchants: ReadonlyMap<string, SandboxMerchant>,
    dice: Dice,
    feesBalanceOf: (mchid: string) => bigint,
  ) {
    this.#merchants = merchants;
    this.#dice = dice;
    this.#feesBalanceOf = feesBalanceOf;
  }

  snapshot(): KeptOrders {
    return { byTransaction: this.#byTransaction, byOutTradeNo: this.#byOutTradeNo };
  }

  restore(kept: KeptOrders): void {
    refill(this.#byTransaction, kept.byTransaction);
    refill(this.#byOutTradeNo, kept.byOutTradeNo);
  }

  /** @throws AppError `request_invalid` */
  add(wanted: NewOrder, nowMs: number): Order {
    const mchid = wanted.merchantNo ?? [...this.#merchants.keys()][0] ?? '';
    const merchant = this.#merchants.get(mchid);
    if (merchant === undefined)
      throw new AppError('request_invalid', { merchant_no: `${mchid} is no merchant of this sandbox` });
    if (!/^[0-9A-Za-z_\-|*@]{6,32}$/.test(wanted.paymentNo)) {
      throw new AppError('request_invalid', { payment_no: 'is not 6 to 32 of letters, digits, _-|*@' });
    }
    if (this.#byOutTradeNo.has(`${mchid}/${wanted.paymentNo}`)) {
      throw new AppError('request_invalid', { payment_no: `${wanted.paymentNo} exists` });
    }
    const coupon = wanted.couponMinor ?? 0n;
    if (wanted.amountMinor < 1n || coupon < 0n || coupon >= wanted.amountMinor) {
      throw new AppError('request_invalid', { amount_minor: 'is below 1, or the coupon pays it all' });
    }
    if (wanted.paidAt !== undefined && !(wanted.paidAt.getTime() <= nowMs)) {
      throw new AppError('request_invalid', { paid_at: 'has not come yet' });
    }
    const order = this.#make({ ...wanted, source: sourceOf(wanted) }, merchant, nowMs);
    if (order.feeAccount === 'FEES' && this.#feesBalanceOf(mchid) < order.feeMinor)
      throw new AppError('request_invalid', { fee_account: 'has less than the fee' });
    this.#byTransaction.set(order.transactionId, order);
    this.#byOutTradeNo.set(`${mchid}/${order.outTradeNo}`, order);
    return order;
  }

  byTransaction(mchid: string, transactionId: string): Order | undefined {
    const order = this.#byTransaction.get(transactionId);
    return order?.mchid === mchid ? order : undefined;
  }

  byOutTradeNo(mchid: string, outTradeNo: string): Order | undefined {
    return this.#byOutTradeNo.get(`${mchid}/${outTradeNo}`);
  }

  all(): readonly Order[] {
    return [...this.#byTransaction.values()];
  }

  of(mchid: string): readonly Order[] {
    return [...this.#byTransaction.values()].filter((order) => order.mchid === mchid);
  }

  /** The order that a refund names by one number or both. @throws WechatProblem 404, or 400 when they name two orders */
  named(
    mchid: string,
    names: { transactionId?: string | undefined; outTradeNo?: string | undefined },
  ): Order {
    const { transactionId, outTradeNo } = names;
    const found = [
      ...(transactionId === undefined ? [] : [this.byTransaction(mchid, transactionId)]),
      ...(outTradeNo === undefined ? [] : [this.byOutTradeNo(mchid, outTradeNo)]),
    ];
    const [order] = found;
    if (order === undefined || found.some((one) => one !== order)) throw notFound('订单不存在');
    return order;
  }

  #make(wanted: NewOrder & { readonly source: PaySource }, merchant: SandboxMerchant, nowMs: number): Order {
    const { mchid, appid } = merchant;
    const { source } = wanted;
    const key = `${mchid}/${wanted.paymentNo}`;
    const paidAtMs = wholeSecond(wanted.paidAt?.getTime() ?? nowMs);
    const bank = this.#dice.pick(`${key}/bank`, BANKS[source]);
    const couponMinor = wanted.couponMinor ?? 0n;
    const payerMinor = wanted.amountMinor - couponMinor;
    // Only to the hundred thousandth the numbers could collide: the running number in the middle keeps them apart.
    const running = String(this.#byTransaction.size + 1).padStart(7, '0');
    return {
      mchid,
      appid,
      transactionId: `4200002211${compactDate(paidAtMs)}${running}${this.#dice.digits(`${key}/id`, 3)}`,
      outTradeNo: wanted.paymentNo,
      totalMinor: wanted.amountMinor,
      couponMinor,
      payerMinor,
      feeMinor: feeOf(payerMinor, FEE_RATE),
      openid: `o${this.#dice.digits(`${key}/payer`, 27)}`,
      source,
      bankType: bank.code,
      payerAccount: source === 'wallet' ? bank.account : bank.account + this.#dice.digits(`${key}/card`, 4),
      goodsName: wanted.goodsName ?? this.#dice.pick(`${key}/goods`, GOODS),
      attach: wanted.attach ?? '',
      tradeState: wanted.tradeState ?? 'SUCCESS',
      ...(wanted.feeAccount === undefined ? {} : { feeAccount: wanted.feeAccount }),
      paidAtMs,
      refunds: [],
    };
  }
}

function sourceOf({ source = 'wallet' }: NewOrder): PaySource {
  if (source !== 'credit_line') return source;
  throw new AppError('request_invalid', { source: 'WeChat Pay has no credit of its own' });
}
