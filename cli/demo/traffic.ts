/**
 * Plays the month: payments are made at the channel, refunds are asked for over the HTTP API as a backend would, and
 * trouble is planted at the sandbox before the refund that it befalls.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import axios from 'axios';
import type { AxiosInstance } from 'axios';
import { addDays, beijingDateOf } from '../../domain/time/plain-date.ts';
import type { ChannelName } from '../../domain/refund/refund.ts';
import type { SandboxShop } from '../../sandbox/shops.ts';
import type { AnyRefundTrouble } from '../../sandbox/trouble-plan.ts';
import { sleepUntil } from '../../workers/clock.ts';
import type { Stack } from '../../workers/stack.ts';
import { askUntilAnswered } from './again.ts';
import type { Flight } from './flight.ts';
import { createFlight } from './flight.ts';
import type { DemoPlan, PlannedPayment, PlannedRefund } from './plan.ts';

/** A slow machine works on: asking again while it still does would only make it slower. */
const ANSWER_WITHIN_MS = 30_000;

export interface Traffic {
  /** Refund numbers that the API accepted. */
  readonly accepted: number;
  /** Requests that had to be repeated with the same key before they were answered. */
  readonly repeated: number;
}

interface Step {
  readonly atMs: number;
  readonly act: () => Promise<void>;
}

export interface TrafficOptions {
  /** Hears how many requests were answered. */
  readonly onStep?: (done: number) => void;
  readonly signal?: AbortSignal;
  /** Given by those who want to know what is under way. */
  readonly flight?: Flight;
}

/**
 * Runs until the last request of the plan was answered. What is due waits for room in flight; nothing more begins once one has
 * failed.
 * @throws the reason of `signal` once it is aborted, TooBusyError when a request had no answer for too long
 */
export async function playTraffic(stack: Stack, plan: DemoPlan, o: TrafficOptions = {}): Promise<Traffic> {
  const { onStep, flight = createFlight() } = o;
  const { clock } = stack.context;
  const startMs = stack.config.virtualTime?.originMs ?? clock.now().getTime();
  const failed = new AbortController();
  const signal = o.signal === undefined ? failed.signal : AbortSignal.any([o.signal, failed.signal]);
  // Each request under way listens to it.
  setMaxListeners(0, signal);
  const api = apiOf(stack, signal);
  let accepted = 0;
  let repeated = 0;
  plantDays(stack, plan, startMs);

  const steps: Step[] = [
    ...plan.refunds.map((refund) => ({
      atMs: refund.requestedAtMs,
      act: () =>
        flight.take(async () => {
          signal.throwIfAborted();
          repeated += await askForRefund(stack, api, refund, startMs, signal);
          accepted += 1;
          onStep?.(accepted);
        }),
    })),
    ...plan.byHand.map((one) => ({ atMs: one.atMs, act: () => refundByHand(stack, one, startMs) })),
  ];
  const running: Promise<void>[] = [];
  try {
    for (const step of steps.toSorted((one, other) => one.atMs - other.atMs)) {
      await sleepUntil(clock, new Date(startMs + step.atMs), signal);
      const acting = step.act();
      acting.catch((error: unknown) => {
        failed.abort(error);
      });
      running.push(acting);
    }
    await Promise.all(running);
  } catch (error) {
    // What ended the others comes before how they ended.
    throw o.signal?.aborted !== true && failed.signal.aborted ? failed.signal.reason : error;
  }
  return { accepted, repeated };
}

function apiOf(stack: Stack, signal: AbortSignal): AxiosInstance {
  return axios.create({
    baseURL: stack.api.url,
    headers: { authorization: `Bearer ${stack.apiKey}` },
    timeout: ANSWER_WITHIN_MS,
    proxy: false,
    validateStatus: () => true,
    signal,
  });
}

function plantDays(stack: Stack, plan: DemoPlan, startMs: number): void {
  const firstDay = beijingDateOf(new Date(startMs));
  for (const { channel, day } of plan.lateStatements) {
    const { sandbox } = shopOf(stack, channel);
    sandbox.plan.forDay(sandbox.merchantNo, addDays(firstDay, day), {
      kind: 'bill_late',
      hours: 30,
      untilMet: true,
    });
  }
}

function pay(stack: Stack, payment: PlannedPayment, startMs: number): string {
  const { channel, paidAtMs, ...paid } = payment;
  return shopOf(stack, channel).sandbox.pay({ ...paid, paidAt: new Date(startMs + paidAtMs) }).transactionId;
}

function shopOf(stack: Stack, channel: ChannelName): SandboxShop {
  const shop = stack.shops.find((one) => one.channel === channel);
  if (shop === undefined) throw new Error(`no sandbox plays ${channel}`);
  return shop;
}

/** Asks as a careful backend does: one key per refund, repeated until there is an answer. Returns how often it repeated. */
async function askForRefund(
  stack: Stack,
  api: AxiosInstance,
  refund: PlannedRefund,
  startMs: number,
  signal: AbortSignal,
): Promise<number> {
  const transactionId = pay(stack, refund.payment, startMs);
  const { accountId, sandbox } = shopOf(stack, refund.payment.channel);
  for (const trouble of troublesOf(refund)) sandbox.plan.forRefund(refund.refundNo, trouble);
  const body = {
    refund_no: refund.refundNo,
    payment_no: refund.payment.paymentNo,
    payment: {
      account_id: accountId,
      transaction_id: transactionId,
      captured_minor: refund.payment.amountMinor.toString(),
      currency: 'CNY',
      paid_at: new Date(startMs + refund.payment.paidAtMs).toISOString(),
    },
    amount_minor: refund.amountMinor.toString(),
    currency: 'CNY',
    reason: '七天无理由退货',
  };
  const headers = { 'idempotency-key': `demo-${refund.refundNo}` };
  const ask = async () => {
    const answer = await api.post<{ code?: string }>('/v1/refunds', body, { headers }).catch(() => null);
    if (answer === null) return null;
    const retryAfter: unknown = answer.headers['retry-after'];
    return { ...answer, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined };
  };
  const { answer, repeated } = await askUntilAnswered(refund.refundNo, ask, {
    nowMs: () => performance.now(),
    wait: (ms) => sleep(ms, undefined, { signal }),
  });
  if (answer.status < 300) return repeated;
  throw new Error(`${refund.refundNo} was refused: ${String(answer.status)} ${answer.data.code ?? ''}`);
}

function troublesOf({ trouble }: PlannedRefund): readonly AnyRefundTrouble[] {
  if (trouble === null) return [];
  return [trouble.atSandbox, ...(trouble.besides ?? [])];
}

function refundByHand(stack: Stack, one: DemoPlan['byHand'][number], startMs: number): Promise<void> {
  pay(stack, one.payment, startMs);
  const { sandbox } = shopOf(stack, one.payment.channel);
  sandbox.refundByHand({ paymentNo: one.payment.paymentNo, amountMinor: one.amountMinor });
  return Promise.resolve();
}
