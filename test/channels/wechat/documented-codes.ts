/** What WeChat Pay documents of its error codes (create a refund, query a refund), and the status that each comes with. */
import { documented } from '../documented-codes.ts';

/** POST refunds. */
export const CREATE_CODES = documented({
  unknown: 'SYSTEM_ERROR SYSTEMERROR BIZERR_NEED_RETRY',
  refused: 'PARAM_ERROR INVALID_REQUEST RESOURCE_NOT_EXISTS TRADE_OVERDUE REFUND_FEE_MISMATCH',
  'held rate_limited': 'FREQUENCY_LIMITED FREQUENCY_LIMIT_EXCEED RATELIMIT_EXCEEDED INVALID_REQ_TOO_MUCH',
  'held short_balance': 'NOT_ENOUGH NOTENOUGH',
  'held payer_account_closed': 'USER_ACCOUNT_ABNORMAL',
  'held account_config': 'NO_AUTH SIGN_ERROR MCH_NOT_EXISTS',
  'held blocked': 'REQUEST_BLOCKED',
});

/** POST …/apply-abnormal-refund. */
export const REDIRECT_CODES = documented({
  unknown: 'SYSTEM_ERROR SYSTEMERROR BIZERR_NEED_RETRY',
  refused: 'PARAM_ERROR INVALID_REQUEST RESOURCE_NOT_EXISTS',
  'held rate_limited': 'FREQUENCY_LIMITED FREQUENCY_LIMIT_EXCEED RATELIMIT_EXCEEDED',
  'held short_balance': 'NOT_ENOUGH',
  'held payer_account_closed': 'USER_ACCOUNT_ABNORMAL',
  'held account_config': 'NO_AUTH SIGN_ERROR MCH_NOT_EXISTS',
  'held blocked': 'REQUEST_BLOCKED',
});

/** GET: a question refuses nothing. */
export const QUERY_CODES = documented({
  unknown: 'SYSTEM_ERROR SYSTEMERROR',
  absent: 'RESOURCE_NOT_EXISTS ORDER_NOT_EXIST REFUNDNOTEXIST',
  'held rate_limited': 'FREQUENCY_LIMITED FREQUENCY_LIMIT_EXCEED RATELIMIT_EXCEEDED',
  'held account_config': 'NO_AUTH SIGN_ERROR MCH_NOT_EXISTS PARAM_ERROR INVALID_REQUEST',
  'held blocked': 'REQUEST_BLOCKED',
});

const STATUS = new Map(
  Object.entries({
    SYSTEM_ERROR: 500,
    FREQUENCY_LIMITED: 429,
    FREQUENCY_LIMIT_EXCEED: 429,
    RATELIMIT_EXCEEDED: 429,
    NOT_ENOUGH: 403,
    USER_ACCOUNT_ABNORMAL: 403,
    NO_AUTH: 403,
    REQUEST_BLOCKED: 403,
    SIGN_ERROR: 401,
    RESOURCE_NOT_EXISTS: 404,
    MCH_NOT_EXISTS: 404,
    ORDER_NOT_EXIST: 404,
    REFUNDNOTEXIST: 404,
  }),
);

/** Names of v2 and faults of the request come with 400. */
export function statusOf(code: string): number {
  return STATUS.get(code) ?? 400;
}
