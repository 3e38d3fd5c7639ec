/** The addresses under /sandbox: what each takes and does. The list is served, documented and tested from here. */
import { AppError } from '../../domain/errors.ts';
import { parseMinor } from '../../domain/money.ts';
import { parsePlainDate } from '../../domain/time/plain-date.ts';
import type { ByHandBody, ClockBody, OrderBody, TroubleBody } from './control-bodies.ts';
import { BODIES, QUERIES, handRefundOf, instantOf, newOrderOf } from './control-bodies.ts';
import type { Sandbox } from './server.ts';
import { isDayTrouble } from '../trouble-plan.ts';
import { TROUBLE_KINDS, readTrouble } from './troubles.ts';
import type { RefundTrouble } from './troubles.ts';

/** Body and query as their schemas promise. */
export interface Asked {
  readonly body: unknown;
  readonly query: Readonly<Record<string, string | undefined>>;
}

export interface ControlRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  /** What it does, in a few words. */
  readonly does: string;
  readonly body?: object;
  readonly query?: object;
  /** 201 when absent and the method is POST, else 200. */
  readonly status?: number;
  readonly act: (sandbox: Sandbox, asked: Asked) => unknown;
}

export const CONTROL_ROUTES: readonly ControlRoute[] = [
  {
    method: 'GET',
    url: '/sandbox',
    does: 'who is here, what time it is, this list, and every kind of trouble',
    act: (sandbox) => ({
      channel: 'wechat',
      ...sandbox.clock(),
      merchants: sandbox.merchants(),
      routes: CONTROL_ROUTES.map(({ method, url, does }) => ({ method, url, does })),
      troubles: TROUBLE_KINDS,
    }),
  },
  {
    method: 'POST',
    url: '/sandbox/orders',
    does: 'makes an order that a payer has paid',
    body: BODIES.order,
    act: (sandbox, { body }) => sandbox.pay(newOrderOf(body as OrderBody)),
  },
  {
    method: 'GET',
    url: '/sandbox/orders',
    does: 'all orders',
    query: QUERIES.orders,
    act: (sandbox, { query }) => ({
      orders: sandbox.orders().filter((one) => isAsked(query['out_trade_no'], one.outTradeNo)),
    }),
  },
  {
    method: 'GET',
    url: '/sandbox/refunds',
    does: 'all refunds, with the end that awaits them',
    query: QUERIES.refunds,
    act: (sandbox, { query }) => ({
      refunds: sandbox.refunds().filter((one) => isAsked(query['out_refund_no'], one.outRefundNo)),
    }),
  },
  {
    method: 'POST',
    url: '/sandbox/refunds-by-hand',
    does: 'a refund that somebody makes in the merchant console',
    body: BODIES.byHand,
    act: (sandbox, { body }) => sandbox.refundByHand(handRefundOf(body as ByHandBody)),
  },
  {
    method: 'POST',
    url: '/sandbox/troubles',
    does: 'plans a trouble for a refund, for the next ones, or for the bills of a day',
    body: BODIES.trouble,
    act: (sandbox, { body }) => planTrouble(sandbox, body as TroubleBody),
  },
  {
    method: 'GET',
    url: '/sandbox/troubles',
    does: 'what was planned and what came of it',
    query: QUERIES.refunds,
    act: (sandbox, { query }) => ({
      troubles: sandbox.troubles().filter((one) => isAsked(query['out_refund_no'], one.refundNo ?? '')),
    }),
  },
  {
    method: 'DELETE',
    url: '/sandbox/troubles',
    does: 'forgets all planned troubles',
    act: (sandbox) => ({ forgotten: sandbox.plan.clear() }),
  },
  {
    method: 'POST',
    url: '/sandbox/top-up',
    does: "puts money on the merchant's balance",
    body: BODIES.topUp,
    act: topUp,
  },
  {
    method: 'POST',
    url: '/sandbox/withdraw',
    does: "takes money from the merchant's balance",
    body: BODIES.topUp,
    act: withdraw,
  },
  {
    method: 'GET',
    url: '/sandbox/callbacks',
    does: 'every try of every notice, and what was answered',
    query: QUERIES.refunds,
    act: (sandbox, { query }) => ({
      callbacks: sandbox.deliveries().filter((one) => isAsked(query['out_refund_no'], one.refundNo)),
    }),
  },
  {
    method: 'POST',
    url: '/sandbox/callbacks/resend',
    does: 'sends the notice of an ended refund once more',
    body: BODIES.resend,
    act: resend,
  },
  {
    method: 'GET',
    url: '/sandbox/clock',
    does: 'business time and how fast it runs',
    act: (sandbox) => sandbox.clock(),
  },
  {
    method: 'POST',
    url: '/sandbox/clock',
    does: 'sets business time forward, through everything that falls due on the way',
    body: BODIES.clock,
    status: 200,
    act: turnClock,
  },
  {
    method: 'GET',
    url: '/sandbox/ledger',
    does: 'the witness: balances, what was paid out, and whether anything was paid twice',
    act: (sandbox) => sandbox.ledger(),
  },
  {
    method: 'GET',
    url: '/sandbox/postings',
    does: 'every movement of money',
    query: QUERIES.postings,
    act: (sandbox, { query }) => ({
      postings: sandbox
        .postings()
        .filter(
          (one) => isAsked(query['merchant_no'], one.merchantNo) && isAsked(query['voucher'], one.voucher),
        ),
    }),
  },
  {
    method: 'GET',
    url: '/sandbox/keys',
    does: 'the public keys with which the sandbox signs',
    act: (sandbox) => sandbox.keys,
  },
  {
    method: 'POST',
    url: '/sandbox/keys',
    does: 'chooses the kind of key that signs notices',
    body: BODIES.keys,
    act: signCallbacks,
  },
  {
    method: 'POST',
    url: '/sandbox/rotate-certificate',
    does: 'makes a new platform certificate that signs from now on',
    act: (sandbox) => sandbox.rotatePlatformCertificate(),
  },
];

/** What is settled when a refund is taken on: planned afterwards it would never happen. */
const UNTIL_ACCEPTED: ReadonlySet<RefundTrouble['kind']> = new Set<RefundTrouble['kind']>([
  'frequency_limited',
  'not_enough',
  'refused',
  'abnormal',
  'closed',
  'late_success',
  'stuck',
  'callback_forged',
]);
/** What needs an end that is still to come. */
const UNTIL_ENDED: ReadonlySet<RefundTrouble['kind']> = new Set<RefundTrouble['kind']>([
  'callback_lost',
  'callback_twice',
  'callback_out_of_order',
  'callback_probe',
]);

function topUp(sandbox: Sandbox, { body }: Asked): unknown {
  const { mchid = sandbox.mchid, amount_minor: minor } = body as { mchid?: string; amount_minor: string };
  return { balanceMinor: sandbox.topUp(mchid, parseMinor(minor)) };
}

function withdraw(sandbox: Sandbox, { body }: Asked): unknown {
  const { mchid = sandbox.mchid, amount_minor: minor } = body as { mchid?: string; amount_minor: string };
  return { balanceMinor: sandbox.withdraw(mchid, parseMinor(minor)) };
}

function resend(sandbox: Sandbox, { body }: Asked): unknown {
  const { mchid, out_refund_no: outRefundNo } = body as { mchid?: string; out_refund_no: string };
  sandbox.resendCallback(outRefundNo, mchid);
  return { sent: true };
}

async function turnClock(sandbox: Sandbox, { body }: Asked): Promise<unknown> {
  await sandbox.turnClock(instantOf(body as ClockBody, sandbox.clock().now));
  return sandbox.clock();
}

function signCallbacks(sandbox: Sandbox, { body }: Asked): unknown {
  const { sign_callbacks_with: kind } = body as { sign_callbacks_with: 'public_key' | 'certificate' };
  sandbox.signCallbacksWith(kind);
  return body;
}

function planTrouble(sandbox: Sandbox, body: TroubleBody): unknown {
  const trouble = readTrouble(body.trouble);
  const { out_refund_no: outRefundNo, next, bill_date: billDate, mchid = sandbox.mchid } = body;
  const given = [outRefundNo, next, billDate].filter((one) => one !== undefined).length;
  if (isDayTrouble(trouble)) {
    if (billDate === undefined || given > 1) throw needs(`${trouble.kind} needs bill_date, and nothing else`);
    if (!sandbox.merchants().some((one) => one.mchid === mchid)) {
      throw new AppError('request_invalid', { mchid: `${mchid} is no merchant of this sandbox` });
    }
    sandbox.plan.forDay(mchid, parsePlainDate(billDate), trouble);
  } else if (outRefundNo !== undefined && given === 1) {
    checkInTime(sandbox, outRefundNo, trouble.kind);
    sandbox.plan.forRefund(outRefundNo, trouble);
  } else if (next !== undefined && given === 1) sandbox.plan.forNext(next, trouble);
  else throw needs(`${trouble.kind} needs either out_refund_no or next`);
  return { planned: trouble };
}

function checkInTime(sandbox: Sandbox, outRefundNo: string, kind: RefundTrouble['kind']): void {
  const refund = sandbox.refunds().find((one) => one.outRefundNo === outRefundNo);
  if (refund === undefined) return;
  if (UNTIL_ACCEPTED.has(kind)) throw needs(`${kind} comes too late: ${outRefundNo} was accepted already`);
  if (UNTIL_ENDED.has(kind) && refund.status !== 'PROCESSING')
    throw needs(`${kind} comes too late: ${outRefundNo} has ended already`);
}

function needs(issue: string): AppError {
  return new AppError('request_invalid', { trouble: issue });
}

function isAsked(wanted: string | undefined, given: string): boolean {
  return wanted === undefined || wanted === given;
}
