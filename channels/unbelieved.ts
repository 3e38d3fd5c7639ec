/** Answers to our own calls that cannot be believed: what they decide is nothing, and they are kept as they came. */
import type { ErrorCode } from '../domain/errors.ts';
import type { HttpAnswer } from './http-client.ts';

export interface UnbelievedAnswer extends HttpAnswer {
  /** What was asked: the channel's name of the call. */
  readonly call: string;
  readonly code: ErrorCode;
  readonly why: string;
}

/** Resolves when it is kept, or cannot be: the call's own outcome never depends on it. */
export type KeepUnbelieved = (answer: UnbelievedAnswer) => Promise<void>;

/** Why something that came signed, or should have, is not the channel's. */
export interface Distrust {
  readonly code: ErrorCode;
  readonly why: string;
}

/** The same faults in the words for answers: notices have theirs. */
const OF_ANSWERS: Readonly<Partial<Record<ErrorCode, ErrorCode>>> = {
  callback_unsigned: 'answer_unsigned',
  callback_stale: 'answer_stale',
  callback_key_unknown: 'answer_key_unknown',
  callback_signature_invalid: 'answer_signature_invalid',
  callback_certificate_expired: 'answer_certificate_expired',
  callback_certificate_unchained: 'answer_certificate_unchained',
  callback_certificate_owner_differs: 'answer_certificate_owner_differs',
};

/** An answer with the reason why it is not believed, in the words for answers. */
export function unbelieved(call: string, answer: HttpAnswer, { code, why }: Distrust): UnbelievedAnswer {
  return { ...answer, call, code: OF_ANSWERS[code] ?? code, why };
}
