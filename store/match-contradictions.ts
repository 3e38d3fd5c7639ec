/** What a line says against the refund `r` that it (`l`) names, and what it says more than the books know. */
import type { Literals } from './match-scope.ts';

/** The line contradicts the books. */
export const CONFLICT = (s: Literals): string =>
  `yuanlu.line_conflicts(r.state, r.state_reason, ${String(s.acceptance)}, l.occurred_at, r.requested_at, ${s.tolerance}, l.status)`;

/** The line says more than the books know. */
export const NEWS = (s: Literals): string =>
  `yuanlu.line_is_news(r.state, r.state_reason, ${String(s.acceptance)})`;

/** A number of the channel's or the payment's is not the refund's, where both say one. */
export const NUMBERS_DIFFER = `yuanlu.numbers_differ(${bothNumbers()})`;

/** Which numbers those are, with both sides; our own is among them where the line found the refund without it. */
export const DIFFERING_NUMBERS = `yuanlu.differing_numbers(${bothNumbers()})
  || case when ${NUMBERS_DIFFER} and r.refund_no <> l.refund_no
       then jsonb_build_object('refund_no', jsonb_build_object('ours', r.refund_no, 'theirs', l.refund_no)) else '{}' end`;

function bothNumbers(): string {
  return 'r.transaction_id, l.transaction_id, r.payment_no, l.payment_no, r.channel_refund_no, l.channel_refund_no';
}

/** The line names the refund, and contradicts it so far that it proves nothing about it. */
export const DENIED = `(${NUMBERS_DIFFER} or yuanlu.line_denies(r.state, l.status))`;
