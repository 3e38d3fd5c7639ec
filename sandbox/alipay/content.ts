/** The business fields of the calls, checked against their documented types and lengths. */
import { AppError } from '../../domain/errors.ts';
import { parseYuan } from '../../domain/money.ts';
import { invalidParameter } from './problem.ts';

type Content = Readonly<Record<string, unknown>>;

/** How a trade is named: Alipay's number wins where both are given. */
export interface TradeName {
  readonly tradeNo: string | undefined;
  readonly outTradeNo: string | undefined;
}

export interface RefundParams extends TradeName {
  /** Undefined: the trade's own number stands for it. */
  readonly outRequestNo: string | undefined;
  readonly amountMinor: bigint;
  readonly reason: string | undefined;
  readonly options: ReadonlySet<string>;
}

export interface RefundQueryParams extends TradeName {
  readonly outRequestNo: string;
  readonly options: ReadonlySet<string>;
}

/** Others make the real channel fail, or pay again. */
const REFUND_FIELDS: ReadonlySet<string> = new Set([
  'trade_no',
  'out_trade_no',
  'out_request_no',
  'refund_amount',
  'refund_currency',
  'refund_reason',
  'query_options',
  'refund_royalty_parameters',
  'related_settle_confirm_no',
  'refund_goods_detail',
  'goods_detail',
  'operator_id',
  'store_id',
  'terminal_id',
  'org_pid',
]);

const NUMBER_MAX = 64;
const REASON_MAX = 256;
/** A hundred million yuan. */
const AMOUNT_MAX = 10_000_000_000n;

/** @throws AlipayProblem ACQ.INVALID_PARAMETER */
export function readRefund(content: Content): RefundParams {
  const unknown = Object.keys(content).find((name) => !REFUND_FIELDS.has(name));
  if (unknown !== undefined) throw invalidParameter(`${unknown} 不是接口的参数`);
  return {
    ...readTradeName(content),
    outRequestNo: text(content, 'out_request_no', NUMBER_MAX),
    amountMinor: yuan(content, 'refund_amount'),
    reason: text(content, 'refund_reason', REASON_MAX),
    options: readOptions(content),
  };
}

/** @throws AlipayProblem ACQ.INVALID_PARAMETER */
export function readRefundQuery(content: Content): RefundQueryParams {
  const outRequestNo = text(content, 'out_request_no', NUMBER_MAX);
  if (outRequestNo === undefined) throw invalidParameter('out_request_no 必填');
  return { ...readTradeName(content), outRequestNo, options: readOptions(content) };
}

/** @throws AlipayProblem ACQ.INVALID_PARAMETER */
export function readTradeName(content: Content): TradeName {
  const name = {
    tradeNo: text(content, 'trade_no', NUMBER_MAX),
    outTradeNo: text(content, 'out_trade_no', NUMBER_MAX),
  };
  if (name.tradeNo === undefined && name.outTradeNo === undefined)
    throw invalidParameter('trade_no 与 out_trade_no 不能同时为空');
  return name;
}

export function readOptions(content: Content): ReadonlySet<string> {
  const options = content['query_options'] ?? [];
  if (!Array.isArray(options) || !options.every((one) => typeof one === 'string'))
    throw invalidParameter('query_options 应为字符串数组');
  return new Set(options);
}

/** Undefined where it is absent or empty. */
export function text(content: Content, name: string, max: number): string | undefined {
  const value = content[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw invalidParameter(`${name} 应为字符串`);
  if ([...value].length > max) throw invalidParameter(`${name} 超过 ${String(max)} 个字符`);
  return value;
}

/** Yuan as text; a JSON number is taken as what it says, as the real gateway does. */
function yuan(content: Content, name: string): bigint {
  const value = content[name];
  if (value === undefined || value === null || value === '') throw invalidParameter(`${name} 必填`);
  if (typeof value !== 'string' && typeof value !== 'number') throw invalidParameter(`${name} 应为金额`);
  const given = String(value);
  try {
    if (!/^[0-9]+(\.[0-9]{1,2})?$/.test(given)) throw invalidParameter(`${name} 格式有误`);
    const minor = parseYuan(given);
    if (minor >= 1n && minor <= AMOUNT_MAX) return minor;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
  throw invalidParameter(`${name} 超出范围`);
}
