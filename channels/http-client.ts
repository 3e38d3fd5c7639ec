/**
 * HTTP as every channel needs it: explicit time-outs, no redirects, no proxy, no retries of its own, bodies as raw
 * bytes with a cap. An answer of any status is an answer; what is no answer is told apart from it.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import axios from 'axios';
import type { AxiosInstance } from 'axios';

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; repeated headers joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export type HttpResult =
  | { readonly ok: true; readonly answer: HttpAnswer }
  /** No whole answer came: time-out, reset, half an answer, a body over the cap. The request may have been acted on. */
  | { readonly ok: false; readonly why: string; readonly isTooLarge?: true };

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The very bytes that were signed. */
  readonly body?: Buffer;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpClientOptions {
  /** From the first byte out to the last byte in; of a stream, to its first byte and between any two. */
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
}

export interface HttpClient {
  call(request: HttpRequest): Promise<HttpResult>;
  /**
   * Opens a large answer as a stream; the caller watches its size. Throws where there is no answer; reading throws where
   * it breaks off or stands still. Only a 200 has a body here: what else came is closed unread.
   */
  stream(request: HttpRequest): Promise<{ readonly status: number; readonly body: AsyncIterable<Buffer> }>;
}

const SOCKETS_MAX = 64;

export function createHttpClient(o: HttpClientOptions): HttpClient {
  const instance = axios.create({
    timeout: o.timeoutMs,
    maxRedirects: 0,
    proxy: false,
    maxContentLength: o.answerBytesMax,
    maxBodyLength: o.answerBytesMax,
    // The bytes count: signatures are over them, so nothing may be parsed, trimmed or re-encoded on the way.
    transformRequest: [(data: unknown) => data],
    transformResponse: [(data: unknown) => data],
    validateStatus: () => true,
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets: SOCKETS_MAX }),
    httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets: SOCKETS_MAX }),
  });
  return {
    call: (request) => call(instance, request, o),
    stream: (request) => openStream(instance, request, o),
  };
}

async function call(
  instance: AxiosInstance,
  request: HttpRequest,
  o: HttpClientOptions,
): Promise<HttpResult> {
  // axios' own time-out does not cover a peer that sends a byte now and then; this one covers everything.
  const deadline = AbortSignal.timeout(o.timeoutMs);
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
  try {
    const { status, headers, data } = await instance.request<Buffer>({
      ...configOf(request),
      responseType: 'arraybuffer',
      signal,
    });
    return { ok: true, answer: { status, headers: headerMap(headers), body: data } };
  } catch (error) {
    if (deadline.aborted) return { ok: false, why: 'time-out' };
    return { ok: false, why: whyNoAnswer(error), ...(isOverCap(error) ? { isTooLarge: true } : {}) };
  }
}

async function openStream(
  instance: AxiosInstance,
  request: HttpRequest,
  o: HttpClientOptions,
): Promise<{ status: number; body: AsyncIterable<Buffer> }> {
  const { status, data } = await instance
    .request<Readable>({
      ...configOf(request),
      responseType: 'stream',
      decompress: false,
      // No cap of axios': with one it hands out a wrapper whose end does not reach the connection.
      maxContentLength: -1,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
    .catch((error: unknown) => {
      // Its own error holds the whole request: the signature, and the address that opens the file.
      throw new Error(whyNoAnswer(error));
    });
  if (status === 200) return { status, body: watched(data, o.timeoutMs) };
  // An answer that nobody reads would keep its connection for ever.
  data.destroy();
  return { status, body: Readable.from([]) };
}

/** The bytes of a stream; it fails when its peer sends none for `stillMsMax`, however long its reader takes. */
async function* watched(stream: Readable, stillMsMax: number): AsyncGenerator<Buffer> {
  const giveUp = (): void => {
    stream.destroy(new Error(`no byte came for ${String(stillMsMax)} ms`));
  };
  let timer = setTimeout(giveUp, stillMsMax);
  try {
    for await (const part of stream) {
      clearTimeout(timer);
      yield part as Buffer;
      timer = setTimeout(giveUp, stillMsMax);
    }
  } finally {
    clearTimeout(timer);
  }
}

function configOf(request: HttpRequest) {
  return {
    method: request.method,
    url: request.url,
    headers: { ...request.headers },
    ...(request.body === undefined ? {} : { data: request.body }),
  };
}

function headerMap(headers: object): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : String(value),
    ]),
  );
}

/** axios has no code of its own for it. */
function isOverCap(error: unknown): boolean {
  return axios.isAxiosError(error) && error.message.startsWith('maxContentLength size of');
}

function whyNoAnswer(error: unknown): string {
  if (axios.isAxiosError(error)) return `${error.code ?? 'network'}: ${error.message}`.slice(0, 200);
  return String(error).slice(0, 200);
}
