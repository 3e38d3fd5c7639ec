/** Payments that payers made: by the control plane, since nobody shops here. */
import { AppError } from '../../domain/errors.ts';
import type { Dice } from '../dice.ts';
import { wholeSecond } from '../instants.ts';
import { refill } from '../refill.ts';
import { feeOf } from '../shares.ts';
import { GatewayRefusal } from './codes.ts';
import type { NewOrder, PaySource, Payment } from './model.ts';
import { PAY_SOURCES } from './model.ts';
import type { TradeNumbers } from './numbers.ts';
import { txnTimeOf } from './numbers.ts';
import { SHAPES } from './shapes.ts';

/** The merchant's rate, 0.60 %, in 1/10000. */
const FEE_RATE = 60n;
const WEB = '000201';
/** First six digits of cards by kind, as banks have them. */
const ISSUERS: Readonly<Record<PaySource, readonly [string, ...string[]]>> = {
  debit_card: ['622609', '621700', '622848'],
  credit_card: ['622575', '625965'],
};

export interface KeptPayments {
  readonly byQueryId: ReadonlyMap<string, Payment>;
  readonly byOrderId: ReadonlyMap<string, Payment>;
  readonly lastTraceNo: number;
}

export class Payments {
  readonly #merIds: readonly [string, ...string[]];
  readonly #dice: Dice;
  readonly #numbers: TradeNumbers;
  readonly #byQueryId = new Map<string, Payment>();
  readonly #byOrderId = new Map<string, Payment>();

  constructor(merIds: readonly [string, ...string[]], dice: Dice, numbers: TradeNumbers) {
    this.#merIds = merIds;
    this.#dice = dice;
    this.#numbers = numbers;
  }

  snapshot(): KeptPayments {
    const [byQueryId, byOrderId] = [this.#byQueryId, this.#byOrderId];
    return { byQueryId, byOrderId, lastTraceNo: this.#numbers.snapshot() };
  }

  restore(kept: KeptPayments): void {
    refill(this.#byQueryId, kept.byQueryId);
    refill(this.#byOrderId, kept.byOrderId);
    this.#numbers.restore(kept.lastTraceNo);
  }

  /** @throws AppError `request_invalid` */
  add(wanted: NewOrder, nowMs: number): Payment {
    const wrong = (name: string, issue: string): AppError =>
      new AppError('request_invalid', { [name]: issue });
    const { merchantNo: merId = this.#merIds[0], paymentNo, amountMinor, paidAt } = wanted;
    if (!this.#merIds.includes(merId)) throw wrong('merchant_no', `${merId} is no merchant of this sandbox`);
    if (!SHAPES.orderId.test(paymentNo)) throw wrong('payment_no', 'is not 8 to 32 letters and digits');
    if (this.#byOrderId.has(`${merId}/${paymentNo}`)) throw wrong('payment_no', `${paymentNo} exists`);
    if (amountMinor < 1n || amountMinor > 999_999_999_999n)
      throw wrong('amount_minor', 'is not 1 to 12 digits');
    if (paidAt !== undefined && !(paidAt.getTime() <= nowMs)) throw wrong('paid_at', 'has not come yet');
    const payment = this.#make({ ...wanted, source: sourceOf(wanted) }, merId, nowMs);
    this.#byQueryId.set(payment.queryId, payment);
    this.#byOrderId.set(`${merId}/${paymentNo}`, payment);
    return payment;
  }

  byOrderId(merId: string, orderId: string): Payment | undefined {
    return this.#byOrderId.get(`${merId}/${orderId}`);
  }

  all(): readonly Payment[] {
    return [...this.#byQueryId.values()];
  }

  /** The payment that a return names: by UnionPay's number, or by the merchant's number and time. @throws GatewayRefusal 35 */
  named(merId: string, names: OriginalNames): Payment {
    const byNumber = names.queryId === undefined ? undefined : this.#byQueryId.get(names.queryId);
    const byOrder = names.orderId === undefined ? undefined : this.byOrderId(merId, names.orderId);
    const found = names.queryId === undefined ? byOrder : byNumber;
    if (found?.merId !== merId) throw new GatewayRefusal('35');
    if (names.orderId !== undefined && names.orderId !== found.orderId) throw new GatewayRefusal('36');
    if (names.txnTime !== undefined && names.txnTime !== found.txnTime) throw new GatewayRefusal('35');
    return found;
  }

  #make(wanted: NewOrder & { readonly source: PaySource }, merId: string, nowMs: number): Payment {
    const { paymentNo: orderId, amountMinor, source } = wanted;
    const key = `${merId}/${orderId}`;
    const acceptedAtMs = wholeSecond(wanted.paidAt?.getTime() ?? nowMs);
    const issuer = this.#dice.pick(`${key}/issuer`, ISSUERS[source]);
    return {
      ...{ merId, txnType: '01', bizType: wanted.bizType ?? WEB, channelType: '07', orderId },
      ...{ txnTime: txnTimeOf(acceptedAtMs), ...this.#numbers.next('44', acceptedAtMs) },
      ...{ amountMinor, feeMinor: feeOf(amountMinor, FEE_RATE), acceptedAtMs, reqReserved: '' },
      source,
      payer: `c${this.#dice.digits(`${key}/payer`, 20)}`,
      accNo: `${issuer}******${this.#dice.digits(`${key}/card`, 4)}`,
      goodsName: wanted.goodsName ?? '',
      respCode: wanted.respCode ?? '00',
      returns: [],
    };
  }
}

/** How a return names what it gives back. */
export interface OriginalNames {
  readonly queryId?: string | undefined;
  readonly orderId?: string | undefined;
  readonly txnTime?: string | undefined;
}

function sourceOf({ source = 'debit_card' }: NewOrder): PaySource {
  const known = PAY_SOURCES.find((one) => one === source);
  if (known !== undefined) return known;
  throw new AppError('request_invalid', { source: `UnionPay takes cards only, not ${source}` });
}
