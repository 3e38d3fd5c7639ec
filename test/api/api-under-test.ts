/** The API on a real Postgres, with a channel and an engine that tests can look into. */
import { createHash, randomBytes } from 'node:crypto';
import { pino } from 'pino';
import type { App } from '../../api/app.ts';
import type { ApiLimits } from '../../api/deps.ts';
import type { ApiKey } from '../../api/keys.ts';
import type { ReleaseLimits } from '../../domain/refund/limits.ts';
import { NO_LIMITS } from '../../domain/refund/limits.ts';
import type { Scope } from '../../domain/scopes.ts';
import { createKeyring } from '../../api/keys.ts';
import type { ReceiptDesk } from '../../api/receipt-desk.ts';
import type { WebhookDesk } from '../../api/webhook-desk.ts';
import type { RefundEngine, RefundName, RefundToStart } from '../../api/refund-engine.ts';
import { buildApi } from '../../api/server.ts';
import { WECHAT_DESK } from '../../channels/wechat/desk.ts';
import { wechatProofNumbers } from '../../channels/wechat/proof-numbers.ts';
import type { CallbackMessage, CallbackReading, Channel, RefundReport } from '../../channels/channel.ts';
import { AppError } from '../../domain/errors.ts';
import type { ChannelName } from '../../domain/refund/refund.ts';
import { chinaCalendar } from '../../domain/time/china-calendar.ts';
import { linkTokens } from '../../receipts/link-tokens.ts';
import { newReceiptKeys, readReceiptKeys } from '../../receipts/receipt-keys.ts';
import { secretBox } from '../../notices/secret-box.ts';
import { syncAccounts } from '../../store/accounts.ts';
import type { Pool } from '../../store/pool.ts';
import { refusedUrl } from '../../workers/notice-sender.ts';
import type { TestDatabase } from '../support/database.ts';
import { testDatabase } from '../support/database.ts';

export const NOW = new Date('2026-11-24T02:30:00.000Z');
const DAY_MS = 86_400_000;

export const ALL_SCOPES: readonly Scope[] = [
  'refunds:read',
  'refunds:write',
  'payments:read',
  'payments:write',
  'quotes:read',
  'quotes:write',
  'statements:read',
  'breaks:write',
  'approvals:read',
  'approvals:write',
  'webhooks:read',
  'webhooks:write',
  'metrics:read',
];

/** Remembers what it was told; can be away. */
export class FakeEngine implements RefundEngine {
  readonly started: RefundToStart[] = [];
  readonly told: { readonly refund: RefundName; readonly callbackId: string }[] = [];
  away = false;

  async start(refund: RefundToStart): Promise<void> {
    if (this.away) throw new AppError('temporal_unavailable');
    this.started.push(refund);
  }

  async channelReported(refund: RefundName, callbackId: string): Promise<void> {
    if (this.away) throw new AppError('temporal_unavailable');
    this.told.push({ refund, callbackId });
  }

  async healthy(): Promise<boolean> {
    return !this.away;
  }
}

export interface ApiUnderTest {
  readonly app: App;
  readonly database: TestDatabase;
  readonly engine: FakeEngine;
  readonly clock: { at: Date; wallAt: Date };
  /** Keys of the merchants m1 (all scopes) and m2 (all scopes), and one of m1 that may do less. */
  readonly keys: { readonly m1: string; readonly m2: string; readonly reader: string };
  /** Keys of people: two of m1, one of m2. */
  readonly people: { readonly alice: string; readonly bob: string; readonly mallory: string };
  /** Lines of the log, parsed. */
  readonly logged: Record<string, unknown>[];
  close(): Promise<void>;
}

export interface Arrangement {
  readonly releaseLimits?: Partial<ReleaseLimits>;
  readonly limits?: Partial<ApiLimits>;
  /** Reads the callbacks of every account; by default none is believed. */
  readonly readCallback?: (message: CallbackMessage) => Promise<CallbackReading>;
  /** The channel of all accounts; WeChat Pay when absent. */
  readonly channelName?: ChannelName;
  /** The channel of an account, in place of the stand-in. */
  readonly channel?: (accountId: string) => Channel;
  /** Accounts of merchant m1 beside those below, at any channel. */
  readonly others?: readonly { readonly id: string; readonly channel: ChannelName }[];
  /** The API's way to its database, in place of the straight one. It is closed with the API. */
  readonly pool?: (url: string) => Pool;
  /** What the `reader` key may do; reading refunds when absent. */
  readonly readerScopes?: readonly Scope[];
  readonly randomBytes?: (sizeBytes: number) => Buffer;
  /** Null: an installation without keys of receipts. */
  readonly receipts?: ReceiptDesk | null;
  readonly trustedProxies?: readonly string[];
  /** Null: an installation without a key for webhooks. */
  readonly webhooks?: WebhookDesk | null;
}

export const PUBLIC_URL = 'https://pay.example.com';

function receiptDesk(): ReceiptDesk {
  const keys = readReceiptKeys(newReceiptKeys(null, 'test'), 'test');
  const facts = { legalName: null, creditCode: null, phone: null, address: null };
  return {
    ...{ keys, links: linkTokens(keys.linkSecrets), publicUrl: PUBLIC_URL },
    merchants: new Map([['m1', { name: '示例点卡店', ...facts }]]),
  };
}

/** As in production, with the internet alone to send to. */
function webhookDesk(): WebhookDesk {
  return {
    box: secretBox([randomBytes(32)], randomBytes),
    refuses: (url) => refusedUrl(url, { publicOnly: true }),
  };
}

/** Accounts: wx-1 and wx-2 of merchant m1, wx-3 of merchant m2. wx-gone is in the database, but not configured here. */
export async function apiUnderTest(arrangement: Arrangement = {}): Promise<ApiUnderTest> {
  const database = await testDatabase();
  const channel = arrangement.channelName ?? 'wechat';
  const others = arrangement.others ?? [];
  await syncAccounts(database.pool, [
    { id: 'wx-1', merchantId: 'm1', channel, externalId: '1900000001' },
    { id: 'wx-2', merchantId: 'm1', channel, externalId: '1900000002' },
    { id: 'wx-3', merchantId: 'm2', channel, externalId: '1900000003' },
    { id: 'wx-gone', merchantId: 'm1', channel, externalId: '1900000004' },
    ...others.map((one) => ({ ...one, merchantId: 'm1', externalId: `number of ${one.id}` })),
  ]);
  const engine = new FakeEngine();
  const clock = { at: NOW, wallAt: NOW };
  const logged: Record<string, unknown>[] = [];
  const keys = { m1: newKey(), m2: newKey(), reader: newKey() };
  const people = { alice: newKey(), bob: newKey(), mallory: newKey() };
  const nameOf = (id: string): ChannelName => others.find((one) => one.id === id)?.channel ?? 'wechat';
  const channelFor =
    arrangement.channel ??
    ((id: string) => channelOf(nameOf(id), id, arrangement.readCallback ?? believeNobody));
  const ids = ['wx-1', 'wx-2', 'wx-3', ...others.map((one) => one.id)];
  const channels = new Map(ids.map((id) => [id, channelFor(id)]));
  const ownPool = arrangement.pool?.(database.url);
  const app = await buildApi({
    pool: ownPool ?? database.pool,
    clock: { now: () => clock.at, wallNow: () => clock.wallAt, toWallMs: (ms) => ms },
    calendar: chinaCalendar,
    channels,
    keys: createKeyring([
      { id: 'k1', merchantId: 'm1', sha256: digest(keys.m1), scopes: [...ALL_SCOPES] },
      { id: 'k2', merchantId: 'm2', sha256: digest(keys.m2), scopes: [...ALL_SCOPES] },
      {
        id: 'k3',
        merchantId: 'm1',
        sha256: digest(keys.reader),
        scopes: [...(arrangement.readerScopes ?? ['refunds:read' as const])],
      },
      personKey('alice', 'm1', people.alice),
      personKey('bob', 'm1', people.bob),
      personKey('mallory', 'm2', people.mallory),
    ]),
    refundEngine: engine,
    log: pino({ level: 'debug' }, { write: (line: string) => void logged.push(parse(line)) }),
    version: '0.0.0-test',
    releaseLimits: { ...NO_LIMITS, ...arrangement.releaseLimits },
    randomBytes: arrangement.randomBytes ?? randomBytes,
    ...(arrangement.trustedProxies === undefined ? {} : { trustedProxies: arrangement.trustedProxies }),
    ...(arrangement.limits === undefined ? {} : { limits: arrangement.limits }),
    ...(arrangement.receipts === null ? {} : { receipts: arrangement.receipts ?? receiptDesk() }),
    ...(arrangement.webhooks === null ? {} : { webhooks: arrangement.webhooks ?? webhookDesk() }),
  });
  return {
    app,
    database,
    engine,
    clock,
    keys,
    people,
    logged,
    close: async () => {
      await app.close();
      await ownPool?.end();
      await database.drop();
    },
  };
}

function personKey(operator: string, merchantId: string, text: string): ApiKey {
  return { id: operator, merchantId, sha256: digest(text), scopes: [...ALL_SCOPES], operator };
}

function parse(line: string): Record<string, unknown> {
  return JSON.parse(line) as Record<string, unknown>;
}

function newKey(): string {
  return `yl_${randomBytes(32).toString('base64url')}`;
}

export function digest(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

async function believeNobody(): Promise<CallbackReading> {
  return { verdict: 'refused', code: 'callback_unsigned', why: 'tests without callbacks get none' };
}

function channelOf(name: ChannelName, accountId: string, readCallback: Channel['readCallback']): Channel {
  const unused = (): never => {
    throw new Error('the API does not call channels');
  };
  return {
    name,
    accountId,
    limits: {
      refundNo: { pattern: /^[0-9A-Za-z_\-|*@]{1,64}$/, says: 'as WeChat Pay', uniqueTailDigits: null },
      bankLegPollMs: DAY_MS,
      refundableForMs: 365 * DAY_MS,
      partsPerPayment: 50,
      spacingPerPaymentMs: 60_000,
      absenceGraceMs: 60_000,
      silentAttemptsMax: null,
      emptyAfterMs: 12 * 3_600_000,
      pollLadderMs: [60_000],
      statementReadyAfterMs: 10 * 3_600_000,
      statementKinds: ['trade'],
    },
    lineProves: 'acceptance',
    movementWords: [],
    proofNumbers: wechatProofNumbers,
    desk: WECHAT_DESK,
    redirect: null,
    readCallback,
    submitRefund: unused,
    queryRefund: unused,
    queryPayment: unused,
    requestStatement: unused,
    openStatement: unused,
    callbackReply: (fault) =>
      fault === null
        ? { status: 204, body: null }
        : {
            status: fault.status,
            body: { type: 'application/json', text: JSON.stringify({ code: 'FAIL', message: fault.title }) },
          },
  };
}

export function reportOf(report: Partial<RefundReport> & { readonly refundNo: string }): RefundReport {
  return {
    status: 'success',
    channelRefundNo: null,
    transactionId: null,
    amountMinor: null,
    payerAmountMinor: null,
    acceptedAt: null,
    succeededAt: null,
    landsIn: null,
    ...report,
  };
}
