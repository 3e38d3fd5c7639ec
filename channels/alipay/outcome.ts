/**
 * What Alipay's answers mean for a refund, one row each (alipay.trade.refund, public error codes). Decisions rest on
 * `code` and `sub_code`, never on the message.
 */
import type { Outcome } from '../outcome.ts';
import { absent, held, refused, unknown } from '../outcome.ts';

/** Of the gateway itself, before any product sees the call. */
export const GATEWAY_OUTCOMES: Readonly<Record<string, Outcome>> = {
  '20000': unknown,
  '20001': held('account_config'),
  '40001': held('account_config'),
  '40002': held('account_config'),
  '40003': held('account_config'),
  '40005': held('rate_limited'),
  '40006': held('account_config'),
};

/** alipay.trade.refund, by sub_code without its prefix `ACQ.`. */
export const REFUND_OUTCOMES: Readonly<Record<string, Outcome>> = {
  SYSTEM_ERROR: unknown,
  // The number was used with another sum: the query tells with which, and the difference becomes visible.
  DISCORDANT_REPEAT_REQUEST: unknown,
  // Refunded in full already, perhaps by this very refund; or never paid.
  TRADE_HAS_CLOSE: unknown,
  REFUND_CHARGE_ERROR: held('try_later'),
  SELLER_BALANCE_NOT_ENOUGH: held('short_balance'),
  TRADE_HAS_FINISHED: refused,
  TRADE_STATUS_ERROR: refused,
  REASON_TRADE_STATUS_INVALID: refused,
  TRADE_NOT_EXIST: refused,
  INVALID_PARAMETER: refused,
  REFUND_FEE_ERROR: refused,
  REASON_TRADE_REFUND_FEE_ERR: refused,
  REFUND_AMT_NOT_EQUAL_TOTAL: refused,
  NOT_ALLOW_PARTIAL_REFUND: refused,
  CURRENCY_NOT_SUPPORT: refused,
  TRADE_NOT_ALLOW_REFUND: held('blocked'),
  ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND: held('blocked'),
  REASON_TRADE_BEEN_FREEZEN: held('blocked'),
  BUYER_ERROR: held('payer_account_closed'),
  BUYER_NOT_EXIST: held('payer_account_closed'),
  BUYER_ENABLE_STATUS_FORBID: held('payer_account_closed'),
  CUSTOMER_VALIDATE_ERROR: held('payer_account_closed'),
  USER_NOT_MATCH_ERR: held('payer_account_closed'),
  REFUND_ACCOUNT_NOT_EXIST: held('account_config'),
  ENTERPRISE_PAY_BIZ_ERROR: held('account_config'),
  OVERDRAFT_AGREEMENT_NOT_MATCH: held('account_config'),
  OVERDRAFT_ASSIGN_ACCOUNT_INVALID: held('account_config'),
  ALLOC_AMOUNT_VALIDATE_ERROR: held('account_config'),
  REFUNDALLOC_UNAUTH_LIMIT: held('account_config'),
  REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST: held('account_config'),
  TRADE_SETTLE_ERROR: held('account_config'),
};

/** Questions about refunds and trades: nothing is refused by a question. */
export const QUERY_OUTCOMES: Readonly<Record<string, Outcome>> = {
  SYSTEM_ERROR: unknown,
  TRADE_NOT_EXIST: absent,
  INVALID_PARAMETER: held('account_config'),
};

/** The outcome of an answer whose `code` is not 10000. A code without a row is not taken, and a person looks. */
export function outcomeOf(
  table: Readonly<Record<string, Outcome>>,
  answer: { readonly code: string; readonly subCode: string },
): Outcome {
  const { code, subCode } = answer;
  // Faults on the side of the service, whatever the code above them says.
  if (/^(aop|isp)\./.test(subCode)) return unknown;
  const gateway = Object.hasOwn(GATEWAY_OUTCOMES, code) ? GATEWAY_OUTCOMES[code] : undefined;
  if (gateway !== undefined) return gateway;
  if (subCode.startsWith('isv.')) return held('account_config');
  const business = subCode.replace(/^ACQ\./, '');
  if (Object.hasOwn(table, business)) return table[business] ?? unknown;
  return code === '40004' ? held('blocked') : unknown;
}
