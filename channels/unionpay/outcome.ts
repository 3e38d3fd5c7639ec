/**
 * What UnionPay's codes mean for a refund, one row each (respCode of the call, origRespCode of what was asked about).
 * The message beside a code is for people and support only.
 */
import type { Outcome as CommonOutcome } from '../outcome.ts';
import { absent, held, refused, unknown } from '../outcome.ts';

/** `good`: taken (as an answer to the refund), or done (as an answer about it). `flawed`: a person looks into it. */
export type Outcome = CommonOutcome | { readonly outcome: 'good'; readonly flawed?: true };

const good: Outcome = { outcome: 'good' };

/**
 * Codes whose meaning is the same wherever they stand. Those of batches, bills, files, and of a payer at a counter (14, 41,
 * 42, 64 to 67, 69 to 72, 74 to 77, 79, 80, 98) have no meaning for a refund: whoever gets one finds out.
 */
const COMMON: Readonly<Record<string, Outcome>> = {
  '00': good,
  // Done, so the money has left; with a flaw that UnionPay does not describe, so it is flagged for review.
  A6: { outcome: 'good', flawed: true },
  '01': refused,
  '02': held('try_later'),
  '03': unknown,
  '04': unknown,
  '05': unknown,
  '06': unknown,
  '10': refused,
  '11': held('account_config'),
  '13': refused,
  '14': unknown,
  '30': refused,
  '31': held('account_config'),
  '32': held('account_config'),
  '33': held('blocked'),
  '35': refused,
  '36': refused,
  '37': held('rate_limited'),
  '38': held('blocked'),
  '39': held('try_later'),
  '40': held('account_config'),
  '41': unknown,
  '42': unknown,
  // The original was given back in full already, perhaps by this very refund: a person compares.
  '45': held('blocked'),
  '46': refused,
  '60': held('payer_account_closed'),
  '61': held('payer_account_closed'),
  '62': held('blocked'),
  '63': held('payer_account_closed'),
  '64': unknown,
  '65': unknown,
  '66': unknown,
  '67': unknown,
  '68': held('blocked'),
  '69': unknown,
  '70': unknown,
  '71': unknown,
  '72': unknown,
  '73': held('payer_account_closed'),
  '74': unknown,
  '75': unknown,
  '76': unknown,
  '77': unknown,
  '78': held('blocked'),
  '79': unknown,
  '80': unknown,
  '98': unknown,
  '99': unknown,
};

/** Answers to the refund itself. */
export const REFUND_OUTCOMES: Readonly<Record<string, Outcome>> = {
  ...COMMON,
  // A number that was used: by our own earlier attempt, so it is asked about and never changed.
  '12': unknown,
  '34': refused,
};

/** respCode of a question: it says whether the question was answered, nothing about the refund. */
export const QUESTION_OUTCOMES: Readonly<Record<string, Outcome>> = {
  '00': good,
  '11': held('account_config'),
  '31': held('account_config'),
  '32': held('account_config'),
  '34': absent,
  '37': held('rate_limited'),
};

/**
 * origRespCode: what came of the refund that was asked about, which UnionPay had taken. What is held here needs a person
 * (02, 37 and 39 excepted, see `isPassing`): UnionPay's clearing has the refund, and the bank would not post it, or its code
 * speaks of something that cannot be wrong with a refund that was taken. Refused are only those that say that nothing was
 * done: 01, 46 and faults of the message.
 */
export const ORIGINAL_OUTCOMES: Readonly<Record<string, Outcome>> = {
  ...COMMON,
  '12': unknown,
  // "Not passed; use another card, or ask UnionPay": as an answer it is a no, as an outcome it is the bank's.
  '30': held('blocked'),
  '34': absent,
  // The payment was in order when the refund was taken: what has become of it is looked up at UnionPay.
  '35': held('blocked'),
  // The same of the match between the two: amount, product and card were those of the payment then.
  '36': held('blocked'),
};

/** A code that is not listed is unknown: it is asked about, and a person sees the code. */
export function outcomeOf(table: Readonly<Record<string, Outcome>>, code: string): Outcome {
  return Object.hasOwn(table, code) ? (table[code] ?? unknown) : unknown;
}
