/**
 * One signed call to WeChat Pay and what can be trusted of its answer. A 2xx answer counts only with a valid signature;
 * error answers are not signed by the channel and are read by status and code.
 */
import type { Clock } from '../../domain/clock.ts';
import { AppError } from '../../domain/errors.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from '../http-client.ts';
import { createHttpClient } from '../http-client.ts';
import { wallRateLimiter } from '../rate-limit.ts';
import type { RateLimiter } from '../rate-limit.ts';
import type { Distrust, KeepUnbelieved } from '../unbelieved.ts';
import { unbelieved } from '../unbelieved.ts';
import { retryAfter } from '../retry-after.ts';
import type { WechatAccount } from './account.ts';
import type { KeyRing } from './keys.ts';
import { createKeyRing, parseJson } from './keys.ts';
import { errorSchema } from './schemas.ts';
import { authorization } from './signing.ts';
import type { SignedMessage } from './verification.ts';
import { verifyMessage } from './verification.ts';

/** From the first byte out to the last byte in; under the activities' own limits. */
const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 1 << 20;

/** WeChat Pay's limits per merchant: accepted calls and failing calls a second (APIv3: create a refund, frequency). */
const RATE_LIMITS = { goodPerSecond: 150, failingPerSecond: 6, waitingMax: 1_000 };

/** Error answers that answer the question, whether a day has a bill; the channel's limit on failing calls is not about them. */
const EXPECTED_CODES: ReadonlySet<string> = new Set(['NO_STATEMENT_EXIST', 'STATEMENT_CREATING']);

/** What came of a call. `responseId` is the channel's Request-ID: its support asks for it. */
export type Answer =
  | { readonly kind: 'good'; readonly body: unknown; readonly responseId: string | null }
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly code: string;
      readonly message: string;
      readonly retryAfterMs: number | null;
      readonly responseId: string | null;
    }
  | { readonly kind: 'unknown'; readonly why: string; readonly responseId: string | null };

export interface Transport {
  readonly keys: KeyRing;
  /** `keyId`: the channel's key that fields of the body are encrypted with, where some are. */
  post(
    path: string,
    body: unknown,
    o?: { readonly keyId?: string; readonly signal?: AbortSignal | undefined },
  ): Promise<Answer>;
  get(pathAndQuery: string, signal?: AbortSignal): Promise<Answer>;
  /** A signed GET of an absolute address, as a stream; its answer carries no signature. */
  download(
    url: URL,
    signal?: AbortSignal,
  ): Promise<{ readonly status: number; readonly body: AsyncIterable<Buffer> }>;
}

export interface TransportDeps {
  readonly clock: Clock;
  readonly randomBytes: (sizeBytes: number) => Buffer;
  readonly keepUnbelieved?: KeepUnbelieved;
  /** Replaced in tests. */
  readonly http?: HttpClient;
  readonly limiter?: RateLimiter;
}

export function createTransport(account: WechatAccount, deps: TransportDeps): Transport {
  const http = deps.http ?? createHttpClient({ timeoutMs: TIMEOUT_MS, answerBytesMax: ANSWER_BYTES_MAX });
  const limiter = deps.limiter ?? wallRateLimiter(RATE_LIMITS, deps.clock);
  const keys: KeyRing = createKeyRing(account, deps.clock, async () => {
    const result = await http.call(
      signed(account, deps, undefined, { method: 'GET', url: `${account.apiBase}/v3/certificates` }),
    );
    return result.ok && result.answer.status === 200 ? toMessage(result.answer) : null;
  });
  const call = async (
    method: 'GET' | 'POST',
    path: string,
    { body, keyId, signal }: { body?: Buffer; keyId?: string; signal?: AbortSignal | undefined },
  ): Promise<Answer> => {
    await limiter.turn(signal);
    const request = signed(account, deps, keyId ?? keys.preferredId, {
      method,
      url: `${account.apiBase}${path}`,
      signal,
      ...(body === undefined ? {} : { body }),
    });
    const result = await http.call(request);
    const answer = result.ok
      ? await readAnswer(result.answer, keys, {
          wallNow: deps.clock.wallNow(),
          distrusted: (came, distrust) =>
            deps.keepUnbelieved?.(unbelieved(`${method} ${path}`, came, distrust)),
        })
      : unknown(result.why, null);
    limiter.ended(answer.kind === 'good' || (answer.kind === 'error' && EXPECTED_CODES.has(answer.code)));
    return answer;
  };
  return {
    keys,
    // Serialised once: the bytes that are signed are the bytes that are sent.
    post: (path, body, o = {}) =>
      call('POST', path, { ...o, body: Buffer.from(JSON.stringify(body), 'utf8') }),
    get: (pathAndQuery, signal) => call('GET', pathAndQuery, { signal }),
    download: (url, signal) =>
      http.stream(signed(account, deps, keys.preferredId, { method: 'GET', url: url.href, signal })),
  };
}

function signed(
  account: WechatAccount,
  deps: TransportDeps,
  keyId: string | undefined,
  request: Omit<HttpRequest, 'headers'>,
): HttpRequest {
  const { pathname, search } = new URL(request.url);
  const body = request.body ?? Buffer.alloc(0);
  const token = authorization(account, {
    method: request.method,
    pathAndQuery: pathname + search,
    timestamp: Math.floor(deps.clock.wallNow().getTime() / 1_000).toString(),
    nonce: deps.randomBytes(16).toString('hex'),
    body,
  });
  return {
    ...request,
    headers: {
      accept: 'application/json',
      'user-agent': 'yuanlu (Node.js)',
      authorization: token,
      // Tells the channel which of its keys we can verify, or have encrypted with.
      ...(keyId === undefined ? {} : { 'wechatpay-serial': keyId }),
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
  };
}

async function readAnswer(
  answer: HttpAnswer,
  keys: KeyRing,
  o: {
    readonly wallNow: Date;
    readonly distrusted: (answer: HttpAnswer, distrust: Distrust) => Promise<void> | undefined;
  },
): Promise<Answer> {
  const responseId = answer.headers.get('request-id') ?? null;
  if (answer.status >= 200 && answer.status < 300) {
    const verdict = await verifyMessage(toMessage(answer), keys, o.wallNow);
    if (!verdict.genuine) {
      await o.distrusted(answer, verdict);
      return unknown(`the answer cannot be trusted (${verdict.code}: ${verdict.why})`, responseId);
    }
    const body = parseJson(answer.body);
    return body === undefined
      ? unknown('the answer is not JSON', responseId)
      : { kind: 'good', body, responseId };
  }
  const parsed = errorSchema.safeParse(parseJson(answer.body));
  // A page of some gateway on the way is no word of the channel.
  if (!parsed.success && answer.status < 500)
    return unknown(`HTTP ${String(answer.status)} without an error code`, responseId);
  const { code, message } = parsed.success
    ? parsed.data
    : { code: 'SYSTEM_ERROR', message: `HTTP ${String(answer.status)}` };
  const retryAfterMs = retryAfter(answer.headers.get('retry-after'), o.wallNow);
  return { kind: 'error', status: answer.status, code, message, retryAfterMs, responseId };
}

function unknown(why: string, responseId: string | null): Answer {
  return { kind: 'unknown', why, responseId };
}

function toMessage(answer: HttpAnswer): SignedMessage {
  return { header: (name) => answer.headers.get(name), body: answer.body };
}

/** Refuses download addresses that the account does not allow: another host, credentials, or plain http elsewhere. */
export function checkDownloadUrl(account: Pick<WechatAccount, 'billHosts' | 'apiBase'>, text: string): URL {
  const url = new URL(text);
  const sameScheme = url.protocol === 'https:' || url.protocol === new URL(account.apiBase).protocol;
  if (!account.billHosts.has(url.host) || !sameScheme || url.username !== '' || url.password !== '') {
    throw new AppError('statement_host_refused', { host: url.host });
  }
  return url;
}
