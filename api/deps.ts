/** What the API needs from outside. Composed once per process; nothing in here reads globals. */
import type { FastifyBaseLogger } from 'fastify';
import type { Channel } from '../channels/channel.ts';
import type { Clock } from '../domain/clock.ts';
import type { ReleaseLimits } from '../domain/refund/limits.ts';
import type { PressLimits } from '../receipts/paper-press.ts';
import { PRESS_LIMITS } from '../receipts/paper-press.ts';
import type { BusinessCalendar } from '../domain/time/china-calendar.ts';
import type { Pool } from '../store/pool.ts';
import type { ApiKeyring } from './keys.ts';
import type { PageLimits } from './page-limits.ts';
import type { ReceiptDesk } from './receipt-desk.ts';
import type { RefundEngine } from './refund-engine.ts';
import type { WatchLimits } from './refund-watch.ts';
import type { WebhookDesk } from './webhook-desk.ts';
import { WATCH_LIMITS } from './refund-watch.ts';

export interface ApiDeps {
  /** Role yuanlu_app. */
  readonly pool: Pool;
  readonly clock: Clock;
  /** The business days that promises are counted in. */
  readonly calendar: BusinessCalendar;
  /** The channel accounts this process serves. */
  readonly channels: { get(accountId: string): Channel | undefined };
  readonly keys: ApiKeyring;
  readonly refundEngine: RefundEngine;
  readonly log: FastifyBaseLogger | false;
  /** Of this software; shown in the OpenAPI document. */
  readonly version: string;
  /** Cryptographically strong chance, for request ids and refund numbers. */
  readonly randomBytes: (sizeBytes: number) => Buffer;
  readonly limits?: Partial<ApiLimits>;
  /** Above these a refund waits for two people. */
  readonly releaseLimits: ReleaseLimits;
  /** What receipts are made with; without it there are none. */
  readonly receipts?: ReceiptDesk;
  /** Proxies (addresses, networks, `loopback` …) whose word on where a request came from is believed; nobody's when left out. */
  readonly trustedProxies?: readonly string[];
  /** What webhook endpoints are kept with; without it there are none. */
  readonly webhooks?: WebhookDesk;
}

export interface ApiLimits {
  /** Requests a minute (wall time) per API key; without a key, per address. */
  readonly requestsPerMinute: number;
  /** Largest JSON body of a request. */
  readonly bodyBytesMax: number;
  /** Largest body of a callback. */
  readonly callbackBytesMax: number;
  /** Refused callbacks kept per account and minute (wall time); further ones are only counted. */
  readonly refusedCallbacksPerMinute: number;
  /** How long a client may take to send one request. */
  readonly requestTimeoutMs: number;
  /** How long a readiness check may take before it counts as failed. */
  readonly readyTimeoutMs: number;
  /** How long a count of the books is good enough for `/metrics`: several collectors cost as much as one. */
  readonly booksCountedEveryMs: number;
  /** Callers that wait for a refund to change. */
  readonly watch: WatchLimits;
  /** Links to receipts, per address. */
  readonly links: PageLimits;
  /** Checking of receipts, per address. */
  readonly verify: PageLimits;
  /** Papers that are made at once. */
  readonly press: PressLimits;
}

export const API_LIMITS: ApiLimits = {
  requestsPerMinute: 6_000,
  bodyBytesMax: 64 * 1024,
  callbackBytesMax: 256 * 1024,
  refusedCallbacksPerMinute: 20,
  requestTimeoutMs: 30_000,
  readyTimeoutMs: 2_500,
  booksCountedEveryMs: 10_000,
  watch: WATCH_LIMITS,
  links: { perMinute: 600, missesPerMinute: 30 },
  verify: { perMinute: 120, missesPerMinute: 30 },
  press: PRESS_LIMITS,
};
