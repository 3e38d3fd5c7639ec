/**
 * The witness: every fen goes from one account to another, and whoever doubts Yuanlu's books asks here. It is filled by
 * the channel's rules only; no answer, callback or bill, troubled or not, can change it.
 */
import { formatYuan } from '../domain/money.ts';
import type { Order, Refund } from './model.ts';

export type PostingKind =
  | 'payment'
  | 'payment_fee'
  | 'refund_accepted'
  | 'refund_fee'
  | 'refund_paid'
  | 'refund_closed'
  | 'refund_closed_fee'
  | 'top_up'
  | 'withdrawal'
  | 'opening';

/** One movement of money. */
export interface Posting {
  readonly no: number;
  readonly atMs: number;
  readonly kind: PostingKind;
  readonly mchid: string;
  readonly from: string;
  readonly to: string;
  readonly minor: bigint;
  /** The channel's number of what it is about: transaction_id or refund_id. */
  readonly reference: string;
  /** The merchant's number of it. */
  readonly voucher: string;
  readonly by: 'api' | 'console';
  readonly note: string;
}

/** A refund that reached the payer. */
export interface PaidOut {
  readonly mchid: string;
  readonly outRefundNo: string;
  readonly refundId: string;
  readonly transactionId: string;
  readonly origin: 'api' | 'console';
  /** In terms of the order, as asked for. */
  readonly amountMinor: bigint;
  /** What the payer was given. */
  readonly payerMinor: bigint;
  /** How often it was paid. Anything but 1 is a double payment. */
  readonly count: number;
  readonly firstAt: Date;
}

export interface LedgerView {
  /** Fen by account: `merchant:<mchid>`, `payer:<openid>`, `in_transit:<mchid>`, `fees`, `outside` (negative: what came in). */
  readonly balances: Readonly<Record<string, bigint>>;
  readonly paidOut: readonly PaidOut[];
  /** Payments of a number beyond its first. Must be 0. */
  readonly doublePayments: number;
  /** Orders of which more was paid back than was paid. Must be empty. */
  readonly overRefundedOrders: readonly string[];
  /** Whether the postings, added up anew, give these balances, and all of them together nothing. */
  readonly balanced: boolean;
  readonly postings: number;
}

const OUTSIDE = 'outside';
const FEES = 'fees';

type Movement = Pick<Posting, 'kind' | 'from' | 'to' | 'minor'>;
type Occasion = Omit<Posting, 'no' | keyof Movement>;

export class Ledger {
  readonly #postings: Posting[] = [];
  readonly #balances = new Map<string, bigint>();
  readonly #paidOut = new Map<string, PaidOut>();
  readonly #paidOfOrder = new Map<string, { order: Order; minor: bigint }>();

  balanceOf(mchid: string): bigint {
    return this.#balances.get(merchantAccount(mchid)) ?? 0n;
  }

  open(mchid: string, minor: bigint, atMs: number): void {
    this.#putIn('opening', mchid, minor, atMs);
  }

  topUp(mchid: string, minor: bigint, atMs: number): void {
    this.#putIn('top_up', mchid, minor, atMs);
  }

  /** Money that the merchant takes away to its bank. */
  withdraw(mchid: string, minor: bigint, atMs: number): void {
    const occasion = this.#byHand('withdrawal', mchid, minor, atMs);
    this.#post(occasion, { kind: 'withdrawal', from: merchantAccount(mchid), to: OUTSIDE, minor });
  }

  orderPaid(order: Order): void {
    const merchant = merchantAccount(order.mchid);
    const occasion = ofOrder(order);
    const payer = payerAccount(order);
    this.#post(occasion, { kind: 'payment', from: payer, to: merchant, minor: order.payerMinor });
    this.#post(occasion, { kind: 'payment_fee', from: merchant, to: FEES, minor: order.feeMinor });
  }

  refundAccepted(refund: Refund): void {
    const merchant = merchantAccount(refund.mchid);
    const transit = transitAccount(refund.mchid);
    const occasion = ofRefund(refund, refund.acceptedAtMs);
    this.#post(occasion, { kind: 'refund_accepted', from: merchant, to: transit, minor: refund.payerMinor });
    this.#post(occasion, { kind: 'refund_fee', from: FEES, to: merchant, minor: refund.feeMinor });
  }

  refundPaid(refund: Refund, atMs: number): void {
    const occasion = ofRefund(refund, atMs);
    const payer = payerAccount(refund.order);
    this.#post(occasion, {
      kind: 'refund_paid',
      from: transitAccount(refund.mchid),
      to: payer,
      minor: refund.payerMinor,
    });
    const key = `${refund.mchid}/${refund.outRefundNo}`;
    const before = this.#paidOut.get(key);
    this.#paidOut.set(key, { ...(before ?? firstPayment(refund, atMs)), count: (before?.count ?? 0) + 1 });
    const ofOrder = this.#paidOfOrder.get(refund.order.transactionId)?.minor ?? 0n;
    this.#paidOfOrder.set(refund.order.transactionId, {
      order: refund.order,
      minor: ofOrder + refund.payerMinor,
    });
  }

  refundClosed(refund: Refund, atMs: number): void {
    const merchant = merchantAccount(refund.mchid);
    const transit = transitAccount(refund.mchid);
    const occasion = ofRefund(refund, atMs);
    this.#post(occasion, { kind: 'refund_closed', from: transit, to: merchant, minor: refund.payerMinor });
    this.#post(occasion, { kind: 'refund_closed_fee', from: merchant, to: FEES, minor: refund.feeMinor });
  }

  /** Movements on the merchant's own account, by time. */
  postingsOf(mchid: string): readonly Posting[] {
    const account = merchantAccount(mchid);
    return this.#postings
      .filter((one) => one.from === account || one.to === account)
      .toSorted((one, other) => one.atMs - other.atMs || one.no - other.no);
  }

  /** Every movement, in the order in which it was written down. */
  postings(): readonly Posting[] {
    return [...this.#postings];
  }

  view(): LedgerView {
    const paidOut = [...this.#paidOut.values()];
    return {
      balances: Object.fromEntries([...this.#balances].toSorted(([one], [other]) => (one < other ? -1 : 1))),
      paidOut,
      doublePayments: paidOut.reduce((sum, one) => sum + one.count - 1, 0),
      overRefundedOrders: [...this.#paidOfOrder.values()]
        .filter(({ order, minor }) => minor > order.payerMinor)
        .map(({ order }) => order.outTradeNo),
      balanced: this.#isBalanced(),
      postings: this.#postings.length,
    };
  }

  #isBalanced(): boolean {
    const anew = new Map<string, bigint>();
    for (const { from, to, minor } of this.#postings) {
      anew.set(from, (anew.get(from) ?? 0n) - minor);
      anew.set(to, (anew.get(to) ?? 0n) + minor);
    }
    const total = [...anew.values()].reduce((sum, minor) => sum + minor, 0n);
    return total === 0n && [...this.#balances].every(([account, minor]) => anew.get(account) === minor);
  }

  #putIn(kind: 'opening' | 'top_up', mchid: string, minor: bigint, atMs: number): void {
    const occasion = this.#byHand(kind, mchid, minor, atMs);
    this.#post(occasion, { kind, from: OUTSIDE, to: merchantAccount(mchid), minor });
  }

  #byHand(kind: PostingKind, mchid: string, minor: bigint, atMs: number): Occasion {
    const reference = `${kind}-${mchid}-${String(this.#postings.length)}`;
    return { atMs, mchid, reference, voucher: '', by: 'console', note: formatYuan(minor) };
  }

  #post(occasion: Occasion, movement: Movement): void {
    if (movement.minor === 0n) return;
    const { from, to, minor } = movement;
    this.#balances.set(from, (this.#balances.get(from) ?? 0n) - minor);
    this.#balances.set(to, (this.#balances.get(to) ?? 0n) + minor);
    this.#postings.push({ no: this.#postings.length + 1, ...occasion, ...movement });
  }
}

/** The name of a merchant's account in the ledger. */
export function merchantAccount(mchid: string): string {
  return `merchant:${mchid}`;
}

function transitAccount(mchid: string): string {
  return `in_transit:${mchid}`;
}

function payerAccount(order: Order): string {
  return `payer:${order.openid}`;
}

function ofOrder(order: Order): Occasion {
  return {
    atMs: order.paidAtMs,
    mchid: order.mchid,
    reference: order.transactionId,
    voucher: order.outTradeNo,
    by: 'api',
    note: order.goodsName,
  };
}

function ofRefund(refund: Refund, atMs: number): Occasion {
  return {
    atMs,
    mchid: refund.mchid,
    reference: refund.refundId,
    voucher: refund.outRefundNo,
    by: refund.origin,
    note: refund.reason ?? '',
  };
}

function firstPayment(refund: Refund, atMs: number): Omit<PaidOut, 'count'> {
  return {
    mchid: refund.mchid,
    outRefundNo: refund.outRefundNo,
    refundId: refund.refundId,
    transactionId: refund.order.transactionId,
    origin: refund.origin,
    amountMinor: refund.amountMinor,
    payerMinor: refund.payerMinor,
    firstAt: new Date(atMs),
  };
}
