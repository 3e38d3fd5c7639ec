/**
 * Sends one webhook. The address comes from outside, so the request must not become a way into the network that this
 * process stands in: in production only https to hosts of the internet, by name and by every address that the name has at
 * that moment; no redirect is followed, no proxy asked, and of an answer only the beginning is read.
 */
import { lookup as dnsLookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { NoticeAnswer } from '../activities/deps.ts';
import { ANSWER_CHARACTERS_MAX } from '../domain/notice/delivery.ts';
import { isPublicHost } from './public-host.ts';

/** From the first byte out to the end of the answer, or of what is read of it. */
const TIMEOUT_MS = 15_000;

/** Four bytes a character at most. */
const ANSWER_BYTES_MAX = ANSWER_CHARACTERS_MAX * 4;

export interface NoticeRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SenderOptions {
  /** Production: https and hosts of the internet only. */
  readonly publicOnly: boolean;
  readonly timeoutMs?: number;
  /** Asks for the addresses of a name; the system's own way when absent. */
  readonly lookup?: typeof dnsLookup;
}

/** What is wrong with an address to send webhooks to, in words; null when nothing is. */
export function refusedUrl(text: string, { publicOnly }: Pick<SenderOptions, 'publicOnly'>): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) return 'it is not an address';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it is not https';
  if (url.username !== '' || url.password !== '') return 'it has a user or a password in it';
  if (url.hash !== '') return 'it has a fragment';
  if (!publicOnly) return null;
  if (url.protocol !== 'https:') return 'it is not https';
  return isPublicHost(url.hostname) ? null : `${url.hostname} is not a host of the internet`;
}

/** Always an answer of one kind or the other: what goes wrong on the way is said, not thrown. */
export async function sendNotice(notice: NoticeRequest, o: SenderOptions): Promise<NoticeAnswer> {
  const refused = refusedUrl(notice.url, o);
  if (refused !== null) return { status: null, text: `not sent: ${refused}`, retryAfterMs: null };
  try {
    return await post(notice, o);
  } catch (error) {
    return { status: null, text: whyNoAnswer(error), retryAfterMs: null };
  }
}

function post(notice: NoticeRequest, o: SenderOptions): Promise<NoticeAnswer> {
  const url = new URL(notice.url);
  const body = Buffer.from(notice.body, 'utf8');
  const signal = AbortSignal.timeout(o.timeoutMs ?? TIMEOUT_MS);
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, {
      method: 'POST',
      headers: { ...notice.headers, 'content-length': String(body.length) },
      // A connection of its own: what one address was once found to be is no use for the next time.
      agent: false,
      signal,
      lookup: guarded(o),
    });
    let isAnswered = false;
    request.on('error', (error) => {
      if (!isAnswered) reject(error);
    });
    request.on('response', (response) => {
      isAnswered = true;
      readBeginning(response).then((text) => {
        resolve({ status: response.statusCode ?? 0, text, retryAfterMs: retryAfterOf(response) });
        request.destroy();
      }, reject);
    });
    request.end(body);
  });
}

/** The beginning of an answer; one that breaks off is as long as it was. */
async function readBeginning(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      if (size >= ANSWER_BYTES_MAX) break;
    }
  } catch {
    // The status has come, and only the status counts.
  }
  return Buffer.concat(parts).toString('utf8').slice(0, ANSWER_CHARACTERS_MAX);
}

const RETRY_AFTER_MAX_MS = 3_600_000;

/** In seconds; a date is not looked at. */
function retryAfterOf({ headers }: IncomingMessage): number | null {
  const seconds = /^\d{1,9}$/.exec(headers['retry-after'] ?? '')?.[0];
  return seconds === undefined ? null : Math.min(Number(seconds) * 1_000, RETRY_AFTER_MAX_MS);
}

/** Looks a name up and lets the connection go to none of its addresses when one of them is not of the internet. */
function guarded({ publicOnly, lookup = dnsLookup }: SenderOptions): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      const inside = publicOnly ? addresses.find((one) => !isPublicHost(hostOf(one))) : undefined;
      const [first] = addresses;
      if (inside !== undefined || first === undefined) {
        callback(new Error(`${hostname} is not only in the internet`), '', 0);
      } else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function hostOf({ address, family }: LookupAddress): string {
  return family === 6 ? `[${address}]` : address;
}

function whyNoAnswer(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  if (error.name === 'TimeoutError' || error.cause instanceof DOMException) return 'no answer in time';
  const code = 'code' in error ? `${String(error.code)}: ` : '';
  return `no answer: ${code}${error.message}`.slice(0, ANSWER_CHARACTERS_MAX);
}
