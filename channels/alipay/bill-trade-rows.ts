/** Rows of business details: what payers paid, and what they were given back. */
import type { LineType, StatementTotals } from '../../domain/statement/statement.ts';
import { UNREADABLE } from '../byte-fields.ts';
import type { CopyText } from '../copy-text.ts';
import { CNY, LINE_TYPES, word } from '../line-words.ts';
import { Sum } from '../sum.ts';
import type { BillEncoding } from './bill-encoding.ts';
import type { TradeLayout } from './bill-layout.ts';
import type { RowResult } from './bill-rows.ts';
import { Rows, YUAN } from './bill-rows.ts';
import { kindUnknown, LINE_FAULTS } from '../set-aside.ts';

const FEE = 5;
const POINT = 0x2e;
const SUCCESS = word('SUCCESS');

export class TradeRows extends Rows {
  readonly #at: TradeLayout['at'];
  readonly #counts = { payment: 0, refund: 0 };
  readonly #received = { payment: new Sum(), refund: new Sum() };

  constructor(layout: TradeLayout, out: CopyText, encoding: BillEncoding) {
    super(layout, out, encoding);
    this.#at = layout.at;
  }

  /** A comma inside an amount would leave a piece without its decimals, or amounts where the number belongs. */
  protected override isWholeBeforeRemark(bytes: Buffer): boolean {
    const { amount, received, requestNo, fee } = this.#at;
    const hasPoint = (column: number): boolean =>
      bytes.subarray(this.fields.from(bytes, column), this.fields.to(bytes, column)).includes(POINT);
    return [amount, received, fee].every(hasPoint) && !hasPoint(requestNo);
  }

  override totals(): StatementTotals {
    const received = this.#received.payment.value();
    const refunded = this.#received.refund.value();
    return {
      payments: BigInt(this.#counts.payment),
      received_minor: received,
      refunds: BigInt(this.#counts.refund),
      refunded_minor: refunded,
      net_minor: received - refunded,
    };
  }

  protected override readFields(bytes: Buffer, lineNo: number): RowResult {
    const at = this.#at;
    const amount = this.amount(bytes, at.amount, YUAN);
    const received = this.amount(bytes, at.received, YUAN);
    const fee = this.amount(bytes, at.fee, FEE);
    if (Math.max(amount, received, fee) === UNREADABLE) return { setAside: LINE_FAULTS.amount };
    const type = this.is(bytes, at.type, this.encoding.refund)
      ? 'refund'
      : this.is(bytes, at.type, this.encoding.payment)
        ? 'payment'
        : null;
    if (type === null) return { setAside: kindUnknown('an unknown kind of business') };
    this.#counts[type] += 1;
    // Refunds are printed with a minus by some files and without by others: the kind says what it is.
    this.#received[type].add(Math.abs(received));
    this.#write(bytes, lineNo, type, { amount: Math.abs(amount), received: Math.abs(received), fee });
    return type === 'refund' ? 'refund' : 'line';
  }

  #write(
    bytes: Buffer,
    lineNo: number,
    type: Extract<LineType, 'payment' | 'refund'>,
    row: { readonly amount: number; readonly received: number; readonly fee: number },
  ): void {
    const { out } = this;
    const at = this.#at;
    out.integer(lineNo);
    out.word(LINE_TYPES[type]);
    this.time(bytes);
    this.text(bytes, at.tradeNo);
    this.text(bytes, at.orderNo);
    out.nothing();
    if (type === 'refund') this.text(bytes, at.requestNo);
    else out.nothing();
    out.integer(row.amount);
    out.integer(row.received);
    // Printed as what it does to the merchant; kept, like every channel's, as what the merchant pays.
    out.integer(0 - row.fee);
    out.word(CNY);
    out.word(SUCCESS);
    out.nothing();
    out.endRow();
  }
}
