/** The unsigned side, under /sandbox: what people and tests use to make payments and trouble. Plain JSON, loopback only. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, ERRORS } from '../domain/errors.ts';
import { parseMinor } from '../domain/money.ts';
import { parsePlainDate } from '../domain/time/plain-date.ts';
import type { NewOrder } from './model.ts';
import { WechatProblem } from './problem.ts';
import type { Sandbox } from './server.ts';
import { isDayTrouble, readTrouble } from './troubles.ts';
import { snakeJson } from './snake-json.ts';

const MCHID = { type: 'string', maxLength: 32 } as const;
const NUMBER = { type: 'string', minLength: 1, maxLength: 64 } as const;
const MINOR = { type: 'string', pattern: '^[1-9][0-9]{0,15}$' } as const;

const BODIES = {
  order: object(['out_trade_no', 'total_minor'], {
    mchid: MCHID,
    out_trade_no: NUMBER,
    total_minor: MINOR,
    coupon_minor: MINOR,
    source: { enum: ['wallet', 'debit_card', 'credit_card'] },
    paid_at: { type: 'string', format: 'date-time' },
    goods_name: { type: 'string', maxLength: 256 },
    attach: { type: 'string', maxLength: 128 },
    trade_state: { enum: ['SUCCESS', 'NOTPAY', 'CLOSED', 'REVOKED'] },
  }),
  trouble: object(['trouble'], {
    trouble: { type: 'object' },
    out_refund_no: NUMBER,
    next: { type: 'integer', minimum: 1, maximum: 10_000 },
    mchid: MCHID,
    bill_date: { type: 'string' },
  }),
  byHand: object(['out_trade_no', 'amount_minor'], {
    mchid: MCHID,
    out_trade_no: NUMBER,
    amount_minor: MINOR,
    reason: { type: 'string', maxLength: 80 },
  }),
  topUp: object(['amount_minor'], { mchid: MCHID, amount_minor: MINOR }),
  resend: object(['out_refund_no'], { mchid: MCHID, out_refund_no: NUMBER }),
  keys: object(['sign_callbacks_with'], { sign_callbacks_with: { enum: ['public_key', 'certificate'] } }),
};

interface OrderBody {
  readonly mchid?: string;
  readonly out_trade_no: string;
  readonly total_minor: string;
  readonly coupon_minor?: string;
  readonly source?: NonNullable<NewOrder['source']>;
  readonly paid_at?: string;
  readonly goods_name?: string;
  readonly attach?: string;
  readonly trade_state?: NonNullable<NewOrder['tradeState']>;
}

interface TroubleBody {
  readonly trouble: unknown;
  readonly out_refund_no?: string;
  readonly next?: number;
  readonly mchid?: string;
  readonly bill_date?: string;
}

interface ByHandBody {
  readonly mchid?: string;
  readonly out_trade_no: string;
  readonly amount_minor: string;
  readonly reason?: string;
}

/** Registers the routes in a scope of their own. */
export async function registerControlServer(app: FastifyInstance, sandbox: Sandbox): Promise<void> {
  app.post<{ Body: OrderBody }>(
    '/sandbox/orders',
    { schema: { body: BODIES.order } },
    async ({ body }, reply) => created(reply, sandbox.pay(newOrderOf(body))),
  );
  app.post<{ Body: TroubleBody }>(
    '/sandbox/troubles',
    { schema: { body: BODIES.trouble } },
    async ({ body }, reply) => {
      planTrouble(sandbox, body);
      return created(reply, { planned: body.trouble });
    },
  );
  app.post<{ Body: ByHandBody }>(
    '/sandbox/refunds-by-hand',
    { schema: { body: BODIES.byHand } },
    async ({ body }, reply) =>
      created(
        reply,
        sandbox.refundByHand({
          ...mchidOf(body),
          outTradeNo: body.out_trade_no,
          amountMinor: parseMinor(body.amount_minor),
          ...(body.reason === undefined ? {} : { reason: body.reason }),
        }),
      ),
  );
  app.post<{ Body: { mchid?: string; amount_minor: string } }>(
    '/sandbox/top-up',
    { schema: { body: BODIES.topUp } },
    async ({ body }, reply) => {
      const balanceMinor = sandbox.topUp(body.mchid ?? sandbox.mchid, parseMinor(body.amount_minor));
      return created(reply, { balanceMinor });
    },
  );
  app.post<{ Body: { mchid?: string; out_refund_no: string } }>(
    '/sandbox/callbacks/resend',
    { schema: { body: BODIES.resend } },
    async ({ body }, reply) => {
      sandbox.resendCallback(body.out_refund_no, body.mchid);
      return created(reply, { sent: true });
    },
  );
  app.post('/sandbox/rotate-certificate', async (_, reply) =>
    created(reply, sandbox.rotatePlatformCertificate()),
  );
  app.post<{ Body: { sign_callbacks_with: 'public_key' | 'certificate' } }>(
    '/sandbox/keys',
    { schema: { body: BODIES.keys } },
    async ({ body }, reply) => {
      sandbox.signCallbacksWith(body.sign_callbacks_with);
      return created(reply, body);
    },
  );
  app.get('/sandbox/ledger', async (_, reply) => shown(reply, sandbox.ledger()));
  app.get('/sandbox/refunds', async (_, reply) => shown(reply, { refunds: sandbox.refunds() }));
  app.get('/sandbox/troubles', async (_, reply) => shown(reply, { troubles: sandbox.troubles() }));
  app.get('/sandbox/callbacks', async (_, reply) => shown(reply, { callbacks: sandbox.deliveries() }));
  app.get('/sandbox/keys', async (_, reply) => shown(reply, sandbox.keys));
  app.setErrorHandler(sendError);
}

function planTrouble({ plan }: Sandbox, body: TroubleBody): void {
  const trouble = readTrouble(body.trouble);
  const { out_refund_no: outRefundNo, next, mchid, bill_date: billDate } = body;
  if (isDayTrouble(trouble)) {
    if (mchid === undefined || billDate === undefined) throw needs('mchid and bill_date');
    plan.forDay(mchid, parsePlainDate(billDate), trouble);
  } else if (outRefundNo !== undefined) plan.forRefund(outRefundNo, trouble);
  else if (next !== undefined) plan.forNext(next, trouble);
  else throw needs('out_refund_no or next');
}

function needs(fields: string): AppError {
  return new AppError('request_invalid', { trouble: `needs ${fields}` });
}

function newOrderOf(body: OrderBody): NewOrder {
  return {
    ...mchidOf(body),
    outTradeNo: body.out_trade_no,
    totalMinor: parseMinor(body.total_minor),
    ...(body.coupon_minor === undefined ? {} : { couponMinor: parseMinor(body.coupon_minor) }),
    ...(body.source === undefined ? {} : { source: body.source }),
    ...(body.paid_at === undefined ? {} : { paidAt: new Date(body.paid_at) }),
    ...(body.goods_name === undefined ? {} : { goodsName: body.goods_name }),
    ...(body.attach === undefined ? {} : { attach: body.attach }),
    ...(body.trade_state === undefined ? {} : { tradeState: body.trade_state }),
  };
}

function mchidOf({ mchid }: { readonly mchid?: string }): { mchid?: string } {
  return mchid === undefined ? {} : { mchid };
}

function created(reply: FastifyReply, value: unknown): FastifyReply {
  return shown(reply.status(201), value);
}

function shown(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(snakeJson(value));
}

function sendError(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = statusOf(error);
  const message = error instanceof Error ? error.message : 'unknown';
  return reply.status(status).send({ error: message });
}

function statusOf(error: unknown): number {
  if (error instanceof WechatProblem) return error.status;
  if (error instanceof AppError) return ERRORS[error.code].status;
  const given = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  return typeof given === 'number' ? given : 500;
}

function object(required: readonly string[], properties: Record<string, object>): object {
  return { type: 'object', required, properties, additionalProperties: false };
}
