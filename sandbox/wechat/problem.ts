import { ChannelRefusal } from '../control/refusal.ts';

/** An answer of WeChat Pay that is not a success: HTTP status, code and message, as documented for APIv3. */
export class WechatProblem extends ChannelRefusal {
  override readonly name = 'WechatProblem';
  override readonly status: number;
  override readonly code: string;
  readonly detail: Readonly<Record<string, unknown>> | undefined;

  constructor(status: number, code: string, message: string, detail?: Readonly<Record<string, unknown>>) {
    super(message);
    this.status = status;
    this.code = code;
    this.detail = detail;
  }
}

/** A field that breaks its documented type, length or character set. */
export function paramError(field: string, issue: string, location = 'body'): WechatProblem {
  return new WechatProblem(400, 'PARAM_ERROR', '参数错误', { field, issue, location });
}

/** A business rule says no. */
export function invalidRequest(message: string): WechatProblem {
  return new WechatProblem(400, 'INVALID_REQUEST', message);
}

export function signError(message: string, detail?: Readonly<Record<string, unknown>>): WechatProblem {
  return new WechatProblem(401, 'SIGN_ERROR', message, detail);
}

export function notFound(message: string, code = 'RESOURCE_NOT_EXISTS'): WechatProblem {
  return new WechatProblem(404, code, message);
}

export function tooOften(message: string): WechatProblem {
  return new WechatProblem(429, 'FREQUENCY_LIMITED', message);
}

export function bodyOf(problem: WechatProblem): string {
  const { code, message, detail } = problem;
  return JSON.stringify(detail === undefined ? { code, message } : { code, message, detail });
}
