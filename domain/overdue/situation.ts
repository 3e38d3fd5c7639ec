/** Where a late refund hangs, and what was asked of the channel about it. */
import { isAtBank } from '../refund/bank-leg.ts';
import type { BankLeg } from '../refund/observation.ts';
import type { RefundState, StateReason } from '../refund/state.ts';
import { isOwedOtherwise } from '../refund/state.ts';

export const SITUATIONS = [
  'not_sent',
  'unknown',
  'with_channel',
  'with_payer_bank',
  'needs_person',
  'came_back',
  'to_be_paid_otherwise',
  'proven',
] as const;

/**
 * `not_sent`: nothing was put to the channel yet. `unknown`: sent, without an answer that can be trusted. `with_channel`:
 * taken by the channel, which has not sent the money. `with_payer_bank`: sent by the channel, not posted by the payer's
 * bank. `needs_person`: nothing goes on by itself. `came_back`: the payer's bank did not keep it, and nobody has decided how
 * the payer gets it. `to_be_paid_otherwise`: decided, and not paid yet. `proven`: evidence came since the flag was raised; the next sweep
 * lifts it.
 */
export type Situation = (typeof SITUATIONS)[number];

export function situationOf(refund: {
  readonly state: RefundState;
  readonly stateReason: StateReason;
  readonly bankLeg: BankLeg | null;
}): Situation {
  if (isOwedOtherwise(refund.stateReason)) return 'to_be_paid_otherwise';
  switch (refund.state) {
    case 'requested':
      return 'not_sent';
    case 'unknown':
      return 'unknown';
    case 'processing':
      return 'with_channel';
    case 'needs_action':
      return 'needs_person';
    case 'succeeded':
    case 'settled':
      return isAtBank(refund) ? 'with_payer_bank' : 'proven';
    case 'returned':
      return refund.stateReason === null ? 'came_back' : 'proven';
    case 'failed':
      return 'proven';
  }
}

export const QUESTION_OUTCOMES = ['answered', 'no_answer', 'not_asked', 'nothing_to_ask'] as const;

/** The newest question about a refund. */
export interface Question {
  readonly outcome: (typeof QUESTION_OUTCOMES)[number];
  /** When it was put; null where there was none. */
  readonly at: Date | null;
  /** The answer in the channel's words, or why there is none. */
  readonly said: string | null;
}

/** What was asked last, whether it was answered, and what was said. */
export function lastQuestion(refund: {
  readonly state: RefundState;
  readonly lastAskedAt: Date | null;
  readonly lastAnswer: string | null;
  readonly unansweredAt: Date | null;
  readonly unansweredWhy: string | null;
}): Question {
  const { lastAskedAt, unansweredAt } = refund;
  const isUnanswered = unansweredAt !== null && (lastAskedAt === null || unansweredAt > lastAskedAt);
  if (isUnanswered) return { outcome: 'no_answer', at: unansweredAt, said: refund.unansweredWhy };
  if (lastAskedAt !== null) return { outcome: 'answered', at: lastAskedAt, said: refund.lastAnswer };
  return { outcome: refund.state === 'requested' ? 'nothing_to_ask' : 'not_asked', at: null, said: null };
}
