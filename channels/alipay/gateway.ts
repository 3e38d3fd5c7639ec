/**
 * One signed call to Alipay's gateway (v2) and what can be trusted of its answer. A business answer counts only with a
 * valid signature over its raw node; the gateway's own refusals come unsigned and decide nothing for good.
 */
import { z } from 'zod';
import type { Clock } from '../../domain/clock.ts';
import { beijingTimeOf } from '../../domain/time/plain-date.ts';
import { FORM_TYPE, encodeForm } from '../form.ts';
import type { HttpAnswer, HttpClient } from '../http-client.ts';
import { createHttpClient } from '../http-client.ts';
import type { RateLimiter } from '../rate-limit.ts';
import { wallRateLimiter } from '../rate-limit.ts';
import type { Distrust, KeepUnbelieved } from '../unbelieved.ts';
import { unbelieved } from '../unbelieved.ts';
import type { AlipayAccount } from './account.ts';
import type { AnswerKeys } from './answer-keys.ts';
import { answerKeys } from './answer-keys.ts';
import type { AnswerParts } from './answer-node.ts';
import { answerParts } from './answer-node.ts';
import { certificateSchema } from './schemas.ts';
import { isSignedBy, requestText, signText } from './signing.ts';

const DOWNLOAD_CERTIFICATE = 'alipay.open.app.alipaycert.download';

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
  /** What verifies answers, and notices too. */
  readonly keys: AnswerKeys;
  call(method: string, content: object, signal?: AbortSignal): Promise<Answer>;
  /** Opens a download address that the gateway gave. */
  download(url: URL, signal?: AbortSignal): ReturnType<HttpClient['stream']>;
}

export interface GatewayDeps {
  readonly clock: Clock;
  readonly keepUnbelieved?: KeepUnbelieved;
  /** Replaced in tests. */
  readonly http?: HttpClient;
  readonly limiter?: RateLimiter;
}

export function createGateway(account: AlipayAccount, deps: GatewayDeps): Gateway {
  const http = deps.http ?? createHttpClient({ timeoutMs: TIMEOUT_MS, answerBytesMax: ANSWER_BYTES_MAX });
  const limiter = deps.limiter ?? wallRateLimiter(RATE_LIMITS, deps.clock);
  const exchange = async (method: string, content: object, signal?: AbortSignal): Promise<Exchanged> => {
    await limiter.turn(signal);
    const body = encodeForm(signedParameters(account, deps.clock, method, content));
    const result = await http.call({
      method: 'POST',
      url: account.gatewayUrl,
      headers: { accept: 'application/json', 'content-type': FORM_TYPE, 'user-agent': 'yuanlu (Node.js)' },
      body,
      signal,
    });
    const read: Exchanged = result.ok
      ? takeApart(method, result.answer)
      : { kind: 'unknown', why: result.why, responseId: null };
    limiter.ended(read.kind === 'read' && read.node.code === '10000');
    return read;
  };
  const keys = answerKeys(account.trust, deps.clock, async (serial) =>
    certificateText(await exchange(DOWNLOAD_CERTIFICATE, { alipay_cert_sn: serial })),
  );
  return {
    keys,
    call: async (method, content, signal) => {
      const read = await exchange(method, content, signal);
      if (read.kind === 'unknown') return read;
      const distrust = await whyNotTrusted(keys, read.parts);
      const answer = judged(read, distrust);
      if (distrust !== null && answer.kind === 'unknown')
        await deps.keepUnbelieved?.(unbelieved(method, read.came, distrust));
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
    ...serialsOf(account),
    biz_content: JSON.stringify(content),
  };
  return { ...parameters, sign: signText(requestText(parameters), account.privateKey) };
}

/** In certificate mode a request names both certificates that it relies on. */
function serialsOf({ trust }: AlipayAccount): Record<string, string> {
  if (trust.mode === 'key') return {};
  return { app_cert_sn: trust.serials.app, alipay_root_cert_sn: trust.serials.root };
}

const nodeSchema = z.looseObject({
  code: z.string(),
  msg: z.string().default(''),
  sub_code: z.string().default(''),
  sub_msg: z.string().default(''),
});

type Unknown = Extract<Answer, { kind: 'unknown' }>;

/** An answer in its documented shape, not yet believed. */
interface ReadAnswer {
  readonly kind: 'read';
  readonly parts: AnswerParts;
  readonly node: z.infer<typeof nodeSchema>;
  readonly responseId: string | null;
  /** As it came. */
  readonly came: HttpAnswer;
}

type Exchanged = ReadAnswer | Unknown;

function takeApart(method: string, answer: HttpAnswer): Exchanged {
  const responseId = answer.headers.get('trace_id') ?? answer.headers.get('trace-id') ?? null;
  const unknown = (why: string): Unknown => ({ kind: 'unknown', why, responseId });
  if (answer.status !== 200) return unknown(`HTTP ${String(answer.status)}`);
  const parts = answerParts(answer.body.toString('utf8'), method);
  if (parts === null) return unknown('the answer is not JSON as documented');
  const node = nodeSchema.safeParse(JSON.parse(parts.node));
  if (!node.success) return unknown('the answer has no code');
  return { kind: 'read', parts, node: node.data, responseId, came: answer };
}

function judged({ parts, node, responseId }: ReadAnswer, distrust: Distrust | null): Answer {
  const { code, sub_code: subCode, msg, sub_msg: subMessage } = node;
  const refusal: Answer = { kind: 'error', code, subCode, message: subMessage || msg, responseId };
  if (distrust !== null) {
    // What the gateway turns down before any product sees it comes unsigned; it is believed only as "not now".
    const turnedDown = parts.sign === null && /^(2000[01]|4000[12356])$/.test(code);
    return turnedDown
      ? refusal
      : { kind: 'unknown', why: `the answer cannot be trusted (${distrust.why})`, responseId };
  }
  return code === '10000' ? { kind: 'good', node, responseId } : refusal;
}

/** Null when the signature holds. */
async function whyNotTrusted(
  keys: AnswerKeys,
  { node, sign, certSn }: AnswerParts,
): Promise<Distrust | null> {
  if (sign === null) return { code: 'callback_unsigned', why: 'no signature' };
  const found = await keys.find(certSn);
  if (!found.known) return found;
  if (found.keys.some((key) => isSignedBy(node, sign, key))) return null;
  return { code: 'callback_signature_invalid', why: 'wrong signature' };
}

/** Certificates are handed out as the base64 of their PEM text. Whether one is Alipay's, it has to prove itself. */
function certificateText(read: Exchanged): string | null {
  const parsed = certificateSchema.safeParse(read.kind === 'read' ? read.node : null);
  return parsed.success ? Buffer.from(parsed.data.alipay_cert_content, 'base64').toString('utf8') : null;
}
