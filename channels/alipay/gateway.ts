/**
 * One signed call to Alipay's gateway (v2) and what can be trusted of its answer. A business answer counts only with a
 * valid signature over its raw node; the gateway's own refusals come unsigned and decide nothing for good.
 */
import { z } from 'zod';
import type { Clock } from '../../domain/clock.ts';
import { beijingTimeOf } from '../../domain/time/plain-date.ts';
import { FORM_TYPE, encodeForm } from '../form.ts';
import type { HttpClient } from '../http-client.ts';
import { createHttpClient } from '../http-client.ts';
import type { RateLimiter } from '../rate-limit.ts';
import { wallRateLimiter } from '../rate-limit.ts';
import type { AlipayAccount } from './account.ts';
import type { AnswerParts } from './answer-node.ts';
import { answerParts } from './answer-node.ts';
import { isSignedBy, requestText, signText } from './signing.ts';

/** From the first byte out to the last byte in; under the activities' own limits. */
const TIMEOUT_MS = 15_000;
const ANSWER_BYTES_MAX = 1 << 20;

/** Alipay publishes no figure for one method; these stay far below what merchants report as the ceiling. */
const RATE_LIMITS = { goodPerSecond: 50, failingPerSecond: 10, waitingMax: 1_000 };

export type Answer =
  /** Signed, code 10000. `node` is the parsed response node. */
  | { readonly kind: 'good'; readonly node: unknown; readonly responseId: string | null }
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly subCode: string;
      readonly message: string;
      readonly responseId: string | null;
    }
  | { readonly kind: 'unknown'; readonly why: string; readonly responseId: string | null };

export interface Gateway {
  call(method: string, content: object, signal?: AbortSignal): Promise<Answer>;
  /** Opens a download address that the gateway gave. */
  download(url: URL, signal?: AbortSignal): ReturnType<HttpClient['stream']>;
}

export interface GatewayDeps {
  readonly clock: Clock;
  /** Replaced in tests. */
  readonly http?: HttpClient;
  readonly limiter?: RateLimiter;
}

export function createGateway(account: AlipayAccount, deps: GatewayDeps): Gateway {
  const http = deps.http ?? createHttpClient({ timeoutMs: TIMEOUT_MS, answerBytesMax: ANSWER_BYTES_MAX });
  const limiter = deps.limiter ?? wallRateLimiter(RATE_LIMITS, deps.clock);
  return {
    call: async (method, content, signal) => {
      await limiter.turn(signal);
      const body = encodeForm(signedParameters(account, deps.clock, method, content));
      const result = await http.call({
        method: 'POST',
        url: account.gatewayUrl,
        headers: { accept: 'application/json', 'content-type': FORM_TYPE, 'user-agent': 'yuanlu (Node.js)' },
        body,
        signal,
      });
      const answer = result.ok
        ? readAnswer(account, method, result.answer)
        : ({ kind: 'unknown', why: result.why, responseId: null } as const);
      limiter.ended(answer.kind === 'good');
      return answer;
    },
    download: (url, signal) => http.stream({ method: 'GET', url: url.href, headers: {}, signal }),
  };
}

function signedParameters(
  account: AlipayAccount,
  clock: Clock,
  method: string,
  content: object,
): Record<string, string> {
  const parameters: Record<string, string> = {
    app_id: account.appId,
    method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: beijingTimeOf(clock.wallNow()),
    version: '1.0',
    ...(account.serials === null
      ? {}
      : { app_cert_sn: account.serials.app, alipay_root_cert_sn: account.serials.root }),
    biz_content: JSON.stringify(content),
  };
  return { ...parameters, sign: signText(requestText(parameters), account.privateKey) };
}

const nodeSchema = z.looseObject({
  code: z.string(),
  msg: z.string().default(''),
  sub_code: z.string().default(''),
  sub_msg: z.string().default(''),
});

function readAnswer(
  account: AlipayAccount,
  method: string,
  answer: { readonly status: number; readonly headers: ReadonlyMap<string, string>; readonly body: Buffer },
): Answer {
  const responseId = answer.headers.get('trace_id') ?? answer.headers.get('trace-id') ?? null;
  const unknown = (why: string): Answer => ({ kind: 'unknown', why, responseId });
  if (answer.status !== 200) return unknown(`HTTP ${String(answer.status)}`);
  const parts = answerParts(answer.body.toString('utf8'), method);
  if (parts === null) return unknown('the answer is not JSON as documented');
  const node = nodeSchema.safeParse(JSON.parse(parts.node));
  if (!node.success) return unknown('the answer has no code');
  const { code, sub_code: subCode, msg, sub_msg: subMessage } = node.data;
  const trust = whyNotTrusted(account, parts);
  if (trust !== null) {
    // What the gateway turns down before any product sees it comes unsigned; it is believed only as "not now".
    const turnedDown = parts.sign === null && /^(2000[01]|4000[12356])$/.test(code);
    return turnedDown
      ? { kind: 'error', code, subCode, message: subMessage || msg, responseId }
      : unknown(`the answer cannot be trusted (${trust})`);
  }
  if (code === '10000') return { kind: 'good', node: node.data, responseId };
  return { kind: 'error', code, subCode, message: subMessage || msg, responseId };
}

/** Null when the signature holds. */
function whyNotTrusted(account: AlipayAccount, parts: AnswerParts): string | null {
  if (parts.sign === null) return 'no signature';
  const expected = account.serials?.alipay;
  if (expected !== undefined && parts.certSn !== null && parts.certSn !== expected)
    return `signed with certificate ${parts.certSn}, which is not the configured one`;
  return isSignedBy(parts.node, parts.sign, account.alipayKey) ? null : 'wrong signature';
}
