/** The body of a refund request, checked against its documented types, lengths and character sets. */
import { WechatProblem, paramError } from './problem.ts';

export interface RefundParams {
  readonly transactionId: string | undefined;
  readonly outTradeNo: string | undefined;
  readonly outRefundNo: string;
  readonly reason: string | undefined;
  readonly notifyUrl: string | undefined;
  readonly fundsAccount: 'AVAILABLE' | undefined;
  readonly amountMinor: bigint;
  readonly totalMinor: bigint;
}

/** `out_refund_no`: 1 to 64 of digits, letters and `_-|*@`. */
export const OUT_REFUND_NO = /^[0-9A-Za-z_\-|*@]{1,64}$/;

/**
 * @param isHostAllowed Where notices may go: the sandbox does not talk to strangers.
 * @throws WechatProblem 400 `PARAM_ERROR`, 403 `NO_AUTH`
 */
export function readRefundParams(body: Buffer, isHostAllowed: (host: string) => boolean): RefundParams {
  const fields = objectOf(parse(body), 'body');
  const amount = objectOf(fields['amount'], 'amount');
  if (amount['currency'] !== 'CNY') throw paramError('amount.currency', '仅支持 CNY');
  if (!isNoneOrEmpty(amount['from'])) throw new WechatProblem(403, 'NO_AUTH', '商户无指定退款出资账户的权限');
  const fundsAccount = fields['funds_account'];
  if (fundsAccount !== undefined && fundsAccount !== 'AVAILABLE')
    throw paramError('funds_account', '枚举值有误');
  const params: RefundParams = {
    transactionId: text(fields, 'transaction_id', /^[0-9A-Za-z]{1,32}$/),
    outTradeNo: text(fields, 'out_trade_no', /^[0-9A-Za-z_\-|*@]{6,32}$/),
    outRefundNo: text(fields, 'out_refund_no', OUT_REFUND_NO) ?? missing('out_refund_no'),
    reason: bytes(fields, 'reason', 80),
    notifyUrl: bytes(fields, 'notify_url', 256),
    fundsAccount,
    amountMinor: fen(amount, 'refund'),
    totalMinor: fen(amount, 'total'),
  };
  if (params.transactionId === undefined && params.outTradeNo === undefined) missing('transaction_id');
  if (params.notifyUrl !== undefined) checkNotifyUrl(params.notifyUrl, isHostAllowed);
  return params;
}

export function parse(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw paramError('body', '不是合法的 JSON');
  }
}

export function objectOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw paramError(name, '不是对象');
  return value as Record<string, unknown>;
}

/** Choosing the paying account needs a right that no merchant has here; an empty list chooses nothing. */
function isNoneOrEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

export function text(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  form: RegExp,
): string | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !form.test(value)) throw paramError(name, '长度或字符有误');
  return value;
}

function bytes(fields: Readonly<Record<string, unknown>>, name: string, max: number): string | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw paramError(name, '不是字符串');
  if (Buffer.byteLength(value) > max) throw paramError(name, `超过 ${String(max)} 字节`);
  return value;
}

/** Whole fen from 1 on, exact in a JSON number. */
function fen(amount: Readonly<Record<string, unknown>>, name: string): bigint {
  const value = amount[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw paramError(`amount.${name}`, '不是大于 0 的整数');
  }
  return BigInt(value);
}

/** The real channel asks for https and a public host; here http to an allowed host stands for it. */
function checkNotifyUrl(url: string, isHostAllowed: (host: string) => boolean): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    throw paramError('notify_url', '不是合法的地址');
  if (parsed.search !== '') throw paramError('notify_url', '不能携带参数');
  if (!isHostAllowed(parsed.hostname)) throw paramError('notify_url', '沙箱不向该主机发送通知');
}

export function missing(name: string): never {
  throw paramError(name, '必填');
}
