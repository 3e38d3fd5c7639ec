/** The signed side: what answers under /v3 like WeChat Pay does, over raw bytes. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { orderAnswer } from './answers.ts';
import type { Bills } from './bills.ts';
import { loseAnswer } from '../lost-answer.ts';
import { keepBodiesAsBytes } from '../listening.ts';
import type { Order, SandboxMerchant } from './model.ts';
import { WechatProblem, bodyOf, invalidRequest, notFound, paramError } from './problem.ts';
import type { Answer, RefundCalls } from './refund-calls.ts';
import { requestChecker, signatureHeaders } from './signing.ts';
import type { World } from './world.ts';

const BODY_BYTES_MAX = 64 * 1024;

interface Call {
  readonly merchant: SandboxMerchant;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** The key of ours that the caller verifies with, or has encrypted with. */
  readonly keyName: string | undefined;
}

export interface PayServerParts {
  readonly world: World;
  readonly calls: RefundCalls;
  readonly bills: Bills;
}

/** Registers the routes in a scope of their own: bodies stay bytes, since bytes are what is signed. */
export async function registerPayServer(
  app: FastifyInstance,
  { world, calls, bills }: PayServerParts,
): Promise<void> {
  keepBodiesAsBytes(app, BODY_BYTES_MAX);
  const check = requestChecker([...world.merchants.values()]);

  const callOf = (request: FastifyRequest): Call => {
    checkHeaders(request);
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { authorization } = request.headers;
    const target = request.raw.url ?? '';
    const merchant = check({ authorization, method: request.method, target, body }, world.clock.wallNow());
    return {
      merchant,
      params: request.params as Call['params'],
      query: request.query as Call['query'],
      body,
      keyName: keyNameOf(request),
    };
  };
  const answered =
    (work: (call: Call) => Answer) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      world.agenda.look();
      const call = callOf(request);
      return send(world, request, reply, work(call));
    };

  app.post(
    '/v3/refund/domestic/refunds',
    answered(({ merchant, body }) => calls.create(merchant, body)),
  );
  app.get(
    '/v3/refund/domestic/refunds/:outRefundNo',
    answered(({ merchant, params }) => calls.query(merchant, params['outRefundNo'] ?? '')),
  );
  app.post(
    '/v3/refund/domestic/refunds/:refundId/apply-abnormal-refund',
    answered(({ merchant, params, body, keyName }) =>
      calls.redirect(merchant, params['refundId'] ?? '', body, keyName),
    ),
  );
  app.get(
    '/v3/pay/transactions/id/:id',
    answered((call) =>
      orderOf(call, world, world.orders.byTransaction(call.merchant.mchid, call.params['id'] ?? '')),
    ),
  );
  app.get(
    '/v3/pay/transactions/out-trade-no/:no',
    answered((call) =>
      orderOf(call, world, world.orders.byOutTradeNo(call.merchant.mchid, call.params['no'] ?? '')),
    ),
  );
  app.get(
    '/v3/certificates',
    answered(({ merchant }) => ({ body: world.vault.certificateList(merchant) })),
  );
  app.get(
    '/v3/bill/tradebill',
    answered(({ merchant, query }) => ({ body: bills.offer(merchant, 'trade', query) })),
  );
  app.get(
    '/v3/bill/fundflowbill',
    answered(({ merchant, query }) => ({ body: bills.offer(merchant, 'fund_flow', query) })),
  );
  // The file itself is asked for with a signature and answered without one: its hash was in the signed answer.
  app.get('/v3/billdownload/file', async (request, reply) => {
    const { merchant, query } = callOf(request);
    const file = bills.take(merchant, query['token'] ?? '');
    return reply.header('Request-ID', newRequestId()).type('application/octet-stream').send(file);
  });
  app.setNotFoundHandler(() => {
    throw notFound('请求地址不存在');
  });
  app.setErrorHandler(sendProblem);
}

function keyNameOf({ headers }: FastifyRequest): string | undefined {
  const name = headers['wechatpay-serial'];
  return typeof name === 'string' ? name : undefined;
}

/** What the channel asks of every request besides its signature. */
function checkHeaders({ headers, method }: FastifyRequest): void {
  const given = (name: string): boolean => (headers[name] ?? '') !== '';
  if (!given('accept') || !given('user-agent')) {
    throw new WechatProblem(400, 'PARAM_ERROR', 'Http头缺少Accept或User-Agent');
  }
  if (method === 'POST' && !/^application\/json\b/i.test(headers['content-type'] ?? '')) {
    throw new WechatProblem(400, 'PARAM_ERROR', 'Http头Content-Type应为application/json');
  }
}

function orderOf({ merchant, query }: Call, world: World, order: Order | undefined): Answer {
  if (query['mchid'] !== merchant.mchid) throw paramError('mchid', '与请求的商户号不一致', 'query');
  if (order === undefined) throw notFound('订单不存在', 'ORDER_NOT_EXIST');
  return { body: orderAnswer(order, world.clock.now().getTime()) };
}

async function send(
  world: World,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Answer,
): Promise<FastifyReply> {
  const body = JSON.stringify(answer.body);
  if (answer.lost !== undefined) return loseAnswer(reply, { type: 'application/json', body }, answer.lost);
  if (answer.slowMs !== undefined) await sleep(answer.slowMs, undefined, { ref: false });
  const signer = world.vault.answerSigner(keyNameOf(request));
  return reply
    .headers(signatureHeaders(signer, body, world.clock.wallNow(), answer.spoilt))
    .header('Request-ID', newRequestId())
    .type('application/json; charset=utf-8')
    .send(body);
}

/** Refusals are not signed, as with the real channel. */
export function sendProblem(error: unknown, _request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = error instanceof WechatProblem ? error : problemOf(error);
  return reply
    .status(problem.status)
    .header('Request-ID', newRequestId())
    .type('application/json; charset=utf-8')
    .send(bodyOf(problem));
}

function problemOf(error: unknown): WechatProblem {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  if (status !== 500) return invalidRequest('请求无法解析');
  return new WechatProblem(500, 'SYSTEM_ERROR', error instanceof Error ? error.message : 'unknown');
}

function newRequestId(): string {
  return `08${randomBytes(20).toString('hex').toUpperCase()}-0`;
}
