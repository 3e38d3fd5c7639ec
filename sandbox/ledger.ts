/**
 * The witness: every fen goes from one account to another, and whoever doubts Yuanlu's books asks here. It is filled by
 * the channel's rules only; no answer, callback or bill, troubled or not, can change it.
 */
import { formatYuan } from '../domain/money.ts';
import type { FundAccount } from './ledger-accounts.ts';
import { FEES, OUTSIDE, merchantAccount, payerAccount, transitAccount } from './ledger-accounts.ts';
import type {
  KeptLedger,
  PostingKind,
  LedgerPayment,
  LedgerRefund,
  Posting,
  PaidOut,
  LedgerView,
} from './ledger-words.ts';
import { refill, refillList } from './refill.ts';

/** A million yuan. */
const OPENING_BALANCE_MINOR = 100_000_000n;

type Movement = Pick<Posting, 'kind' | 'from' | 'to' | 'minor'>;
type Occasion = Omit<Posting, 'no' | keyof Movement>;

export class Ledger {
  readonly #postings: Posting[] = [];
  readonly #balances = new Map<string, bigint>();
  readonly #paidOut = new Map<string, PaidOut>();
  readonly #paidOfPayment = new Map<string, { payment: LedgerPayment; minor: bigint }>();

  snapshot(): KeptLedger {
    const [postings, balances, paidOut] = [this.#postings, this.#balances, this.#paidOut];
    return { postings, balances, paidOut, paidOfPayment: this.#paidOfPayment };
  }

  restore(kept: KeptLedger): void {
    refillList(this.#postings, kept.postings);
    refill(this.#balances, kept.balances);
    refill(this.#paidOut, kept.paidOut);
    refill(this.#paidOfPayment, kept.paidOfPayment);
  }

  /** Whether the merchant has an account. */
  knows(merchantNo: string): boolean {
    return this.#balances.has(merchantAccount(merchantNo));
  }

  balanceOf(merchantNo: string, fund?: FundAccount): bigint {
    return this.#balances.get(merchantAccount(merchantNo, fund)) ?? 0n;
  }

  /** What a merchant begins with, before all time. */
  open(merchantNo: string, minor = OPENING_BALANCE_MINOR): void {
    this.#putIn('opening', merchantNo, minor, Number.NEGATIVE_INFINITY);
  }

  topUp(merchantNo: string, minor: bigint, atMs: number): void {
    this.#putIn('top_up', merchantNo, minor, atMs);
  }

  /** Money that the merchant takes away to its bank. */
  withdraw(merchantNo: string, minor: bigint, atMs: number): void {
    const occasion = this.#byHand('withdrawal', merchantNo, minor, atMs);
    this.#post(occasion, { kind: 'withdrawal', from: merchantAccount(merchantNo), to: OUTSIDE, minor });
  }

  /** Money that the merchant moves between two of its fund accounts. */
  transfer(merchantNo: string, o: { from: FundAccount; to: FundAccount; minor: bigint; atMs: number }): void {
    const occasion = this.#byHand('transfer', merchantNo, o.minor, o.atMs);
    const [from, to] = [merchantAccount(merchantNo, o.from), merchantAccount(merchantNo, o.to)];
    this.#post(occasion, { kind: 'transfer', from, to, minor: o.minor });
  }

  paid(payment: LedgerPayment): void {
    const merchant = merchantAccount(payment.merchantNo);
    const [occasion, payer] = [ofPayment(payment), payerAccount(payment)];
    this.#post(occasion, { kind: 'payment', from: payer, to: merchant, minor: payment.payerMinor });
    this.#post(occasion, {
      kind: 'payment_fee',
      from: feeAccount(payment),
      to: FEES,
      minor: payment.feeMinor,
    });
  }

  refundAccepted(refund: LedgerRefund): void {
    const { merchantNo } = refund.payment;
    const [merchant, transit] = [payingAccount(refund), transitAccount(merchantNo)];
    const occasion = ofRefund(refund, refund.acceptedAtMs);
    this.#post(occasion, { kind: 'refund_accepted', from: merchant, to: transit, minor: refund.payerMinor });
    this.#post(occasion, {
      kind: 'refund_fee',
      from: FEES,
      to: feeAccount(refund.payment),
      minor: refund.feeMinor,
    });
  }

  refundPaid(refund: LedgerRefund, atMs: number): void {
    const occasion = ofRefund(refund, atMs);
    const payer = payerAccount(refund.payment);
    this.#post(occasion, {
      kind: 'refund_paid',
      from: transitAccount(refund.payment.merchantNo),
      to: payer,
      minor: refund.payerMinor,
    });
    const key = `${refund.payment.merchantNo}/${refund.uniqueWithin ?? ''}/${refund.refundNo}`;
    const before = this.#paidOut.get(key);
    this.#paidOut.set(key, { ...(before ?? firstPayment(refund, atMs)), count: (before?.count ?? 0) + 1 });
    const ofPayment = this.#paidOfPayment.get(refund.payment.transactionId)?.minor ?? 0n;
    this.#paidOfPayment.set(refund.payment.transactionId, {
      payment: refund.payment,
      minor: ofPayment + refund.payerMinor,
    });
  }

  refundClosed(refund: LedgerRefund, atMs: number): void {
    const [merchant, fee] = [payingAccount(refund), feeAccount(refund.payment)];
    const transit = transitAccount(refund.payment.merchantNo);
    const occasion = ofRefund(refund, atMs);
    this.#post(occasion, { kind: 'refund_closed', from: transit, to: merchant, minor: refund.payerMinor });
    this.#post(occasion, { kind: 'refund_closed_fee', from: fee, to: FEES, minor: refund.feeMinor });
  }

  /** The payer's bank sends back what had reached the payer. It stays paid out; that it came back is another matter. */
  refundReturned(refund: LedgerRefund, atMs: number): void {
    const [merchant, payer] = [payingAccount(refund), payerAccount(refund.payment)];
    const [occasion, fee] = [ofRefund(refund, atMs), feeAccount(refund.payment)];
    this.#post(occasion, { kind: 'refund_returned', from: payer, to: merchant, minor: refund.payerMinor });
    this.#post(occasion, { kind: 'refund_returned_fee', from: fee, to: FEES, minor: refund.feeMinor });
  }

  /** What the payer's bank did not take goes back to the merchant for good; the fee for it is not asked back. */
  refundRedirected(refund: LedgerRefund, atMs: number): void {
    const { payment, payerMinor: minor } = refund;
    const [from, to] = [transitAccount(payment.merchantNo), merchantAccount(payment.merchantNo)];
    this.#post(ofRefund(refund, atMs), { kind: 'refund_redirected', from, to, minor });
  }

  /** Movements on one of the merchant's own accounts, by time. */
  postingsOf(merchantNo: string, fund?: FundAccount): readonly Posting[] {
    const account = merchantAccount(merchantNo, fund);
    return this.#postings
      .filter(({ from, to }) => from === account || to === account)
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
      overRefundedPayments: [...this.#paidOfPayment.values()]
        .filter(({ payment, minor }) => minor > payment.payerMinor)
        .map(({ payment }) => payment.paymentNo),
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

  #putIn(kind: 'opening' | 'top_up', merchantNo: string, minor: bigint, atMs: number): void {
    const to = merchantAccount(merchantNo);
    this.#post(this.#byHand(kind, merchantNo, minor, atMs), { kind, from: OUTSIDE, to, minor });
  }

  #byHand(kind: PostingKind, merchantNo: string, minor: bigint, atMs: number): Occasion {
    const reference = `${kind}-${merchantNo}-${String(this.#postings.length)}`;
    return { atMs, merchantNo, reference, voucher: '', by: 'console', note: formatYuan(minor) };
  }

  #post(occasion: Occasion, movement: Movement): void {
    if (movement.minor === 0n) return;
    const { from, to, minor } = movement;
    this.#balances.set(from, (this.#balances.get(from) ?? 0n) - minor);
    this.#balances.set(to, (this.#balances.get(to) ?? 0n) + minor);
    this.#postings.push({ no: this.#postings.length + 1, ...occasion, ...movement });
  }
}

function payingAccount({ payment, paidFrom }: LedgerRefund): string {
  return merchantAccount(payment.merchantNo, paidFrom);
}

function feeAccount({ merchantNo, feeFrom }: LedgerPayment): string {
  return merchantAccount(merchantNo, feeFrom);
}

function ofPayment(payment: LedgerPayment): Occasion {
  return {
    atMs: payment.paidAtMs,
    merchantNo: payment.merchantNo,
    reference: payment.transactionId,
    voucher: payment.paymentNo,
    by: 'api',
    note: payment.note,
  };
}

function ofRefund(refund: LedgerRefund, atMs: number): Occasion {
  return {
    atMs,
    merchantNo: refund.payment.merchantNo,
    reference: refund.channelRefundNo,
    voucher: refund.refundNo,
    by: refund.origin,
    note: refund.note,
  };
}

function firstPayment(refund: LedgerRefund, atMs: number): Omit<PaidOut, 'count'> {
  return {
    merchantNo: refund.payment.merchantNo,
    refundNo: refund.refundNo,
    channelRefundNo: refund.channelRefundNo,
    transactionId: refund.payment.transactionId,
    origin: refund.origin,
    amountMinor: refund.amountMinor,
    payerMinor: refund.payerMinor,
    firstAt: new Date(atMs),
  };
}
