import { formatYuan } from '../../domain/money.ts';
import { levelName } from '../../domain/overdue/levels.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import type { BankLeg } from '../../domain/refund/observation.ts';
import type { RefundState } from '../../domain/refund/state.ts';
import type { ProofNumber, ProofReader } from '../../domain/refund/proof.ts';
import { daysLate } from '../../domain/time/arrival-window.ts';
import type { OverdueRow } from '../../store/overdue-list.ts';
import { listOverdue } from '../../store/overdue-list.ts';
import { beijingTime, createOutput, table } from '../output.ts';
import type { ChannelRegistry } from '../../workers/channels.ts';
import { withBooks } from './books.ts';

/** `yuanlu overdue list`: what is late, since when, what the channel said, and which serials to quote. */
export async function listOverdueCommand(options: { json: boolean }): Promise<void> {
  const { rows, now } = await withBooks(async ({ pool, clock, channels }) => {
    const { rows: found } = await listOverdue(pool, { merchantId: null, limit: 1_000 });
    return { rows: found.map((row) => withProof(row, channels)), now: clock.now() };
  });
  createOutput(options.json).result({ overdue: rows.map((row) => overdueDocument(row, now)) }, () =>
    overdueText(rows, now),
  );
}

export interface ProvableRow extends OverdueRow {
  /** Of the channel; none where its account is no longer configured. */
  readonly proof: readonly ProofNumber[];
}

export function withProof(row: OverdueRow, channels: Pick<ChannelRegistry, 'find'>): ProvableRow {
  return { ...row, proof: channels.find(row.accountId)?.proofNumbers(row) ?? [] };
}

/** One overdue refund as programs see it. */
export interface OverdueDocument {
  readonly refund_no: string;
  readonly channel: string;
  readonly amount_minor: bigint;
  readonly state: RefundState;
  /** `pending`: the channel has paid, and the payer's bank is what is late. */
  readonly bank_leg: BankLeg | null;
  readonly level: number;
  readonly promise_at: string;
  /** In business days of China. */
  readonly days_late: number;
  readonly last_asked_at: string | null;
  readonly last_answer: string | null;
  readonly serials: {
    readonly refund_no: string;
    readonly channel_refund_no: string | null;
    readonly transaction_id: string | null;
  };
  /** By which numbers the refund is found outside, and who looks them up; the first one first. */
  readonly proof: readonly {
    readonly name: { readonly zh: string; readonly en: string };
    readonly value: string | null;
    readonly readers: readonly ProofReader[];
  }[];
}

export function overdueDocument(row: ProvableRow, now: Date): OverdueDocument {
  return {
    refund_no: row.refundNo,
    channel: row.channel,
    amount_minor: row.amountMinor,
    state: row.state,
    bank_leg: row.bankLeg,
    level: row.level,
    promise_at: row.promiseAt.toISOString(),
    days_late: daysLate(row.promiseAt, now, chinaCalendar),
    last_asked_at: row.lastAskedAt?.toISOString() ?? null,
    last_answer: row.lastAnswer,
    serials: {
      refund_no: row.refundNo,
      channel_refund_no: row.channelRefundNo,
      transaction_id: row.transactionId,
    },
    proof: row.proof,
  };
}

/** The state, and the bank where the channel has done its part. */
export function lateText(row: Pick<OverdueRow, 'state' | 'bankLeg'>): string {
  return row.bankLeg === 'pending' ? `${row.state}, at the bank` : row.state;
}

function overdueText(rows: readonly ProvableRow[], now: Date): string {
  if (rows.length === 0) return '没有逾期退款 · No overdue refunds.';
  return table(rows, [
    { head: 'refund', cell: (row) => row.refundNo },
    { head: 'amount', align: 'right', cell: (row) => formatYuan(row.amountMinor) },
    { head: 'promised', cell: (row) => beijingTime(row.promiseAt) },
    { head: 'days late', align: 'right', cell: (row) => String(daysLate(row.promiseAt, now, chinaCalendar)) },
    { head: 'level', cell: (row) => levelName(row.level) ?? '' },
    { head: 'state', cell: lateText },
    { head: 'last answer', cell: (row) => row.lastAnswer ?? 'not asked' },
    { head: 'payer quotes', cell: ({ proof }) => quotedBy(proof, 'payer_channel') },
    { head: 'to the bank', cell: ({ proof }) => quotedBy(proof, 'payer_bank') },
  ]);
}

/** The first number that the reader understands. */
export function quotedBy(proof: readonly ProofNumber[], reader: ProofReader): string {
  const first = proof.find(({ readers }) => readers.includes(reader));
  return first === undefined ? 'none' : `${first.name.zh} ${first.value ?? 'none yet'}`;
}
