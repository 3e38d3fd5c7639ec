/** One running system with a virtual month, and a shop that sells, refunds and looks at what became of it from outside. */
import '../support/quiet-temporal.ts';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import type { AxiosInstance } from 'axios';
import type { ReleaseLimits } from '../../domain/refund/limits.ts';
import type { PaySource } from '../../sandbox/wechat/model.ts';
import type { DeliveryView } from '../../sandbox/notice-tries.ts';
import type { RefundTrouble } from '../../sandbox/wechat/troubles.ts';
import type { Stack } from '../../workers/stack.ts';
import { startStack } from '../../workers/stack.ts';

export interface Sale {
  readonly paymentNo: string;
  readonly transactionId: string;
  /** What the channel captured, fen. */
  readonly capturedMinor: bigint;
}

export interface Asked extends Sale {
  readonly refundNo: string;
  readonly amountMinor: bigint;
}

export interface AskOptions {
  readonly trouble?: RefundTrouble;
  readonly source?: PaySource;
  readonly capturedMinor?: bigint;
  /** What the shop believes was captured, where that is not the truth. */
  readonly claimedMinor?: bigint;
  readonly amountMinor?: bigint;
  /** Refund this sale instead of a new one. */
  readonly of?: Sale;
}

/** The refund resource, as far as these tests read it. */
export interface SeenRefund {
  readonly refund_no: string;
  readonly state: string;
  readonly state_reason: string | null;
  readonly overdue_level: number;
  readonly amount_minor: string;
  readonly accepted_at: string | null;
  readonly succeeded_at: string | null;
  readonly lands_in: string | null;
  readonly serials: { readonly channel_refund_no: string | null; readonly transaction_id: string | null };
  readonly window: {
    readonly promise_at: string;
    readonly alarm_at: string;
    readonly provisional: boolean;
  } | null;
}

export interface SeenObservation {
  readonly kind: string;
  readonly source: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface SeenBreak {
  readonly kind: string;
  readonly status: string;
  readonly amount_minor: string | null;
  readonly expected_minor: string | null;
  readonly closed_reason: string | null;
  readonly line: {
    readonly statement_id: string;
    readonly line_no: number;
    readonly bill_date: string;
  } | null;
}

export interface SeenCallback {
  readonly verdict: string;
  readonly eventType: string | null;
  readonly applied: boolean;
}

const ORIGIN = new Date('2026-09-01T00:00:00+08:00');
const LOOK_EVERY_MS = 150;
/** Where the stack takes WeChat payments. */
const WECHAT_ACCOUNT = 'wx-demo';

export interface Shop {
  readonly stack: Stack;
  readonly http: AxiosInstance;
  ask(name: string, o?: AskOptions): Promise<Asked>;
  refund(refundNo: string): Promise<SeenRefund>;
  timeline(refundNo: string): Promise<readonly SeenObservation[]>;
  breaks(refundNo: string): Promise<readonly SeenBreak[]>;
  callbacks(refundNo: string): Promise<readonly SeenCallback[]>;
  deliveries(refundNo: string): readonly DeliveryView[];
  /** Fen that the channel paid out under this number, each time counted. */
  paidOut(refundNo: string): readonly bigint[];
  /** The refund, as soon as it stands in this state. */
  reaches(refundNo: string, state: string): Promise<SeenRefund>;
  close(): Promise<void>;
}

/** @param daysPerSecond business days that pass in a second on the wall */
export async function openShop(o: {
  readonly seed: number;
  readonly daysPerSecond: number;
  readonly releaseLimits?: ReleaseLimits;
}): Promise<Shop> {
  const root = resolve('.yuanlu');
  await mkdir(root, { recursive: true });
  const dataDir = await mkdtemp(join(root, 'shop-'));
  const stack = await startStack({
    dataDir,
    keepData: false,
    apiPort: 0,
    virtualTime: () => ({ originMs: ORIGIN.getTime(), epochMs: Date.now(), rate: o.daysPerSecond * 86_400 }),
    schedule: '* * * * * *',
    // Second looks at a bill come on the fourth day after it.
    lookBackDays: 6,
    pollFloorMs: 500,
    seed: o.seed,
    ...(o.releaseLimits === undefined ? {} : { releaseLimits: o.releaseLimits }),
    logLevel: 'silent',
    temporalUi: false,
    durableTemporal: false,
    say: () => undefined,
  });
  const http = axios.create({
    baseURL: stack.api.url,
    headers: { authorization: `Bearer ${stack.apiKey}` },
    timeout: 20_000,
    proxy: false,
    validateStatus: () => true,
  });
  const get = async <T>(path: string): Promise<T> => {
    const answer = await http.get<T>(path);
    if (answer.status !== 200)
      throw new Error(`GET ${path}: ${String(answer.status)} ${JSON.stringify(answer.data)}`);
    return answer.data;
  };
  const refund = (refundNo: string): Promise<SeenRefund> => get(`/v1/refunds/${refundNo}`);
  await lookBackIsOver(stack);
  return {
    stack,
    http,
    ask: (name, options = {}) => ask(stack, http, name, options),
    refund,
    timeline: async (refundNo) =>
      (await get<{ observations: SeenObservation[] }>(`/v1/refunds/${refundNo}/observations`)).observations,
    breaks: async (refundNo) =>
      (await get<{ breaks: SeenBreak[] }>(`/v1/breaks?refund_no=${refundNo}`)).breaks,
    callbacks: (refundNo) => callbacksOf(stack, refundNo),
    deliveries: (refundNo) => stack.wechat.deliveries().filter((one) => one.refundNo === refundNo),
    paidOut: (refundNo) =>
      stack.wechat
        .ledger()
        .paidOut.filter((one) => one.refundNo === refundNo)
        .flatMap((one) => Array.from({ length: one.count }, () => one.amountMinor)),
    reaches: (refundNo, state) =>
      until(`${refundNo} is ${state}`, async () => {
        const seen = await refund(refundNo);
        return { done: seen.state === state, value: seen };
      }),
    close: async () => {
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/**
 * Waits until the statements of the days before the shop opened were all asked for. None of them exists, and the channel
 * takes few calls a second that fail: whatever is asked meanwhile waits behind them, for days of the virtual month.
 */
async function lookBackIsOver(stack: Stack): Promise<void> {
  const { client } = stack.context.temporal;
  await until('no statement run is under way', async () => {
    const { count } = await client.workflow.count(
      `WorkflowType = 'statementDay' AND ExecutionStatus = 'Running'`,
    );
    return { done: count === 0, value: count };
  });
}

let sales = 0;

/** Sells something, plans the trouble at the channel, and asks for the refund as a backend would. */
async function ask(stack: Stack, http: AxiosInstance, name: string, o: AskOptions): Promise<Asked> {
  const sale = o.of ?? sell(stack, o);
  const refundNo = `RF-${name}`;
  const amountMinor = o.amountMinor ?? 2_345n;
  if (o.trouble !== undefined) stack.wechat.plan.forRefund(refundNo, o.trouble);
  const answer = await http.post(
    '/v1/refunds',
    {
      refund_no: refundNo,
      payment_no: sale.paymentNo,
      payment: {
        account_id: WECHAT_ACCOUNT,
        transaction_id: sale.transactionId,
        captured_minor: (o.claimedMinor ?? sale.capturedMinor).toString(),
        currency: 'CNY',
      },
      amount_minor: amountMinor.toString(),
      currency: 'CNY',
      reason: '七天无理由退货',
    },
    { headers: { 'idempotency-key': `key-${refundNo}` } },
  );
  if (answer.status !== 201)
    throw new Error(`${name}: ${String(answer.status)} ${JSON.stringify(answer.data)}`);
  return { ...sale, refundNo, amountMinor };
}

function sell(stack: Stack, o: AskOptions): Sale {
  sales += 1;
  const order = stack.wechat.pay({
    paymentNo: `ORD${String(sales).padStart(6, '0')}`,
    amountMinor: o.capturedMinor ?? 10_000n,
    source: o.source ?? 'wallet',
  });
  return { paymentNo: order.paymentNo, transactionId: order.transactionId, capturedMinor: order.amountMinor };
}

async function callbacksOf(stack: Stack, refundNo: string): Promise<readonly SeenCallback[]> {
  const { rows } = await stack.context.pool.query<{
    verdict: string;
    event_type: string | null;
    applied: boolean;
  }>(
    'select verdict, event_type, applied_at is not null as applied from callbacks where refund_no = $1 order by id',
    [refundNo],
  );
  return rows.map((row) => ({ verdict: row.verdict, eventType: row.event_type, applied: row.applied }));
}

/** Looks until it is done; says what was seen last when it takes too long. */
export async function until<T>(
  what: string,
  look: () => Promise<{ readonly done: boolean; readonly value: T }>,
  limitMs = 60_000,
): Promise<T> {
  const giveUpAt = performance.now() + limitMs;
  for (;;) {
    const { done, value } = await look();
    if (done) return value;
    if (performance.now() > giveUpAt) {
      const seen = JSON.stringify(value, (_key, one: unknown) =>
        typeof one === 'bigint' ? String(one) : one,
      );
      throw new Error(`not in ${String(limitMs)} ms: ${what}; last seen ${seen}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}
