/** An answer of Alipay that is not a success. They come with HTTP 200: the code and the sub code say what is the case. */
import { ChannelRefusal } from '../control/refusal.ts';

/** The gateway's codes and their words. */
const MESSAGES = {
  '20000': 'Service Currently Unavailable',
  '40001': 'Missing Required Arguments',
  '40002': 'Invalid Arguments',
  '40004': 'Business Failed',
  '40005': 'Call Limited',
} as const;

type GatewayCode = keyof typeof MESSAGES;

export class AlipayProblem extends ChannelRefusal {
  override readonly name = 'AlipayProblem';
  override readonly status = 422;
  /** The sub code: the business reason. */
  override readonly code: string;
  readonly gatewayCode: GatewayCode;
  /** Whether the gateway turned the call down before any product saw it: such answers nobody signs. */
  readonly isOfGateway: boolean;

  constructor(gatewayCode: GatewayCode, subCode: string, message: string, isOfGateway = false) {
    super(message);
    this.code = subCode;
    this.gatewayCode = gatewayCode;
    this.isOfGateway = isOfGateway;
  }
}

/** A business rule says no; `reason` is the sub code without its prefix. */
export function refused(reason: string, message: string): AlipayProblem {
  return new AlipayProblem('40004', `ACQ.${reason}`, message);
}

export function invalidParameter(message: string): AlipayProblem {
  return refused('INVALID_PARAMETER', `参数有误：${message}`);
}

export function tradeNotExist(): AlipayProblem {
  return refused('TRADE_NOT_EXIST', '交易不存在');
}

export function tooOften(): AlipayProblem {
  return new AlipayProblem('40005', 'isv.app-call-limited', '应用调用次数超限');
}

/** A required parameter of the protocol is missing. */
export function missing(name: string): AlipayProblem {
  return new AlipayProblem('40001', `isv.missing-${name}`, `缺少参数：${name}`, true);
}

/** A parameter of the protocol has a value that is none. */
export function invalid(name: string, message: string): AlipayProblem {
  return new AlipayProblem('40002', `isv.invalid-${name}`, message, true);
}

export function problemNode(problem: AlipayProblem): Record<string, unknown> {
  const { gatewayCode, code, message } = problem;
  return { code: gatewayCode, msg: MESSAGES[gatewayCode], sub_code: code, sub_msg: message };
}
