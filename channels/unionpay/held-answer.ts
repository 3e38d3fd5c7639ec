/** What is told of an answer that holds a refund, a question or a statement. */
import type { HeldAnswer } from '../channel.ts';
import type { Answer } from './gateway.ts';
import type { Outcome } from './outcome.ts';

type Signed = Extract<Answer, { kind: 'signed' }>;

export function heldAnswer(answer: Signed, outcome: Extract<Outcome, { outcome: 'held' }>): HeldAnswer {
  const { reason } = outcome;
  return {
    outcome: 'held',
    reason,
    channelCode: answer.respCode,
    message: messageOf(answer),
    retryAfterMs: null,
    responseId: null,
  };
}

/** Holds a detail of seven digits in brackets that UnionPay's support works by. */
export function messageOf(answer: Signed): string {
  return (answer.fields['respMsg'] ?? '').slice(0, 200);
}
