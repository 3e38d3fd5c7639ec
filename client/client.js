/**
 * The client of Yuanlu's HTTP API: `import { YuanluClient } from 'yuanlu/client'`. Plain JavaScript without a dependency, so
 * that it runs as it is written in any Node.js from 20.19 on. Its types are in client.d.ts.
 */
import { YuanluError } from './yuanlu-error.js';

export { verifyWebhook, WebhookError } from './webhook.js';
export { YuanluError };

/** Asked again so many times before giving up. */
const ATTEMPTS = 6;
const FIRST_DELAY_MS = 500;
const DELAY_MAX_MS = 30_000;
const TIMEOUT_MS = 15_000;
/** The server answers a wait within this; our own time-out is above it. */
const WAIT_SECONDS = 30;

/** States after which nothing more is expected. */
const ENDS = new Set(['settled', 'failed', 'returned']);

/** The API said no: a problem document with a stable `code`. */
export class ProblemError extends YuanluError {
  name = 'ProblemError';
  constructor(problem, status) {
    super(`${problem.code}: ${problem.detail}`);
    this.code = problem.code;
    this.status = status;
    this.retryable = problem.retryable;
    this.remedy = problem.remedy;
    this.errors = problem.errors ?? [];
    this.instance = problem.instance;
    this.problem = problem;
  }
}

/** No answer that can be trusted: nobody knows whether the request was done. Repeating with the same key is safe. */
export class UnreachableError extends YuanluError {
  name = 'UnreachableError';
}

/** The refund came to rest in another state than the one that was waited for. */
export class RefundEndedError extends YuanluError {
  name = 'RefundEndedError';
  constructor(refund) {
    super(`refund ${refund.refund_no} is ${refund.state}: ${refund.next_step}`);
    this.refund = refund;
  }
}

/** The time for waiting is over. The refund goes on; wait again. */
export class WaitTimeoutError extends YuanluError {
  name = 'WaitTimeoutError';
  constructor(refund) {
    super(`refund ${refund.refund_no} is still ${refund.state}: ${refund.next_step}`);
    this.refund = refund;
  }
}

export class YuanluClient {
  #base;
  #key;
  #o;

  constructor({ baseUrl, apiKey, timeoutMs = TIMEOUT_MS, attempts = ATTEMPTS, fetch, sleep, random }) {
    if (!URL.canParse(baseUrl ?? '')) throw new TypeError('baseUrl must be the address of the API');
    if (typeof apiKey !== 'string' || apiKey === '') throw new TypeError('apiKey is missing');
    this.#base = String(baseUrl).replace(/\/+$/, '');
    this.#key = apiKey;
    this.#o = {
      timeoutMs,
      attempts,
      fetch: fetch ?? globalThis.fetch,
      sleep: sleep ?? sleepFor,
      random: random ?? Math.random,
    };
  }

  async createRefund(asked, { idempotencyKey = asked.refund_no, signal } = {}) {
    if (typeof idempotencyKey !== 'string' || idempotencyKey === '')
      throw new TypeError('give an idempotencyKey, or a refund_no that serves as one');
    const { body } = await this.#call('POST', '/v1/refunds', {
      body: asked,
      headers: { 'idempotency-key': idempotencyKey },
      signal,
    });
    return body;
  }

  async getRefund(refundNo, { signal } = {}) {
    return (await this.#call('GET', `/v1/refunds/${encodeURIComponent(refundNo)}`, { signal })).body;
  }

  async getObservations(refundNo, { signal } = {}) {
    const path = `/v1/refunds/${encodeURIComponent(refundNo)}/observations`;
    return (await this.#call('GET', path, { signal })).body.observations;
  }

  async listRefunds({ state, cursor, limit, signal } = {}) {
    return (await this.#call('GET', `/v1/refunds${queryOf({ state, cursor, limit })}`, { signal })).body;
  }

  /** Every refund, page after page. */
  async *refunds({ state, limit, signal } = {}) {
    for (let cursor; cursor !== null; ) {
      const page = await this.listRefunds({ state, cursor, limit, signal });
      yield* page.refunds;
      cursor = page.next_cursor;
    }
  }

  async registerPayment(paymentNo, claim, { signal } = {}) {
    const path = `/v1/payments/${encodeURIComponent(paymentNo)}`;
    return (await this.#call('PUT', path, { body: claim, signal })).body;
  }

  async getPayment(paymentNo, { signal } = {}) {
    return (await this.#call('GET', `/v1/payments/${encodeURIComponent(paymentNo)}`, { signal })).body;
  }

  async quote(asked, { signal } = {}) {
    return (await this.#call('POST', '/v1/quotes', { body: asked, signal })).body;
  }

  async getQuote(quoteId, { signal } = {}) {
    return (await this.#call('GET', `/v1/quotes/${encodeURIComponent(quoteId)}`, { signal })).body;
  }

  async createReceiptLink(refundNo, asked = {}, { signal } = {}) {
    const path = `/v1/refunds/${encodeURIComponent(refundNo)}/receipt-links`;
    return (await this.#call('POST', path, { body: asked, signal })).body;
  }

  async waitUntil(refundNo, wanted, { timeoutMs = Infinity, onChange, signal } = {}) {
    const isWanted = asPredicate(wanted);
    const path = `/v1/refunds/${encodeURIComponent(refundNo)}`;
    const endsAt = performance.now() + timeoutMs;
    let seen = await this.#call('GET', path, { signal });
    for (;;) {
      onChange?.(seen.body);
      if (isWanted(seen.body)) return seen.body;
      if (ENDS.has(seen.body.state)) throw new RefundEndedError(seen.body);
      seen = await this.#nextOf(path, seen, endsAt, signal);
    }
  }

  /** The refund once its etag is another one. */
  async #nextOf(path, seen, endsAt, signal) {
    for (;;) {
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0) throw new WaitTimeoutError(seen.body);
      const wait = Math.max(1, Math.min(WAIT_SECONDS, Math.ceil(leftMs / 1000)));
      const next = await this.#call('GET', `${path}?wait=${wait}`, {
        headers: { 'if-none-match': seen.etag ?? '' },
        timeoutMs: this.#o.timeoutMs + wait * 1000,
        signal,
      });
      if (next.status !== 304) return next;
    }
  }

  /** One request, repeated with the same key and content while repeating can help. */
  async #call(method, path, { body, headers = {}, timeoutMs = this.#o.timeoutMs, signal }) {
    const request = {
      method,
      redirect: 'error',
      headers: {
        authorization: `Bearer ${this.#key}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted();
      const outcome = await this.#once(`${this.#base}${path}`, request, timeoutMs, signal);
      if (outcome.error === undefined) return outcome;
      signal?.throwIfAborted();
      if (!outcome.again || attempt >= this.#o.attempts) throw outcome.error;
      await this.#o.sleep(outcome.afterMs ?? this.#backOff(attempt), signal);
    }
  }

  #backOff(attempt) {
    const full = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
    // Between half and all of it: callers that failed together do not come back together.
    return full * (0.5 + this.#o.random() / 2);
  }

  async #once(url, request, timeoutMs, signal) {
    const late = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await this.#o.fetch(url, {
        ...request,
        signal: signal === undefined ? late : AbortSignal.any([late, signal]),
      });
      const text = await answer.text();
      return readAnswer(answer, text);
    } catch (cause) {
      const error = new UnreachableError(`${request.method} ${url}: no answer`, { cause });
      return { error, again: true };
    }
  }
}

function readAnswer(answer, text) {
  const { status, headers } = answer;
  const etag = headers.get('etag') ?? undefined;
  if (status === 304) return { status, etag };
  const body = jsonOf(text);
  if (status >= 200 && status < 300 && body !== undefined) return { status, etag, body };
  const afterMs = retryAfterMs(headers.get('retry-after'));
  if (body !== undefined && typeof body.code === 'string')
    return { error: new ProblemError(body, status), again: body.retryable === true, afterMs };
  // Whoever answered without a code was not the API: a proxy, or another server.
  const error = new UnreachableError(`the answer ${status} is none of Yuanlu's`);
  return { error, again: status >= 500 || status === 429 || status < 300, afterMs };
}

function jsonOf(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function retryAfterMs(text) {
  return text !== null && /^[0-9]{1,5}$/.test(text) ? Number(text) * 1000 : undefined;
}

function queryOf(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length === 0 ? '' : `?${query}`;
}

function asPredicate(wanted) {
  if (typeof wanted === 'function') return wanted;
  const states = new Set(Array.isArray(wanted) ? wanted : [wanted]);
  // What is settled has succeeded.
  return ({ state }) => states.has(state) || (state === 'settled' && states.has('succeeded'));
}

function sleepFor(ms, signal) {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}
