/**
 * What WeChat Pay's error codes mean for a refund, one row each (APIv3: create a refund, query a refund). Decisions rest
 * on status and code, never on the message. Names of v2 that are still met are listed beside those of v3.
 */
import type { Outcome } from '../outcome.ts';
import { absent, held, refused, unknown } from '../outcome.ts';

/** Codes that mean the same whatever was asked. */
const ANY_CALL: Readonly<Record<string, Outcome>> = {
  SYSTEM_ERROR: unknown,
  SYSTEMERROR: unknown,
  FREQUENCY_LIMITED: held('rate_limited'),
  FREQUENCY_LIMIT_EXCEED: held('rate_limited'),
  RATELIMIT_EXCEEDED: held('rate_limited'),
  NO_AUTH: held('account_config'),
  SIGN_ERROR: held('account_config'),
  MCH_NOT_EXISTS: held('account_config'),
  REQUEST_BLOCKED: held('blocked'),
};

/** POST /v3/refund/domestic/refunds. */
export const CREATE_OUTCOMES: Readonly<Record<string, Outcome>> = {
  ...ANY_CALL,
  BIZERR_NEED_RETRY: unknown,
  INVALID_REQ_TOO_MUCH: held('rate_limited'),
  NOT_ENOUGH: held('short_balance'),
  NOTENOUGH: held('short_balance'),
  USER_ACCOUNT_ABNORMAL: held('payer_account_closed'),
  PARAM_ERROR: refused,
  INVALID_REQUEST: refused,
  RESOURCE_NOT_EXISTS: refused,
  TRADE_OVERDUE: refused,
  REFUND_FEE_MISMATCH: refused,
};

/**
 * POST …/{refund_id}/apply-abnormal-refund. What is refused or held is this call; the refund stays abnormal, or is on the way
 * on which an earlier call has sent it.
 */
export const REDIRECT_OUTCOMES: Readonly<Record<string, Outcome>> = {
  ...ANY_CALL,
  BIZERR_NEED_RETRY: unknown,
  NOT_ENOUGH: held('short_balance'),
  // The new card this time, not the one that was paid with.
  USER_ACCOUNT_ABNORMAL: held('payer_account_closed'),
  PARAM_ERROR: refused,
  // Not abnormal (any more), or a card that the channel does not take.
  INVALID_REQUEST: refused,
  RESOURCE_NOT_EXISTS: refused,
};

/** GET calls: nothing is refused by a question; what is not there is absent. */
export const QUERY_OUTCOMES: Readonly<Record<string, Outcome>> = {
  ...ANY_CALL,
  RESOURCE_NOT_EXISTS: absent,
  ORDER_NOT_EXIST: absent,
  REFUNDNOTEXIST: absent,
  PARAM_ERROR: held('account_config'),
  INVALID_REQUEST: held('account_config'),
};

/**
 * The outcome of an answer that is not 2xx. Only 4xx is a refusal: anything else is unknown whatever its body says. A code
 * without a row was not taken, and a person looks.
 */
export function outcomeOf(table: Readonly<Record<string, Outcome>>, status: number, code: string): Outcome {
  if (status < 400 || status >= 500) return unknown;
  if (status === 429) return held('rate_limited');
  return (Object.hasOwn(table, code) ? table[code] : undefined) ?? held('blocked');
}
