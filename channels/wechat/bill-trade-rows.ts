/** The rows of a trade bill: each is checked, added up and written as COPY text, or named with the reason why it cannot. */
import type { LineType, StatementTotals } from '../../domain/statement/statement.ts';
import type { CopyText } from '../copy-text.ts';
import { UNREADABLE, fieldIs } from '../byte-fields.ts';
import { CNY, LINE_TYPES, word } from '../line-words.ts';
import { Sum } from '../sum.ts';
import type { TradeLayout } from './bill-layout.ts';
import { ABSENT } from './bill-layout.ts';
import type { RowResult } from './bill-rows.ts';
import { FEE, Rows, YUAN } from './bill-rows.ts';
import type { LineFault } from '../set-aside.ts';
import { kindUnknown, LINE_FAULTS } from '../set-aside.ts';

const SUCCESS = word('SUCCESS');
const REFUND = word('REFUND');
const REVOKED = word('REVOKED');
const ZERO = word('0');

/** Merchants behind one bill: one, or the sub-merchants of a partner. */
const MERCHANTS_MAX = 1_000;

export class TradeRows extends Rows {
  readonly #at: TradeLayout['at'];
  readonly #sums = {
    settlement: new Sum(),
    refund: new Sum(),
    couponRefund: new Sum(),
    fee: new Sum(),
    order: new Sum(),
    appliedRefund: new Sum(),
  };
  readonly #merchants = new Map<string, Buffer>();
  #lastMerchant = Buffer.alloc(0);

  constructor(layout: TradeLayout, out: CopyText) {
    super(layout.names.length, out);
    this.#at = layout.at;
  }

  override merchantNos(): readonly string[] {
    return [...this.#merchants.keys()];
  }

  protected override keepMerchantNo(merchantNo: string): void {
    if (this.#merchants.has(merchantNo) || this.#merchants.size >= MERCHANTS_MAX) return;
    this.#merchants.set(merchantNo, Buffer.from(merchantNo));
  }

  override totals(): StatementTotals {
    const sums = Object.entries(this.namedSums()).map(([name, sum]) => [name, sum.value()] as const);
    return { orders: BigInt(this.count), ...Object.fromEntries(sums) };
  }

  protected override namedSums(): Readonly<Record<string, Sum>> {
    const sums = this.#sums;
    return {
      settlement_minor: sums.settlement,
      refund_minor: sums.refund,
      coupon_refund_minor: sums.couponRefund,
      fee_e5: sums.fee,
      ...(this.#at.order === ABSENT ? {} : { order_minor: sums.order }),
      ...(this.#at.appliedRefund === ABSENT ? {} : { applied_refund_minor: sums.appliedRefund }),
    };
  }

  protected override readFields(bytes: Buffer, lineNo: number): RowResult {
    const at = this.#at;
    const sums = this.#sums;
    const settlement = this.amount(bytes, at.settlement, YUAN);
    const refund = this.amount(bytes, at.refund, YUAN);
    const couponRefund = this.amount(bytes, at.couponRefund, YUAN);
    const fee = this.amount(bytes, at.fee, FEE);
    const order = this.amount(bytes, at.order, YUAN);
    const applied = this.amount(bytes, at.appliedRefund, YUAN);
    sums.settlement.add(settlement);
    sums.refund.add(refund);
    sums.couponRefund.add(couponRefund);
    sums.fee.add(fee);
    sums.order.add(order);
    sums.appliedRefund.add(applied);
    // UNREADABLE is larger than any amount.
    if (Math.max(settlement, refund, couponRefund, fee, order, applied) === UNREADABLE) {
      return { setAside: LINE_FAULTS.amount };
    }
    if (settlement < 0 || refund < 0 || couponRefund < 0 || order < 0 || applied < 0) {
      return { setAside: LINE_FAULTS.negative };
    }
    const day = this.day(bytes, at.time);
    if (day === 0) return { setAside: LINE_FAULTS.time };
    const type = this.#type(bytes);
    if (type === null) return { setAside: kindUnknown('an unknown trade state') };
    const oddity = this.#oddity(bytes, type);
    if (oddity !== null) return { setAside: oddity };
    this.keepDay(day);
    this.#keepMerchant(bytes);

    const isRefund = type === 'refund';
    this.#write(bytes, lineNo, {
      type,
      // A refund is about what was asked back of the order; old bills print only what the payer got.
      amount: isRefund
        ? at.appliedRefund === ABSENT
          ? refund
          : applied
        : at.order === ABSENT
          ? settlement
          : order,
      payer: isRefund ? refund : settlement,
      fee,
    });
    return isRefund ? 'refund' : 'line';
  }

  #write(
    bytes: Buffer,
    lineNo: number,
    row: { type: LineType; amount: number; payer: number; fee: number },
  ): void {
    const { out } = this;
    const at = this.#at;
    out.reserve(this.fields.lineEnd - this.from(0));
    out.integer(lineNo);
    out.word(LINE_TYPES[row.type]);
    this.time(bytes, at.time);
    this.text(bytes, at.transactionId);
    this.text(bytes, at.paymentNo);
    this.#number(bytes, at.channelRefundNo);
    this.#number(bytes, at.refundNo);
    out.integer(row.amount);
    out.integer(row.payer);
    out.integer(row.fee);
    out.word(CNY);
    this.text(bytes, row.type === 'refund' ? at.refundStatus : at.tradeState);
    this.text(bytes, at.funding);
    out.endRow();
  }

  #type(bytes: Buffer): LineType | null {
    const { tradeState } = this.#at;
    if (this.is(bytes, tradeState, SUCCESS)) return 'payment';
    if (this.is(bytes, tradeState, REFUND)) return 'refund';
    return this.is(bytes, tradeState, REVOKED) ? 'revoked' : null;
  }

  /** What cannot be stored as it is, although each field by itself is as documented. */
  #oddity(bytes: Buffer, type: LineType): LineFault | null {
    const { currency, merchantNo, refund } = this.#at;
    if (currency !== ABSENT && !this.is(bytes, currency, CNY))
      return { code: 'line_currency_unsupported', reason: 'a currency other than CNY' };
    if (this.from(merchantNo) === this.to(merchantNo))
      return { code: 'line_number_invalid', reason: 'no merchant number' };
    return type === 'refund' && refund === ABSENT ? kindUnknown('a refund in a bill of payments') : null;
  }

  /** Payments print `0` where a refund has its number. */
  #number(bytes: Buffer, column: number): void {
    if (column === ABSENT || this.is(bytes, column, ZERO)) this.out.nothing();
    else this.text(bytes, column);
  }

  #keepMerchant(bytes: Buffer): void {
    const from = this.from(this.#at.merchantNo);
    const to = this.to(this.#at.merchantNo);
    if (fieldIs(bytes, from, to, this.#lastMerchant) || this.#merchants.size >= MERCHANTS_MAX) return;
    this.#lastMerchant = Buffer.from(bytes.subarray(from, to));
    this.#merchants.set(this.#lastMerchant.toString('utf8'), this.#lastMerchant);
  }
}
