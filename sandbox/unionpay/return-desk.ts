/** Where refunds and cancellations are taken on, by UnionPay's rules, and brought to their end. */
import type { Agenda } from '../agenda.ts';
import type { Dice } from '../dice.ts';
import { wholeSecond } from '../instants.ts';
import type { Ledger } from '../ledger.ts';
import { refill } from '../refill.ts';
import { sharesOf, sumOf } from '../shares.ts';
import type { TroublePlan } from '../trouble-plan.ts';
import { GatewayRefusal } from './codes.ts';
import { ledgerRefund } from './ledger-entries.ts';
import type { Bounce, Payment, Return, Verdict } from './model.ts';
import { isLive, isSuccess } from './model.ts';
import type { TradeNumbers } from './numbers.ts';
import { clearingDateOf, txnTimeOf } from './numbers.ts';
import type { Payments } from './payments.ts';
import { isWithinMonths } from './refund-period.ts';
import type { ReturnRequest } from './return-request.ts';
import type { RefundTrouble } from './troubles.ts';
import { planBounce, planVerdict } from './verdict.ts';

/** The documented period. */
const REFUNDABLE_MONTHS = 11;

export interface DeskParts {
  readonly payments: Payments;
  readonly numbers: TradeNumbers;
  readonly ledger: Ledger;
  readonly agenda: Agenda;
  readonly plan: TroublePlan<RefundTrouble>;
  readonly dice: Dice;
  /** Told once about each return when it is taken on, and once when it ends. */
  onAccepted(one: Return): void;
  onEnd(one: Return): void;
}

/** What is asked for, by the API or by a hand in the console. */
type Wanted = Omit<ReturnRequest, 'original' | 'backUrl'> & Pick<Return, 'payment' | 'origin' | 'backUrl'>;

export interface KeptReturns {
  readonly returns: ReadonlyMap<string, Return>;
  readonly taken: readonly string[];
}

export class ReturnDesk {
  readonly #parts: DeskParts;
  readonly #returns = new Map<string, Return>();
  /** Numbers by the day for which they were used. */
  readonly #taken = new Set<string>();

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  snapshot(): KeptReturns {
    return { returns: this.#returns, taken: [...this.#taken] };
  }

  /** @param atMs What was due until then had happened */
  restore(kept: KeptReturns, atMs: number): void {
    refill(this.#returns, kept.returns);
    for (const one of kept.taken) this.#taken.add(one);
    for (const one of kept.returns.values()) {
      const { verdict, bounce } = one;
      if (verdict !== null && verdict.atMs > atMs)
        this.#parts.agenda.at(verdict.atMs, () => this.#end(one, verdict));
      else if (bounce !== null && bounce.atMs > atMs) this.#bounceInTime(one, bounce);
    }
  }

  /** What was taken on under this number and time. */
  find(merId: string, orderId: string, txnTime: string): Return | undefined {
    return this.#returns.get(`${merId}/${orderId}/${txnTime}`);
  }

  /** The newest that was taken on under this number. */
  newest(merId: string, orderId: string): Return | undefined {
    return this.all().findLast((one) => one.merId === merId && one.orderId === orderId);
  }

  all(): readonly Return[] {
    return [...this.#returns.values()];
  }

  of(merId: string): readonly Return[] {
    return this.all().filter((one) => one.merId === merId);
  }

  /**
   * What was taken on before under this number and time. A number is good for one trade a day, whatever the time of it.
   * @throws GatewayRefusal 12 when the day's trade of this number is another
   */
  repeated(merId: string, { orderId, txnTime }: ReturnRequest): Return | undefined {
    const same = this.find(merId, orderId, txnTime);
    if (same !== undefined) {
      same.attempts += 1;
      return same;
    }
    const payment = this.#parts.payments.byOrderId(merId, orderId);
    const isPayments = payment !== undefined && dayOf(payment) === dayOf({ txnTime });
    if (isPayments || this.#taken.has(`${merId}/${orderId}/${dayOf({ txnTime })}`))
      throw new GatewayRefusal('12');
    return undefined;
  }

  /** Takes a return on. @throws GatewayRefusal when a rule says no */
  accept(merId: string, request: ReturnRequest, nowMs: number): Return {
    const payment = this.#parts.payments.named(merId, request.original);
    if (payment.bizType !== request.bizType) throw new GatewayRefusal('36', 'bizType');
    return this.#open({ ...request, payment, origin: 'api' }, nowMs);
  }

  /** A refund made by a person in the merchant console, under a number that UnionPay makes. @throws GatewayRefusal */
  acceptByHand(payment: Payment, amountMinor: bigint, reason: string, nowMs: number): Return {
    if (amountMinor < 1n) throw new GatewayRefusal('10', 'txnAmt');
    const { bizType, channelType } = payment;
    const running = String(this.#returns.size + 1).padStart(6, '0');
    const orderId = `MSP${txnTimeOf(nowMs)}${running}`;
    return this.#open(
      {
        ...{ txnType: '04', bizType, channelType, orderId, txnTime: txnTimeOf(nowMs), amountMinor },
        ...{ payment, reqReserved: reason, backUrl: null, origin: 'console' },
      },
      nowMs,
    );
  }

  #open(wanted: Wanted, nowMs: number): Return {
    const { payment, amountMinor } = wanted;
    const live = payment.returns.filter((one) => isLive(one, nowMs));
    checkRules(wanted, live, nowMs);
    const acceptedAtMs = wholeSecond(nowMs);
    const verdict = this.#verdictOf(wanted, acceptedAtMs);
    const bouncesAtMs = planBounce(wanted.orderId, verdict, this.#parts.plan);
    const one: Return = {
      ...wanted,
      merId: payment.merId,
      ...this.#parts.numbers.next('05', acceptedAtMs),
      feeMinor: feeBack(payment, live, amountMinor),
      acceptedAtMs,
      verdict,
      bounce:
        bouncesAtMs === null
          ? null
          : { atMs: bouncesAtMs, traceNo: this.#parts.numbers.next('05', bouncesAtMs).traceNo },
      attempts: 1,
    };
    payment.returns.push(one);
    this.#returns.set(`${one.merId}/${one.orderId}/${one.txnTime}`, one);
    this.#taken.add(`${one.merId}/${one.orderId}/${dayOf(one)}`);
    this.#parts.ledger.refundAccepted(ledgerRefund(one));
    if (verdict !== null) this.#parts.agenda.at(verdict.atMs, () => this.#end(one, verdict));
    this.#parts.onAccepted(one);
    return one;
  }

  /** A cancellation is done at once. */
  #verdictOf({ txnType, payment, orderId }: Wanted, acceptedAtMs: number): Verdict | null {
    if (txnType === '31') return { respCode: '00', atMs: acceptedAtMs };
    return planVerdict({ merId: payment.merId, orderId }, acceptedAtMs, this.#parts);
  }

  #end(one: Return, { respCode, atMs }: Verdict): void {
    const { ledger } = this.#parts;
    if (one.bounce !== null) this.#bounceInTime(one, one.bounce);
    if (isSuccess(respCode)) ledger.refundPaid(ledgerRefund(one), atMs);
    else ledger.refundClosed(ledgerRefund(one), atMs);
    this.#parts.onEnd(one);
  }

  #bounceInTime(one: Return, { atMs }: Bounce): void {
    const { ledger, agenda } = this.#parts;
    agenda.at(atMs, () => ledger.refundReturned(ledgerRefund(one), atMs));
  }
}

function dayOf({ txnTime }: { readonly txnTime: string }): string {
  return txnTime.slice(0, 8);
}

/** @param live what holds or took a part of the payment @throws GatewayRefusal */
function checkRules({ payment, amountMinor, txnType }: Wanted, live: readonly Return[], nowMs: number): void {
  if (!isSuccess(payment.respCode)) throw new GatewayRefusal('35');
  const left = payment.amountMinor - sumOf(live);
  if (left === 0n) throw new GatewayRefusal('45');
  if (txnType === '31') {
    const isSameDay = clearingDateOf(payment.acceptedAtMs) === clearingDateOf(nowMs);
    if (!isSameDay || live.length > 0) throw new GatewayRefusal('35');
    if (amountMinor !== payment.amountMinor) throw new GatewayRefusal('36', 'txnAmt');
  }
  if (!isWithinMonths(payment.acceptedAtMs, REFUNDABLE_MONTHS, nowMs)) throw new GatewayRefusal('35');
  if (amountMinor > left) throw new GatewayRefusal('36', 'txnAmt');
}

/** The fee that comes back with a part; the part that completes the payment takes what is left. */
function feeBack(payment: Payment, live: readonly Return[], amountMinor: bigint): bigint {
  const whole = {
    totalMinor: payment.amountMinor,
    payerMinor: payment.amountMinor,
    feeMinor: payment.feeMinor,
  };
  const earlier = live.map((one) => ({ ...one, payerMinor: one.amountMinor }));
  return sharesOf(whole, earlier, amountMinor).feeMinor;
}
