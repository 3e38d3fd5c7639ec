/** The addresses under /sandbox that all channels have: what each takes and does. The list is served and tested from here. */
import { AppError } from '../../domain/errors.ts';
import { parseMinor } from '../../domain/money.ts';
import { parsePlainDate } from '../../domain/time/plain-date.ts';
import { isDayTrouble } from '../trouble-plan.ts';
import type { BalanceBody, ByHandBody, ClockBody, ResendBody, TroubleBody } from './bodies.ts';
import { BODIES, QUERIES, instantOf, paymentBody, paymentOrderOf } from './bodies.ts';
import type { ControlledSandbox } from './controlled-sandbox.ts';
import type { TroubleManual } from './trouble-manual.ts';

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
  readonly act: (asked: Asked) => unknown;
}

/** A channel's sandbox and what is its own about working it. */
export interface ControlSide {
  /** The channel's name, as accounts files have it. */
  readonly channel: string;
  readonly sandbox: ControlledSandbox;
  readonly troubles: TroubleManual;
  /** The funding sources that the channel knows. */
  readonly sources: readonly string[];
  /** Fields of a payment that only this channel has: JSON schemas by name. `pay` gets them under their names in code. */
  readonly paymentFields: Readonly<Record<string, object>>;
  /** Addresses that only this channel has. */
  readonly routes: readonly ControlRoute[];
}

export function controlRoutes(side: ControlSide): readonly ControlRoute[] {
  const index: ControlRoute = {
    method: 'GET',
    url: '/sandbox',
    does: 'who is here, what time it is, this list, and every kind of trouble',
    act: () => ({
      channel: side.channel,
      ...side.sandbox.clock(),
      merchants: side.sandbox.merchants(),
      routes: all.map(({ method, url, does }) => ({ method, url, does })),
      troubles: side.troubles.kinds,
    }),
  };
  const all = [
    index,
    ...paymentRoutes(side),
    ...troubleRoutes(side),
    ...balanceRoutes(side),
    ...callbackRoutes(side),
    ...witnessRoutes(side),
    ...side.routes,
  ];
  return all;
}

function paymentRoutes({ sandbox, sources, paymentFields }: ControlSide): readonly ControlRoute[] {
  return [
    {
      method: 'POST',
      url: '/sandbox/payments',
      does: 'makes a payment that a payer has made',
      body: paymentBody(sources, paymentFields),
      act: ({ body }) => sandbox.pay(paymentOrderOf(body as Record<string, unknown>)),
    },
    {
      method: 'GET',
      url: '/sandbox/payments',
      does: 'all payments',
      query: QUERIES.payments,
      act: ({ query }) => ({
        payments: sandbox.payments().filter((one) => isAsked(query['payment_no'], one.paymentNo)),
      }),
    },
    {
      method: 'GET',
      url: '/sandbox/refunds',
      does: 'all refunds, with the end that awaits them',
      query: QUERIES.refunds,
      act: ({ query }) => ({
        refunds: sandbox.refunds().filter((one) => isAsked(query['refund_no'], one.refundNo)),
      }),
    },
    {
      method: 'POST',
      url: '/sandbox/refunds-by-hand',
      does: 'a refund that somebody makes in the merchant console',
      body: BODIES.byHand,
      act: ({ body }) => {
        const { payment_no: paymentNo, amount_minor: minor, reason, ...rest } = body as ByHandBody;
        return sandbox.refundByHand({
          ...meant(rest),
          paymentNo,
          amountMinor: parseMinor(minor),
          ...(reason === undefined ? {} : { reason }),
        });
      },
    },
  ];
}

function troubleRoutes(side: ControlSide): readonly ControlRoute[] {
  const { plan } = side.sandbox;
  return [
    {
      method: 'POST',
      url: '/sandbox/troubles',
      does: 'plans a trouble for a refund, for the next ones, or for the bills of a day',
      body: BODIES.trouble,
      act: ({ body }) => planTrouble(side, body as TroubleBody),
    },
    {
      method: 'GET',
      url: '/sandbox/troubles',
      does: 'what was planned and what came of it',
      query: QUERIES.refunds,
      act: ({ query }) => ({
        troubles: plan.list().filter((one) => isAsked(query['refund_no'], one.refundNo ?? '')),
      }),
    },
    {
      method: 'DELETE',
      url: '/sandbox/troubles',
      does: 'forgets all planned troubles',
      act: () => ({ forgotten: plan.clear() }),
    },
  ];
}

function balanceRoutes({ sandbox }: ControlSide): readonly ControlRoute[] {
  const change =
    (act: 'topUp' | 'withdraw') =>
    ({ body }: Asked): object => {
      const { merchant_no: merchantNo, amount_minor: minor } = body as BalanceBody;
      return { balanceMinor: sandbox[act](parseMinor(minor), merchantNo) };
    };
  return [
    {
      method: 'POST',
      url: '/sandbox/top-up',
      does: "puts money on the merchant's balance",
      body: BODIES.balance,
      act: change('topUp'),
    },
    {
      method: 'POST',
      url: '/sandbox/withdraw',
      does: "takes money from the merchant's balance",
      body: BODIES.balance,
      act: change('withdraw'),
    },
  ];
}

function callbackRoutes({ sandbox }: ControlSide): readonly ControlRoute[] {
  return [
    {
      method: 'GET',
      url: '/sandbox/callbacks',
      does: 'every try of every notice, and what was answered',
      query: QUERIES.refunds,
      act: ({ query }) => ({
        callbacks: sandbox.deliveries().filter((one) => isAsked(query['refund_no'], one.refundNo)),
      }),
    },
    {
      method: 'POST',
      url: '/sandbox/callbacks/resend',
      does: 'sends the notice of an ended refund once more',
      body: BODIES.resend,
      act: ({ body }) => {
        const { merchant_no: merchantNo, refund_no: refundNo } = body as ResendBody;
        sandbox.resendCallback(refundNo, merchantNo);
        return { sent: true };
      },
    },
  ];
}

function witnessRoutes({ sandbox }: ControlSide): readonly ControlRoute[] {
  return [
    {
      method: 'GET',
      url: '/sandbox/clock',
      does: 'business time and how fast it runs',
      act: () => sandbox.clock(),
    },
    {
      method: 'POST',
      url: '/sandbox/clock',
      does: 'sets business time forward, through everything that falls due on the way',
      body: BODIES.clock,
      status: 200,
      act: async ({ body }) => {
        await sandbox.turnClock(instantOf(body as ClockBody, sandbox.clock().now));
        return sandbox.clock();
      },
    },
    {
      method: 'GET',
      url: '/sandbox/ledger',
      does: 'the witness: balances, what was paid out, and whether anything was paid twice',
      act: () => sandbox.ledger(),
    },
    {
      method: 'GET',
      url: '/sandbox/postings',
      does: 'every movement of money',
      query: QUERIES.postings,
      act: ({ query }) => ({
        postings: sandbox
          .postings()
          .filter(
            (one) => isAsked(query['merchant_no'], one.merchantNo) && isAsked(query['voucher'], one.voucher),
          ),
      }),
    },
  ];
}

function planTrouble(side: ControlSide, body: TroubleBody): unknown {
  const { plan, merchantNo: first } = side.sandbox;
  const trouble = side.troubles.read(body.trouble);
  const { refund_no: refundNo, next, bill_date: billDate, merchant_no: merchantNo = first } = body;
  const given = [refundNo, next, billDate].filter((one) => one !== undefined).length;
  if (isDayTrouble(trouble)) {
    if (billDate === undefined || given > 1) throw needs(`${trouble.kind} needs bill_date, and nothing else`);
    if (!side.sandbox.merchants().some((one) => one.merchantNo === merchantNo)) {
      throw new AppError('request_invalid', { merchant_no: `${merchantNo} is no merchant of this sandbox` });
    }
    plan.forDay(merchantNo, parsePlainDate(billDate), trouble);
  } else if (refundNo !== undefined && given === 1) {
    checkInTime(side, refundNo, trouble.kind);
    plan.forRefund(refundNo, trouble);
  } else if (next !== undefined && given === 1) plan.forNext(next, trouble);
  else throw needs(`${trouble.kind} needs either refund_no or next`);
  return { planned: trouble };
}

function checkInTime({ sandbox, troubles }: ControlSide, refundNo: string, kind: string): void {
  const refund = sandbox.refunds().find((one) => one.refundNo === refundNo);
  if (refund === undefined) return;
  if (troubles.untilAccepted.has(kind))
    throw needs(`${kind} comes too late: ${refundNo} was accepted already`);
  if (troubles.untilEnded.has(kind) && refund.hasEnded)
    throw needs(`${kind} comes too late: ${refundNo} has ended already`);
}

function meant({ merchant_no: merchantNo }: { readonly merchant_no?: string }): { merchantNo?: string } {
  return merchantNo === undefined ? {} : { merchantNo };
}

function needs(issue: string): AppError {
  return new AppError('request_invalid', { trouble: issue });
}

function isAsked(wanted: string | undefined, given: string): boolean {
  return wanted === undefined || wanted === given;
}
