/** How a refund is read from its row, its payment and the statements: one at a time, or many. */
import type { Currency } from '../domain/money.ts';
import type { BankLeg } from '../domain/refund/observation.ts';
import type { ChannelName, Refund } from '../domain/refund/refund.ts';
import type { RefundState, StateReason } from '../domain/refund/state.ts';
import type { ArrivalBasis } from '../domain/time/arrival-basis.ts';
import type { PaymentColumns } from './payment-rows.ts';
import { PAYMENT_COLUMNS, toPayment } from './payment-rows.ts';

/** One refund, in the state that people see. */
export const REFUND_SELECT = `
  select r.*, s.effective_state, ${PAYMENT_COLUMNS}
    from refunds r
    join payments p on p.id = r.payment_id
    join refund_status s on s.id = r.id`;

/** Many refunds, in the state that is stored: which of them are settled is one more question (`inEffect`), not one for each. */
export const STORED_REFUND_SELECT = `
  select r.*, r.state as effective_state, ${PAYMENT_COLUMNS}
    from refunds r
    join payments p on p.id = r.payment_id`;

export interface RefundRow extends PaymentColumns {
  readonly id: bigint;
  readonly merchant_id: string;
  readonly account_id: string;
  readonly channel: ChannelName;
  readonly refund_no: string;
  readonly amount_minor: bigint;
  readonly currency: Currency;
  readonly reason: string | null;
  readonly fingerprint: string;
  readonly requested_at: Date;
  readonly goods_received_at: Date | null;
  readonly quote_id: bigint | null;
  readonly effective_state: RefundState;
  readonly state_reason: StateReason;
  readonly counted: boolean;
  readonly channel_refund_no: string | null;
  readonly accepted_at: Date | null;
  readonly succeeded_at: Date | null;
  readonly lands_in: string | null;
  readonly flaw: string | null;
  readonly clearing_date: string | null;
  readonly bank_leg: BankLeg | null;
  readonly arrival_estimate_at: Date | null;
  readonly promise_at: Date | null;
  readonly alarm_at: Date | null;
  readonly escalate_at: Date | null;
  readonly window_version: string | null;
  readonly calendar_revision: string | null;
  readonly window_provisional: boolean;
  readonly window_basis: ArrivalBasis | null;
  readonly overdue_level: number;
  readonly last_asked_at: Date | null;
  readonly last_answer: string | null;
}

export function toRefund(row: RefundRow): Refund {
  return {
    id: String(row.id),
    merchantId: row.merchant_id,
    refundNo: row.refund_no,
    accountId: row.account_id,
    channel: row.channel,
    payment: toPayment(row),
    amountMinor: row.amount_minor,
    currency: row.currency,
    reason: row.reason,
    requestedAt: row.requested_at,
    goodsReceivedAt: row.goods_received_at,
    quoteId: row.quote_id === null ? null : String(row.quote_id),
    state: row.effective_state,
    stateReason: row.state_reason,
    channelRefundNo: row.channel_refund_no,
    acceptedAt: row.accepted_at,
    succeededAt: row.succeeded_at,
    landsIn: row.lands_in,
    flaw: row.flaw,
    clearingDate: row.clearing_date,
    bankLeg: row.bank_leg,
    arrivalEstimateAt: row.arrival_estimate_at,
    promiseAt: row.promise_at,
    alarmAt: row.alarm_at,
    escalateAt: row.escalate_at,
    windowVersion: row.window_version,
    calendarRevision: row.calendar_revision,
    windowProvisional: row.window_provisional,
    windowBasis: row.window_basis,
    overdueLevel: row.overdue_level,
    lastAskedAt: row.last_asked_at,
    lastAnswer: row.last_answer,
  };
}
